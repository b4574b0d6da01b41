//! `paceline rules`: which rules there are, and what a draft would say.

mod backtest;
mod versions;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use engine::script::rule::{self, Listed};
use jiff::civil::Date;
use serde_json::json;

use super::today;
use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, question, scripts};

const AFTER_HELP: &str = "\
Examples:
  paceline rules                                 every rule and what it is for
  paceline rules evaluate ./mine.rhai            today's card with your draft among the rules
  paceline rules evaluate ./fatigue.rhai --date 2026-05-02 --json
  paceline rules backtest fatigue                the past days on which it would have spoken
  paceline rules versions fatigue                every text of it that was in force

`paceline check` proves a rule by its own examples.";
const EVALUATE_HELP: &str = "\
Examples:
  paceline rules evaluate ./mine.rhai
  paceline rules evaluate ./fatigue.rhai --date 2026-05-02 --only

The draft stands in place of the rule of its name, else beside all others. Nothing is kept.";

const PATTERN: &str = "rules/*.rhai";
const QUERY: &str = "insights.evaluate";
/// Longer than any rule may be.
const LARGEST_BYTES: u64 = 1024 * 1024;

/// Lists the rules, tries drafts of them, and tests them on past days
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Rules {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Evaluate(Evaluate),
    Backtest(backtest::Backtest),
    Versions(versions::Versions),
}

/// Says what a day would look like with a draft of a rule
#[derive(Debug, Args)]
#[command(after_help = EVALUATE_HELP)]
struct Evaluate {
    /// The draft; its name without ending is the rule's id
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Another day
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<Date>,
    /// Ask no other rule
    #[arg(long)]
    only: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl Rules {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Evaluate(evaluate)) => evaluate.run(config).await,
            Some(Verb::Backtest(backtest)) => backtest.run(config).await,
            Some(Verb::Versions(versions)) => versions.run(config).await,
            None => list(config, self.form).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Evaluate(evaluate)) => evaluate.form,
            Some(Verb::Backtest(backtest)) => backtest.form,
            Some(Verb::Versions(versions)) => versions.form,
            None => self.form,
        }
    }
}

async fn list(config: &Config, form: Form) -> anyhow::Result<u8> {
    let library = scripts::library(config)?;
    // A rule is compiled by script code: not on a worker of the runtime.
    let rules = tokio::task::spawn_blocking(move || rule::listed(&library, PATTERN)).await?;
    if form.json {
        output::json(&json!({ "items": rules }))?;
    } else {
        output::line(table(&rules).to_string())?;
    }
    Ok(error::DONE)
}

fn table(rules: &[Listed]) -> Table {
    let mut table = Table::new(&[("Rule", Left), ("Reads", Right), ("What it is for", Left)]);
    for rule in rules {
        let about = rule.errors.first().map_or_else(|| rule.about.clone(), |error| error.message.clone());
        table.row([rule.id.clone(), rule.inputs.len().to_string(), about]);
    }
    table
}

impl Evaluate {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let name = stem(&self.file).with_context(|| format!("`{}` has no name", self.file.display()))?;
        let text = read(&self.file)?;
        let mut params = json!({ "rule": { "name": name, "text": text }, "only": self.only });
        if let Some(date) = self.date {
            params["date"] = json!(date);
        }
        let insight = question::ask(config, self.whose.athlete, QUERY, params).await?;
        if !self.form.json {
            let draft =
                insight["rules"].as_array().and_then(|rules| rules.iter().find(|rule| rule["id"] == *name));
            let verdict = draft.and_then(|rule| rule["verdict"].as_str()).unwrap_or("not asked");
            output::line(format!("Draft `{name}`: {verdict}\n"))?;
        }
        today::show(insight, self.date, self.form)?;
        Ok(error::DONE)
    }
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_string_lossy().into_owned())
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

#[cfg(test)]
mod tests {
    use engine::script::Library;

    use super::*;

    #[test]
    fn a_broken_rule_is_listed_with_what_is_wrong() {
        let texts = [("scripts/rules/a.rhai".to_owned(), "//! A.\nfn applies(day) {".to_owned())];
        let rules = rule::listed(&Library::from_texts(texts.into()), PATTERN);
        assert_eq!((rules[0].id.as_str(), rules[0].errors.is_empty()), ("a", false));
        assert!(table(&rules).to_string().contains(&rules[0].errors[0].message));
    }

    #[test]
    fn a_draft_that_is_not_there_is_named() {
        let error = read(Path::new("/nowhere/mine.rhai")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read `/nowhere/mine.rhai`"), "{error}");
    }

    #[test]
    fn a_draft_that_never_ends_is_not_read() {
        let error = read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert_eq!(error, "cannot read `/dev/zero`: it is not a file [file_unreadable]");
    }
}
