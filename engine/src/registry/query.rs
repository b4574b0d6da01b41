//! Read-only questions that plugins answer, so that the API can serve them without knowing the plugin.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Error, Store, Tx};

use crate::clock::Clock;
use crate::script::{Diagnostic, Library};

/// A question that a snapshot of the store answers.
pub trait Query: Send + Sync + 'static {
    /// `namespace.noun`, as routes name it.
    const NAME: &'static str;
    const ABOUT: &'static str;
    type Params: DeserializeOwned + JsonSchema;

    /// Answers from a snapshot of the store.
    fn answer(&self, tx: &mut Tx<'_>, ctx: &QueryContext, params: Self::Params) -> Result<Value, QueryError>;
}

/// A question whose answer takes work, such as asking scripts: what it rests on is read first, and nothing of
/// the store is held while the answer is worked out.
pub trait Study: Send + Sync + 'static {
    /// `namespace.noun`, as routes name it.
    const NAME: &'static str;
    const ABOUT: &'static str;
    type Params: DeserializeOwned + JsonSchema;
    /// What the answer rests on.
    type Facts: Send + 'static;

    /// Reads from a snapshot of the store.
    fn read(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: Self::Params,
    ) -> Result<Self::Facts, QueryError>;

    /// Works the answer out, on a thread that may block.
    fn conclude(&self, ctx: &QueryContext, facts: Self::Facts) -> Result<Value, QueryError>;
}

/// What a query is given beside its parameters.
#[derive(Clone, Debug)]
pub struct QueryContext {
    pub partition: String,
    pub clock: Clock,
    pub scripts: Arc<Library>,
    /// What is wrong with scripts as they lie, for which earlier texts may be in force.
    pub mistakes: Vec<Diagnostic>,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("{message}")]
    Invalid { code: &'static str, message: String },
    #[error("{message}")]
    NotFound { code: &'static str, message: String },
    /// The script that came with the question has mistakes: at least one.
    #[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Script(Vec<Diagnostic>),
    #[error(transparent)]
    Store(#[from] Error),
}

/// An answer, or the work that is left until there is one.
enum Answer {
    Known(Value),
    Work(Box<dyn FnOnce() -> Result<Value, QueryError> + Send>),
}

type Read = Box<dyn Fn(&mut Tx<'_>, &QueryContext, Value) -> Result<Answer, QueryError> + Send + Sync>;

/// A registered query whose types are forgotten.
pub struct AnyQuery {
    pub name: &'static str,
    pub about: &'static str,
    pub params_schema: Schema,
    read: Read,
}

impl AnyQuery {
    pub(super) fn of<Q: Query>(query: Q) -> Self {
        let read: Read =
            Box::new(move |tx, ctx, params| query.answer(tx, ctx, checked(params)?).map(Answer::Known));
        Self { name: Q::NAME, about: Q::ABOUT, params_schema: schema_for!(Q::Params), read }
    }

    pub(super) fn of_study<S: Study>(study: S) -> Self {
        let study = Arc::new(study);
        let read: Read = Box::new(move |tx, ctx, params| {
            let facts = study.read(tx, ctx, checked(params)?)?;
            let (study, ctx) = (study.clone(), ctx.clone());
            Ok(Answer::Work(Box::new(move || study.conclude(&ctx, facts))))
        });
        Self { name: S::NAME, about: S::ABOUT, params_schema: schema_for!(S::Params), read }
    }

    /// Asks about what the store holds now. Parameters are checked first.
    pub async fn ask(
        self: &Arc<Self>,
        store: &Store,
        ctx: QueryContext,
        params: Value,
    ) -> Result<Value, QueryError> {
        let query = self.clone();
        let read = store.read(move |tx| match (query.read)(tx, &ctx, params.clone()) {
            Err(QueryError::Store(error)) => Err(error),
            read => Ok(read),
        });
        match read.await?? {
            Answer::Known(answer) => Ok(answer),
            Answer::Work(work) => tokio::task::spawn_blocking(work).await.map_err(Error::abort)?,
        }
    }
}

fn checked<P: DeserializeOwned>(params: Value) -> Result<P, QueryError> {
    let read = serde_json::from_value(params);
    read.map_err(|error| QueryError::Invalid { code: "invalid_parameter", message: error.to_string() })
}
