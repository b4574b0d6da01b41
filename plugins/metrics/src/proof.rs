//! A metric's examples, which prove that it answers what it is meant to.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::script::formula::{Argument, Part};
use engine::script::rule::{self, Panel, Subject};
use engine::script::{Diagnostic, Series};
use fitness::own::Per;
use serde_json::{Map, Value, json};

use crate::metric::{Metric, Said, told};

/// The hashes of texts whose examples hold: they are asked in every run, and proven in the first.
static PROVEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// Far more than anybody has.
const MOST_KNOWN: usize = 1_000;
/// Nobody reads more, and an example that runs into a limit takes a while.
const MOST_MISTAKES: usize = 20;
const UNPROVEN: &str = "metric_unproven";
const FORM: &str =
    "an example is what `value` is given by name, and `value: 7.5`, `value: ()` or `missing: \"day.load\"`";

/// What an example says must come out.
enum Expected {
    Number(f64),
    Nothing,
    Missing(String),
}

/// Everything that is wrong with a metric. Runs script code.
pub(crate) fn mistakes(path: &str, text: &str) -> Vec<Diagnostic> {
    Metric::compile(path, text).map_or_else(|found| found, |metric| unproven(&metric))
}

/// A metric whose examples hold, else what is wrong with them. Runs script code, once for each text that holds.
pub(crate) fn proven(metric: Metric) -> Result<Metric, Vec<Diagnostic>> {
    if known().contains(metric.formula.hash()) {
        return Ok(metric);
    }
    let found = unproven(&metric);
    if !found.is_empty() {
        return Err(found);
    }
    let mut known = known();
    if known.len() >= MOST_KNOWN {
        known.clear();
    }
    known.insert(metric.formula.hash().to_owned());
    Ok(metric)
}

fn known() -> MutexGuard<'static, BTreeSet<String>> {
    PROVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unproven(metric: &Metric) -> Vec<Diagnostic> {
    let examples = match metric.formula.examples() {
        Ok(examples) => examples,
        Err(found) => return found,
    };
    let proven = rule::panel(|panel| prove(panel, metric, &examples));
    proven.unwrap_or_else(|| {
        metric.formula.wrong(
            "script_error",
            Part::Function("examples"),
            "there is no thread to prove it".to_owned(),
        )
    })
}

fn prove(panel: &mut Panel, metric: &Metric, examples: &[Value]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let (mut speaks, mut is_silent) = (false, false);
    for (index, example) in examples.iter().enumerate() {
        let difference = read(metric, example).and_then(|(arguments, expected)| {
            speaks |= matches!(expected, Expected::Number(_));
            is_silent |= !matches!(expected, Expected::Number(_));
            differs(metric, &metric.ask(panel, &arguments), &expected)
        });
        if let Err(message) = difference {
            found.extend(metric.formula.wrong(UNPROVEN, Part::Example(index), message));
        }
        if found.len() >= MOST_MISTAKES {
            break;
        }
    }
    if found.is_empty() && !(speaks && is_silent) {
        let message =
            "a metric proves itself by an example with a number and one with `value: ()` or `missing`";
        found.extend(metric.formula.wrong(UNPROVEN, Part::Function("examples"), message.to_owned()));
    }
    found
}

/// The arguments of an example, and what must come out.
fn read(metric: &Metric, example: &Value) -> Result<(Vec<Argument>, Expected), String> {
    let nothing = Map::new();
    let example = example.as_object().unwrap_or(&nothing);
    let names: &[&str] = match metric.about.per {
        Per::Activity => &["activity", "athlete", "streams", "day"],
        Per::Day => &["day", "athlete"],
    };
    let is_known = |key: &str| names.contains(&key) || ["value", "missing"].contains(&key);
    if let Some(key) = example.keys().find(|key| !is_known(key)) {
        return Err(format!("unknown key `{key}`: {FORM}"));
    }
    let argument = |name: &&str| match (example.get(*name), *name) {
        (None, "streams") => Ok(Argument::Series(Series::empty())),
        (Some(value), "streams") => {
            Series::of_json(value).map(Argument::Series).map_err(|error| error.to_string())
        }
        (None, _) => Ok(Argument::Map(Subject::new(&json!({})))),
        (Some(value), _) if value.is_object() => Ok(Argument::Map(Subject::new(value))),
        (Some(_), name) => Err(format!("`{name}` is a map: {FORM}")),
    };
    let arguments = names.iter().map(argument).collect::<Result<Vec<_>, String>>()?;
    let expected = match (example.get("value"), example.get("missing").map(Value::as_str)) {
        (Some(Value::Null), None) => Expected::Nothing,
        (Some(value), None) => Expected::Number(value.as_f64().ok_or(FORM)?),
        (None, Some(Some(path))) => Expected::Missing(path.to_owned()),
        _ => return Err(FORM.to_owned()),
    };
    Ok((arguments, expected))
}

fn differs(metric: &Metric, said: &Said, expected: &Expected) -> Result<(), String> {
    let power = 10_f64.powi(i32::from(metric.about.decimals));
    let is_near = |one: f64, other: f64| (one - other).abs() * power <= 0.5 + 1e-9;
    let number = &said.number;
    let fits = match expected {
        Expected::Number(wanted) => number.value.is_some_and(|value| is_near(value, *wanted)),
        Expected::Nothing => number.value.is_none() && number.why.is_none(),
        Expected::Missing(path) => number.why.as_deref() == Some(told(&format!("missing {path}")).as_str()),
    };
    if fits {
        return Ok(());
    }
    let found = match (number.value, &number.why) {
        (Some(value), _) => format!("it answers {value}"),
        (None, Some(why)) => why.clone(),
        (None, None) => "it answers nothing".to_owned(),
    };
    let wanted = match expected {
        Expected::Number(wanted) => format!("expected {wanted}"),
        Expected::Nothing => "expected nothing".to_owned(),
        Expected::Missing(path) => format!("expected `{path}` to be missing"),
    };
    Err(format!("{found}, {wanted}"))
}
