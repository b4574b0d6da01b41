//! The question what a metric would say, with its text as it is or as a draft. Nothing of it is kept.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use engine::registry::{QueryContext, QueryError, Study};
use engine::script::rule::{self, Panel};
use engine::script::version;
use fitness::Scope;
use fitness::daily_metric::DailyMetrics;
use fitness::own::Per;
use fitness::records::own_metric::{self, OwnMetric};
use fitness::records::own_number::{self, Due};
use fitness::records::{activity, athlete_setting, daily_metric, day};
use fitness::settings::SettingsHistory;
use fitness::week::DayFigures;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Error, Tx};

use crate::argument;
use crate::ask::{Days, Given, days_of};
use crate::catalog::Entry;
use crate::days::of_day;
use crate::metric::{Metric, Reads, Said};

const MOST_DAYS: i32 = 366;
/// With their samples they are held in memory.
const MOST_ACTIVITIES: u32 = 400;
const LONGEST_NAME: usize = 64;
/// After so long nothing further is asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers with what a metric would say beside what is kept of it.
#[derive(Debug, Default)]
pub struct TryQuery;

/// Which metric, and what it is asked about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TryParams {
    /// Its name: that of its file without ending.
    name: String,
    /// The whole text of a draft; that of the file if left out.
    #[serde(default)]
    text: Option<String>,
    on: On,
}

/// An activity, or days, both included.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct On {
    /// The id of an activity.
    #[serde(default)]
    activity: Option<String>,
    /// The first day as YYYY-MM-DD.
    #[serde(default)]
    from: Option<String>,
    /// The last day; the first one if left out.
    #[serde(default)]
    to: Option<String>,
}

/// What the answer rests on.
#[derive(Debug)]
pub struct TryFacts {
    name: String,
    path: String,
    /// The draft, or the text in force.
    text: String,
    /// What it reads of activities; nothing where it is asked about none.
    reads: Option<Reads>,
    kept: Option<OwnMetric>,
    /// Numbers that are kept, by activity or date.
    numbers: HashMap<String, f64>,
    history: SettingsHistory,
    due: Vec<Due>,
    due_days: Days,
    figures: Vec<DayFigures>,
    measured: Vec<DailyMetrics>,
}

/// What a metric would say of one activity or day.
#[derive(Debug, Serialize)]
struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    kept: Option<f64>,
    new: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Study for TryQuery {
    const NAME: &'static str = "metrics.try";
    const ABOUT: &'static str =
        "What a metric or a draft of one would say of an activity or of days; nothing is kept.";
    type Params = TryParams;
    type Facts = TryFacts;

    fn read(&self, tx: &mut Tx<'_>, ctx: &QueryContext, params: TryParams) -> Result<TryFacts, QueryError> {
        let TryParams { name, text, on } = params;
        check(&name)?;
        let path = format!("scripts/metrics/{name}.rhai");
        let text = text.or_else(|| ctx.scripts.text(&path).map(str::to_owned));
        let text = text.ok_or_else(|| QueryError::NotFound {
            code: "metric_unknown",
            message: format!("there is no metric `{name}`"),
        })?;
        let athlete = &ctx.partition;
        let dated = athlete_setting::list(tx, athlete)?;
        let mut facts = TryFacts {
            kept: own_metric::list(tx, athlete)?.into_iter().find(|metric| metric.name == name),
            history: SettingsHistory::new(&dated, activity::peaks(tx, athlete)?),
            reads: Reads::of(&path, &text),
            name,
            path,
            text,
            numbers: HashMap::new(),
            due: Vec::new(),
            due_days: Days::new(),
            figures: Vec::new(),
            measured: Vec::new(),
        };
        match on {
            On { activity: Some(id), from: None, to: None } => facts.on_activity(tx, athlete, &id)?,
            On { activity: None, from: Some(from), to } => {
                let range = range(&from, to.as_deref().unwrap_or(&from))?;
                facts.on_days(tx, athlete, range)?;
            }
            _ => return Err(invalid("`on` has either `activity`, or `from` and perhaps `to`".to_owned())),
        }
        if facts.reads.is_some_and(|reads| reads.day) {
            facts.due_days = days_of(tx, athlete, &facts.due)?;
        }
        Ok(facts)
    }

    fn conclude(&self, _: &QueryContext, facts: TryFacts) -> Result<Value, QueryError> {
        let metric = Metric::compile(&facts.path, &facts.text).map_err(QueryError::Script)?;
        let replaces = metric.about.replaces_load;
        let entry = Entry { metric, replaces, conflict: None };
        let asked = rule::panel(|panel| facts.ask(panel, &entry));
        let asked = asked.ok_or_else(|| invalid("the system gave no thread to ask on".to_owned()))?;
        let items = asked.map_err(Error::abort)?.ok_or_else(|| QueryError::Invalid {
            code: "metric_time",
            message: "asking took longer than 20 s; ask about fewer days".to_owned(),
        })?;
        let hash = entry.metric.formula.hash();
        let kept = facts.kept.as_ref().map(|kept| version::short(&kept.hash));
        Ok(json!({
            "name": facts.name,
            "unit": entry.metric.about.unit,
            "decimals": entry.metric.about.decimals,
            "kept_version": kept,
            "version": version::short(hash),
            "items": serde_json::to_value(items).map_err(Error::abort)?,
        }))
    }
}

impl TryFacts {
    fn on_activity(&mut self, tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<(), QueryError> {
        let with_samples = self.reads.is_some_and(|reads| reads.streams);
        let due = own_number::one(tx, athlete, id, with_samples)?.ok_or_else(|| QueryError::NotFound {
            code: "not_found",
            message: format!("there is no activity `{id}`"),
        })?;
        let numbers = own_number::of_activity(tx, id, Scope::All)?;
        let number = numbers.into_iter().find(|number| number.name == self.name);
        let value = number.and_then(|number| number.number.value);
        self.numbers.extend(value.map(|value| (id.to_owned(), value)));
        if let Some(date) = due.local_date {
            self.of_days(tx, athlete, (date, date))?;
        }
        self.due.push(due);
        Ok(())
    }

    fn on_days(&mut self, tx: &mut Tx<'_>, athlete: &str, range: (Date, Date)) -> Result<(), QueryError> {
        if let Some(reads) = self.reads {
            let limit = MOST_ACTIVITIES + 1;
            self.due = own_number::between(tx, athlete, range, limit, reads.streams)?;
            if self.due.len() == limit as usize {
                let message =
                    format!("there are more than {MOST_ACTIVITIES} activities; ask about fewer days");
                return Err(invalid(message));
            }
        }
        let of_activities = own_number::activities(tx, athlete, &self.name, Scope::All, range)?;
        let shown = of_activities.into_iter().filter_map(|shown| Some((shown.activity?, shown.value)));
        self.numbers.extend(shown);
        self.of_days(tx, athlete, range)
    }

    fn of_days(&mut self, tx: &mut Tx<'_>, athlete: &str, range: (Date, Date)) -> Result<(), QueryError> {
        self.figures = day::figures(tx, athlete, Scope::All, range)?;
        self.measured = daily_metric::between(tx, athlete, range)?;
        let days = own_number::days(tx, athlete, &self.name, Scope::All, range)?;
        self.numbers.extend(days.into_iter().map(|shown| (shown.date.to_string(), shown.value)));
        Ok(())
    }

    /// Asks one after the other; nothing where that takes too long. Runs script code.
    fn ask(&self, panel: &mut Panel, entry: &Entry) -> Result<Option<Vec<Item>>, serde_json::Error> {
        let (began, mut items) = (Instant::now(), Vec::new());
        if entry.metric.about.per == Per::Day {
            let measured: BTreeMap<Date, &DailyMetrics> =
                self.measured.iter().map(|measured| (measured.date, measured)).collect();
            for figures in &self.figures {
                if began.elapsed() > PATIENCE {
                    return Ok(None);
                }
                let date = figures.row.date;
                let day = argument::day(date, Some(figures), measured.get(&date).copied())?;
                let said = of_day(panel, &self.history, &entry.metric, date, &day)?;
                items.push(self.item(said, Some(date), None));
            }
            return Ok(Some(items));
        }
        // Of several records of one activity only that one is shown that counts.
        for due in self.due.iter().filter(|due| due.all.is_some()) {
            if began.elapsed() > PATIENCE {
                return Ok(None);
            }
            let [said, _] = Given::of(due, &self.history, &self.due_days)?.ask(panel, entry)?;
            items.push(self.item(said, due.local_date, Some(&due.id)));
        }
        Ok(Some(items))
    }

    fn item(&self, said: Said, date: Option<Date>, activity: Option<&str>) -> Item {
        let key = activity.map(str::to_owned).or(date.map(|date| date.to_string()));
        let kept = key.and_then(|key| self.numbers.get(&key).copied());
        let Said { number, .. } = said;
        Item { date, activity: activity.map(str::to_owned), kept, new: number.value, why: number.why }
    }
}

fn check(name: &str) -> Result<(), QueryError> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(invalid("`name` must be 1 to 64 letters, digits, `-` or `_`".to_owned()))
}

fn range(from: &str, to: &str) -> Result<(Date, Date), QueryError> {
    let read = |text: &str| {
        fitness::day::parse(text)
            .ok_or_else(|| invalid(format!("`{text}` is not a date like 2026-01-31, from 1900 to 2199")))
    };
    let (first, last) = (read(from)?, read(to)?);
    if last < first {
        return Err(invalid(format!("`from` of `{first}` lies after `to` of `{last}`")));
    }
    let days = last.since(first).map(|span| span.get_days()).unwrap_or(i32::MAX);
    if days >= MOST_DAYS {
        return Err(invalid(format!("`{first}` to `{last}` are more than {MOST_DAYS} days")));
    }
    Ok((first, last))
}

fn invalid(message: String) -> QueryError {
    QueryError::Invalid { code: "invalid_parameter", message }
}
