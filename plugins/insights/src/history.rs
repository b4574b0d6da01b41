//! The days up to the one that is advised for.

use fitness::calendar::{self, DayRow};
use fitness::pmc::State;
use fitness::{Scope, records};
use jiff::ToSpan;
use jiff::civil::Date;
use store::Tx;

/// Days before the advised one that are looked at; what is older is in fitness alone.
const WINDOW_DAYS: i64 = 400;

/// The athlete's days up to and with the advised one, without a hole; none where nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub today: Date,
    pub days: Vec<DayRow>,
}

impl History {
    /// Reads what all of the athlete's activities made of the days.
    ///
    /// Days that were not computed yet follow from the last one that was, as days without an activity.
    pub fn read(tx: &mut Tx<'_>, athlete: &str, today: Date) -> store::Result<Self> {
        let first = today.saturating_sub(WINDOW_DAYS.days());
        let stored = records::day::list(tx, athlete, Scope::All, (first, today))?;
        let (next, state) = match stored.last() {
            Some(last) => {
                let next = last.date.tomorrow().unwrap_or(Date::MAX);
                (next, State { ctl: last.ctl, atl: last.atl })
            }
            None => records::day::carry_on(tx, athlete, Scope::All, first)?,
        };
        Ok(Self::continued(stored, (next, state), first, today))
    }

    fn continued(mut days: Vec<DayRow>, (next, state): (Date, State), first: Date, today: Date) -> Self {
        let is_known = !days.is_empty() || state != State::default();
        if is_known {
            let quiet = calendar::days(state, (next, today), Scope::All, &[]);
            days.extend(quiet.into_iter().filter(|day| day.date >= first));
        }
        Self { today, days }
    }

    #[cfg(test)]
    pub(crate) fn of_loads(today: Date, loads: &[f64]) -> Self {
        use fitness::calendar::Contribution;
        let back = i64::try_from(loads.len()).unwrap() - 1;
        let first = today - back.days();
        let active = |(day, load): (Date, &f64)| {
            (*load > 0.0).then(|| Contribution {
                date: day,
                provenance: "file".to_owned(),
                duration_s: Some(load * 60.0),
                distance_m: None,
                load: Some(*load),
            })
        };
        let dates = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        let contributions: Vec<_> = dates.zip(loads).filter_map(active).collect();
        Self { today, days: calendar::days(State::default(), (first, today), Scope::All, &contributions) }
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
