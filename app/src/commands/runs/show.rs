//! `paceline runs show`: one run, with its graph, its timeline and what its steps said; also while it is at work.

use clap::Args;
use engine::child::{self, Counts};
use engine::log::Level;
use engine::log::record::{self as spoken, LineRecord, Which};
use engine::queue::{self, Why};
use engine::run::RunState;
use engine::run::record::{self, Page, RunRecord, StepRecord};
use engine::{Engine, StepInfo};
use jiff::tz::TimeZone;
use store::Store;

use super::{card, page, said, timeline, watch};
use crate::cli::{Form, Whose};
use crate::error::{self, Problem};
use crate::graph::{Drawing, Graph};
use crate::{output, program};

const SHOW_HELP: &str = "\
Examples:
  paceline runs show
  paceline runs show 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21 --json
  paceline runs show --follow                       line by line until it is over; Ctrl-C looks away
  paceline runs show ID --step days --log 200       what one step said

With --follow and --json each line is an event as GET /api/v1/runs/ID/events has it.
A followed run that does not succeed ends the command with 1.";

/// Shows a run step by step
#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
pub(super) struct Show {
    /// The run; the newest one where none is named
    id: Option<String>,
    /// Tell what happens until the run is over
    #[arg(long)]
    follow: bool,
    /// So many of the last lines that its steps said
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(0..=10_000))]
    log: i64,
    /// Only what this step said
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// All that is told of a run.
struct Shown {
    run: RunRecord,
    steps: Vec<StepRecord>,
    why: Option<Why>,
    children: Vec<Counts>,
    lines: Vec<LineRecord>,
    /// Absent where the plan cannot be had any more.
    shape: Option<Vec<StepInfo>>,
    now_ms: i64,
}

impl Show {
    pub(super) async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        let zone = program::time_zone(engine.store(), &self.whose.athlete).await?;
        let run = self.find(engine.store()).await?;
        let mut ended = None;
        if self.follow {
            ended = watch::follow(engine, &run.id, (self.form, &zone)).await?;
            if self.form.json {
                return Ok(exit(ended));
            }
        }
        let shown = self.read(engine, run.id).await?;
        if self.form.json {
            output::json(&shown.to_json()?)?;
        } else {
            let apart = if self.follow { "\n" } else { "" };
            output::line(format!("{apart}{}", shown.text(&zone)))?;
        }
        Ok(exit(ended))
    }

    async fn read(&self, engine: &Engine, id: String) -> anyhow::Result<Shown> {
        let shape = engine.steps_of(&id).await?;
        let now_ms = engine.clock().now_ms();
        let which = Which { step: self.step.clone(), attempt: None, least: Level::Debug, limit: self.log };
        let asked = id.clone();
        let read = engine.store().read(move |tx| {
            let Some(run) = record::run(tx, &asked)? else { return Ok(None) };
            Ok(Some(Shown {
                run,
                steps: record::steps(tx, &asked)?,
                why: queue::waiting(tx, &asked, now_ms)?,
                children: child::counts(tx, &asked)?,
                lines: spoken::last_lines(tx, &asked, &which)?,
                shape: None,
                now_ms,
            }))
        });
        // It may have been deleted since it was found.
        let shown = read.await?.ok_or_else(|| missing(&id))?;
        Ok(Shown { shape, ..shown })
    }

    async fn find(&self, store: &Store) -> anyhow::Result<RunRecord> {
        let Some(id) = self.id.clone() else {
            let newest = page(store, &self.whose.athlete, Page::default(), 1).await?;
            return newest
                .into_iter()
                .next()
                .ok_or_else(|| Problem::new("not_found", "nothing ran yet").into());
        };
        let asked = id.clone();
        let found = store.read(move |tx| record::run(tx, &asked)).await?;
        found.ok_or_else(|| missing(&id).into())
    }
}

impl Shown {
    fn to_json(&self) -> serde_json::Result<serde_json::Value> {
        let mut value = serde_json::to_value(&self.run)?;
        value["steps"] = serde_json::to_value(&self.steps)?;
        if !self.children.is_empty() {
            value["children"] = serde_json::to_value(&self.children)?;
        }
        if let Some(why) = &self.why {
            value["waits"] = serde_json::to_value(why)?;
        }
        if let Some(shape) = &self.shape {
            value["graph"] = serde_json::to_value(shape)?;
        }
        value["log"] = serde_json::to_value(&self.lines)?;
        Ok(value)
    }

    fn text(&self, zone: &TimeZone) -> String {
        let card = card::text(&self.run, &self.steps, (self.why.as_ref(), &self.children), zone);
        let timeline = timeline::text(&self.run, &self.steps, self.now_ms);
        let lines = (!self.lines.is_empty()).then(|| said::text(&self.lines, zone));
        // One step draws no graph, and one bar says what the card says.
        let is_worth = self.steps.len() > 1;
        let parts = [
            Some(card),
            self.graph().filter(|_| is_worth).map(|graph| format!("Graph\n{graph}")),
            timeline.filter(|_| is_worth).map(|timeline| format!("Timeline\n{timeline}")),
            lines.map(|lines| format!("Log\n{lines}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }

    fn graph(&self) -> Option<String> {
        let state = |name: &str| self.steps.iter().find(|step| step.step == name).map(|step| step.state);
        let graph = Graph::of(&self.run.pipeline, self.shape.as_ref()?).with_states(state);
        Some(graph.draw(Drawing::Text))
    }
}

fn missing(id: &str) -> Problem {
    Problem::new("not_found", format!("there is no run `{id}`")).hint("`paceline runs` lists them")
}

/// A run that was followed decides how the command ends.
fn exit(ended: Option<RunState>) -> u8 {
    match ended {
        Some(RunState::Failed | RunState::Cancelled) => error::FAILED,
        _ => error::DONE,
    }
}
