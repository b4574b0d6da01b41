//! `paceline strava connect`: the way through the browser, or a grant that another program was given.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use engine::Engine;
use engine::registry::{Connected, Means};
use serde_json::json;
use tokio::net::TcpListener;

use super::{connection, lacking, missing, problem};
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::output;

const AFTER_HELP: &str = "\
Examples:
  paceline strava connect
  paceline strava connect --print-only --port 8765     from a machine without a browser
  paceline strava connect --refresh-token-file old     goes on with the grant of another program

Without a browser here: open the address elsewhere, and paste what the browser ends at, or let it
reach this port with `ssh -L 8765:127.0.0.1:8765`. The file of --refresh-token-file holds nothing
but the token; the other program must not use it any more, because Strava replaces it.";

/// What was begun is good for so long.
const PATIENCE: Duration = Duration::from_secs(600);
#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";

/// Connects Strava
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Connect {
    /// Print the address and open no browser
    #[arg(long)]
    print_only: bool,
    /// Take over the grant of the system that is being replaced
    #[arg(long, value_name = "FILE", conflicts_with_all = ["print_only", "port"])]
    refresh_token_file: Option<PathBuf>,
    /// Port the browser comes back to; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Connect {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let (engine, means) = super::engine(config, &self.whose.athlete).await?;
        let connected = match &self.refresh_token_file {
            Some(path) => self.inherit(&engine, &means, path).await?,
            None => self.by_browser(&engine, &means).await?,
        };
        tell(&connected, self.form)?;
        Ok(if connected.then.is_some() { error::DONE } else { error::FAILED })
    }

    async fn inherit(&self, engine: &Engine, means: &Means, path: &Path) -> anyhow::Result<Connected> {
        let secret = std::fs::read_to_string(path);
        let secret = secret.with_context(|| format!("cannot read `{}`", path.display()))?;
        if secret.trim().is_empty() || secret.trim().contains(char::is_whitespace) {
            let message = format!("`{}` does not hold one token and nothing else", path.display());
            return Err(Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) }.into());
        }
        let taken = connection(engine)?.take_over(means, &self.whose.athlete, &secret).await;
        Ok(taken.map_err(problem)?)
    }

    async fn by_browser(&self, engine: &Engine, means: &Means) -> anyhow::Result<Connected> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await;
        let listener = listener.with_context(|| format!("cannot listen on port {}", self.port))?;
        let redirect = format!("http://{}{}", listener.local_addr()?, api::callback::PATH);
        let athlete = &self.whose.athlete;
        let connection = connection(engine)?;
        let url = connection.begin(means, athlete, &redirect).await.map_err(problem)?;
        output::note("Allow Paceline to read from Strava, with every box ticked, at:");
        output::note(&url);
        if !self.print_only && io::stderr().is_terminal() {
            open(&url);
        }
        let returned = api::callback::receive(listener, engine, athlete);
        let ended = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                ended = returned => ended,
                query = pasted() => connection.finish(means, athlete, &query).await,
            }
        });
        let late = || Problem::new("oauth_timeout", "nobody came back from Strava within ten minutes");
        let ended = ended.await.map_err(|_| late().hint("`paceline strava connect` begins anew"))?;
        Ok(ended.map_err(problem)?)
    }
}

/// Shows the page; where that fails, the address is there to be read.
fn open(url: &str) {
    let quiet = Stdio::null;
    let _ = Command::new(OPENER).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
}

/// What a person copies out of the browser's address line; never, where nobody types.
async fn pasted() -> BTreeMap<String, String> {
    if !io::stdin().is_terminal() {
        return std::future::pending().await;
    }
    loop {
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|bytes| (bytes, line))
        });
        match read.await {
            Ok(Ok((bytes, line))) if bytes > 0 => match api::callback::pasted(&line) {
                Some(query) => return query,
                None => output::note("that is not the address that Strava sends the browser back to"),
            },
            _ => return std::future::pending().await,
        }
    }
}

fn tell(connected: &Connected, form: Form) -> anyhow::Result<()> {
    if form.json {
        return output::json(&json!({
            "account": connected.account,
            "granted": connected.granted,
            "missing": missing(&connected.missing),
            "syncs": connected.then.is_some(),
        }));
    }
    output::line(format!("Strava account {} is connected", connected.account))?;
    lacking(&connected.missing).try_for_each(output::line)?;
    match connected.then {
        Some(pipeline) => output::note(format!("`paceline run {pipeline}` fetches now what is there")),
        None => output::note("nothing is synced; connect again and tick the box for your activities"),
    }
    Ok(())
}
