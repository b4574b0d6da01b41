//! A room or module is named after what it means; some names mean nothing.

use syn::visit::{self, Visit};

use super::{Finding, Source};

const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings: Vec<Finding> = path_parts(source).map(|part| finding(source, 1, part)).collect();
    if let Some(file) = source.syntax() {
        let mut modules = InlineModules { source, findings: Vec::new() };
        modules.visit_file(file);
        findings.extend(modules.findings);
    }
    findings
}

fn path_parts(source: &Source) -> impl Iterator<Item = &str> {
    let parts = source.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    parts.filter(|part| EMPTY_NAMES.contains(part))
}

fn finding(source: &Source, line: usize, name: &str) -> Finding {
    Finding::new(&source.path, line, format!("`{name}` says nothing: name it after what it holds"))
}

struct InlineModules<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl<'ast> Visit<'ast> for InlineModules<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let name = module.ident.to_string();
        if module.content.is_some() && EMPTY_NAMES.contains(&name.as_str()) {
            self.findings.push(finding(self.source, module.ident.span().start().line, &name));
        }
        visit::visit_item_mod(self, module);
    }
}
