//! What maintenance scripts consist of, as it is told to people and to editors.

use engine::script::told::{Form, Told};

/// The functions of a maintenance script, and what it may ask.
pub(crate) const FORM: Form = Form {
    folder: "gear",
    what: "A maintenance script",
    about: "Says when something is due of gear or of a component of it.",
    writes: &[
        Told {
            name: "due",
            parameters: &[("item", "Map")],
            gives: "Map",
            about: "What is due of the item, how urgently and why; `()` where nothing is.",
        },
        Told {
            name: "examples",
            parameters: &[],
            gives: "Array",
            about: "Items that prove it: one at least of which it speaks, and one of which it is silent.",
        },
    ],
    calls: &[Told {
        name: "known",
        parameters: &[("item", "Map"), ("path", "String")],
        gives: "bool",
        about: "Whether the item holds a value at that path, as `known(item, \"since.meters\")`.",
    }],
};
