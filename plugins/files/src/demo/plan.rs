//! The season: three weeks of more and one of rest, two races, a test now and then, a holiday, and days on which
//! nothing comes of it.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::random::Random;
use super::workout::{Course, Outing, Part, Purpose, Sport, progression, repeats, steady};

/// Where the easy runs go, and the tests.
const SHORE: Course = Course { length_m: 5_400.0, heading: 0.8, bends: 2.1 };
const PARK: Course = Course { length_m: 5_100.0, heading: 3.6, bends: 0.4 };

pub(super) struct Season {
    first_day: Date,
    days: u32,
    /// Of the first day, as a share of what the athlete will once be able to do.
    form: f64,
    /// Ten kilometres, half marathon: day counted from the first.
    races: [u32; 2],
    holiday: std::ops::Range<u32>,
}

/// What a day is for.
struct Idea {
    sport: Sport,
    purpose: Purpose,
    name: &'static str,
    parts: Vec<Part>,
    course: Option<Course>,
    finish_m: Option<f64>,
}

impl Season {
    /// A season so many years before the present one; the athlete gets a little better with each.
    pub(super) fn new(first_day: Date, days: u32, years_ago: u32) -> Self {
        let share = |share: f64| (f64::from(days) * share) as u32;
        let sunday = |index: u32| {
            let day = first_day.saturating_add(i64::from(index).days());
            index + day.weekday().until(Weekday::Sunday) as u32
        };
        let holiday = share(0.62)..share(0.62) + 11;
        let form = 0.94 - 0.03 * f64::from(years_ago.min(4));
        Self { first_day, days, form, races: [sunday(share(0.46)), sunday(share(0.87))], holiday }
    }

    /// The outing of a day, if there is one.
    pub(super) fn outing(&self, index: u32, random: &mut Random) -> Option<Outing> {
        let idea = self.idea(index, random)?;
        let day = self.first_day.saturating_add(i64::from(index).days());
        let early = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let (hour, minute) =
            if early { (8, random.between(5.0, 55.0)) } else { (17, random.between(10.0, 59.0)) };
        let season = f64::from(index) / f64::from(self.days.max(1));
        let form = self.form + 0.09 * season + 0.006 * random.normal();
        Some(Outing {
            sport: idea.sport,
            purpose: idea.purpose,
            name: idea.name,
            start: day.at(hour, minute as i8, random.between(0.0, 59.0) as i8, 0),
            parts: idea.parts,
            course: idea.course,
            finish_m: idea.finish_m,
            threshold_speed: 3.75 * form,
            threshold_watts: 252.0 * form,
            degrees_celsius: warmth(day) + 2.0 * random.normal(),
        })
    }

    fn idea(&self, index: u32, random: &mut Random) -> Option<Idea> {
        if let Some(race) = self.races.iter().position(|day| *day == index) {
            let (name, meters, pace) =
                [("10 km race", 10_000.0, 1.02), ("Half marathon", 21_097.5, 0.965)][race];
            return Some(Idea { finish_m: Some(meters), ..run(Purpose::Race, name, steady(150.0, pace)) });
        }
        let tapering = self.races.iter().any(|day| (1..=3).contains(&day.wrapping_sub(index)));
        let recovering = self.races.iter().any(|day| (1..=2).contains(&index.wrapping_sub(*day)));
        if self.holiday.contains(&index) || recovering || random.chance(0.06) {
            return None;
        }
        let day = self.first_day.saturating_add(i64::from(index).days());
        let week = (index + self.first_day.weekday().to_monday_zero_offset() as u32) / 7;
        if tapering {
            return (day.weekday() == Weekday::Thursday).then(|| easy_run(steady(30.0, 0.72)));
        }
        weekday(day.weekday(), week, random)
    }
}

/// The week's pattern; every fourth week does half of it.
fn weekday(day: Weekday, week: u32, random: &mut Random) -> Option<Idea> {
    let rest_week = week % 4 == 3;
    let load = [0.90, 1.0, 1.10, 0.65][(week % 4) as usize] * random.between(0.95, 1.05);
    match day {
        Weekday::Tuesday if rest_week => Some(easy_run(steady(35.0, 0.72))),
        Weekday::Tuesday => Some(hard_run(week, load)),
        Weekday::Wednesday => Some(ride(Purpose::Easy, "Easy ride", steady(55.0 * load, 0.62))),
        Weekday::Thursday if rest_week => None,
        Weekday::Thursday => Some(easy_run(steady(44.0 * load, 0.74))),
        Weekday::Saturday if rest_week => None,
        Weekday::Saturday if week.is_multiple_of(2) => {
            Some(ride(Purpose::Hard, "Ride with intervals", repeats(5, (5.0, 1.04), 4.0)))
        }
        Weekday::Saturday => Some(ride(Purpose::Long, "Long ride", progression(115.0 * load, 0.62, 0.74))),
        Weekday::Sunday if week % 3 == 2 => {
            Some(run(Purpose::Long, "Long run", progression(92.0 * load, 0.72, 0.88)))
        }
        Weekday::Sunday => Some(run(Purpose::Long, "Long run", steady(88.0 * load, 0.74))),
        _ => None,
    }
}

fn hard_run(week: u32, load: f64) -> Idea {
    // All that is in the legs, so that there is something to predict from.
    if week % 6 == 2 {
        let test = run(Purpose::Hard, "5 km test", steady(40.0, 1.07));
        return Idea { finish_m: Some(5_000.0), course: Some(PARK), ..test };
    }
    match week % 3 {
        0 => run(Purpose::Hard, "Intervals", repeats((6.0 * load).round() as u32, (3.0, 1.08), 2.0)),
        1 => run(Purpose::Hard, "Tempo run", repeats(2, (12.0 * load, 0.97), 3.0)),
        _ => run(Purpose::Hard, "Short intervals", repeats((10.0 * load).round() as u32, (1.0, 1.15), 1.5)),
    }
}

fn run(purpose: Purpose, name: &'static str, parts: Vec<Part>) -> Idea {
    Idea { sport: Sport::Run, purpose, name, parts, course: None, finish_m: None }
}

fn easy_run(parts: Vec<Part>) -> Idea {
    Idea { course: Some(SHORE), ..run(Purpose::Easy, "Easy run", parts) }
}

fn ride(purpose: Purpose, name: &'static str, parts: Vec<Part>) -> Idea {
    Idea { sport: Sport::Ride, purpose, name, parts, course: None, finish_m: None }
}

/// Degrees on the island: warmest in August.
fn warmth(day: Date) -> f64 {
    let turn = f64::from(day.day_of_year() - 220) / 365.0 * std::f64::consts::TAU;
    16.0 + 6.0 * turn.cos()
}
