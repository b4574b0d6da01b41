//! The functions that are handed a code: those with a parameter named `code`, and where it stands.

use std::collections::HashMap;

use syn::visit::{self, Visit};

use crate::tidy::Source;

/// How a call names its function: `warning`, `Refusal::new` or `.add`.
pub(super) type Callee = String;

/// Which argument of a call is a code.
#[derive(Default)]
pub(super) struct Receivers {
    /// Types travel between rooms, so `Type::function` holds everywhere.
    everywhere: HashMap<Callee, usize>,
    /// Functions and methods hold in the room that defines them.
    by_room: HashMap<(String, Callee), usize>,
}

impl Receivers {
    pub(super) fn of(sources: &[Source]) -> Self {
        let mut receivers = Self::default();
        for source in sources {
            let Some(file) = source.syntax() else { continue };
            let mut reader = Reader { room: room(source), owner: None, receivers: &mut receivers };
            reader.visit_file(file);
        }
        receivers
    }

    pub(super) fn argument(&self, source: &Source, callee: &Callee) -> Option<usize> {
        let here = || self.by_room.get(&(room(source).to_owned(), callee.clone()));
        self.everywhere.get(callee).or_else(here).copied()
    }
}

fn room(source: &Source) -> &str {
    source.path.split_once("/src/").map_or(source.path.as_str(), |(room, _)| room)
}

/// The last name of a type's path, generics aside.
pub(super) fn type_name(of: &syn::Type) -> Option<String> {
    let syn::Type::Path(path) = of else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

struct Reader<'a> {
    room: &'a str,
    owner: Option<String>,
    receivers: &'a mut Receivers,
}

impl Reader<'_> {
    fn read(&mut self, signature: &syn::Signature) {
        let is_method = signature.receiver().is_some();
        let arguments = signature.inputs.iter().skip(usize::from(is_method));
        let Some(place) = arguments.into_iter().position(is_code) else { return };
        let name = &signature.ident;
        match &self.owner {
            Some(owner) if !is_method => {
                self.receivers.everywhere.insert(format!("{owner}::{name}"), place);
            }
            owner => {
                let callee = if owner.is_some() { format!(".{name}") } else { name.to_string() };
                self.receivers.by_room.insert((self.room.to_owned(), callee), place);
            }
        }
    }
}

fn is_code(argument: &syn::FnArg) -> bool {
    let syn::FnArg::Typed(argument) = argument else { return false };
    matches!(&*argument.pat, syn::Pat::Ident(name) if name.ident == "code")
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        self.owner = type_name(&block.self_ty);
        visit::visit_item_impl(self, block);
        self.owner = None;
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.read(&function.sig);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.read(&function.sig);
    }
}
