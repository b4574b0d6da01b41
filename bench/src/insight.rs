//! Today's advice over HTTP.

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::demo::Demo;
use crate::report::{Bar, Report};

const REQUESTS: usize = 2_000;

pub(crate) async fn daily(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    demo.import(&demo.files(200)?).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/api/v1/insights/daily", listener.local_addr()?);
    let stop = CancellationToken::new();
    let state = api::State::new(demo.engine.clone(), Arc::new(String::new), "me", "bench");
    let server = tokio::spawn(api::serve(listener, state, stop.clone().cancelled_owned()));
    let client = reqwest::Client::new();
    let mut millis = Vec::new();
    for _ in 0..REQUESTS {
        let started = Instant::now();
        let answer = client.get(&url).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        answer.bytes().await?;
        millis.push(started.elapsed().as_secs_f64() * 1e3);
    }
    stop.cancel();
    server.await??;
    millis.sort_by(f64::total_cmp);
    report.add("GET /insights/daily, seen by the client: p50", millis[REQUESTS / 2], "ms", Bar::None);
    report.add(
        "GET /insights/daily, seen by the client: p99",
        millis[REQUESTS * 99 / 100],
        "ms",
        Bar::AtMost(10.0),
    );
    Ok(())
}
