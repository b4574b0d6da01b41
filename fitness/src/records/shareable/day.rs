//! Days, and what is foreseen from them.

use jiff::civil::Date;
use store::{Result, Tx};

use super::Shareable;
use crate::prediction::{Predictions, Race};
use crate::records::{best_effort, day};
use crate::scope::Scope;
use crate::week::DayFigures;

impl Shareable<Vec<DayFigures>> {
    /// The days between two, both included, with what those before them make of them.
    pub fn days(tx: &mut Tx<'_>, athlete: &str, days: (Date, Date)) -> Result<Self> {
        day::figures(tx, athlete, Scope::Shareable, days).map(Self)
    }
}

impl Shareable<Predictions> {
    /// Times of races on a day, from what else may be handed on.
    pub fn predictions(tx: &mut Tx<'_>, athlete: &str, day: Date, races: &[Race]) -> Result<Self> {
        best_effort::predict(tx, athlete, Scope::Shareable, day, races).map(Self)
    }
}
