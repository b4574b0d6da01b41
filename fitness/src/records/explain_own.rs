//! How a number of a metric of the athlete's own came about.

use serde::Serialize;
use store::{Result, Tx};

use super::own_metric::{self, OwnMetric};
use super::own_number;
use crate::metric::Of;
use crate::own::{About, Per};
use crate::scope::Scope;

/// As much of the hash of a text as is shown.
const SHOWN_HASH: usize = 12;

/// A number of a metric, or why there is none. Beside the metric's own words it has the names of other explanations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnExplanation {
    pub name: String,
    pub of: Of,
    pub title: String,
    pub unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What is missing, or the mistake with its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The script that says so.
    pub formula: String,
    /// Which text of it.
    pub source: String,
    #[serde(skip)]
    pub decimals: u8,
}

/// What a metric says of an activity; nothing where there is no metric of activities of that name.
pub fn activity(tx: &mut Tx<'_>, athlete: &str, id: &str, name: &str) -> Result<Option<OwnExplanation>> {
    let is_meant = |metric: &OwnMetric| metric.name == name && metric.about.per == Per::Activity;
    let metric = own_metric::list(tx, athlete)?.into_iter().find(is_meant);
    let Some(metric) = metric else { return Ok(None) };
    let number = own_number::of_activity(tx, id, Scope::All)?.into_iter().find(|number| number.name == name);
    let hash = number.as_ref().map_or(metric.hash.as_str(), |number| number.hash.as_str());
    let source = format!("version {}", hash.get(..SHOWN_HASH).unwrap_or(hash));
    let number = number.map(|number| number.number).unwrap_or_default();
    let About { title, unit, decimals, .. } = metric.about.clone();
    let why = number.why.or_else(|| number.value.is_none().then(|| "it does not apply".to_owned()));
    Ok(Some(OwnExplanation {
        name: metric.name,
        of: Of::Activity,
        title,
        unit,
        value: number.value,
        why,
        formula: format!("scripts/metrics/{name}.rhai"),
        source,
        decimals,
    }))
}
