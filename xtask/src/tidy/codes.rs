//! Every error code that the user can meet has its paragraph in `docs/ERRORS.md`.
//!
//! A code is a text in a function named `code`, the value of a field, variable or constant of that name,
//! or what a call gives for a parameter of that name.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};

use super::{Finding, Source};
use crate::tidy::source::is_for_tests;

mod receivers;

use receivers::{Callee, Receivers, type_name};

pub(super) const DOCUMENT: &str = "docs/ERRORS.md";

const ROOMS: [&str; 6] = ["api/", "app/", "engine/", "fitness/", "plugins/", "store/"];

pub(super) fn check(sources: &[Source], document: &str) -> Vec<Finding> {
    let documented = documented(document);
    let known: BTreeSet<&str> = documented.iter().map(|(code, _)| *code).collect();
    let receivers = Receivers::of(sources);
    let mut findings = repeated(&documented);
    for source in sources.iter().filter(|source| is_answered_from(source)) {
        let missing =
            codes(source, &receivers).into_iter().filter(|(code, _)| !known.contains(code.as_str()));
        findings.extend(missing.map(|(code, line)| {
            Finding::new(&source.path, line, format!("code `{code}` has no paragraph in `{DOCUMENT}`"))
        }));
    }
    findings
}

/// The headings of the form ``### `code` `` with their lines.
fn documented(document: &str) -> Vec<(&str, usize)> {
    let headings = document.lines().zip(1..).filter_map(|(line, number)| {
        let code = line.strip_prefix("### `")?.strip_suffix('`')?;
        Some((code, number))
    });
    headings.collect()
}

fn repeated(documented: &[(&str, usize)]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let again = documented.iter().filter(|(code, _)| !seen.insert(*code));
    again.map(|(code, line)| Finding::new(DOCUMENT, *line, format!("`{code}` is explained twice"))).collect()
}

fn is_answered_from(source: &Source) -> bool {
    !source.is_test && ROOMS.iter().any(|room| source.path.starts_with(room))
}

fn codes(source: &Source, receivers: &Receivers) -> Vec<(String, usize)> {
    let mut codes = Codes { source, receivers, owner: None, found: Vec::new() };
    if let Some(file) = source.syntax() {
        codes.visit_file(file);
    }
    codes.found
}

struct Codes<'a> {
    source: &'a Source,
    receivers: &'a Receivers,
    /// The type whose `impl` is being read: what `Self` means.
    owner: Option<String>,
    found: Vec<(String, usize)>,
}

impl Codes<'_> {
    /// Takes every text below an expression for a code.
    fn read(&mut self, value: &syn::Expr) {
        Texts(&mut self.found).visit_expr(value);
    }

    fn read_function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        if signature.ident == "code" {
            Texts(&mut self.found).visit_block(body);
        }
    }

    fn read_call<'ast>(&mut self, callee: &Callee, mut arguments: impl Iterator<Item = &'ast syn::Expr>) {
        let place = self.receivers.argument(self.source, callee);
        if let Some(code) = place.and_then(|place| arguments.nth(place)) {
            self.read(code);
        }
    }

    fn callee(&self, function: &syn::Expr) -> Option<Callee> {
        let syn::Expr::Path(path) = function else { return None };
        let mut names = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
        let name = names.next()?;
        let owner = names.next().map(|owner| if owner == "Self" { self.owner.clone() } else { Some(owner) });
        match owner.flatten() {
            Some(owner) if owner.starts_with(char::is_uppercase) => Some(format!("{owner}::{name}")),
            _ => Some(name),
        }
    }
}

/// Collects every text that reads like a code.
struct Texts<'a>(&'a mut Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Texts<'_> {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        if is_code(&text.value()) {
            self.0.push((text.value(), text.span().start().line));
        }
    }
}

impl<'ast> Visit<'ast> for Codes<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        self.owner = type_name(&block.self_ty);
        visit::visit_item_impl(self, block);
        self.owner = None;
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.read_function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.read_function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Some(callee) = self.callee(&call.func) {
            self.read_call(&callee, call.args.iter());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.read_call(&format!(".{}", call.method), call.args.iter());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if matches!(&field.member, syn::Member::Named(name) if name == "code") {
            self.read(&field.expr);
        }
        visit::visit_field_value(self, field);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let is_code = matches!(&local.pat, syn::Pat::Ident(name) if name.ident == "code");
        if let Some(start) = local.init.as_ref().filter(|_| is_code) {
            self.read(&start.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_item_const(&mut self, constant: &'ast syn::ItemConst) {
        if constant.ident == "CODE" {
            self.read(&constant.expr);
        }
    }
}

fn is_code(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}
