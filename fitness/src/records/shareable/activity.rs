//! Activities and their samples.

use store::{Result, Sql, Tx, params};

use super::{Shareable, ground};
use crate::recording::Samples;
use crate::records::activity::{self, ActivityRow, PageKey};
use crate::records::activity_stream;
use crate::scope::STRAVA_API;

const IS_TOLD_BY: Sql = Sql::Both("SELECT provenance FROM activity WHERE athlete = $1 AND id = $2");

impl Shareable<ActivityRow> {
    /// An activity of the athlete as files and exports tell it; nothing where the Strava API alone knows it.
    pub fn activity(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<Self>> {
        Ok(activity::shareable(tx, athlete, id)?.map(Self))
    }
}

impl Shareable<Vec<ActivityRow>> {
    /// A page of these, the newest first, after a key.
    pub fn activities(tx: &mut Tx<'_>, athlete: &str, after: &PageKey, limit: u32) -> Result<Self> {
        activity::list_shareable(tx, athlete, after, limit).map(Self)
    }
}

impl Shareable<Samples> {
    /// The samples of such an activity, without the positions that lie in privacy zones.
    pub fn track(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<Self>> {
        let provenance: Option<String> = tx.optional(&IS_TOLD_BY, &params![athlete, id], |row| row.get(0))?;
        if provenance.is_none_or(|provenance| provenance == STRAVA_API) {
            return Ok(None);
        }
        let mut samples = Samples::unpack(&activity_stream::all(tx, id)?);
        ground::cut(tx, athlete, &mut samples)?;
        Ok(Some(Self(samples)))
    }
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[IS_TOLD_BY];
