//! What metrics of the athlete's own say, without anything that follows from what the Strava API told.

use jiff::civil::Date;
use store::{Result, Tx};

use super::Shareable;
use crate::own::Per;
use crate::records::own_metric::OwnMetric;
use crate::records::own_number::{self, Shows};
use crate::scope::Scope;

/// The numbers of a metric, by day.
pub type OwnNumbers = Vec<Shows>;

impl Shareable<OwnNumbers> {
    /// The numbers of a metric between two days, both included.
    pub fn own_numbers(
        tx: &mut Tx<'_>,
        athlete: &str,
        metric: &OwnMetric,
        days: (Date, Date),
    ) -> Result<Self> {
        let numbers = match metric.about.per {
            Per::Activity => own_number::activities(tx, athlete, &metric.name, Scope::Shareable, days)?,
            Per::Day => own_number::days(tx, athlete, &metric.name, Scope::Shareable, days)?,
        };
        Ok(Self(numbers))
    }
}
