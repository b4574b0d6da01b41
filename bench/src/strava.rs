//! Syncs with Strava: how many calls they make, and what they cost besides waiting for the answers.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use engine::http::Base;
use engine::secret::Keys;
use fitness::records::athlete::{self, Athlete};
use jiff::Timestamp;
use plugins::strava::{Application, Options};
use serde_json::json;
use store::Sql;
use upstream::strava::{ALL_SCOPES, ATHLETE, CLIENT_ID, CLIENT_SECRET, Calls};
use upstream::{Clock, Ports, Upstream};

use crate::demo::{self, Demo};
use crate::report::{Bar, Report};

const HISTORIES: [usize; 3] = [100, 1_000, 10_000];
const ROUNDS: usize = 21;
const NEW: usize = 1_000;
/// Athletes who connect, each with so many activities.
const FIRST_SYNCS: usize = 9;
const FORGET_DUE: Sql = Sql::Both("UPDATE strava_activity SET detail_due = NULL, streams_due = NULL");
/// Only what is new, and what follows from it: details and samples are a matter of their own.
const SCRIPT: &str = "pipeline(\"listed\");
let listed = strava::activities(#{ lookback: \"3650d\" });
let loads = rollup::loads([listed]);
rollup::days([loads]);
";

pub(crate) async fn of_a_history(report: &mut Report) -> anyhow::Result<()> {
    for history in HISTORIES {
        let house = House::new(history).await?;
        house.demo.run("sweep", json!({})).await?;
        house.forget_what_is_due().await?;
        house.demo.run("hourly", json!({})).await?;
        let mut idle = Vec::with_capacity(ROUNDS);
        let mut calls = 0;
        for _ in 0..ROUNDS {
            let (made, own_s) = house.sync("hourly").await?;
            calls = calls.max(made);
            idle.push(own_s * 1e3);
        }
        let name = format!("a sync with nothing new beside {history} activities");
        report.add(&format!("{name}: calls"), calls as f64, "", Bar::AtMost(3.0));
        report.spread(&format!("{name}, besides waiting"), idle, "ms", Bar::AtMost(30.0));
    }
    let (mut calls, mut new) = (0, Vec::with_capacity(FIRST_SYNCS));
    for _ in 0..FIRST_SYNCS {
        let house = House::new(0).await?;
        house.upstream.strava().grow(ATHLETE, NEW, Timestamp::now().as_millisecond());
        let (made, own_s) = house.sync("listed").await?;
        calls = calls.max(made);
        new.push(own_s * 1e3);
    }
    report.add("1,000 new summaries: calls", calls as f64, "", Bar::AtMost(6.0));
    report.spread("1,000 new summaries, besides waiting", new, "ms", Bar::AtMost(300.0));
    Ok(())
}

struct House {
    demo: Demo,
    upstream: Upstream,
    scripts: tempfile::TempDir,
}

impl House {
    /// With an athlete who has connected Strava and recorded so much.
    async fn new(history: usize) -> anyhow::Result<Self> {
        let upstream = Upstream::start(Ports::default(), Clock::machine()).await?;
        upstream.strava().set_limits(Calls::without_end());
        upstream.strava().grow(ATHLETE, history, Timestamp::now().as_millisecond());
        let strava = Options {
            application: Some(Application {
                client_id: CLIENT_ID.to_owned(),
                client_secret: CLIENT_SECRET.to_owned(),
            }),
            api: Some(Base::parse(&upstream.strava_api_url())?),
            authorization: Some(Base::parse(&upstream.strava_auth_url())?),
            ..Options::default()
        };
        let scripts = scripts()?;
        let Demo { engine, folder } =
            Demo::with(plugins::Options { strava, ..demo::options() }, scripts.path(), None).await?;
        let keys = Keys::in_own_file(folder.path().join("secret.key"));
        keys.prepare()?;
        let demo = Demo { engine: engine.keeping_secrets(keys), folder };
        let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
        demo.engine.store().write(move |tx| athlete::ensure(tx, &me)).await?;
        let tokens = upstream.strava().connect(ATHLETE, &ALL_SCOPES);
        let connection = demo.engine.registry().find_connection("strava").context("no connection")?;
        let taken = connection.take_over(&demo.engine.means(), "me", &tokens.refresh_token).await;
        taken.map_err(|cause| anyhow::anyhow!("{}", cause.report()))?;
        Ok(Self { demo, upstream, scripts })
    }

    /// Details and samples of so many would take days of a quota, and are not what is measured.
    async fn forget_what_is_due(&self) -> anyhow::Result<()> {
        Ok(self.demo.engine.store().write(|tx| tx.execute(&FORGET_DUE, &[]).map(drop)).await?)
    }

    /// Calls, and seconds besides those that asking the same by itself takes.
    async fn sync(&self, pipeline: &str) -> anyhow::Result<(usize, f64)> {
        ensure!(self.scripts.path().exists(), "the scripts are gone");
        self.upstream.forget_calls();
        let begun = Instant::now();
        self.demo.run(pipeline, json!({})).await?;
        let wall_s = begun.elapsed().as_secs_f64();
        let calls = self.upstream.calls();
        let tokens = self.upstream.strava().tokens(ATHLETE).context("not connected")?;
        let client = reqwest::Client::new();
        let begun = Instant::now();
        for call in &calls {
            let url = reqwest::Url::parse_with_params(
                &format!("{}{}", self.upstream.url(), call.path),
                &call.query,
            )?;
            let asked = client.get(url).bearer_auth(&tokens.access_token).send().await?;
            asked.bytes().await?;
        }
        Ok((calls.len(), (wall_s - begun.elapsed().as_secs_f64()).max(0.0)))
    }
}

/// The shipped scripts, and one of this benchmark's own.
fn scripts() -> anyhow::Result<tempfile::TempDir> {
    let (root, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), tempfile::tempdir()?);
    for part in ["pipelines", "scripts/rules"] {
        std::fs::create_dir_all(folder.path().join(part))?;
        for file in std::fs::read_dir(root.join(part))? {
            let file = file?;
            std::fs::copy(file.path(), folder.path().join(part).join(file.file_name()))?;
        }
    }
    std::fs::write(folder.path().join("pipelines/listed.rhai"), SCRIPT)?;
    Ok(folder)
}
