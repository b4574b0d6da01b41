//! Years of training, the same in every process.

use super::activity::{Activity, Sensors};
use super::truth::Truth;
use super::zone;

const DAY_MS: i64 = 86_400_000;
/// A longer history has more than one activity a day.
const LONGEST_MS: i64 = 12 * 365 * DAY_MS;

struct Sport {
    name: &'static str,
    /// Of a hundred.
    share: u64,
    meters_per_s: [f64; 2],
    minutes: [f64; 2],
    climb_per_km: f64,
    heartrate: f64,
    cadence: Option<f64>,
    watts: Option<f64>,
    is_indoor: bool,
}

const RUN: Sport = Sport {
    name: "Run",
    share: 52,
    meters_per_s: [2.4, 3.7],
    minutes: [20.0, 100.0],
    climb_per_km: 8.0,
    heartrate: 147.0,
    cadence: Some(84.0),
    watts: None,
    is_indoor: false,
};

const SPORTS: &[Sport] = &[
    RUN,
    Sport {
        name: "Ride",
        share: 26,
        meters_per_s: [6.2, 8.8],
        minutes: [40.0, 170.0],
        climb_per_km: 9.0,
        heartrate: 132.0,
        cadence: Some(82.0),
        watts: Some(185.0),
        ..RUN
    },
    Sport { name: "TrailRun", share: 6, meters_per_s: [2.0, 2.8], climb_per_km: 34.0, ..RUN },
    Sport {
        name: "VirtualRide",
        share: 5,
        meters_per_s: [8.0, 9.5],
        minutes: [30.0, 90.0],
        heartrate: 139.0,
        cadence: Some(88.0),
        watts: Some(205.0),
        is_indoor: true,
        ..RUN
    },
    Sport {
        name: "Hike",
        share: 4,
        meters_per_s: [1.1, 1.5],
        minutes: [60.0, 175.0],
        heartrate: 112.0,
        ..RUN
    },
    Sport {
        name: "WeightTraining",
        share: 4,
        meters_per_s: [0.0, 0.0],
        minutes: [20.0, 60.0],
        climb_per_km: 0.0,
        heartrate: 104.0,
        cadence: None,
        is_indoor: true,
        ..RUN
    },
    Sport {
        name: "Swim",
        share: 3,
        meters_per_s: [0.7, 1.0],
        minutes: [25.0, 60.0],
        climb_per_km: 0.0,
        heartrate: 128.0,
        cadence: None,
        is_indoor: true,
        ..RUN
    },
];

impl Truth {
    /// Adds so many activities of an athlete, the last of them shortly before a time, and answers their ids in order.
    pub(super) fn grow(&mut self, athlete_id: i64, count: usize, until_ms: i64) -> Vec<i64> {
        let count_ms = i64::try_from(count).unwrap_or(i64::MAX).max(1);
        let step_ms = DAY_MS.min(LONGEST_MS / count_ms);
        let mut ids = Vec::with_capacity(count);
        for left in (1..=count_ms).rev().take(count) {
            let jitter_ms = whole(chance(left, 1) * step_ms as f64 / 2.0);
            let activity = self.made(athlete_id, until_ms - left * step_ms + jitter_ms, left);
            let (id, seed) = (activity.id, activity.id);
            ids.push(id);
            self.activities.insert(id, activity);
            if chance(seed, 2) < 0.3 {
                self.add_effort(id, 95 + whole(chance(seed, 3) * 60.0), chance(seed, 4) < 0.3);
            }
        }
        ids
    }

    fn made(&mut self, athlete_id: i64, start_ms: i64, seed: i64) -> Activity {
        let sport = sport(chance(seed, 5));
        let usual = self.new_activity(athlete_id, start_ms);
        let moving_s = whole(between(sport.minutes, chance(seed, 6)) * 60.0);
        let meters = (between(sport.meters_per_s, chance(seed, 7)) * moving_s as f64 * 10.0).round() / 10.0;
        let pause_s = if chance(seed, 8) < 0.5 { 0 } else { whole(chance(seed, 9) * 300.0) };
        let has_power_meter = chance(seed, 11) < 0.5;
        let hour = zone::local_hour(&usual.timezone, start_ms);
        let bike = self.athlete(athlete_id).and_then(|athlete| athlete.bikes.first());
        let gear_id = match sport.name {
            "Run" | "TrailRun" => usual.gear_id.clone(),
            "Ride" | "VirtualRide" => bike.map(|gear| gear.id.clone()),
            _ => None,
        };
        Activity {
            name: name(hour, sport.name),
            sport_type: sport.name.to_owned(),
            meters,
            moving_s,
            elapsed_s: moving_s + pause_s,
            climb_meters: (sport.climb_per_km * (0.5 + chance(seed, 10)) * meters / 1000.0).round(),
            place: usual.place.filter(|_| !sport.is_indoor),
            sensors: Sensors {
                altitude_meters: (!sport.is_indoor).then_some(519.0),
                heartrate: Some((sport.heartrate + 16.0 * chance(seed, 12) - 8.0).round()),
                cadence: sport.cadence,
                watts: sport.watts.map(|watts| (watts + 60.0 * chance(seed, 13) - 30.0).round()),
                has_power_meter: has_power_meter && sport.watts.is_some(),
                celsius: (!sport.is_indoor).then(|| whole(4.0 + 22.0 * chance(seed, 14))),
            },
            laps: 1 + whole(meters / 5_000.0),
            gear_id,
            is_trainer: sport.is_indoor,
            is_commute: sport.name == "Ride" && chance(seed, 15) < 0.1,
            calories: Some((moving_s as f64 * 0.19).round()),
            ..usual
        }
    }
}

/// Such as `Morning Run`.
pub(super) fn name(hour: i8, sport: &str) -> String {
    let part = match hour {
        4..=10 => "Morning",
        11..=13 => "Lunch",
        14..=16 => "Afternoon",
        17..=20 => "Evening",
        _ => "Night",
    };
    format!("{part} {sport}")
}

fn sport(chance: f64) -> &'static Sport {
    let mut left = whole(chance * 100.0).unsigned_abs();
    for sport in SPORTS {
        match left.checked_sub(sport.share) {
            Some(rest) => left = rest,
            None => return sport,
        }
    }
    &RUN
}

fn between([low, high]: [f64; 2], chance: f64) -> f64 {
    low + (high - low) * chance
}

fn whole(value: f64) -> i64 {
    value as i64
}

/// A number from 0 to below 1, made of two others (splitmix64).
fn chance(seed: i64, stream: u64) -> f64 {
    let mixed = mix(seed.cast_unsigned().wrapping_add(stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

pub(super) fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
