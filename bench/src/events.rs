//! A thousand clients that follow one run: what they hold in memory, and when the last of them hears of its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use store::{Store, Url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::cpu;
use crate::executor;
use crate::noop;
use crate::report::{Bar, Report};
use crate::seed;
use crate::server::Server;

const CLIENTS: usize = 1_000;
/// Both ends of each connection, and what the process has open beside them.
const FILES: u64 = 2 * CLIENTS as u64 + 200;
/// Who joins after the fact and does not read, and what the run said.
const DEAF: usize = 100;
const LINES: i64 = 20_000;
const SCRIPT: &str = r#"//! Nothing, fifty times side by side.
pipeline("noop", #{});
for number in 0..50 {
    bench::noop().named(`step${number}`);
}
"#;
/// What the last event of the run holds.
const END: &[u8] = b"\"state\":\"succeeded\",\"started_ms\"";

pub(crate) async fn thousand_clients(report: &mut Report) -> anyhow::Result<()> {
    let what = "1,000 clients on the events of a run, RSS of both ends";
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < FILES) {
        report.missing(what, "a process may not have so many files open here");
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: limit.current.map(|now| now.max(FILES)), ..limit })?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(&Url::sqlite(folder.path().join("bench.db"))).await?;
    store.migrate().await?;
    let engine = noop::engine(store, SCRIPT)?;
    let server = Server::start(&engine).await?;
    let run = noop::enqueue(&engine).await?;
    cpu::forget_peak()?;
    let before = cpu::rss_mib("self")?;
    let all_are_here = Arc::new(Barrier::new(CLIENTS + 1));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(follow(server.address(), run.clone(), all_are_here.clone()));
    }
    all_are_here.wait().await;
    let began = Instant::now();
    ensure!(executor::work(&engine, &run).await?, "the run failed");
    while let Some(client) = clients.join_next().await {
        client??;
    }
    let last = began.elapsed().as_secs_f64();
    report.add(what, cpu::peak_rss_mib()? - before, "MiB", Bar::AtMost(100.0));
    report.add("1,000 clients: from the start of the run to the last who heard", last, "s", Bar::None);
    Ok(())
}

/// Clients that follow a run which said much, and never read what they are told.
pub(crate) async fn who_never_reads(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&Url::sqlite(folder.path().join("bench.db"))).await?;
    store.migrate().await?;
    let engine = noop::engine(store.clone(), SCRIPT)?;
    let server = Server::start(&engine).await?;
    let run = noop::enqueue(&engine).await?;
    ensure!(executor::work(&engine, &run).await?, "the run failed");
    seed::lines(&store, &run, LINES).await?;
    cpu::forget_peak()?;
    let before = cpu::rss_mib("self")?;
    let mut clients = Vec::new();
    for _ in 0..DEAF {
        let mut client = ask(server.address(), &run).await?;
        client.flush().await?;
        client.readable().await?;
        clients.push(client);
    }
    // What is told them beyond the first piece comes at once.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let what = "100 clients that never read 20,000 lines, RSS";
    report.add(what, cpu::peak_rss_mib()? - before, "MiB", Bar::AtMost(20.0));
    drop(clients);
    Ok(())
}

/// Asks for the events of a run.
async fn ask(server: SocketAddr, run: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(server).await?;
    let request =
        format!("GET /api/v1/runs/{run}/events HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// Follows the run until the server ends the answer.
async fn follow(server: SocketAddr, run: String, all_are_here: Arc<Barrier>) -> anyhow::Result<()> {
    let mut stream = ask(server, &run).await?;
    let mut heard = [0; 2_048];
    let read = stream.read(&mut heard).await?;
    ensure!(heard[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard[..read]));
    all_are_here.wait().await;
    // The last event comes last, and is shorter than this.
    let mut last: Vec<u8> = Vec::new();
    loop {
        let read = stream.read(&mut heard).await?;
        if read == 0 {
            break;
        }
        last.extend_from_slice(&heard[..read]);
        let excess = last.len().saturating_sub(heard.len());
        last.drain(..excess);
    }
    last.windows(END.len()).any(|window| window == END).then_some(()).context("a client missed the end")
}
