//! `paceline strava status`: how the connection is, without asking Strava.

use clap::Args;
use engine::registry::Status as Told;
use serde_json::json;

use super::{connection, lacking, missing, problem, receipt};
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::{error, output};

const AFTER_HELP: &str = "\
Examples:
  paceline strava status
  paceline strava status --json     exit code 1 where something is to be done

`paceline doctor` says more, and asks Strava whether it answers.";

/// Says how the connection is
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Status {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Status {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let (engine, means) = super::engine(config, &self.whose.athlete).await?;
        let status = connection(&engine)?.status(&means, &self.whose.athlete).await.map_err(problem)?;
        tell(&status, self.form)?;
        let is_well = ["connected", "not_connected"].contains(&status.state);
        Ok(if is_well { error::DONE } else { error::FAILED })
    }
}

fn tell(status: &Told, form: Form) -> anyhow::Result<()> {
    if form.json {
        return output::json(&json!({
            "state": status.state,
            "reason": status.reason,
            "account": status.account,
            "granted": status.granted,
            "missing": missing(&status.missing),
            "connected_ms": status.connected_ms,
            "receipt": status.receipt.as_ref().map(receipt::to_json),
        }));
    }
    let account = status.account.as_ref().map(|id| format!(" (account {id})")).unwrap_or_default();
    output::line(format!("{}{account}", status.state))?;
    if let Some(reason) = &status.reason {
        output::line(reason)?;
    }
    lacking(&status.missing).try_for_each(output::line)?;
    if let Some(told) = status.receipt.as_ref().filter(|_| status.account.is_none()) {
        receipt::lines(told).iter().try_for_each(output::line)?;
    }
    if status.state == "not_connected" {
        output::note("`paceline strava connect` connects it");
    }
    Ok(())
}
