//! Numbers of speed and grade.

use super::{Metric, Of};

const STEPS: &str = "Once a second per piece without a step of more than 30 s; speed over ±2 s, at most 12 m/s; altitude as its centred mean over 31 s; grade over ±15 s, 0 where that is under 5 m, clipped to ±0.45.";

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "gap_minetti_mps",
        of: Of::Activity,
        title: "Grade-adjusted speed (Minetti)",
        unit: "m/s",
        formula: "mean over seconds in motion of v × Cr(i) / Cr(0), Cr(i) = 155.4 i^5 - 30.4 i^4 - 43.3 i^3 + 46.3 i^2 + 19.5 i + 3.6",
        source: "Minetti et al. 2002, J Appl Physiol 93:1039; measured on a treadmill from -0.45 to +0.45",
        choices: &[
            "In motion is what is faster than 0.5 m/s.",
            "Absent without altitudes.",
            "On foot alone.",
            STEPS,
        ],
        inputs: &["distance", "altitude"],
    },
    Metric {
        name: "gap_hr_mps",
        of: Of::Activity,
        title: "Grade-adjusted speed (heart rate)",
        unit: "m/s",
        formula: "mean over seconds in motion of v × f(i), f straight between -30 % 1.490, -20 % 1.085, -16 % 0.965, -10 % 0.875, -5 % 0.900, 0 1, +5 % 1.19, +10 % 1.48, +20 % 2.28, +30 % 3.16, +40 % 3.74",
        source: "read off the chart of Strava's improved model of 2017, which was fitted to heart rates of runners; gives less credit downhill than Minetti",
        choices: &[
            "This is the default model: the normalized graded speed and what follows from it use it.",
            "Beyond the outer points the line goes on.",
            "Absent without altitudes.",
            "On foot alone.",
            STEPS,
        ],
        inputs: &["distance", "altitude"],
    },
    Metric {
        name: "ngp_mps",
        of: Of::Activity,
        title: "Normalized graded speed",
        unit: "m/s",
        formula: "(mean of (30 s rolling mean of the graded speed)^4)^(1/4)",
        source: "Allen and Coggan's smoothing on the graded speed; a convention of TrainingPeaks",
        choices: &[
            "The graded speed is that of the heart-rate-based model.",
            "Without altitudes the way counts as level.",
            "On foot alone.",
            STEPS,
        ],
        inputs: &["distance", "altitude"],
    },
    Metric {
        name: "rtss",
        of: Of::Activity,
        title: "rTSS",
        unit: "",
        formula: "100 × hours × (NGP / threshold speed)^2",
        source: "TrainingPeaks' running form of TSS; a convention",
        choices: &["The hours are the timer's, else those in motion, else all.", "Running alone."],
        inputs: &["ngp_mps", "threshold_pace", "timer_s"],
    },
    Metric {
        name: "stss",
        of: Of::Activity,
        title: "Swim TSS",
        unit: "",
        formula: "100 × hours × (v / critical swim speed)^3",
        source: "the swimming form of TSS: drag grows with the square of the speed; a convention",
        choices: &[
            "v is the distance over the hours, which are those in motion, else the timer's, else all.",
        ],
        inputs: &["distance_m", "moving_s", "css"],
    },
    Metric {
        name: "zones_pace_s",
        of: Of::Activity,
        title: "Time in pace zones",
        unit: "s",
        formula: "seconds from each lower edge of the speed up to the next",
        source: "edges at the speeds of 129, 114, 106, 100 and 90 % of the threshold pace, and 0: Friel's zones; a rule of thumb",
        choices: &[
            "On foot the speed is the graded one of the heart-rate-based model, in the water its mean over 61 s.",
            "The edges are shares of the threshold speed, for running, unless the athlete sets others.",
            "Speeds are counted in steps of 0.01 m/s.",
            "What lies below the first edge is in no zone; a value on an edge belongs above.",
        ],
        inputs: &["distance", "altitude", "threshold_pace", "zones_pace"],
    },
    Metric {
        name: "pace_curve_mps",
        of: Of::Activity,
        title: "Speed curve",
        unit: "m/s",
        formula: "the highest mean speed over each duration",
        source: "arithmetic mean; no source needed",
        choices: &[
            "Elapsed time counts, pauses included; jumps of the receiver are struck out: on foot as for best efforts, else what is faster than 33 m/s.",
        ],
        inputs: &["distance"],
    },
];
