//! The metrics of a library, and which of them stand in place of loads.

use std::sync::Arc;

use engine::script::formula::Part;
use engine::script::{Diagnostic, Library};

use crate::metric::Metric;
use crate::proof;

/// A metric as it is asked.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) metric: Metric,
    /// True where its numbers stand in place of loads.
    pub(crate) replaces: bool,
    /// The metric before it that does so for the same sports.
    pub(crate) conflict: Option<String>,
}

/// A file that should be a metric.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) errors: Vec<Diagnostic>,
}

/// The metrics that fit a pattern, by name.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) ready: Vec<Arc<Entry>>,
    pub(crate) broken: Vec<Broken>,
}

impl Metrics {
    /// Compiles the metrics of a library whose path below `scripts/` fits the pattern; one whose examples do not hold
    /// is broken. Runs script code.
    pub(crate) fn of(library: &Library, pattern: &str) -> Self {
        let (mut compiled, mut broken) = (Vec::new(), Vec::new());
        for (path, text) in library.matching(pattern) {
            match Metric::compile(&path, text).and_then(proof::proven) {
                Ok(metric) => compiled.push(metric),
                Err(errors) => broken.push(Broken { name: name(&path), path, errors }),
            }
        }
        compiled.sort_by(|one, other| one.name().cmp(other.name()));
        let mut ready: Vec<Arc<Entry>> = Vec::new();
        for metric in compiled {
            let conflict = conflict(&ready, &metric);
            let replaces = metric.about.replaces_load && conflict.is_none();
            ready.push(Arc::new(Entry { metric, replaces, conflict }));
        }
        Self { ready, broken }
    }

    /// True where there is a file of that name, in order or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some() || self.broken.iter().any(|broken| broken.name == name)
    }

    /// The metric of that name, where it is in order.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Entry>> {
        self.ready.iter().find(|entry| entry.metric.name() == name)
    }
}

/// The metrics that would replace the load of a sport whose load another one replaces. Runs script code.
pub(crate) fn conflicts(library: &Library) -> Vec<Diagnostic> {
    let texts = library.matching(crate::METRICS);
    // Hardly anybody has two, and none is compiled for nothing.
    if texts.iter().filter(|(_, text)| text.contains("replaces_load")).count() < 2 {
        return Vec::new();
    }
    let metrics = Metrics::of(library, crate::METRICS);
    metrics.ready.iter().flat_map(|entry| entry.in_the_way()).collect()
}

impl Entry {
    /// What is said of a metric that counts behind another.
    pub(crate) fn in_the_way(&self) -> Vec<Diagnostic> {
        let Some(other) = &self.conflict else { return Vec::new() };
        let message = format!("`{other}` replaces the load of the same sport, and comes first by name");
        self.metric.formula.wrong("metric_conflict", Part::Function("about"), message)
    }
}

/// Of two metrics that would replace the load of one sport the first by name does.
fn conflict(before: &[Arc<Entry>], metric: &Metric) -> Option<String> {
    if !metric.about.replaces_load {
        return None;
    }
    let other = before.iter().find(|entry| entry.replaces && entry.metric.about.meets(&metric.about))?;
    Some(other.metric.name().to_owned())
}

/// The name of a file without folder and ending.
pub(crate) fn name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".rhai").unwrap_or(file).to_owned()
}
