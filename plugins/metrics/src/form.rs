//! What metrics consist of, as it is told to people and to editors.

use engine::script::told::{Form, SERIES, Told};

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
    calls: SERIES,
};
