//! What plugins offer, by name: an explicit list, filled once at start.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Store, Tx};

use crate::clock::Clock;
use crate::script::Library;
use crate::step::{BoxFuture, ConfigError, Kind, Step};

/// A name that is taken, or that a script could not say.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("`{0}` is registered twice")]
    Twice(String),
    #[error("`{kind}` cannot be called from a script: {reason}")]
    Unspeakable { kind: &'static str, reason: String },
}

/// A read-only question that a plugin answers, so that the API can serve it without knowing the plugin.
pub trait Query: Send + Sync + 'static {
    /// `namespace.noun`, as routes name it.
    const NAME: &'static str;
    const ABOUT: &'static str;
    type Params: DeserializeOwned + JsonSchema;

    /// Answers from a snapshot of the store.
    fn answer(&self, tx: &mut Tx<'_>, ctx: &QueryContext, params: Self::Params) -> Result<Value, QueryError>;
}

/// What a query is given beside its parameters.
#[derive(Clone, Debug)]
pub struct QueryContext {
    pub partition: String,
    pub clock: Clock,
    pub scripts: Arc<Library>,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("{message}")]
    Invalid { code: &'static str, message: String },
    #[error("{message}")]
    NotFound { code: &'static str, message: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// One line of the doctor.
#[derive(Debug, Clone)]
pub struct Checkup {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

/// Looks after one thing that can be wrong with an installation.
pub trait Check: Send + Sync + 'static {
    /// What is looked at, in a few words.
    fn name(&self) -> &'static str;
    /// Looks, and says what to do where it is not well.
    fn examine<'a>(&'a self, store: &'a Store, clock: &'a Clock) -> BoxFuture<'a, Checkup>;
}

/// Connects an account of an outside service.
pub trait Connection: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    /// Where the user is sent; the state comes back with the answer.
    fn authorize_url(&self, state: &str, redirect: &str) -> String;
    /// Exchanges the code that came back and stores what it gave.
    fn exchange<'a>(
        &'a self,
        store: &'a Store,
        partition: &'a str,
        code: &'a str,
    ) -> BoxFuture<'a, Result<(), crate::step::Cause>>;
    /// Ends the connection and forgets its secrets.
    fn disconnect<'a>(
        &'a self,
        store: &'a Store,
        partition: &'a str,
    ) -> BoxFuture<'a, Result<(), crate::step::Cause>>;
}

/// A webhook as it came in.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub query: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What a webhook asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Answer this JSON at once and do nothing.
    Answer(Value),
    /// Enqueue a run of this pipeline for this partition.
    Enqueue { pipeline: String, partition: String, params: Value },
    /// Not ours, or not genuine.
    Refuse,
}

/// Receives the webhooks of an outside service.
pub trait Hook: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    /// Verifies a delivery without trusting it.
    fn receive(&self, delivery: &Delivery) -> Verdict;
}

/// Says what is wrong with what a rule advises: the plugin that reads advice knows its shape.
pub type AdviceCheck = fn(&Value) -> Result<(), String>;

type Answer = Box<dyn Fn(&mut Tx<'_>, &QueryContext, Value) -> Result<Value, QueryError> + Send + Sync>;

/// A registered query whose types are forgotten.
pub struct AnyQuery {
    pub name: &'static str,
    pub about: &'static str,
    pub params_schema: Schema,
    answer: Answer,
}

impl AnyQuery {
    /// Answers a question whose parameters are checked first.
    pub fn answer(&self, tx: &mut Tx<'_>, ctx: &QueryContext, params: Value) -> Result<Value, QueryError> {
        (self.answer)(tx, ctx, params)
    }
}

/// Everything that plugins offer.
#[derive(Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Arc<Kind>>,
    queries: BTreeMap<&'static str, AnyQuery>,
    checks: Vec<Box<dyn Check>>,
    connections: BTreeMap<&'static str, Box<dyn Connection>>,
    hooks: BTreeMap<&'static str, Box<dyn Hook>>,
    advice: Option<AdviceCheck>,
}

impl Registry {
    /// Adds a kind of step; fails where a script could not call it.
    pub fn step<S: Step>(&mut self) -> Result<(), RegistryError> {
        self.add(S::KIND, Kind::of::<S>())
    }

    /// Adds a kind of step whose making needs more than its configuration.
    pub fn step_made<S: Step>(
        &mut self,
        make: impl Fn(S::Config) -> Result<S, ConfigError> + Send + Sync + 'static,
    ) -> Result<(), RegistryError> {
        self.add(S::KIND, Kind::made(make))
    }

    fn add(&mut self, name: &'static str, kind: Kind) -> Result<(), RegistryError> {
        crate::script::speakable(&kind)
            .map_err(|reason| RegistryError::Unspeakable { kind: name, reason })?;
        insert(&mut self.kinds, name, Arc::new(kind))
    }

    /// Adds a query.
    pub fn query<Q: Query>(&mut self, query: Q) -> Result<(), RegistryError> {
        let answer: Answer = Box::new(move |tx, ctx, params| {
            let params = serde_json::from_value(params).map_err(|error| QueryError::Invalid {
                code: "invalid_parameter",
                message: error.to_string(),
            })?;
            query.answer(tx, ctx, params)
        });
        let params_schema = schema_for!(Q::Params);
        insert(&mut self.queries, Q::NAME, AnyQuery { name: Q::NAME, about: Q::ABOUT, params_schema, answer })
    }

    /// Adds a line to the doctor.
    pub fn check(&mut self, check: impl Check) {
        self.checks.push(Box::new(check));
    }

    /// Adds a connection to an outside service.
    pub fn connection(&mut self, connection: impl Connection) -> Result<(), RegistryError> {
        insert(&mut self.connections, connection.name(), Box::new(connection))
    }

    /// Adds a receiver of webhooks.
    pub fn hook(&mut self, hook: impl Hook) -> Result<(), RegistryError> {
        insert(&mut self.hooks, hook.name(), Box::new(hook))
    }

    /// Sets what the advice of every rule must look like.
    pub fn advice(&mut self, check: AdviceCheck) {
        self.advice = Some(check);
    }

    /// What the advice of every rule must look like; anything where no plugin reads it.
    pub fn advice_check(&self) -> AdviceCheck {
        self.advice.unwrap_or(|_| Ok(()))
    }

    /// The kind of that name.
    pub fn kind(&self, kind: &str) -> Option<&Arc<Kind>> {
        self.kinds.get(kind)
    }

    /// All kinds, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.values()
    }

    /// The query of that name.
    pub fn find_query(&self, name: &str) -> Option<&AnyQuery> {
        self.queries.get(name)
    }

    /// All lines of the doctor.
    pub fn checks(&self) -> impl Iterator<Item = &dyn Check> {
        self.checks.iter().map(|check| &**check)
    }

    /// The connection of that name.
    pub fn find_connection(&self, name: &str) -> Option<&dyn Connection> {
        self.connections.get(name).map(|connection| &**connection)
    }

    /// The receiver of webhooks of that name.
    pub fn find_hook(&self, name: &str) -> Option<&dyn Hook> {
        self.hooks.get(name).map(|hook| &**hook)
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("kinds", &self.kinds.keys()).finish_non_exhaustive()
    }
}

fn insert<T>(map: &mut BTreeMap<&'static str, T>, name: &'static str, value: T) -> Result<(), RegistryError> {
    if map.contains_key(name) {
        return Err(RegistryError::Twice(name.to_owned()));
    }
    map.insert(name, value);
    Ok(())
}
