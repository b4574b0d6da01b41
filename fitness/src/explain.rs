//! How one number came about: its description, what it was made of, and what others say.

use serde::Serialize;
use serde_json::Value;

use crate::export::Figures;
use crate::metric::{Metric, Of};

/// A number with all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    pub name: &'static str,
    pub of: Of,
    pub title: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub unit: &'static str,
    /// Absent where it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    pub formula: &'static str,
    pub source: &'static str,
    pub choices: &'static [&'static str],
    pub inputs: Vec<Input>,
    /// Figures of the same or a similar name, by whom they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Foreign>,
    /// What the licence of the data asks to be shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<&'static str>,
}

/// What a number was made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    pub name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Where it is from, or why it is not there.
    pub provenance: String,
}

/// Somebody else's figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Foreign {
    pub name: &'static str,
    pub value: f64,
    /// Where it was read.
    pub from: String,
    /// How much more ours is, in percent of it; absent where the two are on different scales.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ours_more_pct: Option<f64>,
    /// How the two compare.
    pub note: &'static str,
}

impl Explanation {
    /// The description of a number with its value.
    pub fn new(metric: &'static Metric, value: Option<Value>, inputs: Vec<Input>) -> Self {
        Self {
            name: metric.name,
            of: metric.of,
            title: metric.title,
            unit: metric.unit,
            value,
            formula: metric.formula,
            source: metric.source,
            choices: metric.choices,
            inputs,
            foreign: Vec::new(),
            attribution: None,
        }
    }

    /// Puts beside it what a source's export says.
    pub fn beside(mut self, figures: &Figures, from: &str) -> Self {
        let ours = self.value.as_ref().and_then(Value::as_f64);
        let of_this = THEIRS.iter().filter(|theirs| theirs.ours == self.name);
        self.foreign.extend(of_this.filter_map(|theirs| {
            let value = (theirs.read)(figures)?;
            let same_scale = ours.filter(|_| theirs.is_same_scale && value != 0.0);
            let ours_more_pct = same_scale.map(|ours| (ours - value) / value * 100.0);
            Some(Foreign {
                name: theirs.name,
                value,
                from: from.to_owned(),
                ours_more_pct,
                note: theirs.note,
            })
        }));
        self
    }
}

/// A figure of an export that stands beside one of ours.
struct Theirs {
    ours: &'static str,
    name: &'static str,
    read: fn(&Figures) -> Option<f64>,
    is_same_scale: bool,
    note: &'static str,
}

const EFFORT: &str = "a heart-rate-zone load whose weights are not published, with others for each sport: on a scale of \
    its own, kept as it came and never imitated";
const SAMPLES: &str = "of the same samples, by the source's own rules for pauses and smoothing";
const GRADED: &str = "the source's grade-adjusted pace over its own moving time: its model is near ours by heart rate, \
    its smoothing of altitudes is not published";

const THEIRS: [Theirs; 17] = [
    theirs("load", "Relative Effort", |figures| figures.relative_effort, false, EFFORT),
    theirs(
        "load",
        "Training Load",
        |figures| figures.training_load,
        false,
        "the source's load of power, which rests on the threshold that it knows",
    ),
    theirs("trimp", "Relative Effort", |figures| figures.relative_effort, false, EFFORT),
    theirs(
        "tss",
        "Training Load",
        |figures| figures.training_load,
        true,
        "the source's load of power, on the scale of TSS",
    ),
    theirs(
        "session_rpe",
        "Perceived Relative Effort",
        |figures| figures.perceived_relative_effort,
        false,
        EFFORT,
    ),
    theirs("gap_hr_mps", "Grade Adjusted Pace", |figures| figures.grade_adjusted_speed, true, GRADED),
    theirs("gap_minetti_mps", "Grade Adjusted Pace", |figures| figures.grade_adjusted_speed, true, GRADED),
    theirs(
        "np",
        "Weighted Average Power",
        |figures| figures.weighted_power,
        true,
        "the source's smoothing of power, near normalized power",
    ),
    theirs(
        "if",
        "Intensity",
        |figures| figures.intensity.map(|percent| percent / 100.0),
        true,
        "weighted power over the threshold that the source knows",
    ),
    theirs("distance_m", "Distance", |figures| figures.distance_m, true, SAMPLES),
    theirs("elapsed_s", "Elapsed Time", |figures| figures.elapsed_s, true, SAMPLES),
    theirs("moving_s", "Moving Time", |figures| figures.moving_s, true, "everyone's own definition"),
    theirs("ascent_m", "Elevation Gain", |figures| figures.ascent_m, true, SAMPLES),
    theirs("avg_hr", "Average Heart Rate", |figures| figures.avg_hr, true, SAMPLES),
    theirs("max_hr", "Max Heart Rate", |figures| figures.max_hr, true, SAMPLES),
    theirs("avg_power", "Average Watts", |figures| figures.avg_power, true, SAMPLES),
    theirs("avg_cadence", "Average Cadence", |figures| figures.avg_cadence, true, SAMPLES),
];

const fn theirs(
    ours: &'static str,
    name: &'static str,
    read: fn(&Figures) -> Option<f64>,
    is_same_scale: bool,
    note: &'static str,
) -> Theirs {
    Theirs { ours, name, read, is_same_scale, note }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metric::{self, find};

    fn beside(name: &str, value: f64, figures: &Figures) -> Vec<Foreign> {
        let metric = find(Of::Activity, name).unwrap();
        Explanation::new(metric, Some(json!(value)), Vec::new()).beside(figures, "activities.csv").foreign
    }

    #[test]
    fn a_figure_of_the_same_scale_is_compared() {
        let figures = Figures { weighted_power: Some(200.0), ..Figures::default() };
        let foreign = beside("np", 210.0, &figures);
        assert_eq!((foreign[0].name, foreign[0].ours_more_pct), ("Weighted Average Power", Some(5.0)));
    }

    #[test]
    fn relative_effort_stands_beside_the_load_and_is_not_compared() {
        let figures = Figures { relative_effort: Some(80.0), ..Figures::default() };
        let foreign = beside("load", 60.0, &figures);
        assert_eq!((foreign.len(), foreign[0].value, foreign[0].ours_more_pct), (1, 80.0, None));
    }

    #[test]
    fn what_is_not_told_is_not_there() {
        assert_eq!(beside("np", 210.0, &Figures::default()), []);
    }

    #[test]
    fn what_stands_beside_ours_is_beside_a_number_that_is_described() {
        assert!(THEIRS.iter().all(|theirs| metric::find(Of::Activity, theirs.ours).is_some()));
    }
}
