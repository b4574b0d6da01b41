//! Steps and a query that stand for those of the plugins.

use engine::context::StepContext;
use engine::registry::{
    Delivery, Hook, Means, Partition, Partitions, Query, QueryContext, QueryError, Registry, Study, Verdict,
};
use engine::script::rule::Rule;
use engine::step::{BoxFuture, Cause, ConfigError, Step, StepError};
use fitness::Scope;
use fitness::gear::{Due, Urgency};
use fitness::prediction::Race;
use fitness::records::best_effort;
use fitness::records::gear::{self, Broken, Care, Cared, Gear};
use fitness::records::import_file::{self, ImportFile, Kind, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Tx;

use crate::house::ATHLETE;

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.step::<Count>().unwrap();
    registry.step::<Read>().unwrap();
    registry.query(Daily).unwrap();
    registry.query(Predictions).unwrap();
    registry.study(Evaluate).unwrap();
    registry.study(Backtest).unwrap();
    registry.study(OwnMetrics).unwrap();
    registry.study(Attempt).unwrap();
    registry.study(GearOverview).unwrap();
    registry.partitions(One).unwrap();
    registry.hook(Sample).unwrap();
    registry.connection(crate::strava::Account).unwrap();
    registry
}

/// The athlete who is served.
struct One;

impl Partitions for One {
    fn list(&self, _: &mut Tx<'_>) -> store::Result<Vec<Partition>> {
        Ok(vec![Partition { id: ATHLETE.to_owned(), time_zone: None }])
    }
}

/// Believes whoever knows the word.
struct Sample;

impl Hook for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn receive<'a>(&'a self, _: &'a Means, delivery: &'a Delivery) -> BoxFuture<'a, store::Result<Verdict>> {
        Box::pin(async { Ok(judge(delivery)) })
    }
}

fn judge(delivery: &Delivery) -> Verdict {
    if let Some(challenge) = delivery.query.get("hub.challenge") {
        return Verdict::Answer(json!({ "hub.challenge": challenge, "method": delivery.method }));
    }
    if delivery.headers.get("x-word").is_none_or(|word| word != "sesame") {
        return Verdict::Refuse;
    }
    let who = String::from_utf8_lossy(&delivery.body);
    Verdict::Enqueue { partition: None, params: json!({ "who": who, "other": 1 }) }
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Counted {
    rows: u32,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CountConfig {
    /// How far to count.
    rows: u32,
    /// What to say meanwhile.
    says: String,
}

/// Counts.
pub(crate) struct Count(CountConfig);

impl Step for Count {
    const KIND: &'static str = "sample.count";
    const ABOUT: &'static str = "Counts as far as it is told.";
    type Config = CountConfig;
    type Input = ();
    type Output = Counted;

    fn build(config: CountConfig) -> Result<Self, ConfigError> {
        Ok(Self(config))
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Counted, StepError> {
        ctx.meter.rows_in(u64::from(self.0.rows));
        if !self.0.says.is_empty() {
            tracing::info!("{}", self.0.says);
        }
        Ok(Counted { rows: self.0.rows })
    }
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NoConfig {}

/// Notes an outcome for each upload, as its name asks.
pub(crate) struct Read;

impl Step for Read {
    const KIND: &'static str = "sample.take";
    const ABOUT: &'static str = "Takes uploads in.";
    type Config = NoConfig;
    type Input = ();
    type Output = Counted;

    fn build(NoConfig {}: NoConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Counted, StepError> {
        let uploads = ctx.run.params["uploads"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> =
            uploads.iter().filter_map(|upload| Some(upload["name"].as_str()?.to_owned())).collect();
        if names.iter().any(|name| name == "failing.fit") {
            return Err(StepError::Hopeless(Cause::new("sample_broken", "this sample fails")));
        }
        let files: Vec<ImportFile> = names.iter().flat_map(|name| entries(name)).collect();
        let run = ctx.run.id.clone();
        ctx.commit(move |tx, _| import_file::put(tx, &run, 0, &files)).await?;
        Ok(Counted { rows: 1 })
    }
}

fn entries(name: &str) -> Vec<ImportFile> {
    if name != "export.zip" {
        return vec![noted(name)];
    }
    let entry = |path: &str, kind, source_row: Option<&str>| ImportFile {
        kind,
        source_row: source_row.map(str::to_owned),
        ..noted(path)
    };
    vec![
        entry("export.zip/activities/1.fit", Kind::File, Some("7")),
        entry("export.zip/activities.csv#8", Kind::Row, Some("8")),
        entry("export.zip/shoes.csv", Kind::List, None),
    ]
}

fn noted(name: &str) -> ImportFile {
    let (outcome, code) = match name {
        "picture.fit" => (Outcome::Refused, Some("file_type_mismatch")),
        "empty.fit" => (Outcome::Refused, Some("file_empty")),
        "bomb.fit.gz" => (Outcome::Refused, Some("archive_too_large_unpacked")),
        "again.fit" => (Outcome::Duplicate, Some("duplicate")),
        _ => (Outcome::Imported, None),
    };
    ImportFile {
        path: name.to_owned(),
        kind: Kind::File,
        source_row: None,
        outcome,
        code: code.map(str::to_owned),
        reason: code.map(|code| format!("because of {code}")),
        warnings: Vec::new(),
        activities: if outcome == Outcome::Refused { Vec::new() } else { vec!["first".to_owned()] },
    }
}

/// Answers the day it is asked for.
struct Daily;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DailyParams {
    date: Option<String>,
}

impl Query for Daily {
    const NAME: &'static str = "insights.daily";
    const ABOUT: &'static str = "Advises.";
    type Params = DailyParams;

    fn answer(&self, _: &mut Tx<'_>, ctx: &QueryContext, params: DailyParams) -> Result<Value, QueryError> {
        match params.date.as_deref() {
            Some("2100-01-01") => Err(QueryError::NotFound {
                code: "no_insight",
                message: "there is no insight of that day".to_owned(),
            }),
            date => Ok(json!({ "date": date, "athlete": ctx.partition })),
        }
    }
}

/// Predicts from the efforts that are kept, for a day that is given.
struct Predictions;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PredictionsParams {
    date: String,
    distances: Option<Vec<String>>,
}

impl Query for Predictions {
    const NAME: &'static str = "insights.predictions";
    const ABOUT: &'static str = "Predicts.";
    type Params = PredictionsParams;

    fn answer(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: PredictionsParams,
    ) -> Result<Value, QueryError> {
        let invalid = |message| QueryError::Invalid { code: "invalid_parameter", message };
        let read = |word: &String| word.parse().map_err(|error| invalid(format!("{error}")));
        let races = params.distances.map_or(Ok(Race::usual()), |words| words.iter().map(read).collect())?;
        let day = params.date.parse().map_err(|error| invalid(format!("{error}")))?;
        let predictions = best_effort::predict(tx, &ctx.partition, Scope::All, day, &races)?;
        Ok(serde_json::to_value(predictions).map_err(store::Error::abort)?)
    }
}

/// Compiles the draft, and answers what it was asked.
struct Evaluate;

impl Study for Evaluate {
    const NAME: &'static str = "insights.evaluate";
    const ABOUT: &'static str = "Tries a draft.";
    type Params = Value;
    type Facts = Value;

    fn read(&self, _: &mut Tx<'_>, _: &QueryContext, params: Value) -> Result<Value, QueryError> {
        Ok(params)
    }

    fn conclude(&self, _: &QueryContext, asked: Value) -> Result<Value, QueryError> {
        let text = asked["rule"]["text"].as_str();
        text.map_or(Ok(()), |text| Rule::compile("scripts/rules/mine.rhai", text).map(drop))
            .map_err(QueryError::Script)?;
        Ok(asked)
    }
}

/// Answers with what it was asked, like [`Evaluate`].
struct Backtest;

impl Study for Backtest {
    const NAME: &'static str = "insights.backtest";
    const ABOUT: &'static str = "Tests a rule.";
    type Params = Value;
    type Facts = Value;

    fn read(&self, _: &mut Tx<'_>, _: &QueryContext, params: Value) -> Result<Value, QueryError> {
        Ok(params)
    }

    fn conclude(&self, ctx: &QueryContext, asked: Value) -> Result<Value, QueryError> {
        Evaluate.conclude(ctx, asked)
    }
}

/// One metric.
struct OwnMetrics;

impl Study for OwnMetrics {
    const NAME: &'static str = "metrics.list";
    const ABOUT: &'static str = "Lists metrics.";
    type Params = Value;
    type Facts = ();

    fn read(&self, _: &mut Tx<'_>, _: &QueryContext, _: Value) -> Result<(), QueryError> {
        Ok(())
    }

    fn conclude(&self, _: &QueryContext, (): ()) -> Result<Value, QueryError> {
        Ok(json!({ "items": [{ "name": "beats" }] }))
    }
}

/// Answers with what it was asked, like [`Evaluate`].
struct Attempt;

impl Study for Attempt {
    const NAME: &'static str = "metrics.try";
    const ABOUT: &'static str = "Tries a metric.";
    type Params = Value;
    type Facts = Value;

    fn read(&self, _: &mut Tx<'_>, _: &QueryContext, params: Value) -> Result<Value, QueryError> {
        Ok(params)
    }

    fn conclude(&self, _: &QueryContext, asked: Value) -> Result<Value, QueryError> {
        Ok(asked)
    }
}

/// Asks to look at each component that was used since its last service, and has a script that is broken.
struct GearOverview;

impl Study for GearOverview {
    const NAME: &'static str = "gear.overview";
    const ABOUT: &'static str = "Tells of gear.";
    type Params = Value;
    type Facts = Vec<Gear>;

    fn read(&self, tx: &mut Tx<'_>, ctx: &QueryContext, _: Value) -> Result<Vec<Gear>, QueryError> {
        Ok(gear::overview(tx, &ctx.partition, Scope::All)?)
    }

    fn conclude(&self, _: &QueryContext, gear: Vec<Gear>) -> Result<Value, QueryError> {
        let cared = |gear: Gear| {
            let used = gear.components.iter().filter(|component| component.since.uses > 0);
            let due = used.map(|component| Due {
                item: component.id.clone(),
                script: "scripts/gear/look.rhai".to_owned(),
                version: "3f2a91c07d55".to_owned(),
                what: "look".to_owned(),
                urgency: Urgency::Soon,
                why: "It was used.".to_owned(),
            });
            Cared { due: due.collect(), gear }
        };
        let broken = Broken {
            path: "scripts/gear/worse.rhai".to_owned(),
            code: "due_result".to_owned(),
            message: "scripts/gear/worse.rhai:2:1: no".to_owned(),
        };
        let care = Care { items: gear.into_iter().map(cared).collect(), errors: vec![broken] };
        Ok(serde_json::to_value(care).unwrap())
    }
}
