//! The contract of a step: what plugins implement and what the executor needs of it.

mod erased;
mod error;
mod input;
mod split;

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use erased::{ARTIFACT_LIMIT_BYTES, Scripts, StepScripts};
pub use erased::{AnyStep, BoxFuture, Kind};
pub use error::{Cause, ConfigError, StepError};
pub use input::{ANY, Gather, Inputs, Shape, Slot};
pub use split::{Parts, Split};

/// The small JSON value that a step leaves to its successors; its name is the schema's name.
pub trait Artifact: Serialize + DeserializeOwned + JsonSchema + Send + 'static {}

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> Artifact for T {}

/// A node of a pipeline.
pub trait Step: Sized + Send + Sync + 'static {
    /// What scripts, metrics and the API call it, as `namespace.verb_or_noun`.
    const KIND: &'static str;
    /// One sentence for the reference.
    const ABOUT: &'static str;
    /// Counts what the step makes of the same configuration and input. Raise it whenever a change of the code, or of a
    /// table that the code holds, makes it give another artifact or leave other rows: results that scripts keep with
    /// `.cached()` are then made anew. A change that only makes it faster leaves it alone.
    const VERSION: u32 = 1;
    /// Unknown keys are errors; the field docs become the reference.
    type Config: DeserializeOwned + JsonSchema;
    /// `()`, `(A,)`, `(A, B)` …, where each is an artifact, an `Option` of one or a [`Gather`].
    type Input: Inputs;
    /// What successors receive.
    type Output: Artifact;

    /// Checks everything that can be checked without I/O.
    fn build(config: Self::Config) -> Result<Self, ConfigError>;

    /// Does the work. May be called again with the same input and must then leave the same store.
    fn run(
        &self,
        ctx: &crate::context::StepContext,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, StepError>> + Send;

    /// An artifact such as this step gives, where its schema alone does not tell: conditions are tried on it. May run
    /// script code.
    fn example(&self) -> Option<serde_json::Value> {
        None
    }

    /// What the result rests on beside configuration and input, as a text that is equal for equal work.
    fn rests_on(&self) -> Option<&str> {
        None
    }
}
