//! Turns what the API told of an activity into what every other source tells.

use fitness::STRAVA_API;
use fitness::entry::Entry;
use fitness::export::Figures;
use fitness::identity;
use fitness::recording::{Channel, Lap, Recording, Samples, Totals, Warning};
use fitness::records::activity::Origin;
use fitness::records::export_row::ExportRow;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::sport;
use crate::wire::{self, Detail, Streams, Summary};

/// What stands for the file of an activity that came from the API.
pub(crate) fn path(strava_id: i64) -> String {
    format!("strava.com/activities/{strava_id}")
}

/// Our id of an activity of Strava's.
pub(crate) fn activity_id(athlete: &str, strava_id: i64) -> String {
    identity::activity_id(athlete, STRAVA_API, &strava_id.to_string())
}

/// The activity, as far as it is known: details and samples may be missing.
pub(crate) fn entry(
    athlete: &str,
    summary: &Summary,
    detail: Option<&Detail>,
    samples: Samples,
    time_zone: &TimeZone,
) -> Entry {
    let (path, source_id) = (path(summary.id), summary.id.to_string());
    // Every activity is a source of its own, whatever it was recorded by.
    let sha256: String = Sha256::digest(path.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let origin = Origin {
        athlete,
        provenance: STRAVA_API,
        source_id: &source_id,
        file: &path,
        sha256: &sha256,
        part: 0,
        parts: 1,
    };
    let has_samples = !samples.is_empty();
    let mut entry = Entry::of(recording(summary, detail, samples), origin, time_zone);
    if !has_samples {
        entry.activity.summary.moving_s = summary.moving_s;
    }
    entry
}

fn recording(summary: &Summary, detail: Option<&Detail>, samples: Samples) -> Recording {
    let (sport, kind) = sport::named(summary.sport.as_deref().unwrap_or_default());
    let kind = kind.or_else(|| summary.is_on_trainer.then(|| indoors(&sport)).flatten());
    let laps = detail.map(|detail| detail.laps.iter().map(lap).collect()).unwrap_or_default();
    Recording {
        sport,
        sub_sport: kind,
        name: summary.name.clone(),
        device: summary.device.clone().or_else(|| detail?.device.clone()),
        start_ms: Some(summary.start_ms),
        utc_offset_s: summary.utc_offset_s,
        totals: totals(summary),
        laps,
        samples,
        warnings: warnings(summary),
    }
}

fn indoors(sport: &str) -> Option<String> {
    let kind = match sport {
        "cycling" => "indoor_cycling",
        "running" => "treadmill",
        "rowing" => "indoor_rowing",
        _ => return None,
    };
    Some(kind.to_owned())
}

fn totals(summary: &Summary) -> Totals {
    // Power that was estimated is no measurement.
    let measured = |watts: Option<f64>| watts.filter(|_| summary.has_power_meter);
    Totals {
        elapsed_s: summary.elapsed_s,
        timer_s: None,
        distance_m: summary.distance_m,
        ascent_m: summary.ascent_m,
        avg_hr: summary.avg_hr,
        max_hr: summary.max_hr,
        avg_power: measured(summary.avg_power),
        max_power: measured(summary.max_power),
        avg_cadence: summary.avg_cadence,
    }
}

fn warnings(summary: &Summary) -> Vec<Warning> {
    let hidden = summary.is_start_hidden.then(|| Warning {
        code: "start_hidden".to_owned(),
        detail: "Strava tells the day alone, because the time of the start is hidden there".to_owned(),
    });
    hidden.into_iter().collect()
}

fn lap(lap: &wire::Lap) -> Lap {
    Lap {
        start_ms: lap.start_ms,
        totals: Totals {
            elapsed_s: lap.elapsed_s,
            timer_s: lap.moving_s,
            distance_m: lap.distance_m,
            ascent_m: lap.ascent_m,
            avg_hr: lap.avg_hr,
            max_hr: lap.max_hr,
            avg_power: lap.avg_power,
            max_power: None,
            avg_cadence: lap.avg_cadence,
        },
    }
}

/// The samples of streams; a stream that is not as long as the times is left out.
pub(crate) fn samples(summary: &Summary, streams: &Streams) -> Samples {
    let time_ms: Vec<i64> =
        streams.time_s.iter().map(|seconds| summary.start_ms + (seconds * 1000.0).round() as i64).collect();
    let count = time_ms.len();
    let mut samples = Samples { time_ms, ..Samples::default() };
    let mut keep = |channel: Channel, values: Vec<f64>| {
        if count > 0 && values.len() == count {
            samples.channels.insert(channel, values);
        }
    };
    keep(Channel::Latitude, streams.places.iter().map(|place| place.0).collect());
    keep(Channel::Longitude, streams.places.iter().map(|place| place.1).collect());
    keep(Channel::Altitude, streams.altitude_m.clone());
    keep(Channel::Distance, streams.distance_m.clone());
    keep(Channel::HeartRate, streams.heart_rate.clone());
    keep(Channel::Cadence, streams.cadence.clone());
    keep(Channel::Temperature, streams.temperature_c.clone());
    if streams.distance_m.is_empty() {
        keep(Channel::Speed, streams.speed_mps.clone());
    }
    if summary.has_power_meter {
        keep(Channel::Power, streams.power.clone());
    }
    samples
}

/// What Strava itself says of an activity, beside what is computed from it.
pub(crate) fn told(athlete: &str, summary: &Summary, detail: Option<&Detail>) -> ExportRow {
    let none = Detail::default();
    let detail = detail.unwrap_or(&none);
    let (sport, sub_sport) = sport::named(summary.sport.as_deref().unwrap_or_default());
    let figures = Figures {
        name: summary.name.clone(),
        description: detail.description.clone(),
        private_note: detail.private_note.clone(),
        sport: Some(sport),
        sub_sport,
        source_sport: summary.sport.clone(),
        start_ms: Some(summary.start_ms),
        start_hidden: summary.is_start_hidden,
        elapsed_s: summary.elapsed_s,
        moving_s: summary.moving_s,
        distance_m: summary.distance_m,
        ascent_m: summary.ascent_m,
        min_altitude_m: summary.min_altitude_m,
        max_altitude_m: summary.max_altitude_m,
        avg_speed: summary.avg_speed,
        max_speed: summary.max_speed,
        avg_hr: summary.avg_hr,
        max_hr: summary.max_hr,
        avg_power: summary.avg_power,
        max_power: summary.max_power,
        weighted_power: summary.weighted_power,
        work_j: summary.work_kj.map(|kilojoules| kilojoules * 1000.0),
        avg_cadence: summary.avg_cadence,
        calories: detail.calories,
        avg_temperature_c: summary.avg_temperature_c,
        relative_effort: summary.relative_effort,
        perceived_exertion: detail.perceived_exertion,
        gear: detail.gear.clone(),
        gear_id: summary.gear_id.clone(),
        commute: summary.is_commute,
        competition: summary.is_competition(),
        long_run: summary.is_long_run(),
        visibility: summary.visibility.clone(),
        hidden_from_home: detail.is_hidden_from_home,
        time_zone: summary.time_zone.clone(),
        manual: Some(summary.is_manual),
        ..Figures::default()
    };
    ExportRow {
        provenance: STRAVA_API.to_owned(),
        source_id: summary.id.to_string(),
        archive: "strava.com".to_owned(),
        position: 0,
        file: None,
        activity_id: Some(activity_id(athlete, summary.id)),
        // Numbers and texts can always be written.
        figures: serde_json::to_string(&figures).unwrap_or_default(),
        columns: "[]".to_owned(),
    }
}
