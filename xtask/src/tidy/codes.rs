//! Every error code that the user can meet has its paragraph in `docs/ERRORS.md`.
//!
//! A code is a text in a function named `code`, or the value of a field or constant of that name.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};

use super::{Finding, Source};
use crate::tidy::source::is_for_tests;

pub(super) const DOCUMENT: &str = "docs/ERRORS.md";

const ROOMS: [&str; 6] = ["api/", "app/", "engine/", "fitness/", "plugins/", "store/"];

pub(super) fn check(sources: &[Source], document: &str) -> Vec<Finding> {
    let documented = documented(document);
    let known: BTreeSet<&str> = documented.iter().map(|(code, _)| *code).collect();
    let mut findings = repeated(&documented);
    for source in sources.iter().filter(|source| is_answered_from(source)) {
        let missing = codes(source).into_iter().filter(|(code, _)| !known.contains(code.as_str()));
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

fn codes(source: &Source) -> Vec<(String, usize)> {
    let mut codes = Codes { found: Vec::new() };
    if let Some(file) = source.syntax() {
        codes.visit_file(file);
    }
    codes.found
}

struct Codes {
    found: Vec<(String, usize)>,
}

impl Codes {
    fn read(&mut self, text: &syn::LitStr) {
        if is_code(&text.value()) {
            self.found.push((text.value(), text.span().start().line));
        }
    }

    fn read_value(&mut self, value: &syn::Expr) {
        match value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => self.read(text),
            syn::Expr::MethodCall(call) => self.read_value(&call.receiver),
            _ => {}
        }
    }

    fn read_function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        if signature.ident == "code" {
            Texts(self).visit_block(body);
        }
    }
}

/// Takes every text below a node for a code.
struct Texts<'a>(&'a mut Codes);

impl<'ast> Visit<'ast> for Texts<'_> {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.read(text);
    }
}

impl<'ast> Visit<'ast> for Codes {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.read_function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.read_function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if matches!(&field.member, syn::Member::Named(name) if name == "code") {
            self.read_value(&field.expr);
        }
        visit::visit_field_value(self, field);
    }

    fn visit_item_const(&mut self, constant: &'ast syn::ItemConst) {
        if constant.ident == "CODE" {
            self.read_value(&constant.expr);
        }
    }
}

fn is_code(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}
