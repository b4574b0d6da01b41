//! Deletes everything that came through the Strava API, a part at a time.

use store::{Result, Sql, Tx, params};

use super::connection;
use crate::records::intake::Intake;
use crate::records::purge_receipt::Deleted;

/// How every row is marked that came from there.
pub const PROVENANCE: &str = "strava_api";
/// Activities that are removed in one transaction; their samples go with them. Nobody else writes to an SQLite meanwhile:
/// of 10,000 activities with an hour of samples, five take some 9 ms.
pub(in crate::records) const ACTIVITIES: i64 = 5;

const SOME_ACTIVITIES: Sql = Sql::Both(
    "SELECT id FROM activity WHERE athlete = $1 AND provenance = 'strava_api' ORDER BY source_id LIMIT $2",
);
const HINTS: Sql = Sql::Both(
    "DELETE FROM strava_hint WHERE owner_id IN \
     (SELECT strava_id FROM strava_connection WHERE athlete = $1 AND strava_id IS NOT NULL)",
);

/// What each transaction takes of a table: so many rows of an athlete's.
const TOLD: Sql = Sql::Both(
    "DELETE FROM strava_activity WHERE athlete = $1 AND strava_id IN \
     (SELECT strava_id FROM strava_activity WHERE athlete = $1 ORDER BY strava_id LIMIT 100)",
);
const EFFORTS: Sql = Sql::Both(
    "DELETE FROM strava_effort WHERE athlete = $1 AND effort_id IN \
     (SELECT effort_id FROM strava_effort WHERE athlete = $1 ORDER BY effort_id LIMIT 200)",
);
const ITEMS: Sql = Sql::Both(
    "DELETE FROM strava_item WHERE athlete = $1 AND (kind, item_id) IN \
     (SELECT kind, item_id FROM strava_item WHERE athlete = $1 ORDER BY kind, item_id LIMIT 200)",
);
const SYNC: Sql = Sql::Both("DELETE FROM strava_sync WHERE athlete = $1");
const AUTHORIZATIONS: Sql = Sql::Both("DELETE FROM strava_authorization WHERE athlete = $1");
const SETTINGS: Sql =
    Sql::Both("DELETE FROM athlete_setting WHERE athlete = $1 AND provenance = 'strava_api'");

const TOLD_OF: Sql = Sql::Both(
    "DELETE FROM export_row WHERE athlete = $1 AND provenance = 'strava_api' AND source_id IN \
     (SELECT source_id FROM export_row WHERE athlete = $1 AND provenance = 'strava_api' \
     ORDER BY source_id LIMIT 200)",
);

// The system before this one had worked them out from the same source.
const OLD_BESTS: Sql = Sql::Both(
    "DELETE FROM old_best WHERE athlete = $1 AND (scope, source_id, distance_m) IN \
     (SELECT scope, source_id, distance_m FROM old_best WHERE athlete = $1 \
     ORDER BY scope, source_id, distance_m LIMIT 200)",
);

// Lines of segments that were told there; their efforts go with them.
const SEGMENTS: Sql = Sql::Both(
    "DELETE FROM segment WHERE athlete = $1 AND provenance = 'strava_api' AND id IN \
     (SELECT id FROM segment WHERE athlete = $1 AND provenance = 'strava_api' ORDER BY id LIMIT 50)",
);

const PARTS: [(&str, Sql); 10] = [
    ("segment", SEGMENTS),
    ("old_best", OLD_BESTS),
    ("export_row", TOLD_OF),
    ("strava_activity", TOLD),
    ("strava_effort", EFFORTS),
    ("strava_item", ITEMS),
    ("athlete_setting", SETTINGS),
    ("strava_hint", HINTS),
    ("strava_sync", SYNC),
    ("strava_authorization", AUTHORIZATIONS),
];

/// Deletes a part of an athlete's rows, as much as one transaction should, and counts them by table. Days that are
/// counted otherwise become stale, and records of the same activities from elsewhere count again.
///
/// Once it deletes nothing any more, the tokens go too; where that is done already nothing is left.
pub fn some(tx: &mut Tx<'_>, athlete: &str) -> Result<Deleted> {
    let ids: Vec<String> = tx.query(&SOME_ACTIVITIES, &params![athlete, ACTIVITIES], |row| row.get(0))?;
    if !ids.is_empty() {
        activities(tx, athlete, &ids)?;
        return Ok(of("activity", ids.len() as u64));
    }
    for (table, sql) in &PARTS {
        let deleted = tx.execute(sql, &params![athlete])?;
        if deleted > 0 {
            return Ok(of(table, deleted));
        }
    }
    let connections = connection::remove(tx, athlete)?;
    Ok(if connections > 0 { of(connection::TABLE, connections) } else { Deleted::new() })
}

/// Removes activities with all that hangs on them.
pub(in crate::records) fn activities(tx: &mut Tx<'_>, athlete: &str, ids: &[String]) -> Result<()> {
    let mut intake = Intake::new(tx, athlete);
    for id in ids {
        intake.remove(id)?;
    }
    intake.relink()?;
    intake.close().map(drop)
}

fn of(table: &str, rows: u64) -> Deleted {
    Deleted::from([(table.to_owned(), rows)])
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[
    SOME_ACTIVITIES,
    SEGMENTS,
    OLD_BESTS,
    TOLD_OF,
    HINTS,
    TOLD,
    EFFORTS,
    ITEMS,
    SYNC,
    AUTHORIZATIONS,
    SETTINGS,
];
