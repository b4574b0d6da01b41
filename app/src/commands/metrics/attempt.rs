//! `paceline metrics try`: what a metric or a draft would say, beside what is kept.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline metrics try beats_per_km --on 2026-05-02
  paceline metrics try beats_per_km --on 2026-05-01..2026-05-31 --file draft.rhai
  paceline metrics try hard_minutes --on 2447hfyga3vqdfsd6h5bdll3ly --json

Nothing is kept.";

const QUERY: &str = "metrics.try";
/// Longer than any metric may be.
const LARGEST_BYTES: u64 = 1024 * 1024;

/// Says what a metric would be, and what it is
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Try {
    /// The name of its file without ending
    name: String,
    /// An activity, a day, or days as FROM..TO
    #[arg(long, value_name = "ID|DATE|FROM..TO")]
    on: String,
    /// A draft in place of the metric as it is
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Try {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let mut params = json!({ "name": self.name, "on": on(&self.on)? });
        if let Some(file) = &self.file {
            params["text"] = json!(read(file)?);
        }
        let tried = question::ask(config, self.whose.athlete, QUERY, params).await;
        let tried = tried.map_err(|error| with_hint(error, &self.name))?;
        if self.form.json {
            output::json(&tried)?;
        } else {
            output::line(text(&tried))?;
        }
        Ok(error::DONE)
    }
}

fn on(text: &str) -> Result<Value, Problem> {
    let day = |text: &str| -> Result<Date, Problem> {
        date(text).map_err(|message| Problem {
            exit: error::USAGE,
            ..Problem::new("invalid_parameter", format!("--on: {message}"))
        })
    };
    if let Some((from, to)) = text.split_once("..") {
        return Ok(json!({ "from": day(from)?, "to": day(to)? }));
    }
    // No id of an activity has a dash.
    if text.contains('-') { Ok(json!({ "from": day(text)? })) } else { Ok(json!({ "activity": text })) }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let refused =
        |why: String| Problem::new("file_unreadable", format!("cannot read `{}`: {why}", path.display()));
    // A pipe would be waited for, and a device read without end.
    let file = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?;
    if !file.is_file() {
        return Err(refused("it is not a file".to_owned()).into());
    }
    if file.len() > LARGEST_BYTES {
        return Err(refused("it is larger than any script".to_owned()).into());
    }
    Ok(std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?)
}

fn with_hint(error: anyhow::Error, name: &str) -> anyhow::Error {
    let code = error.downcast_ref::<Problem>().map(|problem| problem.code.to_string());
    match code.as_deref() {
        Some("metric_unknown") => super::unknown(name).into(),
        _ => error,
    }
}

fn text(tried: &Value) -> String {
    let digits = tried["decimals"].as_u64().and_then(|digits| usize::try_from(digits).ok()).unwrap_or(0);
    let head = match tried["kept_version"].as_str() {
        Some(kept) => format!("{kept} as kept, {} as the text stands", super::word(&tried["version"])),
        None => format!("{} as the text stands; nothing is kept of it yet", super::word(&tried["version"])),
    };
    let columns =
        [("Date", Left), ("Activity", Left), ("Kept", Right), ("New", Right), ("Change", Right), ("", Left)];
    let mut table = Table::new(&columns);
    for item in tried["items"].as_array().into_iter().flatten() {
        let change = item["kept"].as_f64().zip(item["new"].as_f64());
        let change = change.map(|(kept, new)| units::signed(new - kept, digits));
        table.row([
            super::word(&item["date"]),
            super::word(&item["activity"]),
            super::decimal(&item["kept"], digits),
            super::decimal(&item["new"], digits),
            change.unwrap_or_default(),
            item["why"].as_str().unwrap_or_default().to_owned(),
        ]);
    }
    format!("{}: {head}\n\n{table}", super::word(&tried["name"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_is_an_activity_a_day_or_days() {
        assert_eq!(on("2447hfyga3").unwrap(), json!({ "activity": "2447hfyga3" }));
        assert_eq!(on("2026-05-02").unwrap(), json!({ "from": "2026-05-02" }));
        assert_eq!(
            on("2026-05-01..2026-05-31").unwrap(),
            json!({ "from": "2026-05-01", "to": "2026-05-31" })
        );
        assert_eq!(on("2026-05..").unwrap_err().exit, 2);
    }

    #[test]
    fn what_is_kept_stands_beside_what_would_be() {
        let tried = json!({
            "name": "beats", "unit": "beats", "decimals": 0, "kept_version": "3f2a91c07d55",
            "version": "90be11d2a4c8",
            "items": [
                { "date": "2026-05-02", "activity": "4k2", "kept": 712.0, "new": 705.0 },
                { "date": "2026-05-04", "activity": "9ab", "kept": null, "new": null, "why": "missing streams.power" },
            ],
        });
        let shown = text(&tried);
        assert!(shown.starts_with("beats: 3f2a91c07d55 as kept, 90be11d2a4c8 as the text stands"), "{shown}");
        assert!(shown.contains("712") && shown.contains("-7") && shown.contains("missing streams.power"));
    }
}
