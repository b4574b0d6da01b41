//! The days up to the one that is advised for.

use fitness::calendar::{self, DayRow};
use fitness::daily_metric::DailyMetrics;
use fitness::pmc::State;
use fitness::prediction::{Predictions, Race};
use fitness::settings::SettingsHistory;
use fitness::weather::Outlook;
use fitness::{Scope, records};
use jiff::ToSpan;
use jiff::civil::Date;
use store::Tx;

use crate::best::{self, Best};
use crate::outing::{self, Outing, number};

/// Days before the advised one that are looked at; what is older is in fitness alone.
const WINDOW_DAYS: i64 = 400;

/// What is known of an athlete up to the advised day: the days without a hole, none where nothing is known, and
/// the activities and settings behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub today: Date,
    pub days: Vec<DayRow>,
    pub(crate) outings: Vec<Outing>,
    pub(crate) bests: Vec<Best>,
    /// Records that are not counted, because another of the same activity is.
    pub(crate) doubles: Vec<(Date, u32)>,
    pub(crate) settings: SettingsHistory,
    pub(crate) predictions: Option<Predictions>,
    /// What was measured once a day, by day.
    pub(crate) measured: Vec<DailyMetrics>,
    /// What the air of the last day is like where the athlete lives.
    pub(crate) forecast: Option<Outlook>,
    /// True where that was told too long ago for a rule to see it.
    pub(crate) is_forecast_old: bool,
    pub(crate) asked_ms: i64,
}

/// What was known on one of the days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) today: Date,
    /// Days since 1970 of the day.
    pub(crate) number: i64,
    pub(crate) days: &'a [DayRow],
    pub(crate) outings: &'a [Outing],
    pub(crate) bests: &'a [Best],
    pub(crate) doubles: &'a [(Date, u32)],
    pub(crate) settings: &'a SettingsHistory,
    pub(crate) measured: &'a [DailyMetrics],
    pub(crate) forecast: Option<&'a Outlook>,
}

impl History {
    /// Reads what all of the athlete's activities made of the days up to one.
    ///
    /// Days that were not computed yet follow from the last one that was, as days without an activity.
    ///
    /// The moment is that of the question, by which a forecast is old or not.
    pub fn read(tx: &mut Tx<'_>, athlete: &str, today: Date, now_ms: i64) -> store::Result<Self> {
        Self::asked(tx, athlete, (today, today), now_ms)
    }

    /// As [`History::read`], for each day from the first through the last, of which only the last has predictions.
    pub fn between(tx: &mut Tx<'_>, athlete: &str, days: (Date, Date)) -> store::Result<Self> {
        Self::asked(tx, athlete, days, i64::MIN)
    }

    /// The same once more, as it is in the store by now.
    pub(crate) fn again(&self, tx: &mut Tx<'_>, athlete: &str) -> store::Result<Self> {
        Self::asked(tx, athlete, (self.today, self.today), self.asked_ms)
    }

    fn asked(
        tx: &mut Tx<'_>,
        athlete: &str,
        (from, today): (Date, Date),
        asked_ms: i64,
    ) -> store::Result<Self> {
        let first = from.saturating_sub(WINDOW_DAYS.days());
        let stored = records::day::list(tx, athlete, Scope::All, (first, today))?;
        let (next, state) = match stored.last() {
            Some(last) => {
                let next = last.date.tomorrow().unwrap_or(Date::MAX);
                (next, State { ctl: last.ctl, atl: last.atl })
            }
            None => records::day::carry_on(tx, athlete, Scope::All, first)?,
        };
        let dated = records::athlete_setting::list(tx, athlete)?;
        let settings = SettingsHistory::new(&dated, records::activity::peaks(tx, athlete)?);
        let sessions = records::session::between(tx, athlete, (first, today))?;
        let (forecast, is_old) = records::weather_home::outlook_at(tx, athlete, today, asked_ms)?.unzip();
        let predictions = records::best_effort::predict(tx, athlete, Scope::All, today, &Race::usual())?;
        Ok(Self {
            outings: outing::all(sessions, &settings),
            bests: best::all(&records::session::fastest(tx, athlete, (first, today))?),
            doubles: records::session::doubles(tx, athlete, (first, today))?,
            settings,
            predictions: Some(predictions),
            measured: records::daily_metric::between(tx, athlete, (first, today))?,
            forecast,
            is_forecast_old: is_old.unwrap_or(false),
            asked_ms,
            ..Self::continued(stored, (next, state), first, today)
        })
    }

    /// A history of nothing.
    pub(crate) fn nothing(today: Date) -> Self {
        Self {
            today,
            days: Vec::new(),
            outings: Vec::new(),
            bests: Vec::new(),
            doubles: Vec::new(),
            settings: SettingsHistory::default(),
            predictions: None,
            measured: Vec::new(),
            forecast: None,
            is_forecast_old: false,
            asked_ms: i64::MIN,
        }
    }

    /// What was known on the last day.
    pub(crate) fn now(&self) -> View<'_> {
        self.on(self.today)
    }

    /// What was known on a day.
    pub(crate) fn on(&self, today: Date) -> View<'_> {
        let day = number(today);
        let end = self.days.partition_point(|row| row.date <= today);
        let start = end.saturating_sub(WINDOW_DAYS.unsigned_abs() as usize + 1);
        let outings = &self.outings[..self.outings.partition_point(|outing| outing.day <= day)];
        let recent = outings.partition_point(|outing| outing.day < day - WINDOW_DAYS);
        View {
            today,
            number: day,
            days: &self.days[start..end],
            outings: &outings[recent..],
            bests: &self.bests[..self.bests.partition_point(|best| best.day <= day)],
            doubles: &self.doubles,
            settings: &self.settings,
            measured: &self.measured[..self.measured.partition_point(|measured| measured.date <= today)],
            // Of earlier days nobody keeps what was forecast.
            forecast: self.forecast.as_ref().filter(|_| today == self.today && !self.is_forecast_old),
        }
    }

    fn continued(mut days: Vec<DayRow>, (next, state): (Date, State), first: Date, today: Date) -> Self {
        let is_known = !days.is_empty() || state != State::default();
        if is_known {
            let quiet = calendar::days(state, (next, today), Scope::All, &[]);
            days.extend(quiet.into_iter().filter(|day| day.date >= first));
        }
        Self { days, ..Self::nothing(today) }
    }

    #[cfg(test)]
    pub(crate) fn of_loads(today: Date, loads: &[f64]) -> Self {
        use fitness::Counted;
        use fitness::calendar::Contribution;
        let back = i64::try_from(loads.len()).unwrap() - 1;
        let first = today - back.days();
        let active = |(day, load): (Date, &f64)| {
            (*load > 0.0).then(|| Contribution {
                date: day,
                counted: Counted::EVERYWHERE,
                duration_s: Some(load * 60.0),
                elapsed_s: Some(load * 60.0),
                distance_m: None,
                load: Some(*load),
            })
        };
        let dates = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        let contributions: Vec<_> = dates.zip(loads).filter_map(active).collect();
        let days = calendar::days(State::default(), (first, today), Scope::All, &contributions);
        Self { days, ..Self::nothing(today) }
    }
}

impl<'a> View<'a> {
    /// The outings of the last so many days, today included.
    pub(crate) fn last_outings(&self, days: i64) -> &'a [Outing] {
        &self.outings[self.outings.partition_point(|outing| outing.day <= self.number - days)..]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn quiet(last: Date, today: Date) -> History {
        let state = State { ctl: 40.0, atl: 20.0 };
        History::continued(Vec::new(), (last.tomorrow().unwrap(), state), today - WINDOW_DAYS.days(), today)
    }

    #[test]
    fn days_not_computed_yet_have_no_activity() {
        let history = quiet(date(2024, 5, 1), date(2024, 5, 3));
        let days: Vec<_> = history.days.iter().map(|day| (day.date, day.activities)).collect();
        assert_eq!(days, [(date(2024, 5, 2), 0), (date(2024, 5, 3), 0)]);
    }

    #[test]
    fn a_long_absence_is_cut_to_the_window() {
        let history = quiet(date(2020, 1, 1), date(2024, 5, 3));
        assert_eq!(history.days.len(), 401);
    }

    #[test]
    fn nothing_known_has_no_days() {
        let today = date(2024, 5, 3);
        assert_eq!(History::continued(Vec::new(), (today, State::default()), today, today).days, []);
    }
}
