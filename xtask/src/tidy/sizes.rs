//! A file stays under 500 lines without its tests, a function under 80.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::{Finding, Source};
use crate::tidy::source::is_for_tests;

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 80;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    match &source.rust {
        Some(Err((line, error))) => {
            vec![Finding::new(&source.path, *line, format!("does not parse: {error}"))]
        }
        Some(Ok(_)) if source.is_test => Vec::new(),
        Some(Ok(file)) => file_size(source).into_iter().chain(function_sizes(source, file)).collect(),
        None if source.path.ends_with(".rhai") => file_size(source).into_iter().collect(),
        None => Vec::new(),
    }
}

fn file_size(source: &Source) -> Option<Finding> {
    let tests: usize = source.test_lines().iter().map(|lines| lines.end() - lines.start() + 1).sum();
    let lines = source.text.lines().count() - tests;
    (lines >= FILE_LINES).then(|| {
        let reason =
            format!("{lines} lines without tests, a file stays under {FILE_LINES}: split it by meaning");
        Finding::new(&source.path, 1, reason)
    })
}

fn function_sizes(source: &Source, file: &syn::File) -> Vec<Finding> {
    let mut functions = Functions { path: &source.path, findings: Vec::new() };
    functions.visit_file(file);
    functions.findings
}

struct Functions<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl Functions<'_> {
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let start = signature.span().start().line;
        let lines = body.span().end().line - start + 1;
        if lines >= FUNCTION_LINES {
            let name = &signature.ident;
            let reason = format!("`{name}` has {lines} lines, a function stays under {FUNCTION_LINES}");
            self.findings.push(Finding::new(self.path, start, reason));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_for_tests(&function.attrs) {
            self.measure(&function.sig, &function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            self.measure(&function.sig, &function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.measure(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
