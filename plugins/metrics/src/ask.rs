//! Metrics asked about an activity, once where both scopes are told the same.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map;

use engine::script::Series;
use engine::script::formula::Argument;
use engine::script::rule::{Panel, Subject};
use fitness::Scope;
use fitness::records::own_number::Due;
use fitness::records::{daily_metric, day};
use fitness::settings::SettingsHistory;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Error, Tx};

use crate::argument;
use crate::catalog::Entry;
use crate::metric::Said;

/// Days as metrics see them, in the order of [`Scope::BOTH`].
pub(crate) type Days = HashMap<Date, [Value; 2]>;

/// What metrics are given of one activity.
pub(crate) struct Given<'a> {
    due: &'a Due,
    athlete: Subject,
    streams: OnceCell<Series>,
    days: [Value; 2],
}

impl<'a> Given<'a> {
    pub(crate) fn of(
        due: &'a Due,
        history: &SettingsHistory,
        days: &Days,
    ) -> Result<Self, serde_json::Error> {
        let athlete = Subject::new(&argument::athlete(history, due.local_date)?);
        let known = due.local_date.and_then(|date| days.get(&date).cloned());
        let days = known.unwrap_or_else(|| [json!({}), json!({})]);
        Ok(Self { due, athlete, streams: OnceCell::new(), days })
    }

    /// True where a metric is asked of it: it is of the metric's sports, and counts in a scope.
    pub(crate) fn is_asked(&self, entry: &Entry) -> bool {
        let due = self.due;
        let is_of = entry.metric.about.is_of(&due.sport, due.sub_sport.as_deref());
        is_of && (due.all.is_some() || due.shareable.is_some())
    }

    /// What a metric says of it in each scope. Runs script code.
    pub(crate) fn ask(&self, panel: &mut Panel, entry: &Entry) -> Result<[Said; 2], serde_json::Error> {
        let (metric, due) = (&entry.metric, self.due);
        if !metric.about.is_of(&due.sport, due.sub_sport.as_deref()) {
            return Ok([Said::default(), Said::default()]);
        }
        let [all, shareable] = self.activities(entry.replaces)?;
        let days_differ = metric.reads("day") && self.days[0] != self.days[1];
        let is_same = all == shareable && !days_differ;
        let mut ask =
            |activity: &Value, day: &Value| metric.ask(panel, &self.arguments(entry, activity, day));
        let of_all = all.as_ref().map(|activity| ask(activity, &self.days[0]));
        let of_shareable = match &shareable {
            Some(_) if is_same => of_all.clone(),
            Some(activity) => Some(ask(activity, &self.days[1])),
            None => None,
        };
        Ok([of_all.unwrap_or_default(), of_shareable.unwrap_or_default()])
    }

    /// The activity in each scope in which it counts. What stands in place of a load is the same in both.
    fn activities(&self, replaces: bool) -> Result<[Option<Value>; 2], serde_json::Error> {
        let due = self.due;
        let told = (due.sub_sport.as_deref(), due.local_date);
        let of = |row: &_| argument::activity(row, told, replaces);
        if replaces {
            let whole = due.shareable.as_ref().or(due.all.as_ref()).map(of).transpose()?;
            let in_scope = |counts: bool| whole.clone().filter(|_| counts);
            return Ok([in_scope(due.all.is_some()), in_scope(due.shareable.is_some())]);
        }
        Ok([due.all.as_ref().map(of).transpose()?, due.shareable.as_ref().map(of).transpose()?])
    }

    fn arguments(&self, entry: &Entry, activity: &Value, day: &Value) -> [Argument; 4] {
        // What stands in place of a load is shown nothing that follows from loads.
        let day = if entry.replaces { Subject::new(&json!({})) } else { Subject::new(day) };
        let streams = if entry.metric.reads("streams") {
            self.streams.get_or_init(|| argument::streams(&self.due.blocks)).clone()
        } else {
            Series::empty()
        };
        [
            Argument::Map(Subject::new(activity)),
            Argument::Map(self.athlete.clone()),
            Argument::Series(streams),
            Argument::Map(day),
        ]
    }
}

/// The days of activities, as they were computed last.
pub(crate) fn days_of(tx: &mut Tx<'_>, athlete: &str, due: &[Due]) -> store::Result<Days> {
    let mut days = Days::new();
    for date in due.iter().filter_map(|due| due.local_date) {
        if let hash_map::Entry::Vacant(place) = days.entry(date) {
            place.insert(one_day(tx, athlete, date)?);
        }
    }
    Ok(days)
}

fn one_day(tx: &mut Tx<'_>, athlete: &str, date: Date) -> store::Result<[Value; 2]> {
    let measured = daily_metric::between(tx, athlete, (date, date))?;
    let mut told = |scope| {
        let figures = day::figures(tx, athlete, scope, (date, date))?;
        argument::day(date, figures.first(), measured.first()).map_err(Error::abort)
    };
    Ok([told(Scope::All)?, told(Scope::Shareable)?])
}
