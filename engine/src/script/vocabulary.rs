//! The words of a pipeline script: `pipeline`, a function for each kind of step, and what a step's handle can do.

mod handle;
mod header;
mod pool;
mod steps;

use std::any::TypeId;
use std::sync::Arc;

use rhai::{Dynamic, Engine, FuncRegistration, Module, NativeCallContext, RhaiFunc};

use super::draft::SharedDraft;
use super::place::Place;
use crate::registry::Registry;

pub(super) use handle::METHODS;
#[cfg(test)]
pub(super) use header::options;

/// What a script holds of a step: its place in the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(pub usize);

/// More arguments than any word takes, so that a call with one too many is told what it takes instead.
const MOST_ARGUMENTS: usize = 8;

/// Teaches the engine the words; what they say lands in the draft.
pub(super) fn register(engine: &mut Engine, registry: &Registry, draft: &SharedDraft) {
    engine.register_type_with_name::<Handle>("step");
    let mut words = Module::new();
    header::register(&mut words, draft);
    handle::register(&mut words, draft);
    pool::register(&mut words, draft);
    words.build_index();
    engine.register_global_module(words.into());
    for (namespace, mut module) in steps::modules(registry, draft) {
        module.build_index();
        engine.register_static_module(namespace, module.into());
    }
}

/// The names of all words that are no steps.
#[cfg(test)]
pub(super) fn words() -> std::collections::BTreeSet<String> {
    let (mut words, draft) = (Module::new(), SharedDraft::default());
    header::register(&mut words, &draft);
    handle::register(&mut words, &draft);
    pool::register(&mut words, &draft);
    let signatures = words.gen_fn_signatures_with_mapper(Into::into);
    signatures.map(|signature| signature.split('(').next().unwrap_or_default().to_owned()).collect()
}

/// Registers a function for any number of arguments of any type after the given first ones.
/// It notes mistakes instead of failing, so that one evaluation finds many.
fn variadic(
    module: &mut Module,
    name: &str,
    first: &[TypeId],
    call: impl Fn(Place, Vec<Dynamic>) -> Dynamic + Send + Sync + 'static,
) {
    let call = Arc::new(call);
    for count in 0..=MOST_ARGUMENTS {
        let types: Vec<_> =
            first.iter().copied().chain(std::iter::repeat_n(TypeId::of::<Dynamic>(), count)).collect();
        let call = call.clone();
        let func = move |ctx: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| {
            let place = ctx.as_ref().map_or_else(|| Place::new("", rhai::Position::NONE), Place::of_call);
            Ok(call(place, arguments.iter().map(|argument| (**argument).clone().flatten()).collect()))
        };
        let func =
            RhaiFunc::Pure { func: Arc::new(func), has_context: true, is_pure: true, is_volatile: true };
        FuncRegistration::new(name).in_global_namespace().set_into_module_raw(module, types, func);
    }
}
