//! How long other requests wait for their answers while scripts use up all that they may.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::ensure;
use engine::run::Rehearsal;

use crate::demo::Demo;
use crate::report::{Bar, Report};
use crate::script;
use crate::server::Server;

const REQUESTS: usize = 1_000;
const PATHS: [&str; 4] = ["/health", "/pipelines", "/runs", "/activities"];
/// What is answered sooner than that is quick enough beside anything.
const FLOOR_MS: f64 = 2.0;
/// What each does with an item: work without end in small parts, memory, texts, and closures that hold each other.
const BOMBS: [&str; 4] = [
    "let n = 0; while n < 20000 { n += 1; } item",
    "let s = \"x\"; s.pad(60000, \"x\"); let m = #{}; loop { m[`k${m.len()}`] = s + 1; }",
    "let s = \"x\"; loop { s += s; }",
    "let f = Fn(\"x\"); loop { let g = f; f = || g; }",
];

pub(crate) async fn requests_beside_scripts(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    demo.import(&demo.files(20)?).await?;
    let server = Server::start(&demo.engine).await?;
    let registry = script::registry()?;
    let bomb = |body: &&str| {
        let text = format!(
            "//! T.\nfn each(item) {{ if item < 0 {{ return 0; }} {body} }}\n\
             fn examples() {{ [#{{ item: -1, gives: 0 }}] }}\n"
        );
        script::rehearsal(&registry, "script::map(bench::numbers(), #{ script: \"next\" });", &text)
    };
    let bombs = BOMBS.iter().map(bomb).collect::<anyhow::Result<Vec<_>>>()?;
    for path in PATHS {
        let quiet = server.ask(path, REQUESTS, None).await?.p99();
        let busy = beside(&bombs, server.ask(path, REQUESTS, None)).await??.p99();
        report.add(&format!("GET {path} alone: p99"), quiet, "ms", Bar::None);
        let most = 2.0 * quiet.max(FLOOR_MS);
        report.add(&format!("GET {path} beside scripts without end: p99"), busy, "ms", Bar::AtMost(most));
    }
    Ok(())
}

/// Does the work while the bombs run one after the other, each of which must fail.
async fn beside<T>(bombs: &[Rehearsal], work: impl Future<Output = T>) -> anyhow::Result<T> {
    let is_done = AtomicBool::new(false);
    let explode = async {
        while !is_done.load(Ordering::Relaxed) {
            for bomb in bombs {
                ensure!(!bomb.run().await, "a script without end came to one");
            }
        }
        Ok(())
    };
    let work = async {
        let done = work.await;
        is_done.store(true, Ordering::Relaxed);
        done
    };
    let (exploded, done) = tokio::join!(explode, work);
    exploded.map(|()| done)
}
