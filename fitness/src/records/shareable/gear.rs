//! Gear and how far it went, without gear that the Strava API alone tells of and without uses that it alone knows.

use store::{Result, Tx};

use super::Shareable;
use crate::records::gear::{self, Gear};
use crate::scope::Scope;

impl Shareable<Vec<Gear>> {
    /// All gear that files, exports and the athlete tell of.
    pub fn gear(tx: &mut Tx<'_>, athlete: &str) -> Result<Self> {
        gear::overview(tx, athlete, Scope::Shareable).map(Self)
    }
}
