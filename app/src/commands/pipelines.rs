//! `paceline pipelines`: which there are, when they start by themselves, and whether they may.

use anyhow::Context;
use clap::{Args, Subcommand};
use engine::{Engine, PipelineInfo};
use jiff::tz::TimeZone;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::graph::{Drawing, Graph};
use crate::table::Side::{Left, Right};
use crate::table::{Table, wrapped};
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline pipelines                        which there are, and when they are due
  paceline pipelines show daily             one with its steps
  paceline pipelines pause daily --note 'on holiday'
  paceline pipelines resume daily";
const LIST_HELP: &str = "\
Example:
  paceline pipelines list --json";
const SHOW_HELP: &str = "\
Examples:
  paceline pipelines show daily
  paceline pipelines show daily --graph mermaid         for a page in Markdown
  paceline pipelines show daily --graph svg > daily.svg
  paceline pipelines show daily --json";
const PAUSE_HELP: &str = "\
Example:
  paceline pipelines pause daily --note 'on holiday'

Neither its schedule nor another pipeline, a webhook or a file starts it then; `paceline run` and
requests still do.
Files stay in the watched folder until `resume`; what a webhook told meanwhile is not kept.";
const RESUME_HELP: &str = "\
Example:
  paceline pipelines resume daily

What was due meanwhile counts as missed: `catch_up` of the pipeline says what becomes of it.";

/// Shows the pipelines and when they run by themselves, and lets them rest
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Pipelines {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists the pipelines
    List(List),
    /// Shows a pipeline with its steps
    Show(Show),
    /// Keeps a pipeline from starting by itself
    Pause(Pause),
    /// Lets a paused pipeline go on
    Resume(Resume),
}

#[derive(Debug, Args)]
#[command(after_help = LIST_HELP)]
struct List {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
struct Show {
    /// The pipeline
    name: String,
    /// Draw only its steps: as text, mermaid, dot or svg
    #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true, conflicts_with = "json")]
    graph: Option<Drawing>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = PAUSE_HELP)]
struct Pause {
    /// The pipeline
    name: String,
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = RESUME_HELP)]
struct Resume {
    /// The pipeline
    name: String,
    #[command(flatten)]
    form: Form,
}

impl Pipelines {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        match self.verb {
            Some(Verb::Show(show)) => show.run(&engine).await,
            Some(Verb::Pause(pause)) => pause.run(&engine).await,
            Some(Verb::Resume(resume)) => resume.run(&engine).await,
            Some(Verb::List(list)) => list.run(&engine).await,
            None => self.list.run(&engine).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Show(show)) => show.form,
            Some(Verb::Pause(pause)) => pause.form,
            Some(Verb::Resume(resume)) => resume.form,
            Some(Verb::List(list)) => list.form,
            None => self.list.form,
        }
    }
}

impl List {
    async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        let zone = program::time_zone(engine.store(), &self.whose.athlete).await?;
        let pipelines = engine.scheduled_pipelines().await?;
        if self.form.json {
            pipelines.iter().try_for_each(output::json)?;
        } else {
            output::line(table(&pipelines, &self.whose.athlete, &zone).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Show {
    async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        let zone = program::time_zone(engine.store(), &self.whose.athlete).await?;
        let pipeline = find(engine, &self.name).await?;
        if self.form.json {
            output::json(&pipeline)?;
        } else if let Some(drawing) = self.graph {
            output::line(Graph::of(&pipeline.name, &pipeline.steps).draw(drawing))?;
        } else {
            output::line(card(&pipeline, &self.whose.athlete, &zone))?;
        }
        Ok(error::DONE)
    }
}

impl Pause {
    async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        engine.pause(&self.name, self.note).await?;
        done(engine, &self.name, self.form, "is paused; `paceline pipelines resume` lets it go on").await
    }
}

impl Resume {
    async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        let rested = engine.resume(&self.name).await?;
        done(engine, &self.name, self.form, if rested { "goes on" } else { "was not paused" }).await
    }
}

async fn done(engine: &Engine, name: &str, form: Form, what: &str) -> anyhow::Result<u8> {
    if form.json {
        output::json(&find(engine, name).await?)?;
    } else {
        output::line(format!("`{name}` {what}"))?;
    }
    Ok(error::DONE)
}

async fn find(engine: &Engine, name: &str) -> anyhow::Result<PipelineInfo> {
    engine.known(name)?;
    let pipelines = engine.scheduled_pipelines().await?;
    let found = pipelines.into_iter().find(|pipeline| pipeline.name == name);
    found.with_context(|| format!("the pipeline `{name}` is gone"))
}

fn table(pipelines: &[PipelineInfo], athlete: &str, zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Pipeline", Left),
        ("Steps", Right),
        ("Starts", Left),
        ("Next", Left),
        ("State", Left),
    ]);
    for pipeline in pipelines {
        table.row([
            pipeline.name.clone(),
            pipeline.steps.len().to_string(),
            starts(pipeline),
            next(pipeline, athlete, zone).unwrap_or_default(),
            state(pipeline, zone),
        ]);
    }
    table
}

fn card(pipeline: &PipelineInfo, athlete: &str, zone: &TimeZone) -> String {
    let mut lines = vec![
        wrapped("Pipeline", &pipeline.name, 10),
        wrapped("About", &pipeline.about, 10),
        wrapped("Starts", &starts(pipeline), 10),
    ];
    if let Some(next) = next(pipeline, athlete, zone) {
        lines.push(wrapped("Next", &next, 10));
    }
    if let Some(schedule) = &pipeline.schedule {
        let zone = schedule.time_zone.as_deref().unwrap_or("the athlete's own");
        lines.push(wrapped("Zone", zone, 10));
        lines.push(wrapped("Catch up", schedule.catch_up, 10));
    }
    lines.push(wrapped("State", &state(pipeline, zone), 10));
    let params: Vec<String> = params(pipeline).collect();
    if !params.is_empty() {
        lines.push(wrapped("Params", &params.join(", "), 10));
    }
    lines.push("Steps".to_owned());
    let graph = Graph::of(&pipeline.name, &pipeline.steps).draw(Drawing::Text);
    lines.extend(graph.lines().map(|line| format!("  {line}")));
    lines.extend(pipeline.errors.iter().map(|error| format!("\n{error}")));
    lines.join("\n")
}

/// Each param with what it stands at, as `paceline run --param` takes it.
fn params(pipeline: &PipelineInfo) -> impl Iterator<Item = String> {
    let properties = pipeline.params.as_ref().and_then(|schema| schema["properties"].as_object());
    properties.into_iter().flatten().map(|(name, property)| format!("{name}={}", property["default"]))
}

fn starts(pipeline: &PipelineInfo) -> String {
    let schedule = pipeline.schedule.as_ref().map(|schedule| schedule.rule.clone());
    let after = (!pipeline.after.is_empty()).then(|| format!("after {}", pipeline.after.join(", ")));
    let webhooks = pipeline.on_webhook.iter().map(|name| format!("on webhook {name}"));
    let files = pipeline.on_file.iter().map(|pattern| format!("on file {}", pattern.as_str()));
    let by_itself: Vec<String> = schedule.into_iter().chain(after).chain(webhooks).chain(files).collect();
    if by_itself.is_empty() { "when asked".to_owned() } else { by_itself.join("; ") }
}

fn next(pipeline: &PipelineInfo, athlete: &str, zone: &TimeZone) -> Option<String> {
    let due = pipeline.schedule.as_ref()?.due.iter().find(|due| due.partition == athlete)?;
    Some(units::local_time(due.next_ms, None, zone))
}

fn state(pipeline: &PipelineInfo, zone: &TimeZone) -> String {
    let Some(pause) = &pipeline.paused else {
        return if pipeline.errors.is_empty() { "ready" } else { "has mistakes" }.to_owned();
    };
    let note = pause.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    format!("paused since {}{note}", units::local_time(pause.since_ms, None, zone))
}

#[cfg(test)]
mod tests {
    use engine::schedule::pause;
    use engine::trigger::Pattern;
    use engine::{DueInfo, ScheduleInfo, StepInfo};
    use serde_json::json;

    use super::*;

    fn daily() -> PipelineInfo {
        let due = DueInfo { partition: "me".to_owned(), next_ms: 1_709_353_800_000, last_slot: None };
        PipelineInfo {
            name: "daily".to_owned(),
            about: "Each day.".to_owned(),
            path: "pipelines/daily.rhai".to_owned(),
            steps: Vec::new(),
            params: Some(json!({ "properties": { "days": { "type": "number", "default": 7 } } })),
            schedule: Some(ScheduleInfo {
                rule: "cron 30 4 * * *".to_owned(),
                time_zone: None,
                catch_up: "last",
                due: vec![due],
            }),
            after: Vec::new(),
            on_webhook: Vec::new(),
            on_file: Vec::new(),
            paused: None,
            errors: Vec::new(),
            script_hash: None,
            loaded_ms: None,
        }
    }

    fn line(pipeline: PipelineInfo) -> String {
        let text = table(&[pipeline], "me", &TimeZone::UTC).to_string();
        text.lines().nth(1).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_scheduled_pipeline_says_when_it_is_due() {
        assert_eq!(line(daily()), "daily         0  cron 30 4 * * *  2024-03-02 04:30  ready");
    }

    #[test]
    fn a_param_is_shown_as_a_command_takes_it() {
        assert!(card(&daily(), "me", &TimeZone::UTC).contains("Params    days=7"));
    }

    #[test]
    fn steps_are_drawn_with_what_they_wait_for() {
        let step = |name: &str, after: &[&str]| StepInfo {
            name: name.to_owned(),
            kind: "sample.step".to_owned(),
            after: after.iter().map(ToString::to_string).collect(),
        };
        let steps = vec![step("loads", &[]), step("days", &["loads"])];
        let card = card(&PipelineInfo { steps, ..daily() }, "me", &TimeZone::UTC);
        let wanted = "Steps\n  ●  loads  sample.step\n  ●  days   sample.step  ← loads";
        assert!(card.contains(wanted), "{card}");
    }

    #[test]
    fn a_pause_is_shown_with_its_note() {
        let note = Some("on holiday".to_owned());
        let paused = pause::Pause { pipeline: "daily".to_owned(), since_ms: 1_709_335_800_000, note };
        let shown = state(&PipelineInfo { paused: Some(paused), ..daily() }, &TimeZone::UTC);
        assert_eq!(shown, "paused since 2024-03-01 23:30: on holiday");
    }

    #[test]
    fn what_nothing_starts_waits_to_be_asked() {
        let alone = PipelineInfo { schedule: None, ..daily() };
        assert_eq!(starts(&alone), "when asked");
        let after = vec!["import".to_owned(), "daily".to_owned()];
        assert_eq!(starts(&PipelineInfo { after, ..alone.clone() }), "after import, daily");
        let on_file = vec![Pattern::parse("*.fit").unwrap()];
        let told = PipelineInfo { on_webhook: vec!["strava".to_owned()], on_file, ..alone };
        assert_eq!(starts(&told), "on webhook strava; on file *.fit");
    }
}
