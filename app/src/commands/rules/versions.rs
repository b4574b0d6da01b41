//! `paceline rules versions`: every text of a rule that was in force.

use clap::Args;
use engine::script::version::{self, Version};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::{ATHLETE, Form};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline rules versions fatigue
  paceline rules versions fatigue --show 3f2a91c07d55 > fatigue.rhai

A text is kept once it is in order and a server, a worker or a run has taken it up.";

/// Lists every text of a rule that was in force
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Versions {
    /// The rule
    #[arg(value_name = "NAME")]
    name: String,
    /// Print the text of the version that begins so
    #[arg(long, value_name = "HASH")]
    show: Option<String>,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Versions {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let path = version::rule_path(&self.name);
        let Some(hash) = &self.show else {
            let versions = store.read(move |tx| version::list(tx, &path)).await?;
            if versions.is_empty() {
                return Err(self.unknown().into());
            }
            let zone = program::time_zone(&store, ATHLETE).await?;
            return self.list(&versions, &zone);
        };
        let wanted = hash.clone();
        let found = store.read(move |tx| version::find(tx, &path, &wanted)).await?;
        let found = found.ok_or_else(|| self.unknown_version(hash))?;
        if self.form.json {
            output::json(&described(&found, true))?;
        } else {
            output::line(found.text.trim_end())?;
        }
        Ok(error::DONE)
    }

    fn list(&self, versions: &[Version], zone: &TimeZone) -> anyhow::Result<u8> {
        if self.form.json {
            let items: Vec<Value> = versions.iter().map(|version| described(version, false)).collect();
            output::json(&json!({ "rule": self.name, "items": items }))?;
        } else {
            output::line(table(versions, zone).to_string())?;
        }
        Ok(error::DONE)
    }

    fn unknown(&self) -> Problem {
        let hint =
            "`paceline rules` lists the rules; a run, such as `paceline run daily`, takes up a new one";
        Problem::new("not_found", format!("no version of a rule `{}` is kept", self.name)).hint(hint)
    }

    fn unknown_version(&self, hash: &str) -> Problem {
        let hint = format!("`paceline rules versions {}` lists them", self.name);
        Problem::new("not_found", format!("the rule `{}` has no version `{hash}`", self.name)).hint(hint)
    }
}

fn table(versions: &[Version], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[("Since", Left), ("Version", Left), ("Lines", Right)]);
    for version in versions {
        table.row([
            units::local_time(version.since_ms, None, zone),
            version::short(&version.hash).to_owned(),
            version.text.lines().count().to_string(),
        ]);
    }
    table
}

fn described(version: &Version, with_text: bool) -> Value {
    let mut described = json!({
        "version": version::short(&version.hash),
        "hash": version.hash,
        "since_ms": version.since_ms,
        "lines": version.text.lines().count(),
    });
    if with_text {
        described["text"] = json!(version.text);
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_shown_by_the_beginning_of_its_hash() {
        let text = "//! One.\n//! Two.\n".to_owned();
        let version = Version { since_ms: 1_709_335_800_000, hash: version::hash(&text), text };
        let shown = table(&[version], &TimeZone::UTC).to_string();
        assert!(shown.ends_with("2024-03-01 23:30  04f202480aa1      2"), "{shown}");
    }
}
