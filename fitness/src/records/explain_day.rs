//! What the numbers of a day rest on, as it is stored.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use store::{Result, Tx};

use super::session::Session;
use super::{day, session};
use crate::explain::{Explanation, Input};
use crate::load::LoadMethod;
use crate::metric::{self, Metric, Of};
use crate::scope::Scope;
use crate::week::DayFigures;

/// The days that figures of a day look back on.
const MONTH: i64 = 28;

/// The explanations of a day's numbers, of all that are known or of one by its name; nothing where no such day was
/// computed.
pub fn day(
    tx: &mut Tx<'_>,
    athlete: &str,
    date: Date,
    field: Option<&'static Metric>,
) -> Result<Option<Vec<Explanation>>> {
    let first = date.saturating_sub((MONTH - 1).days());
    let days = day::figures(tx, athlete, Scope::All, (first, date))?;
    if days.last().is_none_or(|day| day.row.date != date) {
        return Ok(None);
    }
    let sessions = session::between(tx, athlete, (date, date))?;
    let ground = Ground { values: values(days.last()), days, sessions };
    let of_day = metric::all().filter(|metric| metric.of == Of::Day);
    let is_asked = |metric: &&'static Metric| match field {
        Some(field) => metric.name == field.name,
        None => ground.values.contains_key(metric.name),
    };
    Ok(Some(of_day.filter(is_asked).map(|metric| ground.explain(metric)).collect()))
}

/// All that the numbers of one day rest on.
struct Ground {
    /// Up to the day, which is the last; of a new athlete fewer than a month.
    days: Vec<DayFigures>,
    /// Every number of the day by its name.
    values: Map<String, Value>,
    sessions: Vec<Session>,
}

fn values(day: Option<&DayFigures>) -> Map<String, Value> {
    match serde_json::to_value(day).unwrap_or_default() {
        Value::Object(values) => values,
        _ => Map::new(),
    }
}

impl Ground {
    fn explain(&self, metric: &'static Metric) -> Explanation {
        let inputs = metric.inputs.iter().flat_map(|input| self.inputs(input)).collect();
        Explanation::new(metric, self.values.get(metric.name).cloned(), inputs)
    }

    /// What stands behind an input of a description.
    fn inputs(&self, name: &'static str) -> Vec<Input> {
        match name {
            "activities" => self.sessions.iter().map(|session| told(name, session)).collect(),
            "loads_7d" => self.loads(name, 7, 0),
            "loads_21d_before" => self.loads(name, 28, 7),
            "ctl_yesterday" => vec![self.ago(name, 1, |day| day.row.ctl)],
            "atl_yesterday" => vec![self.ago(name, 1, |day| day.row.atl)],
            "ctl_7d_ago" => vec![self.ago(name, 7, |day| day.row.ctl)],
            _ => vec![Input {
                name,
                value: self.values.get(name).cloned(),
                provenance: "of this day".to_owned(),
            }],
        }
    }

    /// One input for each of the days from `from` to `to` before this one.
    fn loads(&self, name: &'static str, from: usize, to: usize) -> Vec<Input> {
        let count = self.days.len();
        let days = &self.days[count.saturating_sub(from)..count.saturating_sub(to)];
        let input = |day: &DayFigures| Input {
            name,
            value: Some(json!(day.row.load)),
            provenance: match day.activities {
                0 => format!("load of {}, a day without an activity", day.row.date),
                1 => format!("load of {}, of 1 activity", day.row.date),
                several => format!("load of {}, of {several} activities", day.row.date),
            },
        };
        days.iter().map(input).collect()
    }

    fn ago(&self, name: &'static str, days: usize, of: impl Fn(&DayFigures) -> f64) -> Input {
        let day = self.days.len().checked_sub(days + 1).and_then(|place| self.days.get(place));
        match day {
            Some(day) => {
                Input { name, value: Some(json!(of(day))), provenance: format!("after {}", day.row.date) }
            }
            None if days == 1 => Input {
                name,
                value: Some(json!(0.0)),
                provenance: "nothing is known before the first day, so it begins at 0".to_owned(),
            },
            None => Input { name, value: None, provenance: "so many days are not known yet".to_owned() },
        }
    }
}

/// What an activity adds to its day.
fn told(name: &'static str, session: &Session) -> Input {
    let Session { id, sport, method, .. } = session;
    let method = method.map_or("no load", LoadMethod::as_str);
    let rests = if session.estimated { ", on settings that were never given" } else { "" };
    let provenance = format!("load of activity {id} ({sport}), by {method}{rests}");
    Input { name, value: session.load.map(|load| json!(load)), provenance }
}
