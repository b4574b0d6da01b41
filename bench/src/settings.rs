//! What a change of settings costs: its preview, and the run that computes anew what it touches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::ensure;
use engine::clock::Clock;
use engine::context::{Report as Told, Watcher};
use fitness::records::activity;
use fitness::records::setting_change::{self, Wish};
use fitness::settings::{ALWAYS, Name, Value};
use jiff::civil::Date;
use serde_json::json;

use crate::cpu;
use crate::demo::Demo;
use crate::report::{Bar, Report};
use crate::years;

const ACTIVITIES: usize = 5_000;
const ROUNDS: usize = 5;

pub(crate) async fn five_thousand_activities(report: &mut Report) -> anyhow::Result<()> {
    let reports = Arc::new(AtomicU64::new(0));
    let counts = reports.clone();
    let watcher: Watcher = Arc::new(move |_: Told| {
        counts.fetch_add(1, Ordering::Relaxed);
    });
    let demo = Demo::watched(Some(watcher)).await?;
    let now_ms = Clock::system().now_ms();
    years::write(demo.engine.store(), ACTIVITIES, now_ms).await?;
    demo.run("daily", json!({})).await?;
    let today = jiff::Timestamp::from_millisecond(now_ms)?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (mut floors, mut previews, mut spent, mut took) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let store = demo.engine.store();
        let (seconds, read) =
            cpu::of(store.read(|tx| activity::measured(tx, "me", (ALWAYS, Date::MAX)).map(|all| all.len())))
                .await;
        ensure!(read? == ACTIVITIES, "not all activities were read");
        floors.push(seconds);
        let wish = Wish::new(Name::HrMax, ALWAYS, Some(Value::Number(191.0 + round as f64)));
        let asked = wish.clone();
        let (seconds, touched) = cpu::of(
            store.read(move |tx| setting_change::preview(tx, "me", std::slice::from_ref(&asked), today)),
        )
        .await;
        ensure!(touched?.activities == ACTIVITIES, "the change does not touch all activities");
        previews.push(seconds);
        store.write(move |tx| setting_change::make(tx, "me", std::slice::from_ref(&wish), now_ms)).await?;
        reports.store(0, Ordering::Relaxed);
        let started = Instant::now();
        let (seconds, ran) = cpu::of(demo.run("daily", json!({}))).await;
        ran?;
        took.push(started.elapsed().as_secs_f64());
        spent.push(seconds);
    }
    let floor = cpu::median(floors);
    let told = reports.load(Ordering::Relaxed) as f64;
    report.add("a setting of 5,000 activities: only reading them", floor * 1e3, "CPU ms", Bar::None);
    report.add(
        "a setting of 5,000 activities: preview by reading",
        cpu::median(previews) / floor,
        "x",
        Bar::AtMost(10.0),
    );
    report.add(
        "a setting of 5,000 activities: recompute by reading",
        cpu::median(spent) / floor,
        "x",
        Bar::None,
    );
    report.spread("a setting of 5,000 activities: recompute", took, "s", Bar::AtMost(20.0));
    report.add("a setting of 5,000 activities: reports of progress", told, "", Bar::AtLeast(10.0));
    Ok(())
}
