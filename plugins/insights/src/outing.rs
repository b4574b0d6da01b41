//! One counted activity as advice looks at it.

use fitness::load::LoadMethod;
use fitness::records::best_effort::COVERS_A_RACE;
use fitness::records::session::{self, Session};
use fitness::settings::SettingsHistory;
use jiff::civil::Date;

/// Where the lowest of three zones ends, as a share of the heart rate at the lactate threshold.
pub(crate) const EASY_SHARE_OF_THRESHOLD: f64 = 0.9;

/// An activity on its day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outing {
    pub(crate) day: i64,
    pub(crate) date: Date,
    pub(crate) sport: String,
    pub(crate) seconds: f64,
    pub(crate) distance_m: f64,
    /// Seconds below, between and above the two thresholds; absent without heart rate.
    pub(crate) zones_s: Option<[f64; 3]>,
    pub(crate) load: Option<f64>,
    pub(crate) method: Option<LoadMethod>,
    pub(crate) estimated: bool,
    pub(crate) is_race: bool,
    pub(crate) weather: Option<Weather>,
}

/// Air at the start of an activity outdoors.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Weather {
    pub(crate) temperature_c: f64,
    pub(crate) dew_point_c: f64,
    pub(crate) wind: Option<Wind>,
}

/// Its wind, in metres per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wind {
    pub(crate) mean_mps: f64,
    pub(crate) gust_mps: Option<f64>,
    /// By how many percent it made a runner's way dearer; below zero where it helped.
    pub(crate) cost_percent: Option<f64>,
}

/// Days since 1970, so that days can be subtracted.
pub(crate) fn number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// The outings of sessions, in their order.
pub(crate) fn all(sessions: Vec<Session>, settings: &SettingsHistory) -> Vec<Outing> {
    let races = settings.races();
    let mut threshold = (Date::MIN, f64::MAX);
    let outing = |session: Session| {
        if threshold.0 != session.date {
            threshold = (session.date, settings.at(session.date).lthr.value);
        }
        let announced = races.iter().find(|(day, _)| *day == session.date).map(|(_, meters)| *meters);
        Outing::of(session, threshold.1, announced)
    };
    sessions.into_iter().map(outing).collect()
}

impl Outing {
    fn of(session: Session, threshold_bpm: f64, announced_m: Option<f64>) -> Self {
        let distance_m = session.distance_m.unwrap_or(0.0);
        let is_announced = announced_m.is_some_and(|meters| distance_m >= COVERS_A_RACE * meters);
        Self {
            day: number(session.date),
            date: session.date,
            seconds: session.duration_s.unwrap_or(0.0),
            distance_m,
            zones_s: session.hr_seconds.as_ref().map(|held| zones(held.iter(), threshold_bpm)),
            load: session.load,
            method: session.method,
            estimated: session.estimated,
            is_race: is_announced || session.told.competition == Some(true),
            weather: weather(&session),
            sport: session.sport,
        }
    }

    pub(crate) fn is_run(&self) -> bool {
        self.sport == "running"
    }

    pub(crate) fn minutes(&self) -> i64 {
        (self.seconds / 60.0).round() as i64
    }
}

fn zones(held: impl Iterator<Item = (f64, f64)>, threshold_bpm: f64) -> [f64; 3] {
    let easy_below = EASY_SHARE_OF_THRESHOLD * threshold_bpm;
    held.fold([0.0; 3], |mut zones, (bpm, seconds)| {
        zones[usize::from(bpm >= easy_below) + usize::from(bpm >= threshold_bpm)] += seconds;
        zones
    })
}

fn weather(session: &Session) -> Option<Weather> {
    if session::is_indoors(&session.sport, session.sub_sport.as_deref()) {
        return None;
    }
    let (temperature_c, dew_point_c) = session.told.air()?;
    let told = session.told.weather.as_ref()?;
    let wind = told.wind_speed.map(|mean_mps| Wind {
        mean_mps,
        gust_mps: told.wind_gust,
        cost_percent: told.wind_cost_percent,
    });
    Some(Weather { temperature_c, dew_point_c, wind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_on_an_edge_belongs_above() {
        let held = [(143.9, 1.0), (144.0, 10.0), (159.0, 100.0), (160.0, 1000.0)];
        assert_eq!(zones(held.into_iter(), 160.0), [1.0, 110.0, 1000.0]);
    }
}
