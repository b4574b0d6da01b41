//! What a person watches while a step works.

use std::sync::Arc;

/// How far a step is.
#[derive(Debug, Clone)]
pub struct Report {
    pub run: String,
    pub step: Arc<str>,
    pub done: u64,
    pub total: u64,
    /// What is being worked on, in a few words.
    pub item: String,
}

/// Receives the reports of running steps.
pub type Watcher = Arc<dyn Fn(Report) + Send + Sync>;

/// Hands a step's reports to whoever watches; costs nothing where nobody does.
#[derive(Clone, Default)]
pub struct Progress(Option<(Watcher, Arc<str>, Arc<str>)>);

impl Progress {
    /// Reports of one step of one run go to the watcher.
    pub fn new(watcher: Option<Watcher>, run: &str, step: &Arc<str>) -> Self {
        Self(watcher.map(|watcher| (watcher, run.into(), step.clone())))
    }

    /// Tells how many of how many items are done.
    pub fn tell(&self, done: u64, total: u64, item: &str) {
        if let Some((watcher, run, step)) = &self.0 {
            let report =
                Report { run: run.to_string(), step: step.clone(), done, total, item: item.to_owned() };
            watcher(report);
        }
    }
}
