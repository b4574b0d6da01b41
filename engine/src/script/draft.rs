//! What a script has said so far: steps and edges with their places, before they become a plan.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::FnPtr;
use serde_json::{Map, Value};

use super::place::{Mistake, Part, Place};
use super::ties::{Bond, Loose};
use crate::plan::{Options, Policy};
use crate::step::Kind;

/// The options of the pipeline and where they were given.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub name: String,
    pub options: Options,
    pub place: Place,
}

/// A step as the script wrote it.
#[derive(Debug, Clone)]
pub(super) struct StepDraft {
    pub kind: Arc<Kind>,
    /// The call.
    pub place: Place,
    pub name: Option<String>,
    pub inputs: Vec<Vec<usize>>,
    /// Nothing where it is no data; the mistake is already noted.
    pub config: Option<Map<String, Value>>,
    pub after: Vec<(usize, Place)>,
    pub policy: Policy,
    pub when: Option<(FnPtr, Place)>,
    /// Where its pool is named, and where it is said to close.
    pub pool: Option<Place>,
    pub cooldown: Option<Place>,
    /// How many items of the first input go into a part.
    pub for_each: Option<(u64, Place)>,
}

impl StepDraft {
    /// The name it was given, else its kind.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.kind.kind)
    }

    /// That it works in a pool, where it does.
    pub(super) fn use_of_pool(&self) -> Option<Loose> {
        let (name, place) = (self.policy.pool.clone()?, self.pool.clone()?);
        let place = Mistake::new("", place, "").at(Part::Argument(0)).in_step(self.kind.kind);
        Some(Loose { bond: Bond::Uses, name, place })
    }

    /// The kind as scripts write it.
    pub(super) fn call(&self) -> String {
        self.kind.kind.replacen('.', "::", 1)
    }
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub header: Option<Header>,
    pub steps: Vec<StepDraft>,
    /// What is said of other pipelines and of what they share.
    pub ties: Vec<Loose>,
    pub mistakes: Vec<Mistake>,
}

/// The draft that the functions of one evaluation write into.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedDraft(Arc<Mutex<Draft>>);

impl SharedDraft {
    pub(super) fn lock(&self) -> MutexGuard<'_, Draft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Draft {
        std::mem::take(&mut *self.lock())
    }
}
