//! The one load of an activity.

use super::{Metric, Of};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "session_rpe",
        of: Of::Activity,
        title: "Session RPE",
        unit: "",
        formula: "perceived exertion (0 to 10) × minutes",
        source: "Foster et al. 2001, J Strength Cond Res 15:109; follows loads by heart rate well in groups",
        choices: &[
            "The exertion is that of the activity's row in an export.",
            "The minutes are the timer's, else those in motion, else all.",
        ],
        inputs: &["perceived_exertion", "timer_s"],
    },
    Metric {
        name: "load",
        of: Of::Activity,
        title: "Load",
        unit: "",
        formula: "the first that is known of TSS by power, rTSS, swim TSS, hrTSS, RPE × hours × 12.5, and 42.25 × hours",
        source: "a chain of conventions, each with an hour at threshold = 100",
        choices: &[
            "The athlete may set another order for a sport; `load_method` says which was taken.",
            "Heart rate counts where it is known for at least half of the effort.",
            "An hour at an RPE of 8 is 100, as in TrainingPeaks' table for an activity without data.",
            "An hour without any data is an easy one, 42.25 = 100 × 0.65²; that is an assumption.",
            "An effort lasts 24 hours at most.",
            "A metric of your own may stand in its place, and `load_method` is `own` then.",
        ],
        inputs: &["load_method", "tss", "rtss", "stss", "hrtss", "session_rpe", "timer_s"],
    },
];
