//! Numbers of a prediction.

use super::{Metric, Of};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "seconds",
        of: Of::Prediction,
        title: "Predicted time",
        unit: "s",
        formula: "median of the methods that hold: up to the half marathon VDOT, Riegel T2 = T1 × (D2 / D1)^k and, for 2 to 30 min, critical speed; for the marathon Vickers, and Riegel where the athlete's own k is known",
        source: "Daniels and Gilbert 1979, Oxygen Power; Riegel 1981, American Scientist 69:285; Vickers and Vertosick 2016, BMC Sports Sci Med Rehab 8:26",
        choices: &[
            "From the best effort by VDOT of the last 90 days, else of the last 365, over a mile to a half marathon, of 210 s at least; for the marathon from 5 km on.",
            "k is the median of the slopes between hard efforts of different activities, held within 1.01 and 1.20; 1.06 without two of them.",
            "Vickers takes one race, or two that are apart by half of the shorter, and the mean way of a week in the last twelve.",
            "An effort holds for 28 days and then loses 1 % of its VDOT in each 30 days.",
            "Efforts are taken for what they would have been in cool air (Hadley's chart) on a flat way (Minetti's cost, from the ascent), where these are known; each costs at most 10 %.",
        ],
        inputs: &["best_efforts", "ascent_m", "distance_m"],
    },
    Metric {
        name: "low",
        of: Of::Prediction,
        title: "Range of the prediction",
        unit: "s",
        formula: "from `low` to `high`: the fastest and slowest of what the methods make of all hard efforts, and of the best one with none and with twice of its loss by age",
        source: "a choice of ours; Hopkins and Hewson 2001, Med Sci Sports Exerc 33:1588 for the least width",
        choices: &[
            "At least 1.5 % to either side, for the marathon 15:06, the root of the mean squared error of Vickers.",
            "At least as wide as the back-test over the distance was off.",
        ],
        inputs: &["seconds", "backtest_error_pct"],
    },
    Metric {
        name: "backtest_error_pct",
        of: Of::Prediction,
        title: "Error of former predictions",
        unit: "%",
        formula: "median of |predicted - run| / run over races and hard efforts, each predicted from what was known on the day before",
        source: "leave-one-out, with all that came later left out too",
        choices: &[
            "Of the last three years the newest 120: races by their longest effort, and others within 3 % of the best VDOT of 90 days.",
            "Hard efforts are chosen by how good they are, so that races tell more; `backtest.races` says how many there were.",
            "Over distances of up to 1.25 times as long or short; with fewer than three of them over all, and `backtest.over` says `all`.",
        ],
        inputs: &["seconds", "best_efforts"],
    },
];
