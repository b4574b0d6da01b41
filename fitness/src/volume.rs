//! How much was done in each week, month and year, in all and by sport.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

/// What days are put together to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From Monday to Sunday.
    Week,
    Month,
    Year,
}

/// What was done: sums over activities that are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Volume {
    pub activities: u32,
    /// Seconds of effort: the timers', else those in motion, else all.
    pub timer_s: f64,
    pub elapsed_s: f64,
    pub distance_m: f64,
    pub ascent_m: f64,
    pub load: f64,
}

/// What was done in one sport on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Outings {
    pub date: Date,
    pub sport: String,
    pub volume: Volume,
}

/// What was done in one week, month or year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Period {
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    #[serde(flatten)]
    pub total: Volume,
    /// The same by sport.
    pub sports: BTreeMap<String, Volume>,
}

impl Span {
    /// The span of a word: `week`, `month` or `year`.
    pub fn parse(word: &str) -> Option<Self> {
        [("week", Self::Week), ("month", Self::Month), ("year", Self::Year)]
            .into_iter()
            .find_map(|(name, span)| (name == word).then_some(span))
    }

    /// The first day of the span that a day is in.
    pub fn first_of(self, day: Date) -> Date {
        match self {
            Self::Week => day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days()),
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }

    /// The last day of the span that a day is in.
    pub fn last_of(self, day: Date) -> Date {
        match self {
            Self::Week => self.first_of(day).saturating_add(6.days()),
            Self::Month => day.last_of_month(),
            Self::Year => day.last_of_year(),
        }
    }

    fn next(self, first: Date) -> Option<Date> {
        self.last_of(first).tomorrow().ok()
    }

    /// The first day of the span that lies so many before that of a day.
    pub fn back(self, day: Date, spans: u32) -> Date {
        let first = self.first_of(day);
        let back = match self {
            Self::Week => jiff::Span::new().try_weeks(spans),
            Self::Month => jiff::Span::new().try_months(spans),
            Self::Year => jiff::Span::new().try_years(spans),
        };
        back.map_or(first, |back| first.saturating_sub(back))
    }
}

impl Volume {
    fn add(&mut self, other: &Self) {
        self.activities += other.activities;
        self.timer_s += other.timer_s;
        self.elapsed_s += other.elapsed_s;
        self.distance_m += other.distance_m;
        self.ascent_m += other.ascent_m;
        self.load += other.load;
    }
}

/// Every span from that of the first of these days through that of the last, those without an activity too.
pub fn periods(span: Span, outings: &[Outings]) -> Vec<Period> {
    let dates = || outings.iter().map(|outing| outing.date);
    dates().min().zip(dates().max()).map_or_else(Vec::new, |days| periods_of(span, days, outings))
}

/// Every span from that of one day through that of another, those without an activity too.
pub fn periods_of(span: Span, (first, last): (Date, Date), outings: &[Outings]) -> Vec<Period> {
    let mut sums: BTreeMap<Date, Period> = BTreeMap::new();
    let spans = std::iter::successors(Some(span.first_of(first)), |first| span.next(*first));
    for from in spans.take_while(|from| *from <= last) {
        let empty =
            Period { from, to: span.last_of(from), total: Volume::default(), sports: BTreeMap::new() };
        sums.insert(from, empty);
    }
    for outing in outings {
        if let Some(period) = sums.get_mut(&span.first_of(outing.date)) {
            period.total.add(&outing.volume);
            period.sports.entry(outing.sport.clone()).or_default().add(&outing.volume);
        }
    }
    sums.into_values().collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn outing(day: Date, sport: &str, distance_m: f64) -> Outings {
        let volume = Volume { activities: 1, distance_m, ..Volume::default() };
        Outings { date: day, sport: sport.to_owned(), volume }
    }

    fn check(span: Span, day: Date, first: Date, last: Date) {
        assert_eq!((span.first_of(day), span.last_of(day)), (first, last));
    }

    #[test]
    fn a_week_begins_on_monday() {
        check(Span::Week, date(2024, 5, 1), date(2024, 4, 29), date(2024, 5, 5));
        check(Span::Week, date(2024, 4, 29), date(2024, 4, 29), date(2024, 5, 5));
        check(Span::Month, date(2024, 2, 10), date(2024, 2, 1), date(2024, 2, 29));
        check(Span::Year, date(2024, 2, 10), date(2024, 1, 1), date(2024, 12, 31));
    }

    #[test]
    fn spans_are_counted_back() {
        let day = date(2024, 3, 31);
        assert_eq!(Span::Week.back(day, 2), date(2024, 3, 11));
        assert_eq!(Span::Month.back(day, 1), date(2024, 2, 1));
        assert_eq!(Span::Year.back(day, 0), date(2024, 1, 1));
    }

    #[test]
    fn spans_without_an_activity_are_there() {
        let outings =
            [outing(date(2024, 1, 31), "running", 5000.0), outing(date(2024, 3, 1), "cycling", 9.0)];
        let months = periods(Span::Month, &outings);
        let counts: Vec<_> =
            months.iter().map(|month| (month.from.month(), month.total.activities)).collect();
        assert_eq!(counts, [(1, 1), (2, 0), (3, 1)]);
        assert_eq!(months[0].sports["running"].distance_m, 5000.0);
        assert_eq!(periods(Span::Year, &[]), []);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_counted_twice(days in prop::collection::vec((0..900_i64, 0..3_usize, 0.0..9e4_f64), 0..60)) {
            let sports = ["running", "cycling", "swimming"];
            let outings: Vec<Outings> = days
                .iter()
                .map(|(day, sport, meters)| outing(date(2023, 1, 1) + day.days(), sports[*sport], meters.round()))
                .collect();
            let wanted: f64 = outings.iter().map(|outing| outing.volume.distance_m).sum();
            for span in [Span::Week, Span::Month, Span::Year] {
                let periods = periods(span, &outings);
                let total: f64 = periods.iter().map(|period| period.total.distance_m).sum();
                let by_sport: f64 =
                    periods.iter().flat_map(|period| period.sports.values()).map(|volume| volume.distance_m).sum();
                prop_assert_eq!((total, by_sport), (wanted, wanted));
            }
        }
    }
}
