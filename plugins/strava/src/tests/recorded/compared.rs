//! What was recorded, what is read of it, and what is kept, one field after the other.
//!
//! The fields are those of the types that are read: one that is added there does not compile here until it is compared.

use std::collections::BTreeMap;
use std::fmt::Debug;

use fitness::export::Figures;
use fitness::recording::{Channel, Lap, Samples};
use fitness::records::activity::Shown;
use fitness::records::strava::effort::Effort as KeptEffort;
use fitness::stream::steps_per_unit;
use jiff::Timestamp;
use serde_json::Value;

use crate::sport;
use crate::wire::{self, Detail, Effort, Streams, Summary, fingerprint};

/// The kind of a record of the list: a change of it must be noticed.
const LIST: &str = "list";
/// The id is the record's name, and some lists do not say the device.
const NOT_NOTICED: [&str; 2] = ["id", "device_name"];
const INDOORS: [&str; 3] = ["indoor_cycling", "treadmill", "indoor_rowing"];

/// What the store has of an activity.
pub(super) struct Kept {
    pub(super) shown: Shown,
    pub(super) utc_offset_s: Option<i64>,
    pub(super) told: Figures,
    pub(super) laps: Vec<Lap>,
    pub(super) samples: Samples,
    pub(super) summary: Value,
    pub(super) detail: Value,
}

/// How often each field was told, by its kind of record and its name.
#[derive(Default)]
pub(super) struct Compared(BTreeMap<(&'static str, &'static str), u32>);

/// A record whose fields are compared.
struct Record<'a> {
    compared: &'a mut Compared,
    kind: &'static str,
    raw: &'a Value,
}

impl Compared {
    /// The fields that no record told, so that nothing is proven of them.
    pub(super) fn never_told(&self) -> Vec<String> {
        let never = self.0.iter().filter(|(_, told)| **told == 0);
        never.map(|((kind, name), _)| format!("{kind} {name}")).collect()
    }

    fn of<'a>(&'a mut self, kind: &'static str, raw: &'a Value) -> Record<'a> {
        Record { compared: self, kind, raw }
    }

    /// An activity, by its record of the list and its details.
    pub(super) fn activity(&mut self, (listed, detailed): (&Value, &Value), kept: &Kept) {
        let is_kept = &kept.summary == listed && &kept.detail == detailed;
        assert!(is_kept, "the JSON of {} is kept as it came", listed["id"]);
        let summary = Summary::read(listed).unwrap();
        self.start(listed, &summary, kept);
        self.figures(listed, &summary, kept);
        self.summary(listed, summary, kept);
        self.detail(detailed, Detail::read(detailed).unwrap(), kept);
    }

    fn summary(&mut self, raw: &Value, summary: Summary, kept: &Kept) {
        // The other ones are compared by `start` and `figures`.
        let Summary {
            id,
            start_ms: _,
            is_start_hidden: _,
            utc_offset_s: _,
            time_zone,
            name,
            sport,
            elapsed_s: _,
            moving_s: _,
            distance_m: _,
            ascent_m: _,
            max_altitude_m: _,
            min_altitude_m: _,
            avg_speed: _,
            max_speed: _,
            avg_hr: _,
            max_hr: _,
            avg_power: _,
            max_power: _,
            weighted_power: _,
            has_power_meter,
            work_kj: _,
            avg_cadence: _,
            avg_temperature_c: _,
            relative_effort: _,
            workout_type,
            gear_id,
            visibility,
            is_commute,
            is_manual,
            is_on_trainer,
            device,
        } = summary;
        let (told, row) = (&kept.told, &kept.shown.row);
        let mut record = self.of(LIST, raw);
        record.same("id", raw["id"].as_i64(), Some(id), row.file.rsplit('/').next().unwrap().parse().ok());
        let zone = raw["timezone"].as_str().map(|zone| zone.rsplit(' ').next().unwrap().to_owned());
        record.same("timezone", zone, time_zone, told.time_zone.clone());
        record.text("name", name.clone(), &told.name);
        assert_eq!(row.name, name);
        let word = if raw["sport_type"].is_string() { "sport_type" } else { "type" };
        record.text(word, sport.clone(), &told.source_sport);
        assert_eq!(row.sport, sport::named(&sport.unwrap()).0);
        let has_power = raw["average_watts"].as_f64().map(|_| row.avg_power.is_some());
        record.flag("device_watts", Some(has_power_meter), has_power.or(Some(has_power_meter)));
        let meant = workout_type.map(|kind| (Some(kind == 1 || kind == 11), Some(kind == 2)));
        record.same("workout_type", raw["workout_type"].as_i64(), workout_type, workout_type);
        assert_eq!((told.competition, told.long_run), meant.unwrap_or_default());
        record.text("gear_id", gear_id, &told.gear_id);
        record.flag("commute", is_commute, told.commute);
        record.flag("manual", Some(is_manual), told.manual);
        let is_indoors = kept.shown.sub_sport.as_deref().is_some_and(|kind| INDOORS.contains(&kind));
        let is_plain = ["Run", "Ride", "Rowing"].contains(&raw[word].as_str().unwrap());
        record.flag("trainer", Some(is_on_trainer), Some(if is_plain { is_indoors } else { is_on_trainer }));
        record.text("visibility", visibility, &told.visibility);
        assert_eq!(row.visibility, told.visibility);
        if raw["device_name"].is_string() {
            record.text("device_name", device, &kept.shown.device);
        }
    }

    fn start(&mut self, raw: &Value, summary: &Summary, kept: &Kept) {
        let (told, row) = (&kept.told, &kept.shown.row);
        let mut record = self.of(LIST, raw);
        record.moment("start_date", Some(summary.start_ms), told.start_ms);
        assert_eq!(row.start_ms, told.start_ms);
        let is_hidden = ["start_date", "start_date_local"].map(|name| raw[name].as_str().unwrap());
        let is_hidden = is_hidden.iter().all(|start| start.ends_with("T00:00:01Z"));
        assert_eq!((summary.is_start_hidden, told.start_hidden), (is_hidden, is_hidden), "{}", raw["id"]);
        let moment = |name: &str| raw[name].as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_second);
        let offset_s = moment("start_date_local").zip(moment("start_date")).map(|(wall, utc)| wall - utc);
        record.same("start_date_local", offset_s, summary.utc_offset_s.map(i64::from), kept.utc_offset_s);
    }

    fn figures(&mut self, raw: &Value, summary: &Summary, kept: &Kept) {
        let (told, row) = (&kept.told, &kept.shown.row);
        let mut record = self.of(LIST, raw);
        record.figure("elapsed_time", summary.elapsed_s, told.elapsed_s);
        record.figure("moving_time", summary.moving_s, told.moving_s);
        record.figure("distance", summary.distance_m, told.distance_m);
        record.figure("total_elevation_gain", summary.ascent_m, told.ascent_m);
        record.figure("elev_high", summary.max_altitude_m, told.max_altitude_m);
        record.figure("elev_low", summary.min_altitude_m, told.min_altitude_m);
        record.figure("average_speed", summary.avg_speed, told.avg_speed);
        record.figure("max_speed", summary.max_speed, told.max_speed);
        record.figure("average_heartrate", summary.avg_hr, told.avg_hr);
        record.figure("max_heartrate", summary.max_hr, told.max_hr);
        record.figure("average_watts", summary.avg_power, told.avg_power);
        record.figure("max_watts", summary.max_power, told.max_power);
        record.figure("weighted_average_watts", summary.weighted_power, told.weighted_power);
        record.figure("kilojoules", summary.work_kj, told.work_j.map(|joules| joules / 1000.0));
        record.figure("average_cadence", summary.avg_cadence, told.avg_cadence);
        record.figure("average_temp", summary.avg_temperature_c, told.avg_temperature_c);
        record.figure("suffer_score", summary.relative_effort, told.relative_effort);
        let counted = (row.elapsed_s, row.distance_m, row.ascent_m);
        assert_eq!(counted, (summary.elapsed_s, summary.distance_m, summary.ascent_m), "{}", raw["id"]);
        if kept.samples.is_empty() {
            let averages = (row.moving_s, row.avg_hr, row.max_hr, row.avg_cadence);
            let wanted = (summary.moving_s, summary.avg_hr, summary.max_hr, summary.avg_cadence);
            assert_eq!(averages, wanted, "{}", raw["id"]);
        }
    }

    fn detail(&mut self, raw: &Value, detail: Detail, kept: &Kept) {
        let Detail {
            id,
            description,
            private_note,
            calories,
            perceived_exertion,
            gear,
            is_hidden_from_home,
            device,
            laps,
        } = detail;
        let told = &kept.told;
        let mut record = self.of("detail", raw);
        record.same("id", raw["id"].as_i64(), Some(id), Some(id));
        record.text("description", description, &told.description);
        record.text("private_note", private_note, &told.private_note);
        record.figure("calories", calories, told.calories);
        record.figure("perceived_exertion", perceived_exertion, told.perceived_exertion);
        record.same("gear", raw["gear"]["name"].as_str().map(str::to_owned), gear, told.gear.clone());
        record.flag("hide_from_home", is_hidden_from_home, told.hidden_from_home);
        record.text("device_name", device, &kept.shown.device);
        let raws: Vec<&Value> = raw["laps"].as_array().into_iter().flatten().collect();
        assert_eq!((laps.len(), kept.laps.len()), (raws.len(), raws.len()), "{}", raw["id"]);
        for ((raw, read), kept) in raws.into_iter().zip(laps).zip(&kept.laps) {
            self.lap(raw, &read, kept);
        }
    }

    fn lap(&mut self, raw: &Value, read: &wire::Lap, kept: &Lap) {
        let wire::Lap {
            start_ms,
            elapsed_s,
            moving_s,
            distance_m,
            ascent_m,
            avg_hr,
            max_hr,
            avg_power,
            avg_cadence,
        } = *read;
        let totals = &kept.totals;
        let mut record = self.of("lap", raw);
        record.moment("start_date", start_ms, kept.start_ms);
        record.figure("elapsed_time", elapsed_s, totals.elapsed_s);
        record.figure("moving_time", moving_s, totals.timer_s);
        record.figure("distance", distance_m, totals.distance_m);
        record.figure("total_elevation_gain", ascent_m, totals.ascent_m);
        record.figure("average_heartrate", avg_hr, totals.avg_hr);
        record.figure("max_heartrate", max_hr, totals.max_hr);
        record.measured("average_watts", avg_power, totals.avg_power);
        record.figure("average_cadence", avg_cadence, totals.avg_cadence);
    }

    /// An effort of details or of a list; what it does not tell may be kept from elsewhere.
    pub(super) fn effort(&mut self, kind: &'static str, raw: &Value, read: &Effort, kept: &KeptEffort) {
        let Effort {
            id,
            segment_id,
            strava_id,
            start_ms,
            elapsed_s,
            moving_s,
            distance_m,
            avg_hr,
            avg_power,
            pr_rank,
        } = *read;
        let mut record = self.of(kind, raw);
        record.same("id", raw["id"].as_i64(), Some(id), Some(kept.effort_id));
        let segment = raw["segment"]["id"].as_i64().or(Some(segment_id));
        record.same("segment", segment, Some(segment_id), Some(kept.segment_id));
        let activity = raw["activity"]["id"].as_i64().or(raw["activity_id"].as_i64());
        record.same("activity", activity, strava_id, kept.strava_id);
        record.moment("start_date", Some(start_ms), Some(kept.start_ms));
        record.figure("elapsed_time", elapsed_s, kept.elapsed_s);
        record.figure("distance", distance_m, kept.distance_m);
        if kind == "effort" {
            record.figure("moving_time", moving_s, kept.moving_s);
            record.figure("average_heartrate", avg_hr, kept.avg_hr);
            record.measured("average_watts", avg_power, kept.avg_power);
            record.same("pr_rank", raw["pr_rank"].as_i64(), pr_rank, kept.pr_rank);
        }
    }

    /// Samples, one by one, as finely as they are kept.
    pub(super) fn streams(&mut self, listed: &Value, raw: &Value, kept: &Samples) {
        let Streams {
            time_s,
            places,
            distance_m,
            altitude_m,
            speed_mps,
            heart_rate,
            cadence,
            power,
            temperature_c,
        } = Streams::read(raw).unwrap();
        let start_ms = listed["start_date"].as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond();
        let times: Vec<f64> = kept.time_ms.iter().map(|ms| (ms - start_ms) as f64 / 1000.0).collect();
        let mut record = self.of("stream", raw);
        record.samples("time", number, &time_s, Some(&times), 1e-3);
        let (north, east): (Vec<f64>, Vec<f64>) = places.into_iter().unzip();
        let has_meter = listed["device_watts"].as_bool() == Some(true);
        let has_way = !distance_m.is_empty();
        for (name, of, read, channel, is_kept) in [
            ("latlng", latitude as fn(&Value) -> Option<f64>, north, Channel::Latitude, true),
            ("latlng", longitude, east, Channel::Longitude, true),
            ("distance", number, distance_m, Channel::Distance, true),
            ("altitude", number, altitude_m, Channel::Altitude, true),
            // Where the way is told, the speed follows from it.
            ("velocity_smooth", number, speed_mps, Channel::Speed, !has_way),
            ("heartrate", number, heart_rate, Channel::HeartRate, true),
            ("cadence", number, cadence, Channel::Cadence, true),
            ("watts", number, power, Channel::Power, has_meter),
            ("temp", number, temperature_c, Channel::Temperature, true),
        ] {
            let step = 1.0 / steps_per_unit(channel);
            if is_kept {
                record.samples(name, of, &read, kept.channel(channel), step);
            } else {
                assert_eq!(kept.channel(channel), None, "{name}");
            }
        }
    }
}

impl Record<'_> {
    fn same<T: Debug + PartialEq>(
        &mut self,
        name: &'static str,
        raw: Option<T>,
        read: Option<T>,
        kept: Option<T>,
    ) {
        let all = [raw, read, kept];
        let [raw, read, kept] = &all;
        let told = self.compared.0.entry((self.kind, name)).or_default();
        *told += u32::from(raw.is_some());
        assert!(
            read == raw && kept == raw,
            "{} {name} of {}: told, read, kept {all:?}",
            self.kind,
            self.raw["id"]
        );
        if self.kind == LIST && raw.is_some() && !NOT_NOTICED.contains(&name) {
            let mut other = self.raw.clone();
            other[name] = Value::Null;
            assert_ne!(fingerprint(&other), fingerprint(self.raw), "a change of {name} is not noticed");
        }
    }

    fn text(&mut self, name: &'static str, read: Option<String>, kept: &Option<String>) {
        let raw = self.raw[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.same(name, raw, read, kept.clone());
    }

    /// A flag; one that is not told may be read as false.
    fn flag(&mut self, name: &'static str, read: Option<bool>, kept: Option<bool>) {
        let raw = self.raw[name].as_bool();
        let untold = |flag: Option<bool>| flag.filter(|is_set| *is_set || raw.is_some());
        self.same(name, raw, untold(read), untold(kept));
    }

    /// A number; nothing may be read where it is 0.
    fn figure(&mut self, name: &'static str, read: Option<f64>, kept: Option<f64>) {
        let raw = self.raw[name].as_f64().filter(|number| *number != 0.0 || read.is_some());
        self.same(name, raw, read, kept);
    }

    /// The same of power, which counts where it was measured.
    fn measured(&mut self, name: &'static str, read: Option<f64>, kept: Option<f64>) {
        let raw = self.raw[name].as_f64().filter(|_| self.raw["device_watts"] == true);
        self.same(name, raw, read, kept);
    }

    fn moment(&mut self, name: &'static str, read: Option<i64>, kept: Option<i64>) {
        let raw = self.raw[name].as_str().map(|text| text.parse::<Timestamp>().unwrap().as_millisecond());
        self.same(name, raw, read, kept);
    }

    fn samples(
        &mut self,
        name: &'static str,
        of: fn(&Value) -> Option<f64>,
        read: &[f64],
        kept: Option<&[f64]>,
        step: f64,
    ) {
        let is_it = |stream: &&Value| stream["type"] == name;
        let listed = || self.raw.as_array().into_iter().flatten().find(is_it);
        let stream = self.raw.get(name).or_else(listed).and_then(|stream| stream["data"].as_array());
        let raw: Vec<f64> =
            stream.into_iter().flatten().map(|sample| of(sample).unwrap_or(f64::NAN)).collect();
        let told = self.compared.0.entry((self.kind, name)).or_default();
        *told += u32::from(!raw.is_empty());
        let kept = kept.unwrap_or_default();
        assert_eq!((read.len(), kept.len()), (raw.len(), raw.len()), "{name}");
        for (index, raw) in raw.iter().enumerate() {
            for value in [read[index], kept[index]] {
                let is_same = (value - raw).abs() <= step || (value.is_nan() && raw.is_nan());
                assert!(is_same, "{name} {index}: {value} and not {raw}");
            }
        }
    }
}

fn number(sample: &Value) -> Option<f64> {
    sample.as_f64()
}

fn latitude(sample: &Value) -> Option<f64> {
    sample[0].as_f64()
}

fn longitude(sample: &Value) -> Option<f64> {
    sample[1].as_f64()
}
