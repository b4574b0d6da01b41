//! The words themselves.

use super::{Form, Told};

const fn told(
    name: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    gives: &'static str,
    about: &'static str,
) -> Told {
    Told { name, parameters, gives, about }
}

/// What a pipeline says of itself.
pub const WORDS: &[Told] = &[
    told(
        "pipeline",
        &[("name", "String")],
        "()",
        "Names the pipeline as its file is called: once, and before the first step.",
    ),
    told("pipeline", &[("name", "String"), ("options", "Map")], "()", "The same with options."),
    told(
        "pool",
        &[("name", "String"), ("size", "Map")],
        "()",
        "Says how large a pool is: `slots`, or `calls` with `per`.",
    ),
];

/// The options of `pipeline`.
pub const OPTIONS: &[(&str, &str)] = &[
    ("lock", "Runs with the same lock exclude each other."),
    (
        "on_overlap",
        "`\"skip\"`, `\"queue\"` or `\"cancel_old\"`: what becomes of a new run beside an unfinished one.",
    ),
    ("timeout", "How long a run may take, as `\"20m\"`."),
    ("priority", "Higher goes first in the queue."),
    ("params", "What a run may be given, each with the value it has otherwise."),
    ("every", "How often it runs by itself, as `\"1h\"`."),
    ("cron", "When it runs by itself, by the clock on the wall, as `\"30 4 * * *\"`."),
    ("timezone", "Whose wall a `cron` means, as `\"Europe/Berlin\"`."),
    ("catch_up", "`\"none\"`, `\"last\"` or `\"all\"`: what becomes of times that passed."),
    ("catch_up_limit", "How many times `\"all\"` makes up for."),
    ("connection", "The schedule is only for those who have connected that service."),
    ("after", "The pipelines whose success starts this one."),
    ("on_webhook", "The webhooks whose deliveries start it."),
    ("on_file", "The files that start it, as `\"*.fit\"`."),
];

/// What can be said of a step.
pub const METHODS: &[Told] = &[
    told(
        "named",
        &[("step", "step"), ("name", "String")],
        "step",
        "Its name in runs, lists, logs and metrics.",
    ),
    told(
        "after",
        &[("step", "step"), ("earlier", "Array | step")],
        "step",
        "Waits for steps from which it takes no data.",
    ),
    told(
        "retry",
        &[("step", "step"), ("times", "int"), ("backoff", "String")],
        "step",
        "Tries again, up to 20 times; the pause doubles and is random, as in `.retry(3, \"30s\")`.",
    ),
    told("timeout", &[("step", "step"), ("limit", "String")], "step", "How long one attempt may take."),
    told("optional", &[("step", "step")], "step", "Its failure does not fail the run."),
    told(
        "when",
        &[("step", "step"), ("condition", "FnPtr")],
        "step",
        "Runs only where the closure answers true for the artifact of its first input.",
    ),
    told(
        "for_each",
        &[("step", "step"), ("size", "int")],
        "step",
        "Runs once for each part of its first input, each of at most so many items, and gives a list.",
    ),
    told("pool", &[("step", "step"), ("name", "String")], "step", "Each attempt is in that pool."),
    told(
        "cooldown",
        &[("step", "step"), ("failures", "int"), ("pause", "String")],
        "step",
        "After so many failed attempts in a row the step's pool closes for so long.",
    ),
    told("cached", &[("step", "step")], "step", "Is not run while its inputs are unchanged, for 30 days."),
    told(
        "cached",
        &[("step", "step"), ("keep", "String")],
        "step",
        "The same for so long, 365 days at most.",
    ),
];

/// What rules consist of.
pub const RULES: Form = Form {
    folder: "rules",
    what: "A rule",
    about: "Looks at one day and says what to do on it.",
    writes: &[
        told("applies", &[("day", "Map")], "bool", "Whether it has something to say of the day."),
        told("advise", &[("day", "Map")], "Map", "What to do, asked only where it applies."),
        told(
            "examples",
            &[],
            "Array",
            "Days that prove it: one at least on which it speaks, and one on which it is silent.",
        ),
    ],
    calls: &[told(
        "known",
        &[("day", "Map"), ("path", "String")],
        "bool",
        "Whether the day holds a value at that path, as `known(day, \"outer.inner\")`.",
    )],
};

/// What the scripts consist of that steps are made of.
pub const STEPS: Form = Form {
    folder: "steps",
    what: "A script of a step",
    about: "Does one thing with the items of `script::map`, `script::filter` or `script::reduce`.",
    writes: &[
        told("each", &[("item", "?")], "?", "For `script::map`: what stands in the place of the item."),
        told("keep", &[("item", "?")], "bool", "For `script::filter`: whether the item stays."),
        told("start", &[], "?", "For `script::reduce`: the total before the first item."),
        told("fold", &[("total", "?"), ("item", "?")], "?", "For `script::reduce`: the total with the item."),
        told("examples", &[], "Array", "Items that prove it, each with what comes of it."),
    ],
    calls: &[],
};

/// What can be asked of columns of numbers over time.
pub const SERIES: &[Told] = &[
    told(
        "has",
        &[("series", "Series"), ("column", "String")],
        "bool",
        "Whether anything of the column is known.",
    ),
    told("seconds", &[("series", "Series")], "float", "How long it is."),
    told(
        "seconds_with",
        &[("series", "Series"), ("column", "String")],
        "float",
        "How long a value is known.",
    ),
    told("mean", &[("series", "Series"), ("column", "String")], "float", "The mean, weighed by time."),
    told(
        "sum",
        &[("series", "Series"), ("column", "String")],
        "float",
        "Each value times how long it holds.",
    ),
    told("max", &[("series", "Series"), ("column", "String")], "float", "The highest value."),
    told("min", &[("series", "Series"), ("column", "String")], "float", "The lowest value."),
    told(
        "seconds_above",
        &[("series", "Series"), ("column", "String"), ("limit", "float")],
        "float",
        "How long the value is above a limit.",
    ),
    told(
        "seconds_between",
        &[("series", "Series"), ("column", "String"), ("low", "float"), ("high", "float")],
        "float",
        "How long the value is from one limit up to another, that one not included.",
    ),
    told(
        "percentile",
        &[("series", "Series"), ("column", "String"), ("percent", "float")],
        "float",
        "The value that so many percent of the time are not above.",
    ),
    told(
        "best_mean",
        &[("series", "Series"), ("column", "String"), ("seconds", "float")],
        "float",
        "The highest mean over so many seconds on end.",
    ),
    told(
        "mean_between",
        &[("series", "Series"), ("column", "String"), ("from", "float"), ("to", "float")],
        "float",
        "The mean from one second up to another.",
    ),
    told(
        "slice",
        &[("series", "Series"), ("from", "float"), ("to", "float")],
        "Series",
        "The part from one second up to another.",
    ),
    told(
        "correlation",
        &[("series", "Series"), ("one", "String"), ("other", "String")],
        "float",
        "How two columns go together, from -1 to 1.",
    ),
    told(
        "sum_of",
        &[("series", "Series"), ("column", "String"), ("of", "FnPtr")],
        "float",
        "The sum of what a closure makes of each value, times how long it holds.",
    ),
    told(
        "mean_of",
        &[("series", "Series"), ("column", "String"), ("of", "FnPtr")],
        "float",
        "The mean of what a closure makes of each value.",
    ),
];
