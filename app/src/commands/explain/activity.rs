//! `paceline explain activity`: the numbers of one activity.

use std::fmt::Write;

use clap::Args;
use fitness::explain::{Explanation, Foreign, Input};
use fitness::metric::{self, Of};
use fitness::records::explain_own::OwnExplanation;
use fitness::records::{activity, explain, explain_own};
use serde_json::Value;
use store::Store;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::{Table, shortened};
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline explain activity ejlnplolwatsywwes7pz37tiki
  paceline explain activity ejlnplolwatsywwes7pz37tiki gap_hr_mps
  paceline explain activity ejlnplolwatsywwes7pz37tiki --json     one object a line for each number

`paceline activities --json` has the ids.";

/// Lists and maps are told whole where one number is asked for.
const VALUE_WIDTH: usize = 32;

/// Explains the numbers of an activity, or one of them in full
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Activity {
    /// The activity
    #[arg(value_name = "ID")]
    id: String,
    /// The number, by the name that `--json` has, or a metric of your own
    #[arg(value_name = "FIELD")]
    field: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

fn no_number(name: &str) -> Problem {
    let message = format!("`{name}` is no number of an activity");
    let problem = Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) };
    problem.hint("docs/METRICS.md lists them, and `paceline metrics` those of your own")
}

impl Activity {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let field = self.field.as_deref().and_then(|name| metric::find(Of::Activity, name));
        if let Some(name) = self.field.clone().filter(|_| field.is_none()) {
            return self.own(&store, name).await;
        }
        let (athlete, id) = (self.whose.athlete, self.id.clone());
        let found = store.read(move |tx| explain::activity(tx, &athlete, &id, field)).await?;
        let Some(explanations) = found else {
            let problem = Problem::new("not_found", format!("there is no activity `{}`", self.id));
            return Err(problem.hint("`paceline activities --json` has the ids").into());
        };
        if self.form.json {
            explanations.iter().try_for_each(output::json)?;
        } else if self.field.is_some() {
            explanations.iter().try_for_each(|explanation| output::line(in_full(explanation)))?;
        } else {
            output::line(table(&explanations).to_string())?;
            if let Some(attribution) = explanations.iter().find_map(|explanation| explanation.attribution) {
                output::line(format!("\n{attribution}"))?;
            }
            output::note("`paceline explain activity ID FIELD` tells how one of them came about");
        }
        Ok(error::DONE)
    }
}

impl Activity {
    /// Explains the number of a metric of the athlete's own.
    async fn own(self, store: &Store, name: String) -> anyhow::Result<u8> {
        let (athlete, id, of) = (self.whose.athlete, self.id.clone(), name.clone());
        let read = store.read(move |tx| {
            let is_there = activity::exists(tx, &athlete, &id)?;
            Ok((is_there, explain_own::activity(tx, &athlete, &id, &of)?))
        });
        let (is_there, found) = read.await?;
        let explanation = found.ok_or_else(|| no_number(&name))?;
        if !is_there {
            let problem = Problem::new("not_found", format!("there is no activity `{}`", self.id));
            return Err(problem.hint("`paceline activities --json` has the ids").into());
        }
        if self.form.json {
            output::json(&explanation)?;
        } else {
            output::line(of_own(&explanation))?;
        }
        Ok(error::DONE)
    }
}

fn of_own(explanation: &OwnExplanation) -> String {
    let OwnExplanation { name, title, unit, value, why, formula, source, decimals, .. } = explanation;
    let value = match value {
        Some(value) => format!("{} {unit}", units::number(*value, usize::from(*decimals))),
        None => why.clone().unwrap_or_default(),
    };
    format!("{name}: {title}\n  {value}\n  by {formula}, {source}")
}

pub(super) fn table(explanations: &[Explanation]) -> Table {
    let mut table = Table::new(&[("Field", Left), ("Value", Right), ("Unit", Left), ("What it is", Left)]);
    for explanation in explanations {
        let value = explanation.value.as_ref().map(shown).unwrap_or_default();
        let value = shortened(&value, VALUE_WIDTH);
        let (name, title) = (explanation.name.to_owned(), explanation.title.to_owned());
        table.row([name, value, explanation.unit.to_owned(), title]);
    }
    table
}

pub(super) fn in_full(explanation: &Explanation) -> String {
    let Explanation { name, title, unit, value, formula, source, choices, inputs, foreign, .. } = explanation;
    let value = value.as_ref().map_or_else(|| "unknown".to_owned(), shown);
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let mut text = format!("{title} ({name}): {value}{unit}\n\nFormula  {formula}\nSource   {source}");
    // Writing to a text cannot fail.
    section(&mut text, "Choices", choices.iter().map(|choice| (*choice).to_owned()));
    section(&mut text, "From", inputs.iter().map(input));
    section(&mut text, "Others", foreign.iter().map(theirs));
    text.extend(explanation.attribution.into_iter().flat_map(|attribution| ["\n\n", attribution]));
    text
}

fn section(text: &mut String, head: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = write!(text, "\n\n{head}");
        lines.for_each(|line| {
            let _ = write!(text, "\n  {line}");
        });
    }
}

fn input(Input { name, value, provenance }: &Input) -> String {
    match value {
        Some(value) => format!("{name} = {}: {provenance}", shown(value)),
        None => format!("{name}: {provenance}"),
    }
}

fn theirs(Foreign { name, value, from, ours_more_pct, note }: &Foreign) -> String {
    let ours = ours_more_pct
        .map_or_else(String::new, |percent| format!(", ours is {} %", units::signed(percent, 1)));
    format!("{name} = {} in {from}{ours}: {note}", short(*value))
}

/// Lists and maps in one line, numbers without needless digits.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().map(short).unwrap_or_default(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(" "),
        Value::Object(values) => values
            .iter()
            .map(|(name, value)| format!("{name} {}", shown(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use fitness::export::Figures;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_told_in_full() {
        let inputs = vec![
            Input {
                name: "np",
                value: Some(json!(200.0)),
                provenance: "computed from this activity".to_owned(),
            },
            Input { name: "ftp", value: None, provenance: "never given".to_owned() },
        ];
        let metric = metric::find(Of::Activity, "if").unwrap();
        let figures = Figures { intensity: Some(78.0), ..Figures::default() };
        let explanation =
            Explanation::new(metric, Some(json!(0.8)), inputs).beside(&figures, "row 7 of export.zip");
        let wanted = "\
Intensity factor (if): 0.8

Formula  NP / FTP
Source   Allen and Coggan, Training and Racing with a Power Meter; widely used, no physiology proven

Choices
  Not rounded, nor is what it goes into.
  On a bicycle alone: other sports have another threshold.

From
  np = 200: computed from this activity
  ftp: never given

Others
  Intensity = 0.78 in row 7 of export.zip, ours is +2.6 %: weighted power over the threshold that the source knows";
        assert_eq!(in_full(&explanation), wanted);
    }

    #[test]
    fn lists_and_maps_stand_in_one_line() {
        assert_eq!(shown(&json!([60.0, 0.0, 12.5])), "60 0 12.5");
        assert_eq!(shown(&json!({ "1km": 240.123_4 })), "1km 240.123");
    }

    #[test]
    fn a_number_that_nobody_knows_is_refused() {
        let problem = no_number("mood");
        assert_eq!((problem.exit, problem.code.as_str()), (2, "invalid_parameter"));
        assert!(problem.hint.is_some_and(|hint| hint.contains("docs/METRICS.md")));
    }

    #[test]
    fn a_number_of_your_own_names_its_script() {
        let explanation = OwnExplanation {
            name: "beats".to_owned(),
            of: Of::Activity,
            title: "Beats".to_owned(),
            unit: "beats/km".to_owned(),
            value: Some(712.4),
            why: None,
            formula: "scripts/metrics/beats.rhai".to_owned(),
            source: "version 3f2a91c07d55".to_owned(),
            decimals: 0,
        };
        let wanted = "beats: Beats\n  712 beats/km\n  by scripts/metrics/beats.rhai, version 3f2a91c07d55";
        assert_eq!(of_own(&explanation), wanted);
    }
}
