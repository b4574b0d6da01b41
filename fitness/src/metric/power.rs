//! Numbers of a power meter.

use super::{Metric, Of};

const COGGAN: &str =
    "Allen and Coggan, Training and Racing with a Power Meter; widely used, no physiology proven";

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "np",
        of: Of::Activity,
        title: "Normalized power",
        unit: "W",
        formula: "(mean of (30 s rolling mean of the power)^4)^(1/4)",
        source: COGGAN,
        choices: &[
            "By seconds and not by samples: the power is held once a second until the next sample.",
            "The rolling mean starts at the 30th second, zeros count, and a gap of more than 10 s begins a new piece.",
            "Who begins at once, with a window that grows, gets more: 240.6 in place of 239.2 W for half an hour of minutes at 300 and 100 W by turns.",
        ],
        inputs: &["power"],
    },
    Metric {
        name: "xpower",
        of: Of::Activity,
        title: "xPower",
        unit: "W",
        formula: "(mean of (25 s exponentially weighted mean of the power)^4)^(1/4), alpha = 1 - e^(-1/25)",
        source: "Skiba, BikeScore; as useful as normalized power, a little lower",
        choices: &[
            "The mean begins at 0 W in each piece, and every second counts.",
            "Seconds and gaps are those of normalized power.",
        ],
        inputs: &["power"],
    },
    Metric {
        name: "if",
        of: Of::Activity,
        title: "Intensity factor",
        unit: "",
        formula: "NP / FTP",
        source: COGGAN,
        choices: &[
            "Not rounded, nor is what it goes into.",
            "On a bicycle alone: other sports have another threshold.",
        ],
        inputs: &["np", "ftp"],
    },
    Metric {
        name: "tss",
        of: Of::Activity,
        title: "TSS",
        unit: "",
        formula: "seconds × NP × IF / (FTP × 3600) × 100",
        source: COGGAN,
        choices: &["The seconds are the timer's, else those in motion, else all."],
        inputs: &["np", "if", "ftp", "timer_s"],
    },
    Metric {
        name: "zones_power_s",
        of: Of::Activity,
        title: "Time in power zones",
        unit: "s",
        formula: "seconds from each lower edge up to the next",
        source: "edges at 0, 55, 75, 90, 105, 120 and 150 % of FTP: Coggan",
        choices: &[
            "The edges are shares of the threshold power on a bicycle unless the athlete sets others.",
            "What lies below the first edge is in no zone; a value on an edge belongs above.",
            "A sample holds until the next one; a gap of more than 30 s counts nothing.",
        ],
        inputs: &["power", "ftp", "zones_power"],
    },
    Metric {
        name: "power_curve_w",
        of: Of::Activity,
        title: "Power curve",
        unit: "W",
        formula: "the highest mean power over each duration",
        source: "arithmetic mean; no source needed",
        choices: &["Elapsed time counts, and a gap of more than 10 s is 0 W."],
        inputs: &["power"],
    },
];
