//! All numbers of one activity beside merely reading its samples, and of a history of five thousand.

use std::hint::black_box;
use std::time::Instant;

use anyhow::ensure;
use fitness::load::{Effort, Load};
use fitness::numbers::Recorded;
use fitness::recording::{Channel, Recording, Samples};
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use fitness::records::{activity_number, activity_stream};
use fitness::settings::{ALWAYS, SettingsHistory};
use fitness::stream::{self, Column};
use fitness::zone::Edges;
use jiff::civil::date;
use store::{Sql, params};

use crate::cpu;
use crate::demo::Demo;
use crate::report::{Bar, Report};

const SAMPLES: usize = 3_600;
const HISTORY: usize = 5_000;
const ROUNDS: usize = 201;
/// As if another version of the formulas had computed all of them.
const OLDER: Sql = Sql::Both("UPDATE activity SET numbers = -1 WHERE athlete = $1");
/// Columns of an activity, as they are stored.
pub(crate) type Blocks = Vec<(Column, Vec<u8>)>;

pub(crate) async fn of_activities(report: &mut Report) -> anyhow::Result<()> {
    one(report)?;
    history(report).await
}

/// A run and a ride of an hour with every channel that numbers are made of.
fn one(report: &mut Report) -> anyhow::Result<()> {
    for sport in ["running", "cycling"] {
        let blocks = pack(&recorded(7, 0));
        let read = measured(|| drop(black_box(Samples::unpack(black_box(&blocks)))));
        let all = measured(|| drop(black_box(numbers(sport, black_box(&blocks)))));
        let found = numbers(sport, &blocks);
        ensure!(found.load.is_some() && found.zones_hr_s.is_some(), "the load of {sport} is not known");
        let what = format!("{sport} of 3,600 samples: merely read");
        report.add(&what, read, "CPU ms", Bar::None);
        let what = format!("{sport} of 3,600 samples: read, and all numbers");
        report.add(&what, all, "CPU ms", Bar::AtMost(3.0));
        report.add(&format!("{sport} of 3,600 samples: ratio"), all / read, "x", Bar::None);
    }
    Ok(())
}

/// What the samples amount to, and what the settings make of that.
fn numbers(sport: &str, blocks: &Blocks) -> Load {
    let samples = Samples::unpack(blocks);
    let (numbers, again) = Recorded { sport, samples: &samples }.numbers();
    let effort = Effort {
        sport: sport.to_owned(),
        timer_s: Some(SAMPLES as f64),
        np: again.np,
        best_20min_power: again.best_20min_power,
        hr_seconds: again.hr_seconds,
        ngp_mps: numbers.ngp_mps,
        power_seconds: numbers.power_seconds,
        speed_seconds: numbers.speed_seconds,
        lnp_w_per_kg: numbers.lnp_w_per_kg,
        ..Effort::default()
    };
    let settings = SettingsHistory::default().at(ALWAYS);
    Load::of(&effort, &settings, &Edges::usual(&effort, &settings))
}

/// Median of the CPU milliseconds of some work.
fn measured(work: impl Fn()) -> f64 {
    let once = || {
        let before = cpu::now();
        work();
        (cpu::now() - before).as_secs_f64() * 1e3
    };
    cpu::median((0..ROUNDS).map(|_| once()).collect())
}

/// Five thousand hours that a new version of the formulas finds.
async fn history(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    let store = demo.engine.store().clone();
    let kept: Vec<Blocks> = (0..8).map(|shape| pack(&recorded(shape, 0))).collect();
    for first in (0..HISTORY).step_by(100) {
        let kept = kept.clone();
        store
            .write(move |tx| {
                let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
                athlete::ensure(tx, &me)?;
                (first..first + 100).try_for_each(|number| keep(tx, number, &kept[number % kept.len()], 1))
            })
            .await?;
    }
    demo.run("daily", serde_json::json!({})).await?;
    store.write(|tx| tx.execute(&OLDER, &params!["me"])).await?;
    let start = Instant::now();
    let (seconds, ran) = cpu::of(demo.run("daily", serde_json::json!({}))).await;
    ran?;
    let wall_s = start.elapsed().as_secs_f64();
    let left = store.read(|tx| activity_number::count_due(tx, "me")).await?;
    ensure!(left == 0, "{left} activities were not computed anew");
    report.add("5,000 activities of 3,600 samples computed anew", wall_s, "s", Bar::AtMost(20.0));
    report.add("5,000 activities of 3,600 samples computed anew", seconds, "CPU s", Bar::None);
    Ok(())
}

/// Keeps an activity of a day of its own with its samples, after a change.
pub(crate) fn keep(
    tx: &mut store::Tx<'_>,
    number: usize,
    blocks: &Blocks,
    changed: i64,
) -> store::Result<()> {
    let day = date(2012, 1, 1).saturating_add(jiff::ToSpan::days(i64::try_from(number).unwrap_or(0)));
    let start_ms = 1_325_400_000_000 + number as i64 * 86_400_000;
    let sport = if number.is_multiple_of(2) { "running" } else { "cycling" };
    let recording = Recording { sport: sport.to_owned(), start_ms: Some(start_ms), ..Recording::default() };
    let source_id = number.to_string();
    let origin = Origin {
        athlete: "me",
        provenance: "file",
        source_id: &source_id,
        file: "a.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let mut activity = Activity::of(&recording, origin, Some(day));
    activity.summary.timer_s = Some(SAMPLES as f64);
    activity::upsert(tx, &activity, changed)?;
    activity_stream::replace(tx, &activity.id, blocks)
}

pub(crate) fn pack(samples: &Samples) -> Blocks {
    let times = (Column::Time, stream::encode_times(&samples.time_ms));
    let channels = samples.channels.iter();
    let blocks =
        channels.map(|(channel, values)| (Column::Channel(*channel), stream::encode(*channel, values)));
    [times].into_iter().chain(blocks).collect()
}

/// An hour over hills with intervals; no two shapes are the same.
pub(crate) fn recorded(shape: usize, start_ms: i64) -> Samples {
    let noise = |second: usize, of: usize| {
        ((second * 7919 + shape * 104_729 + of * 1_299_709) % 101) as f64 / 50.0 - 1.0
    };
    let hard = |second: usize| (second / (120 + 7 * shape)).is_multiple_of(2);
    let mut along = 0.0;
    let mut columns = [const { Vec::<f64>::new() }; 7];
    for second in 0..SAMPLES {
        let speed = if hard(second) { 4.2 } else { 2.9 } + 0.3 * noise(second, 1);
        along += speed;
        let hill = (second as f64 / 240.0 + shape as f64).sin();
        let values = [
            along,
            300.0 + 25.0 * hill + 0.5 * noise(second, 2),
            if hard(second) { 168.0 } else { 142.0 } + (4.0 * noise(second, 3)).round(),
            (if hard(second) { 290.0 } else { 140.0 } + 40.0 * noise(second, 4)).round(),
            85.0 + (4.0 * noise(second, 5)).round(),
            47.0 + along * 8e-6,
            8.0 + 0.001 * hill,
        ];
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let channels = [
        Channel::Distance,
        Channel::Altitude,
        Channel::HeartRate,
        Channel::Power,
        Channel::Cadence,
        Channel::Latitude,
        Channel::Longitude,
    ];
    Samples {
        time_ms: (0..SAMPLES as i64).map(|second| start_ms + second * 1000).collect(),
        channels: channels.into_iter().zip(columns).collect(),
        breaks: Vec::new(),
    }
}
