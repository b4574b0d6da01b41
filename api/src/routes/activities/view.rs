//! An activity as answers show it: the same names as `paceline activities --json`.

use std::collections::BTreeMap;

use engine::script::version;
use fitness::recording::{Lap as LapRecord, Warning as WarningRecord};
use fitness::records::activity::{ActivityRow, Shown};
use fitness::records::activity_weather::Shown as WeatherRecord;
use fitness::records::own_metric::OwnMetric;
use fitness::records::own_number::OfActivity;
use fitness::records::route;
use serde::Serialize;
use utoipa::ToSchema;

use super::Streams;
use super::weather::Weather;

/// An activity with its loads; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Activity {
    id: String,
    /// Path or name of its file, as it was given.
    file: String,
    /// Of its file as it came, in hexadecimal.
    sha256: String,
    /// Place among the activities of its file, from 0.
    index: u32,
    /// Where it came from, such as `file`.
    provenance: String,
    /// Such as `running` or `cycling`.
    sport: String,
    /// As the athlete named it where it was published, else as the file has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What the athlete wrote of it where it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Name of the shoes or the bicycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    gear: Option<String>,
    /// Present and true where the athlete marked it as a way to work.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    commute: bool,
    /// Present and true where the athlete marked it as a competition.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    competition: bool,
    /// Who sees it where it was published, in that source's own word, such as `followers_only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<String>,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<i64>,
    /// From the first sample to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_s: Option<f64>,
    /// While the device's timer ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    timer_s: Option<f64>,
    /// While the athlete moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    moving_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ascent_m: Option<f64>,
    /// Beats per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_hr: Option<f64>,
    /// Watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_power: Option<f64>,
    /// Revolutions (or strides) per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_cadence: Option<f64>,
    samples: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    trimp: Option<f64>,
    /// By Edwards' five zones.
    #[serde(skip_serializing_if = "Option::is_none")]
    trimp_edwards: Option<f64>,
    /// By Lucia's three phases, where the ventilatory thresholds are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    trimp_lucia: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hrtss: Option<f64>,
    /// Normalized power in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    np: Option<f64>,
    /// Skiba's xPower in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    xpower: Option<f64>,
    /// Intensity factor: normalized power by threshold power.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    intensity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tss: Option<f64>,
    /// Grade-adjusted speed by Minetti's model, in m/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_minetti_mps: Option<f64>,
    /// Grade-adjusted speed by the model fitted to heart rates, in m/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_hr_mps: Option<f64>,
    /// Normalized graded speed, by the model fitted to heart rates, in m/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    ngp_mps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtss: Option<f64>,
    /// Lactate-normalized power by Skiba's model of running, in W/kg.
    #[serde(skip_serializing_if = "Option::is_none")]
    lnp_w_per_kg: Option<f64>,
    /// Skiba's gravity ordered velocity stress score.
    #[serde(skip_serializing_if = "Option::is_none")]
    govss: Option<f64>,
    /// Swim TSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    stss: Option<f64>,
    /// Perceived exertion times minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_rpe: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoupling_pct: Option<f64>,
    /// Normalized output by heart rate: W/bpm, on foot m/min/bpm.
    #[serde(skip_serializing_if = "Option::is_none")]
    efficiency_factor: Option<f64>,
    /// Seconds in each heart-rate zone, from the easiest on.
    #[serde(skip_serializing_if = "Option::is_none")]
    zones_hr_s: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zones_power_s: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zones_pace_s: Option<Vec<f64>>,
    /// Seconds over each distance that was covered, such as `5km` or `half`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    best_efforts: BTreeMap<String, f64>,
    /// Highest mean power in watts over each duration, such as `20min`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    power_curve_w: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vdot: Option<f64>,
    /// Speed for the heart rate, on Polar's scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    running_index: Option<f64>,
    /// The one load that days count.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
    /// What the load was computed from: `power`, `graded_pace`, `swim_pace`, `heart_rate`, `rpe` or `duration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    load_method: Option<&'static str>,
    /// Present and true where the load rests on a setting that the athlete never gave.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
    /// The other activities of the same file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    linked: Vec<String>,
    /// Other records of the same activity, by their ids; lists leave them out, and no number counts them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<String>,
    /// Fields that this record lacks, and the records of the same activity that told them, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    lent: BTreeMap<String, String>,
    /// The record of the same activity that is counted instead of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<String>,
    /// At the start, as its source or else the weather service tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_c: Option<f64>,
    /// Ten metres above the ground, at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_mps: Option<f64>,
    /// To be shown beside the weather, with a link to <https://open-meteo.com/>.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<String>,
}

/// An activity with what only its own page shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityWithLaps {
    #[serde(flatten)]
    activity: Activity,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_sport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// The athlete's local day, as `2026-07-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    local_date: Option<String>,
    warnings: Vec<Warning>,
    laps: Vec<Lap>,
    /// Absent where it was not looked at yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    weather: Option<Weather>,
    /// Absent where no other activity went the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<ActivityRoute>,
    /// What metrics of the athlete's own say, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    own: BTreeMap<String, Own>,
    /// Where streams were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<Streams>,
}

/// What a metric of the athlete's own says of an activity.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Own {
    value: f64,
    unit: String,
    /// Which text said so.
    version: String,
}

/// The route of an activity, and which of its outings it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityRoute {
    id: String,
    /// By speed in motion, from 1.
    rank: usize,
    outings: usize,
}

/// Something that was kept although it was not as it should be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Warning {
    /// docs/ERRORS.md explains each code.
    code: String,
    detail: String,
}

/// A lap with the device's own totals; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lap {
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timer_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ascent_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_cadence: Option<f64>,
}

impl From<ActivityRow> for Activity {
    fn from(from: ActivityRow) -> Self {
        Self {
            id: from.id,
            file: from.file,
            sha256: from.sha256,
            index: from.index,
            provenance: from.provenance,
            sport: from.sport,
            name: from.name,
            description: from.description,
            gear: from.gear,
            commute: from.commute,
            competition: from.competition,
            visibility: from.visibility,
            start_ms: from.start_ms,
            elapsed_s: from.elapsed_s,
            timer_s: from.timer_s,
            moving_s: from.moving_s,
            distance_m: from.distance_m,
            ascent_m: from.ascent_m,
            avg_hr: from.avg_hr,
            max_hr: from.max_hr,
            avg_power: from.avg_power,
            max_power: from.max_power,
            avg_cadence: from.avg_cadence,
            samples: from.samples,
            trimp: from.trimp,
            trimp_edwards: from.trimp_edwards,
            trimp_lucia: from.trimp_lucia,
            hrtss: from.hrtss,
            np: from.np,
            xpower: from.xpower,
            intensity: from.intensity,
            tss: from.tss,
            gap_minetti_mps: from.gap_minetti_mps,
            gap_hr_mps: from.gap_hr_mps,
            ngp_mps: from.ngp_mps,
            rtss: from.rtss,
            lnp_w_per_kg: from.lnp_w_per_kg,
            govss: from.govss,
            stss: from.stss,
            session_rpe: from.session_rpe,
            decoupling_pct: from.decoupling_pct,
            efficiency_factor: from.efficiency_factor,
            zones_hr_s: from.zones_hr_s,
            zones_power_s: from.zones_power_s,
            zones_pace_s: from.zones_pace_s,
            best_efforts: from.best_efforts,
            power_curve_w: from.power_curve_w,
            vdot: from.vdot,
            running_index: from.running_index,
            load: from.load,
            load_method: from.load_method.map(fitness::load::LoadMethod::as_str),
            estimated: from.estimated,
            linked: from.linked,
            also: from.also,
            lent: from.lent,
            duplicate_of: from.duplicate_of,
            temperature_c: from.temperature_c,
            wind_mps: from.wind_mps,
            attribution: from.attribution,
        }
    }
}

impl ActivityWithLaps {
    pub(super) fn new(
        shown: Shown,
        laps: Vec<LapRecord>,
        weather: Option<WeatherRecord>,
        route: Option<route::OfActivity>,
        own: BTreeMap<String, Own>,
        streams: Option<Streams>,
    ) -> Self {
        Self {
            activity: shown.row.into(),
            sub_sport: shown.sub_sport,
            device: shown.device,
            local_date: shown.local_date.map(|date| date.to_string()),
            warnings: shown.warnings.into_iter().map(Warning::from).collect(),
            laps: laps.into_iter().map(Lap::from).collect(),
            weather: weather.map(Weather::from),
            route: route.map(ActivityRoute::from),
            own,
            streams,
        }
    }
}

impl Own {
    /// The numbers that there are, each with the unit of its metric.
    pub(super) fn all(numbers: Vec<OfActivity>, metrics: &[OwnMetric]) -> BTreeMap<String, Self> {
        let own = numbers.into_iter().filter_map(|number| {
            let metric = metrics.iter().find(|metric| metric.name == number.name)?;
            let version = version::short(&number.hash).to_owned();
            Some((
                number.name,
                Self { value: number.number.value?, unit: metric.about.unit.clone(), version },
            ))
        });
        own.collect()
    }
}

impl From<route::OfActivity> for ActivityRoute {
    fn from(route::OfActivity { id, rank, outings }: route::OfActivity) -> Self {
        Self { id, rank, outings }
    }
}

impl From<WarningRecord> for Warning {
    fn from(WarningRecord { code, detail }: WarningRecord) -> Self {
        Self { code, detail }
    }
}

impl From<LapRecord> for Lap {
    fn from(LapRecord { start_ms, totals }: LapRecord) -> Self {
        Self {
            start_ms,
            elapsed_s: totals.elapsed_s,
            timer_s: totals.timer_s,
            distance_m: totals.distance_m,
            ascent_m: totals.ascent_m,
            avg_hr: totals.avg_hr,
            max_hr: totals.max_hr,
            avg_power: totals.avg_power,
            max_power: totals.max_power,
            avg_cadence: totals.avg_cadence,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_activity_is_written_as_the_command_line_writes_it() {
        let mut row = json!({
            "id": "a", "file": "a.fit", "sha256": "00", "index": 1, "provenance": "file", "sport": "running",
            "name": "Morning", "description": "With Ada", "gear": "Daily", "commute": true, "competition": true,
            "visibility": "only_me",
            "samples": 3, "load_method": "heart_rate", "estimated": true, "linked": ["b"],
            "also": ["c"], "lent": { "ascent_m": "c" }, "duplicate_of": "d", "temperature_c": 11.5, "wind_mps": 3.5,
            "attribution": "Weather data by Open-Meteo.com",
            "start_ms": 1_785_000_000_000_i64
        });
        let numbers =
            ["elapsed_s", "timer_s", "moving_s", "distance_m", "ascent_m", "avg_hr", "max_hr", "avg_power"];
        let more = ["max_power", "avg_cadence", "trimp", "hrtss", "np", "if", "tss", "load"];
        let paces = ["gap_minetti_mps", "gap_hr_mps", "ngp_mps", "rtss", "stss", "vdot", "lnp_w_per_kg"];
        let loads = [
            "trimp_edwards",
            "trimp_lucia",
            "xpower",
            "session_rpe",
            "decoupling_pct",
            "efficiency_factor",
            "govss",
            "running_index",
        ];
        for (name, value) in numbers.iter().chain(&more).chain(&paces).chain(&loads).zip(1..) {
            row[*name] = json!(f64::from(value) + 0.5);
        }
        for (name, value) in ["zones_hr_s", "zones_power_s", "zones_pace_s"].iter().zip(1..) {
            row[*name] = json!([f64::from(value), 0.5]);
        }
        row["best_efforts"] = json!({ "half": 6000.5 });
        row["power_curve_w"] = json!({ "20min": 250.5 });
        let read: ActivityRow = serde_json::from_value(row.clone()).unwrap();
        assert_eq!(serde_json::to_value(Activity::from(read)).unwrap(), row);
    }
}
