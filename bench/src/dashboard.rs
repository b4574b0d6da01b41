//! The first view of an athlete with ten thousand activities, and ten years of days.

use engine::clock::Clock;
use serde_json::json;

use crate::demo::Demo;
use crate::report::{Bar, Report};
use crate::server::Server;
use crate::years;

const ACTIVITIES: usize = 10_000;
const REQUESTS: usize = 1_000;
const KIB: f64 = 1_024.0;

pub(crate) async fn ten_thousand_activities(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    years::write(demo.engine.store(), ACTIVITIES, Clock::system().now_ms()).await?;
    demo.run("daily", json!({})).await?;
    let server = Server::start(&demo.engine).await?;
    // The floor: an answer of the same server that reads one short table.
    let floor = server.ask("/workers", REQUESTS, None).await?;
    let view = server.ask("/dashboard", REQUESTS, None).await?;
    report.add(
        "GET /dashboard, 10,000 activities: p50 by GET /workers",
        view.p50() / floor.p50(),
        "x",
        Bar::None,
    );
    report.add("GET /dashboard, 10,000 activities: p50", view.p50(), "ms", Bar::None);
    report.add("GET /dashboard, 10,000 activities: p99", view.p99(), "ms", Bar::AtMost(10.0));
    report.add(
        "GET /dashboard, 10,000 activities: packed",
        view.bytes as f64 / KIB,
        "KiB",
        Bar::AtMost(30.0),
    );
    let known = server.ask("/dashboard", REQUESTS, view.tag.as_deref()).await?;
    report.add("GET /dashboard, nothing changed: p99", known.p99(), "ms", Bar::AtMost(10.0));
    report.add("GET /dashboard, nothing changed: body", known.bytes as f64, "bytes", Bar::AtMost(0.0));
    let days = server.ask("/days?layout=columns", REQUESTS, None).await?;
    report.add("GET /days, ten years: p50", days.p50(), "ms", Bar::None);
    report.add("GET /days, ten years: p99", days.p99(), "ms", Bar::AtMost(5.0));
    report.add("GET /days, ten years: packed", days.bytes as f64 / KIB, "KiB", Bar::None);
    let sport = server.ask("/activities?sport=swimming", REQUESTS, None).await?;
    report.add("GET /activities of one sport of 10,000: p99", sport.p99(), "ms", Bar::AtMost(10.0));
    let text = server.ask("/activities?text=number%209", REQUESTS / 10, None).await?;
    report.add("GET /activities with a text, of 10,000: p50", text.p50(), "ms", Bar::None);
    let nowhere = server.ask("/activities?text=nowhere", REQUESTS / 50, None).await?;
    report.add("GET /activities with a text that none has: p50", nowhere.p50(), "ms", Bar::None);
    Ok(())
}
