//! Ten years of an athlete, row by row, because nobody waits for ten thousand files to be read for a figure.

use fitness::recording::Recording;
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::Athlete;
use fitness::records::{athlete, change_number};
use fitness::settings::{ALWAYS, Dated, Name, Source, Value};
use fitness::summary::Summary;
use fitness::{day, records};
use store::{Store, Tx};

const DAYS: i64 = 3_652;
const DAY_MS: i64 = 86_400_000;
/// Activities in one transaction.
const CHUNK: usize = 500;
const SPORTS: [&str; 3] = ["running", "cycling", "swimming"];

/// Writes that many activities, spread over the ten years up to now, and what the athlete gave.
pub(crate) async fn write(store: &Store, count: usize, now_ms: i64) -> store::Result<()> {
    store
        .write(move |tx| {
            let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: now_ms };
            athlete::ensure(tx, &me)?;
            let given = [(Name::HrRest, 50.0), (Name::HrMax, 190.0), (Name::Lthr, 168.0), (Name::Ftp, 250.0)];
            for (name, number) in given {
                let dated = Dated { name, from: ALWAYS, value: Value::Number(number), source: Source::Given };
                records::athlete_setting::set(tx, "me", &dated, now_ms)?;
            }
            Ok(())
        })
        .await?;
    for first in (0..count).step_by(CHUNK) {
        let chunk = first..(first + CHUNK).min(count);
        let keep = move |tx: &mut Tx<'_>| {
            let number = change_number::next(tx, "me")?;
            chunk.clone().try_for_each(|place| {
                let ago_ms = DAYS * DAY_MS * (count - 1 - place) as i64 / count as i64;
                activity::upsert(tx, &one(place, now_ms - ago_ms), number).map(drop)
            })
        };
        store.write(keep).await?;
    }
    Ok(())
}

/// An activity of 30 to 90 minutes with a heart rate, on the bicycle with power.
fn one(place: usize, start_ms: i64) -> Activity {
    let sport = SPORTS[place % SPORTS.len()];
    let recording = Recording {
        sport: sport.to_owned(),
        name: Some(format!("{sport} number {place}")),
        start_ms: Some(start_ms),
        ..Recording::default()
    };
    let source_id = format!("bench/{place}");
    let origin = Origin {
        athlete: "me",
        provenance: "file",
        source_id: &source_id,
        file: "bench.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let on = day::local_date(start_ms, None, &jiff::tz::TimeZone::UTC);
    let minutes = 30 + (place * 7) % 60;
    // As long at each of fifty heart rates from 110 on.
    let held = vec![(minutes * 60 / 50).to_string(); 50].join(",");
    let watts = (sport == "cycling").then_some(180.0 + (place % 50) as f64);
    let summary = Summary {
        elapsed_s: Some(minutes as f64 * 62.0),
        timer_s: Some(minutes as f64 * 60.0),
        moving_s: Some(minutes as f64 * 59.0),
        distance_m: Some(minutes as f64 * 200.0),
        ascent_m: Some(minutes as f64),
        avg_hr: Some(135.0),
        max_hr: Some(160.0 + (place % 25) as f64),
        np: watts,
        best_20min_power: watts.map(|watts| watts + 10.0),
        hr_seconds: format!("110:{held}").parse().ok(),
        ..Summary::default()
    };
    Activity { summary, ..Activity::of(&recording, origin, on) }
}
