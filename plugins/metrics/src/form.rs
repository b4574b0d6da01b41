//! What metrics consist of, as it is told to people and to editors.

use engine::script::told::{Form, SERIES, Told};

const KNOWN: Told = Told {
    name: "known",
    parameters: &[("map", "Map"), ("path", "String")],
    gives: "bool",
    about: "Whether the map holds a value at that path, as `known(day, \"load.day\")`.",
};
/// What may be asked of samples, and one more.
const CALLS: [Told; SERIES.len() + 1] = {
    let mut calls = [KNOWN; SERIES.len() + 1];
    let mut place = 0;
    while place < SERIES.len() {
        calls[place + 1] = SERIES[place];
        place += 1;
    }
    calls
};

/// The functions of a metric, and what it may ask of samples.
pub(crate) const FORM: Form = Form {
    folder: "metrics",
    what: "A metric",
    about: "Answers a number for each activity or for each day.",
    writes: &[
        Told {
            name: "about",
            parameters: &[],
            gives: "Map",
            about: "What it is: its title, unit and sports.",
        },
        Told {
            name: "value",
            parameters: &[("activity", "Map"), ("athlete", "Map"), ("streams", "Series"), ("day", "Map")],
            gives: "float",
            about: "The number of an activity, where `about` says `per: \"activity\"`; `()` where it does not apply.",
        },
        Told {
            name: "value",
            parameters: &[("day", "Map"), ("athlete", "Map")],
            gives: "float",
            about: "The number of a day, where `about` says `per: \"day\"`; `()` where it does not apply.",
        },
        Told {
            name: "examples",
            parameters: &[],
            gives: "Array",
            about: "What it is given and what must come out: one with a number at least, and one without.",
        },
    ],
    calls: &CALLS,
};

#[cfg(test)]
mod tests {
    use engine::script::formula::{Answer, Argument, Formula, Shape};
    use engine::script::rule::{Subject, panel};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_metric_may_ask_what_is_known() {
        let shape = Shape { what: "a metric", code: "incomplete", functions: &[("value", &["day"])] };
        let names: Vec<&str> = FORM.calls.iter().map(|told| told.name).collect();
        assert_eq!((names[0], names.len()), ("known", SERIES.len() + 1));
        for (path, is_known) in [("load.day", true), ("load.night", false)] {
            let text = format!("fn value(day) {{ {}(day, \"{path}\") }}", names[0]);
            let formula = Formula::compile(&shape, "scripts/metrics/m.rhai", &text).unwrap();
            let day = Argument::Map(Subject::new(&json!({ "load": { "day": 1 } })));
            let answer = panel(|panel| panel.call(&formula, "value", &[day]));
            assert_eq!(answer, Some(Answer::Value(json!(is_known))), "{path}");
        }
    }
}
