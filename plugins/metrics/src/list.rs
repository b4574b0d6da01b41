//! The question which metrics there are, and of how much each says a number.

use engine::registry::{QueryContext, QueryError, Study};
use engine::script::{Diagnostic, version};
use fitness::Scope;
use fitness::own::About;
use fitness::records::own_metric::{self, OwnMetric};
use fitness::records::own_number;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Error, Tx};

use crate::catalog::{Broken, Entry, Metrics};
use crate::metric::spot;

/// Answers with the metrics of the athlete's own.
#[derive(Debug, Default)]
pub struct ListQuery;

/// Nothing is to be said.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListParams {}

/// A metric as it was computed, and of how much it says a number and why there is none.
type Counted = (OwnMetric, (u64, u64));

/// A metric, or a file that should be one.
#[derive(Debug, Serialize)]
struct Item {
    name: String,
    /// The first line of its file.
    about: String,
    path: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    is: Option<About>,
    /// The text in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The text that computed last, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    computed: Option<String>,
    known: u64,
    unknown: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Mistake>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Mistake {
    code: &'static str,
    message: String,
}

impl Study for ListQuery {
    const NAME: &'static str = "metrics.list";
    const ABOUT: &'static str = "The metrics of the athlete's own, and of how much each says a number.";
    type Params = ListParams;
    type Facts = Vec<Counted>;

    fn read(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        _params: ListParams,
    ) -> Result<Vec<Counted>, QueryError> {
        let mut counted = Vec::new();
        for metric in own_metric::list(tx, &ctx.partition)? {
            let known = own_number::known(tx, &ctx.partition, &metric.name, Scope::All)?;
            counted.push((metric, known));
        }
        Ok(counted)
    }

    fn conclude(&self, ctx: &QueryContext, facts: Vec<Counted>) -> Result<Value, QueryError> {
        let metrics = Metrics::of(&ctx.scripts, crate::METRICS);
        let of = |name: &str| facts.iter().find(|(metric, _)| metric.name == name);
        let ready = metrics.ready.iter().map(|entry| Item::of(entry, of(entry.metric.name())));
        let broken = metrics.broken.iter().map(|broken| Item::broken(broken, of(&broken.name)));
        let mut items: Vec<Item> = ready.chain(broken).collect();
        items.iter_mut().for_each(|item| item.tell(&ctx.mistakes));
        items.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(json!({ "items": serde_json::to_value(items).map_err(Error::abort)? }))
    }
}

impl Item {
    fn of(entry: &Entry, counted: Option<&Counted>) -> Self {
        let formula = &entry.metric.formula;
        let (known, unknown) = counted.map(|(_, known)| *known).unwrap_or_default();
        let former = counted.map(|(metric, _)| metric.hash.as_str()).filter(|hash| *hash != formula.hash());
        let in_the_way = entry.in_the_way().into_iter();
        let mut errors: Vec<Mistake> =
            in_the_way.map(|found| Mistake { code: found.code, message: found.message }).collect();
        if counted.is_some_and(|(metric, _)| metric.rests && metric.hash == formula.hash()) {
            let message = "it failed 20 times in a row, and is asked no more until its text or a setting that it \
                           reads is another, or `paceline metrics backfill`";
            errors.push(Mistake { code: "metric_rests", message: message.to_owned() });
        }
        Self {
            name: formula.id().to_owned(),
            about: formula.about().to_owned(),
            path: formula.path().to_owned(),
            is: Some(entry.metric.about.clone()),
            version: Some(version::short(formula.hash()).to_owned()),
            computed: former.map(|hash| version::short(hash).to_owned()),
            known,
            unknown,
            inputs: formula.inputs().to_vec(),
            errors,
        }
    }

    fn broken(broken: &Broken, counted: Option<&Counted>) -> Self {
        let (known, unknown) = counted.map(|(_, known)| *known).unwrap_or_default();
        let mistakes = broken.errors.iter().map(Mistake::of);
        Self {
            name: broken.name.clone(),
            about: String::new(),
            path: broken.path.clone(),
            is: None,
            version: None,
            computed: counted.map(|(metric, _)| version::short(&metric.hash).to_owned()),
            known,
            unknown,
            inputs: Vec::new(),
            errors: mistakes.collect(),
        }
    }

    /// Adds what is wrong with its file as it lies, where an earlier text of it is in force.
    fn tell(&mut self, mistakes: &[Diagnostic]) {
        let of_it = mistakes.iter().filter(|found| found.path == self.path).map(Mistake::of);
        let new: Vec<Mistake> = of_it.filter(|mistake| !self.errors.contains(mistake)).collect();
        self.errors.extend(new);
    }
}

impl Mistake {
    fn of(found: &Diagnostic) -> Self {
        Self { code: found.code, message: spot(found) }
    }
}
