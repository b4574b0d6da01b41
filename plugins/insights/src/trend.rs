//! Where fitness is going: a word and a number, from the days alone.

use schemars::JsonSchema;
use serde::Serialize;

use crate::figures::{WARMING_UP_DAYS, rounded};
use crate::history::View;

/// How far back fitness is compared.
const PERIOD_DAYS: usize = 28;
/// A change by less than this share is holding.
const HOLDING_SHARE: f64 = 0.08;
/// A change by less than this many points is holding.
const HOLDING_POINTS: f64 = 2.0;
/// Fitness below this is that of hardly any training.
const HARDLY_ANY: f64 = 5.0;

/// What fitness did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Less than six weeks are known.
    Starting,
    Building,
    Holding,
    Easing,
    /// Hardly any training, now or four weeks ago.
    Resting,
}

/// How fitness (CTL) changed over a period.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Trend {
    pub word: Word,
    /// Points of CTL gained; negative where lost.
    pub number: f64,
    pub period_days: usize,
}

impl Trend {
    /// The trend up to the last day; absent where nothing is known.
    pub(crate) fn of(history: &View<'_>) -> Option<Self> {
        let now = history.days.last()?.ctl;
        let before = history.days.iter().rev().nth(PERIOD_DAYS).map_or(0.0, |day| day.ctl);
        let known_days = history.days.len();
        Some(Self {
            word: word(known_days, before, now),
            number: rounded(now - before, 1),
            period_days: PERIOD_DAYS.min(known_days),
        })
    }
}

fn word(known_days: usize, before: f64, now: f64) -> Word {
    let threshold = HOLDING_POINTS.max(HOLDING_SHARE * before);
    if known_days < WARMING_UP_DAYS {
        Word::Starting
    } else if before < HARDLY_ANY && now < HARDLY_ANY {
        Word::Resting
    } else if now - before >= threshold {
        Word::Building
    } else if before - now >= threshold {
        Word::Easing
    } else {
        Word::Holding
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::history::History;

    fn check(loads: &[f64], wanted: Option<Word>) {
        let history = History::of_loads(date(2024, 5, 1), loads);
        assert_eq!(Trend::of(&history.now()).map(|trend| trend.word), wanted);
    }

    #[test]
    fn six_weeks_are_a_start() {
        check(&[50.0; 41], Some(Word::Starting));
    }

    #[test]
    fn more_each_week_is_building() {
        let loads: Vec<f64> = (0..90).map(f64::from).collect();
        check(&loads, Some(Word::Building));
    }

    #[test]
    fn the_same_for_long_is_holding() {
        check(&[50.0; 300], Some(Word::Holding));
    }

    #[test]
    fn a_month_off_is_easing() {
        check(&[[50.0; 100].as_slice(), &[0.0; 28]].concat(), Some(Word::Easing));
    }

    #[test]
    fn a_year_off_is_resting() {
        check(&[[50.0; 10].as_slice(), &[0.0; 365]].concat(), Some(Word::Resting));
    }

    #[test]
    fn the_number_is_the_gain_of_four_weeks() {
        let trend = Trend::of(&History::of_loads(date(2024, 5, 1), &[100.0; 42]).now()).unwrap();
        assert_eq!((trend.number, trend.period_days), (34.9, 28));
    }

    #[test]
    fn nothing_known_has_no_trend() {
        assert_eq!(Trend::of(&History::nothing(date(2024, 5, 1)).now()), None);
    }
}
