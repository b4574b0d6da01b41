//! How a step tells the executor what to do next.

use std::time::Duration;

/// What went wrong, with a stable code for people and programs.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Cause {
    pub code: &'static str,
    pub message: String,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Cause {
    /// A cause that stands for itself.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), source: None }
    }

    /// The cause with its reasons, outermost first.
    pub fn report(&self) -> String {
        let mut text = self.message.clone();
        let mut source = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }
}

impl From<store::Error> for Cause {
    fn from(error: store::Error) -> Self {
        Self { code: error.code(), message: "the store refused".to_owned(), source: Some(Box::new(error)) }
    }
}

/// How long a step waits for a database that is away, before it tries again.
const OUTAGE: Duration = Duration::from_secs(1);
/// The same for one that takes no more rows until somebody makes room.
const NO_ROOM: Duration = Duration::from_secs(5);

/// Tells the executor what to do, by variant.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A rate limit or an outage: wait; this is not an attempt.
    #[error("must wait {after:?}")]
    Later { after: Duration, source: Cause },
    /// Another attempt under the step's retry policy.
    #[error(transparent)]
    Failed(Cause),
    /// A revoked token, an impossible input: no attempt will help.
    #[error(transparent)]
    Hopeless(Cause),
    /// The run was cancelled, or its lease was lost.
    #[error("cancelled")]
    Cancelled,
}

impl From<store::Error> for StepError {
    fn from(error: store::Error) -> Self {
        match error.downcast_aborted::<crate::run::Fenced>() {
            Ok(_) => Self::Cancelled,
            // A server that restarts is back soon; what was half done is done again from its cursor.
            Err(error) if error.is_transient() => Self::Later { after: OUTAGE, source: error.into() },
            // Nothing is wrong with the step, and it goes on by itself once there is space again.
            Err(error @ (store::Error::Full(_) | store::Error::ReadOnly(_))) => {
                Self::Later { after: NO_ROOM, source: error.into() }
            }
            Err(error) => Self::Failed(error.into()),
        }
    }
}

/// A configuration that parses but cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// Where in the configuration: keys and indexes from the outside in.
    pub path: Vec<String>,
    pub message: String,
}

impl ConfigError {
    /// An error in the value of one key.
    pub fn at(key: &str, message: impl Into<String>) -> Self {
        Self { path: vec![key.to_owned()], message: message.into() }
    }
}
