//! `paceline metrics backfill`: metrics computed anew over the whole past.

use clap::Args;
use engine::{Engine, PlanError};
use fitness::Scope;
use fitness::records::{own_metric, own_number};
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::{output, program, walk};

const AFTER_HELP: &str = "\
Examples:
  paceline metrics backfill                 every metric
  paceline metrics backfill beats_per_km --json

A new text is computed by itself with the next run; this is for when you do not want to wait.";

const PIPELINE: &str = "metrics";

/// Computes a metric anew over the whole past, or all of them
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Backfill {
    /// The name of its file without ending; all where none is given
    name: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Backfill {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        engine.known(PIPELINE).map_err(|error| uncomputed(&error))?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let (athlete, name) = (self.whose.athlete.clone(), self.name.clone());
        let reset = engine.store().write(move |tx| own_metric::reset(tx, &athlete, name.as_deref())).await?;
        // Of a new file nothing was computed yet, and the run does that.
        if let Some(name) = self.name.as_deref().filter(|name| reset == 0 && !lies(&engine, name)) {
            return Err(super::unknown(name).into());
        }
        walk::catch_up(config, &engine, &self.whose.athlete, PIPELINE, &progress).await?;
        let (athlete, wanted) = (self.whose.athlete, self.name.clone());
        let read = engine.store().read(move |tx| {
            let mut counted = Vec::new();
            for metric in own_metric::list(tx, &athlete)? {
                if wanted.as_ref().is_none_or(|wanted| *wanted == metric.name) {
                    let known = own_number::known(tx, &athlete, &metric.name, Scope::All)?;
                    counted.push((metric, known));
                }
            }
            Ok(counted)
        });
        let counted = read.await?;
        if let Some(name) = self.name.filter(|_| counted.is_empty()) {
            return Err(super::unknown(&name).into());
        }
        for (metric, (known, unknown)) in counted {
            if self.form.json {
                output::json(&json!({ "name": metric.name, "known": known, "unknown": unknown }))?;
            } else {
                output::line(format!("{}: {known} known, {unknown} not", metric.name))?;
            }
        }
        Ok(error::DONE)
    }
}

fn lies(engine: &Engine, name: &str) -> bool {
    engine.library().text(&format!("scripts/metrics/{name}.rhai")).is_some()
}

fn uncomputed(error: &PlanError) -> Problem {
    let problem = Problem { exit: error::USAGE, ..Problem::new("not_found", error.to_string()) };
    problem.hint("without a pipeline `metrics` nothing is computed; docs/SCRIPTS.md shows its lines")
}
