//! The untyped twin of a step, which registry, plan and executor handle.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;

use super::{Cause, ConfigError, Inputs, Slot, Split, Step, StepError};
use crate::context::StepContext;

/// A boxed future, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The largest artifact that is stored, in bytes of JSON.
pub(crate) const ARTIFACT_LIMIT_BYTES: usize = 64 * 1024;

/// A built step whose types are forgotten.
pub trait AnyStep: Send + Sync {
    /// Runs the step on one JSON value for each of its slots and answers its artifact as JSON text.
    fn run<'a>(&'a self, ctx: &'a StepContext, input: Vec<Value>)
    -> BoxFuture<'a, Result<String, StepError>>;
    /// As [`Step::example`].
    fn example(&self) -> Option<Value>;
    /// As [`Step::rests_on`].
    fn rests_on(&self) -> Option<&str>;
}

impl<S: Step> AnyStep for S {
    fn run<'a>(
        &'a self,
        ctx: &'a StepContext,
        input: Vec<Value>,
    ) -> BoxFuture<'a, Result<String, StepError>> {
        Box::pin(async move {
            let input = S::Input::read(input).map_err(|error| hopeless("input_mismatch", error))?;
            let output = Step::run(self, ctx, input).await?;
            let artifact =
                serde_json::to_string(&output).map_err(|error| hopeless("artifact_invalid", error))?;
            if artifact.len() > ARTIFACT_LIMIT_BYTES {
                let message =
                    format!("the artifact has {} bytes, at most {ARTIFACT_LIMIT_BYTES}", artifact.len());
                return Err(StepError::Hopeless(Cause::new("artifact_too_large", message)));
            }
            Ok(artifact)
        })
    }

    fn example(&self) -> Option<Value> {
        Step::example(self)
    }

    fn rests_on(&self) -> Option<&str> {
        Step::rests_on(self)
    }
}

fn hopeless(code: &'static str, error: serde_json::Error) -> StepError {
    StepError::Hopeless(Cause {
        code,
        message: "cannot read or write the artifact".to_owned(),
        source: Some(Box::new(error)),
    })
}

/// All that is known of a kind of step without building one.
pub struct Kind {
    pub kind: &'static str,
    pub about: &'static str,
    pub slots: Vec<Slot>,
    /// What its code makes of the same input, as [`Step::VERSION`] counts it.
    pub version: u32,
    /// Name of the artifact it gives.
    pub output: String,
    pub config_schema: Schema,
    pub output_schema: Schema,
    build: Build,
    reads: fn(&str) -> bool,
    is_scripted: bool,
}

/// The texts that steps of a pipeline may be made of, by name.
pub(crate) type StepScripts = BTreeMap<String, String>;

/// What steps of a pipeline may be made of, and whether it is known to be in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scripts<'a> {
    pub(crate) texts: &'a StepScripts,
    /// They proved themselves when the run was taken in, and need not do so again.
    pub(crate) are_proven: bool,
}

type Build = Box<dyn Fn(Value, Scripts<'_>) -> Result<Arc<dyn AnyStep>, ConfigError> + Send + Sync>;

impl Kind {
    /// Describes a step type that needs nothing but its configuration.
    pub fn of<S: Step>() -> Self {
        Self::made::<S>(S::build)
    }

    /// Describes a step type that also needs what only the program knows, which `make` brings along.
    pub fn made<S: Step>(make: impl Fn(S::Config) -> Result<S, ConfigError> + Send + Sync + 'static) -> Self {
        Self { is_scripted: false, ..Self::scripted::<S>(move |config, _: Scripts<'_>| make(config)) }
    }

    /// Describes a step type that is made of one of the scripts in `scripts/steps`, which `script` in its configuration
    /// names.
    pub(crate) fn scripted<S: Step>(
        make: impl Fn(S::Config, Scripts<'_>) -> Result<S, ConfigError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind: S::KIND,
            about: S::ABOUT,
            slots: S::Input::slots(),
            version: S::VERSION,
            output: <S::Output as JsonSchema>::schema_name().into_owned(),
            config_schema: schema_for!(S::Config),
            output_schema: schema_for!(S::Output),
            build: Box::new(move |config: Value, scripts: Scripts<'_>| {
                Ok(Arc::new(make(parse::<S>(config)?, scripts)?))
            }),
            reads: |artifact| serde_json::from_str::<S::Output>(artifact).is_ok(),
            is_scripted: true,
        }
    }

    /// Namespace and function of the kind, as scripts write them.
    pub fn path(&self) -> (&'static str, &'static str) {
        self.kind.split_once('.').unwrap_or(("", self.kind))
    }

    /// Whether the JSON text is an artifact of this kind.
    pub(crate) fn reads(&self, artifact: &str) -> bool {
        (self.reads)(artifact)
    }

    /// How what it gives is split; nothing where it cannot be.
    pub fn split(&self) -> Option<Split> {
        Split::of(self.output_schema.as_value())
    }

    /// Builds a step from its configuration, which is checked in full.
    pub fn build(&self, config: Value) -> Result<Arc<dyn AnyStep>, ConfigError> {
        self.build_of(config, Scripts { texts: &StepScripts::new(), are_proven: false })
    }

    /// The same where it may be made of one of these scripts.
    pub(crate) fn build_of(
        &self,
        config: Value,
        scripts: Scripts<'_>,
    ) -> Result<Arc<dyn AnyStep>, ConfigError> {
        (self.build)(config, scripts)
    }

    /// Whether it is made of a script.
    pub(crate) fn is_scripted(&self) -> bool {
        self.is_scripted
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn parse<S: Step>(config: Value) -> Result<S::Config, ConfigError> {
    serde_path_to_error::deserialize(config).map_err(|error| ConfigError {
        path: error.path().iter().map(ToString::to_string).collect(),
        message: error.into_inner().to_string(),
    })
}
