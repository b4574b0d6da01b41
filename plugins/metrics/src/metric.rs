//! A metric: a script that says what it is, and answers a number.

use std::ops::RangeInclusive;

use engine::script::Diagnostic;
use engine::script::formula::{Answer, Argument, Formula, Part, Shape};
use engine::script::rule::Panel;
use fitness::own::{About, Per};
use fitness::records::own_number::OwnNumber;
use serde_json::Value;

/// What every metric has, whatever it is about.
const ANY: Shape =
    Shape { what: "a metric", code: INCOMPLETE, functions: &[("about", &[]), ("examples", &[])] };
const OF_ACTIVITY: Shape = Shape {
    functions: &[("about", &[]), ("value", &["activity", "athlete", "streams", "day"]), ("examples", &[])],
    ..ANY
};
const OF_DAY: Shape =
    Shape { functions: &[("about", &[]), ("value", &["day", "athlete"]), ("examples", &[])], ..ANY };
const INCOMPLETE: &str = "metric_incomplete";
/// What a load must not rest on: fitness follows from it, and form from fitness.
const OF_LOADS: [&str; 3] = ["activity.load", "activity.load_method", "activity.estimated"];

/// What can stand in place of a load: a day and a night at the threshold would be 2,400, and nobody holds it for long.
/// Form and fitness add loads up, and never let go of one that is beyond all bounds.
const LOADS: RangeInclusive<f64> = 0.0..=2_000.0;
/// Of a reason for which there is no number.
const LONGEST_WHY: usize = 200;

/// A compiled metric.
#[derive(Debug)]
pub struct Metric {
    pub(crate) formula: Formula,
    pub(crate) about: About,
}

/// What a metric answers, and whether it failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) number: OwnNumber,
    pub(crate) has_failed: bool,
}

impl Metric {
    /// Compiles a script. Runs script code: `about()` says what is asked of it.
    pub fn compile(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let any = Formula::compile(&ANY, path, text)?;
        let about = about(&any)?;
        let shape = if about.per == Per::Activity { &OF_ACTIVITY } else { &OF_DAY };
        let metric = Self { formula: Formula::compile(shape, path, text)?, about };
        metric.refuse_circle()?;
        Ok(metric)
    }

    /// The name of its file without ending.
    pub fn name(&self) -> &str {
        self.formula.id()
    }

    /// True where it looks at a parameter, or at what is in it.
    pub(crate) fn reads(&self, parameter: &str) -> bool {
        reads(&self.formula, parameter)
    }

    /// True where its numbers of activities rest on days, which rest on all loads.
    pub(crate) fn follows_days(&self) -> bool {
        self.about.per == Per::Day || self.reads("day")
    }

    /// True where it may look at the load of an activity, in whose place another metric may stand: whoever reads of an
    /// activity may read all of it by names that the text does not have as they are.
    pub(crate) fn reads_load(&self) -> bool {
        self.reads("activity")
    }

    /// Asks for the number. Runs script code.
    pub(crate) fn ask(&self, panel: &mut Panel, arguments: &[Argument]) -> Said {
        match panel.call(&self.formula, "value", arguments) {
            Answer::Value(Value::Null) => Said::default(),
            Answer::Value(value) => match value.as_f64() {
                Some(number) if self.about.replaces_load && !LOADS.contains(&number) => Said::failed(
                    &format!("a load is from {} to {}, not {number}", LOADS.start(), LOADS.end()),
                ),
                Some(number) => {
                    let number = OwnNumber { value: Some(number), why: None };
                    Said { number, has_failed: false }
                }
                None => Said::failed("`value` answers a number or nothing"),
            },
            Answer::Missing(paths) => {
                let why = Some(told(&format!("missing {}", paths.join(", "))));
                Said { number: OwnNumber { value: None, why }, has_failed: false }
            }
            Answer::Failed(found) => Said::failed(&spot(&found)),
        }
    }

    fn refuse_circle(&self) -> Result<(), Vec<Diagnostic>> {
        if !self.about.replaces_load {
            return Ok(());
        }
        let of_loads =
            |path: &&String| OF_LOADS.contains(&path.as_str()) || path.split('.').next() == Some("day");
        let Some(path) = self.formula.inputs().iter().find(of_loads) else { return Ok(()) };
        let message = format!("a metric that replaces the load cannot read `{path}`, which follows from it");
        Err(self.formula.wrong("metric_circular", Part::Function("value"), message))
    }
}

/// Of what a metric of activities is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) streams: bool,
    pub(crate) day: bool,
}

impl Reads {
    /// What a text reads of activities; nothing where it is asked about none, or has mistakes. Runs no script code.
    pub(crate) fn of(path: &str, text: &str) -> Option<Self> {
        let formula = Formula::compile(&OF_ACTIVITY, path, text).ok()?;
        Some(Self { streams: reads(&formula, "streams"), day: reads(&formula, "day") })
    }
}

fn reads(formula: &Formula, parameter: &str) -> bool {
    formula.inputs().iter().any(|path| path.split('.').next() == Some(parameter))
}

impl Said {
    fn failed(why: &str) -> Self {
        Self { number: OwnNumber { value: None, why: Some(told(why)) }, has_failed: true }
    }
}

/// A reason as it is kept: it may be text of the script, which is as long as it likes and holds what no store takes.
pub(crate) fn told(why: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut told: String = why.chars().take(LONGEST_WHY).map(plain).collect();
    if why.chars().nth(LONGEST_WHY).is_some() {
        told.push('…');
    }
    told
}

fn about(formula: &Formula) -> Result<About, Vec<Diagnostic>> {
    let wrong = |message: String| {
        formula.wrong("metric_about", Part::Function("about"), format!("what it is does not fit: {message}"))
    };
    let about: About =
        serde_json::from_value(formula.constant("about")?).map_err(|error| wrong(error.to_string()))?;
    about.check().map_err(|error| wrong(error.to_string()))?;
    Ok(about)
}

/// A mistake with its place, in one line.
pub(crate) fn spot(found: &Diagnostic) -> String {
    format!("{}:{}:{}: {}", found.path, found.line, found.column, found.message)
}
