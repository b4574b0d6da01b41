//! Weather of an activity, and what it cost.

use super::{Metric, Of};

const SERVICE: &str = "Open-Meteo (ERA5 and the national services' models), CC BY 4.0; a model's value for a place, not measured there";

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "temperature_c",
        of: Of::Activity,
        title: "Temperature at the start",
        unit: "°C",
        formula: "on the line between the two whole hours around the start, two metres above the ground",
        source: SERVICE,
        choices: &[
            "What the source's own export tells stands before it.",
            "Provisional until six days after; then the archive's value, for good.",
        ],
        inputs: &["time", "latitude", "longitude"],
    },
    Metric {
        name: "dew_point_c",
        of: Of::Activity,
        title: "Dew point at the start",
        unit: "°C",
        formula: "as the temperature; where only the humidity is told, by Magnus",
        source: SERVICE,
        choices: &["What the source's own export tells stands before it."],
        inputs: &["time", "latitude", "longitude"],
    },
    Metric {
        name: "wind_mps",
        of: Of::Activity,
        title: "Wind at the start",
        unit: "m/s",
        formula: "as the temperature, ten metres above the ground",
        source: SERVICE,
        choices: &["What the source's own export tells stands before it."],
        inputs: &["time", "latitude", "longitude"],
    },
    Metric {
        name: "heat_cost_percent",
        of: Of::Activity,
        title: "Cost of heat",
        unit: "%",
        formula: "temperature plus dew point in °F, on the line through the ends of the chart's rows",
        source: "Hadley's chart (Maximum Performance Running, 2013); a coach's rule, not a study",
        choices: &["On foot alone.", "Absent beyond the chart, above 180 °F."],
        inputs: &["temperature_c", "dew_point_c"],
    },
    Metric {
        name: "wind_cost_percent",
        of: Of::Activity,
        title: "Cost of wind",
        unit: "%",
        formula: "100 × (mean over the way of 0.0008 |u| u∥ - 0.0008 v²), u the air that meets the runner, v the mean speed",
        source: "Davies 1980, J Appl Physiol 48:702: drag takes 2 % at 5 m/s; useful, measured in a wind tunnel",
        choices: &[
            "On foot alone.",
            "The wind at ten metres times 0.748 (FAO irrigation paper 56), and no shelter is known of.",
            "By the way's directions in sixteen sectors; below zero where the wind helped.",
        ],
        inputs: &["wind_mps", "latitude", "longitude"],
    },
];
