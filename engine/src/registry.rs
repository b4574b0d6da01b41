//! What plugins offer, by name: an explicit list, filled once at start.

mod connection;
mod means;
mod partitions;
mod query;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use store::Tx;

use crate::child;
use crate::script::item;
use crate::script::told::{self, Form};
use crate::script::{ConflictCheck, LIB, RULES, STEPS, ScriptCheck};
use crate::step::{BoxFuture, ConfigError, Kind, Step};

pub use connection::{Connected, Connection, Missing, Receipt, Status};
pub use means::Means;
pub use partitions::{Partition, Partitions};
pub use query::{AnyQuery, Query, QueryContext, QueryError, Study};

/// A name that is taken, or that a script could not say.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("`{0}` is registered twice")]
    Twice(String),
    #[error("`{kind}` cannot be called from a script: {reason}")]
    Unspeakable { kind: &'static str, reason: String },
}

/// One line of the doctor.
#[derive(Debug, Clone)]
pub struct Checkup {
    pub name: String,
    pub ok: bool,
    pub detail: String,
}

impl Checkup {
    /// A line that says all is well.
    pub fn well(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: true, detail: detail.into() }
    }

    /// A line that says what is wrong, and what to do.
    pub fn ill(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), ok: false, detail: detail.into() }
    }
}

/// Looks after what can be wrong with one part of an installation.
pub trait Check: Send + Sync + 'static {
    /// What is looked at, in a few words.
    fn name(&self) -> &'static str;
    /// Looks, and says in a line for each thing what to do where it is not well.
    fn examine<'a>(&'a self, means: &'a Means) -> BoxFuture<'a, Vec<Checkup>>;
}

/// A webhook as it came in.
#[derive(Clone)]
pub struct Delivery {
    /// In capitals, as `POST`.
    pub method: String,
    /// What stands in the address behind the name; nobody else knows it where it is the proof.
    pub word: Option<String>,
    pub query: BTreeMap<String, String>,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Without what may be a secret of the sender's.
impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("method", &self.method)
            .field("headers", &self.headers.keys())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What a webhook asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Answer this JSON at once and do nothing.
    Answer(Value),
    /// Enqueue a run of every pipeline that waits for this hook, for this partition, or for all that there are. Each is
    /// given those of the params that it declares.
    Enqueue { partition: Option<String>, params: Value },
    /// Not ours, or not genuine.
    Refuse,
}

/// Receives the webhooks of an outside service.
pub trait Hook: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    /// Verifies a delivery without trusting it.
    fn receive<'a>(
        &'a self,
        means: &'a Means,
        delivery: &'a Delivery,
    ) -> BoxFuture<'a, store::Result<Verdict>>;
}

/// Says what is wrong with what a rule advises: the plugin that reads advice knows its shape.
pub type AdviceCheck = fn(&Value) -> Result<(), String>;

/// Everything that plugins offer, and what the engine adds.
pub struct Registry {
    kinds: BTreeMap<&'static str, Arc<Kind>>,
    queries: BTreeMap<&'static str, Arc<AnyQuery>>,
    checks: Vec<Box<dyn Check>>,
    connections: BTreeMap<&'static str, Box<dyn Connection>>,
    hooks: BTreeMap<&'static str, Box<dyn Hook>>,
    other_hooks: Option<Box<dyn Hook>>,
    advice: Option<AdviceCheck>,
    scripts: BTreeMap<&'static str, ScriptCheck>,
    forms: BTreeMap<&'static str, Form>,
    conflicts: Vec<ConflictCheck>,
    partitions: Option<Box<dyn Partitions>>,
}

impl Default for Registry {
    /// Without a plugin: only what the engine itself offers.
    fn default() -> Self {
        let own = std::iter::once(Kind::of::<child::Pipeline>()).chain(item::kinds());
        Self {
            kinds: own.map(|kind| (kind.kind, Arc::new(kind))).collect(),
            queries: BTreeMap::new(),
            checks: Vec::new(),
            connections: BTreeMap::new(),
            hooks: BTreeMap::new(),
            other_hooks: None,
            advice: None,
            scripts: BTreeMap::new(),
            forms: [told::RULES, told::STEPS].into_iter().map(|form| (form.folder, form)).collect(),
            conflicts: Vec::new(),
            partitions: None,
        }
    }
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
        insert(&mut self.queries, Q::NAME, Arc::new(AnyQuery::of(query)))
    }

    /// Adds a query whose answer takes work.
    pub fn study<S: Study>(&mut self, study: S) -> Result<(), RegistryError> {
        insert(&mut self.queries, S::NAME, Arc::new(AnyQuery::of_study(study)))
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

    /// Sets who receives the webhooks of every name that no plugin has.
    pub fn other_hooks(&mut self, hook: impl Hook) {
        self.other_hooks = Some(Box::new(hook));
    }

    /// Sets what the advice of every rule must look like.
    pub fn advice(&mut self, check: AdviceCheck) {
        self.advice = Some(check);
    }

    /// Sets who says what is wrong with the scripts in a folder below `scripts/`.
    pub fn scripts(&mut self, folder: &'static str, check: ScriptCheck) -> Result<(), RegistryError> {
        if [RULES, LIB, STEPS].contains(&folder) {
            return Err(RegistryError::Twice(folder.to_owned()));
        }
        insert(&mut self.scripts, folder, check)
    }

    /// Adds who says which scripts are in the way of others.
    pub fn conflicts(&mut self, check: ConflictCheck) {
        self.conflicts.push(check);
    }

    /// Tells what the scripts in a folder below `scripts/` consist of.
    pub fn script_form(&mut self, form: Form) -> Result<(), RegistryError> {
        insert(&mut self.forms, form.folder, form)
    }

    /// What the scripts of each folder consist of, by folder.
    pub fn script_forms(&self) -> impl Iterator<Item = &Form> {
        self.forms.values()
    }

    /// Sets who tells whom scheduled pipelines run for.
    pub fn partitions(&mut self, partitions: impl Partitions) -> Result<(), RegistryError> {
        if self.partitions.is_some() {
            return Err(RegistryError::Twice("partitions".to_owned()));
        }
        self.partitions = Some(Box::new(partitions));
        Ok(())
    }

    /// Whom scheduled pipelines run for; nobody where no plugin tells it.
    pub fn list_partitions(&self, tx: &mut Tx<'_>) -> store::Result<Vec<Partition>> {
        self.partitions.as_ref().map_or_else(|| Ok(Vec::new()), |partitions| partitions.list(tx))
    }

    /// What the advice of every rule must look like; anything where no plugin reads it.
    pub fn advice_check(&self) -> AdviceCheck {
        self.advice.unwrap_or(|_| Ok(()))
    }

    pub(crate) fn script_check(&self, folder: &str) -> Option<ScriptCheck> {
        self.scripts.get(folder).copied()
    }

    pub(crate) fn conflict_checks(&self) -> impl Iterator<Item = ConflictCheck> {
        self.conflicts.iter().copied()
    }

    /// The folders below `scripts/` whose scripts somebody asks.
    pub fn script_folders(&self) -> impl Iterator<Item = &'static str> {
        [RULES, STEPS].into_iter().chain(self.scripts.keys().copied())
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
    pub fn find_query(&self, name: &str) -> Option<&Arc<AnyQuery>> {
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
        self.hooks.get(name).or(self.other_hooks.as_ref()).map(|hook| &**hook)
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
