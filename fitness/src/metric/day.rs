//! Numbers of a day.

use super::{Metric, Of};

const PMC: &str = "Banister's impulse-response model in Coggan's performance management chart; a useful description, a weak prediction";
const SUMS: &str = "arithmetic; no source needed";
const FOSTER: &str = "Foster 1998, Med Sci Sports Exerc 30:1164; a useful description";

const LOCAL_DAY: &str = "An activity belongs to the athlete's local day on which it began; one that was recorded twice counts once.";

pub(super) const METRICS: &[Metric] = &[
    day(
        "load",
        "Load",
        "",
        "sum of the loads of the day's activities; 0 without one",
        SUMS,
        &[LOCAL_DAY],
        &["activities"],
    ),
    day(
        "ctl",
        "Fitness (CTL)",
        "load a day",
        "ctl + (1 - e^(-1/42)) × (load - ctl), day after day",
        PMC,
        &[
            "It begins with 0 and never with the first load, so it climbs for six weeks whatever was done before.",
            "The forms with 1/n and 2/(n+1) in place of 1 - e^(-1/n) are other quantities.",
        ],
        &["ctl_yesterday", "load"],
    ),
    day(
        "atl",
        "Fatigue (ATL)",
        "load a day",
        "atl + (1 - e^(-1/7)) × (load - atl), day after day",
        PMC,
        &["As fitness, with 7 days in place of 42."],
        &["atl_yesterday", "load"],
    ),
    day(
        "tsb",
        "Form (TSB) on the morning",
        "load a day",
        "yesterday's ctl - yesterday's atl",
        PMC,
        &[
            "That of yesterday, so that it is known on the morning and does not fall with the day's own training; `tsb_today` is the other.",
        ],
        &["ctl_yesterday", "atl_yesterday"],
    ),
    day(
        "tsb_today",
        "Form (TSB) after the day",
        "load a day",
        "ctl - atl",
        PMC,
        &["It is the form of the next morning."],
        &["ctl", "atl"],
    ),
    day(
        "ramp",
        "Ramp",
        "load a day",
        "ctl - ctl seven days before",
        "a convention of coaches; no threshold of harm is established",
        &["Known from the 8th day on.", "In the first six weeks it mostly shows that fitness began at 0."],
        &["ctl", "ctl_7d_ago"],
    ),
    day(
        "monotony",
        "Monotony",
        "",
        "mean of the last seven daily loads / their standard deviation",
        FOSTER,
        &[
            "The standard deviation is that of the population, since the seven days are all there are.",
            "Days without an activity count as 0.",
            "At most 10: seven equal days have no spread, and are the most monotonous and not the least.",
            "Known from the 7th day on, and not for a week without any load.",
        ],
        &["loads_7d"],
    ),
    day(
        "strain",
        "Strain",
        "",
        "sum of the last seven daily loads × monotony",
        FOSTER,
        &["As monotony."],
        &["loads_7d", "monotony"],
    ),
    day(
        "spike",
        "Load spike",
        "",
        "mean of the last seven daily loads / mean of the 21 before them",
        "uncoupled ratio of acute to chronic load (Windt and Gabbett 2019, BJSM 53:988); it does not foretell injuries (Impellizzeri et al. 2020, Sports Med 50:1645)",
        &[
            "Tells how far a week stands out from the usual, and nothing of injuries.",
            "The week is no part of what it is compared with.",
            "Known from the 28th day on, unless the three weeks had no load.",
        ],
        &["loads_7d", "loads_21d_before"],
    ),
    day(
        "timer_s",
        "Timer time",
        "s",
        "sum over the day's activities",
        SUMS,
        &["The timer's, else that in motion, else all; at most 24 hours an activity.", LOCAL_DAY],
        &["activities"],
    ),
    day(
        "elapsed_s",
        "Elapsed time",
        "s",
        "sum over the day's activities",
        SUMS,
        &[LOCAL_DAY],
        &["activities"],
    ),
    day("distance_m", "Distance", "m", "sum over the day's activities", SUMS, &[LOCAL_DAY], &["activities"]),
];

const fn day(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    formula: &'static str,
    source: &'static str,
    choices: &'static [&'static str],
    inputs: &'static [&'static str],
) -> Metric {
    Metric { name, of: Of::Day, title, unit, formula, source, choices, inputs }
}
