//! Best efforts of an activity and the fitness that they show.

use super::{Metric, Of};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "best_efforts",
        of: Of::Activity,
        title: "Best efforts",
        unit: "s",
        formula: "the shortest elapsed time over 400 m, 1/2 mile, 1 km, 1 mile, 2 miles, 5, 10, 15, 20 km, half marathon (21,097.5 m), 30 km, marathon (42,195 m) and 50 km",
        source: "arithmetic; no source needed",
        choices: &[
            "Pauses count: the time is the elapsed one; one end of the stretch is a sample, the other is interpolated.",
            "A step faster than 12.5 m/s and a stretch faster than the world record are jumps of the receiver and make no effort.",
            "Over a gap of more than 30 s the way counts only up to 1.25 times the speed of the rest.",
            "On foot alone.",
        ],
        inputs: &["time", "distance", "latitude", "longitude"],
    },
    Metric {
        name: "vdot",
        of: Of::Activity,
        title: "VDOT",
        unit: "ml/kg/min",
        formula: "(-4.60 + 0.182258 v + 0.000104 v²) / (0.8 + 0.1894393 e^(-0.012778 t) + 0.2989558 e^(-0.1932605 t)), v in m/min, t in min",
        source: "Daniels and Gilbert 1979, Oxygen Power; good from the mile to the half marathon",
        choices: &[
            "The highest among the best efforts from a mile to a half marathon of at least 210 s.",
            "Running alone.",
        ],
        inputs: &["best_efforts"],
    },
];
