//! What a script has said so far: steps and edges with their places, before they become a plan.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::FnPtr;
use serde_json::{Map, Value};

use super::place::{Mistake, Place};
use crate::plan::{Options, Policy};
use crate::step::Kind;

/// The options of the pipeline and where they were given.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub name: String,
    pub options: Options,
    pub place: Place,
    /// Where each pipeline of `options.after` stands.
    pub after: Vec<Mistake>,
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
}

impl StepDraft {
    /// The name it was given, else its kind.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.kind.kind)
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
