//! Makes a recording of an activity: totals are the sum of its laps, checked against its points.

use fitness::recording::{Lap, Recording, Totals};

use super::elements::Activity;
use crate::decode::columns::Columns;
use crate::decode::notes::Notes;
use crate::decode::{sport, warning};

/// A recording, or nothing where neither samples nor totals are there.
pub(super) fn recording(activity: Activity, notes: &mut Notes) -> Option<Recording> {
    let Activity { sport: spelling, id, device, mut laps, mut columns, utc_offset_s, is_misdated } = activity;
    drop_repeated(&mut laps, notes);
    let timed = columns.times().count();
    if timed > 0 && timed < columns.len() {
        let untimed = columns.len() - timed;
        notes.add("no_time", || format!("{untimed} points have no time and are left out"));
        columns.retain(|_, time| time.is_some());
    }
    let (sport, sub_sport) = sport::named(&spelling);
    let lap_start = laps.iter().find_map(|lap| lap.start_ms);
    let start_ms = columns.times().next().or(lap_start).or(id.map(|stamp| stamp.ms));
    if start_ms.is_none() && is_misdated {
        return None;
    }
    let mut recording = Recording {
        sport,
        sub_sport,
        device,
        start_ms,
        utc_offset_s: utc_offset_s.or(id.and_then(|stamp| stamp.offset_s)),
        totals: sum(&laps, &columns),
        laps,
        ..Recording::default()
    };
    if columns.is_usable() {
        if timed == 0 {
            recording.warnings.push(warning("no_time", "the points have no times"));
        }
        recording.samples = columns.into_samples();
        return Some(recording);
    }
    recording.warnings.push(warning("no_samples", "laps with totals but without samples"));
    let totals = &recording.totals;
    let done = [totals.elapsed_s, totals.distance_m].into_iter().flatten().any(|total| total > 0.0);
    done.then_some(recording)
}

/// One exporter writes each lap twice: the same start and the same figures.
fn drop_repeated(laps: &mut Vec<Lap>, notes: &mut Notes) {
    let before = laps.len();
    laps.dedup_by(|lap, previous| lap.start_ms.is_some() && lap == previous);
    let repeated = before - laps.len();
    if repeated > 0 {
        notes.add("laps_repeated", || format!("{repeated} laps are there twice and count once"));
    }
}

fn sum(laps: &[Lap], columns: &Columns) -> Totals {
    let total = |pick: fn(&Totals) -> Option<f64>| {
        let values: Vec<f64> = laps.iter().filter_map(|lap| pick(&lap.totals)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>())
    };
    let timer_s = total(|totals| totals.timer_s);
    Totals {
        elapsed_s: timer_s.map(|timer| with_pauses(timer, columns)),
        timer_s,
        distance_m: total(|totals| totals.distance_m),
        ascent_m: None,
        avg_hr: mean(laps, |totals| totals.avg_hr),
        max_hr: highest(laps, |totals| totals.max_hr),
        avg_power: mean(laps, |totals| totals.avg_power),
        max_power: highest(laps, |totals| totals.max_power),
        avg_cadence: mean(laps, |totals| totals.avg_cadence),
    }
}

/// Laps leave pauses out; where the points span more than a minute longer, they tell how long it took.
fn with_pauses(timer_s: f64, columns: &Columns) -> f64 {
    const PAUSE_S: f64 = 60.0;
    let span =
        columns.times().min().zip(columns.times().max()).map(|(start, end)| (end - start) as f64 / 1000.0);
    span.filter(|span| *span > timer_s + PAUSE_S).unwrap_or(timer_s)
}

/// The laps' averages weighted by their time, if all laps have one.
fn mean(laps: &[Lap], pick: fn(&Totals) -> Option<f64>) -> Option<f64> {
    let mut weight = 0.0;
    let mut weighted = 0.0;
    for lap in laps {
        let seconds = lap.totals.timer_s?;
        weighted += pick(&lap.totals)? * seconds;
        weight += seconds;
    }
    (weight > 0.0).then(|| weighted / weight)
}

fn highest(laps: &[Lap], pick: fn(&Totals) -> Option<f64>) -> Option<f64> {
    laps.iter().filter_map(|lap| pick(&lap.totals)).max_by(f64::total_cmp)
}
