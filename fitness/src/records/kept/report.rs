//! What is kept of an athlete, by where it came from and how old it is.

use schemars::JsonSchema;
use serde::Serialize;
use store::{Result, Sql, Tx, params};

use crate::records::activity::duplicate::has_no_copy;
use crate::records::count;
use crate::scope::STRAVA_API;

const DAY_MS: i64 = 86_400_000;

/// What is kept, where it came from, and when it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// How long what the Strava API told is kept after it was last fetched.
    pub strava_retention_days: u32,
    pub items: Vec<Line>,
}

/// Rows of one table and origin; moments are epoch milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// `file`, `bulk_export`, `strava_api`, `manual`, `open_meteo`, `program` for what programs from outside told, or
    /// `derived` for what is computed.
    pub provenance: String,
    /// The table, and behind a point the part of its rows.
    pub table: &'static str,
    pub rows: u32,
    /// When the row that was fetched longest ago was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_ms: Option<i64>,
    /// What goes by itself, unless it is fetched again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
}

/// What goes by itself; what a file tells of too does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Expiry {
    pub rows: u32,
    /// When the first of them goes, and the last.
    pub first_ms: i64,
    pub last_ms: i64,
}

/// A table whose rows are all of one origin, with the column that says when.
macro_rules! dated {
    ($provenance:literal, $table:literal, $moment:literal) => {
        (
            $table,
            Sql::Both(concat!(
                "SELECT '",
                $provenance,
                "', COUNT(*), MIN(",
                $moment,
                "), MAX(",
                $moment,
                ") FROM ",
                $table,
                " WHERE athlete = $1"
            )),
        )
    };
}

/// The same of one that does not say when.
macro_rules! undated {
    ($provenance:literal, $table:literal) => {
        dated!($provenance, $table, "CAST(NULL AS BIGINT)")
    };
}

// Each tells the provenance, the rows, and when the oldest and the newest of them was fetched.
const KEPT: [(&str, Sql); 28] = [
    (
        "activity",
        Sql::Both(
            "SELECT a.provenance, COUNT(*), MIN(s.listed_ms), MAX(s.listed_ms) FROM activity a \
             LEFT JOIN strava_activity s ON s.activity_id = a.id \
             WHERE a.athlete = $1 GROUP BY a.provenance ORDER BY a.provenance",
        ),
    ),
    (
        "source_file",
        Sql::Both(
            "SELECT provenance, COUNT(*), MIN(changed_ms), MAX(changed_ms) FROM source_file \
             WHERE athlete = $1 GROUP BY provenance ORDER BY provenance",
        ),
    ),
    (
        "export_row",
        Sql::Both(
            "SELECT provenance, COUNT(*), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM export_row \
             WHERE athlete = $1 GROUP BY provenance ORDER BY provenance",
        ),
    ),
    (
        "export_item",
        Sql::Both(
            "SELECT provenance, COUNT(*), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM export_item \
             WHERE athlete = $1 GROUP BY provenance ORDER BY provenance",
        ),
    ),
    (
        "athlete_setting",
        Sql::Both(
            "SELECT CASE provenance WHEN 'given' THEN 'manual' WHEN 'estimated' THEN 'derived' \
             ELSE provenance END AS source, COUNT(*), MIN(changed_ms), MAX(changed_ms) FROM athlete_setting \
             WHERE athlete = $1 GROUP BY provenance ORDER BY provenance",
        ),
    ),
    dated!("manual", "daily_metric", "changed_ms"),
    dated!("manual", "merge_choice", "decided_ms"),
    (
        "segment",
        Sql::Both(
            "SELECT provenance, COUNT(*), MIN(created_ms), MAX(created_ms) FROM segment \
             WHERE athlete = $1 GROUP BY provenance ORDER BY provenance",
        ),
    ),
    dated!("manual", "privacy_zone", "created_ms"),
    dated!("manual", "gear", "changed_ms"),
    dated!("manual", "gear_component", "changed_ms"),
    undated!("manual", "gear_service"),
    undated!("manual", "gear_choice"),
    undated!("program", "outside_record"),
    undated!("derived", "activity_place"),
    undated!("derived", "own_metric"),
    undated!("derived", "own_activity_number"),
    undated!("derived", "own_day_number"),
    undated!("derived", "activity_route"),
    dated!("manual", "weather_home", "changed_ms"),
    (
        "activity_weather",
        Sql::Both(
            "SELECT 'open_meteo', COUNT(*), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM activity_weather \
             WHERE athlete = $1 AND conditions IS NOT NULL",
        ),
    ),
    undated!("strava_api", "old_best"),
    (
        "strava_activity.summary",
        Sql::Both(
            "SELECT 'strava_api', COUNT(*), MIN(listed_ms), MAX(listed_ms) FROM strava_activity \
             WHERE athlete = $1 AND gone_ms IS NULL",
        ),
    ),
    (
        "strava_activity.detail",
        Sql::Both(
            "SELECT 'strava_api', COUNT(*), MIN(detail_ms), MAX(detail_ms) FROM strava_activity \
             WHERE athlete = $1 AND detail_ms IS NOT NULL",
        ),
    ),
    (
        "strava_activity.samples",
        Sql::Both(
            "SELECT 'strava_api', COUNT(*), MIN(streams_ms), MAX(streams_ms) FROM strava_activity \
             WHERE athlete = $1 AND streams_state = 'kept'",
        ),
    ),
    dated!("strava_api", "strava_item", "fetched_ms"),
    dated!("strava_api", "strava_effort", "fetched_ms"),
    undated!("derived", "day"),
];

// Without those whose activity a file tells of too.
const EXPIRING: [(&str, Sql); 3] = [
    (
        "strava_activity.summary",
        Sql::Both(concat!(
            "SELECT COUNT(*), MIN(s.listed_ms), MAX(s.listed_ms) FROM strava_activity s \
             LEFT JOIN activity a ON a.id = s.activity_id \
             WHERE s.athlete = $1 AND s.gone_ms IS NULL AND ",
            has_no_copy!(),
        )),
    ),
    (
        "strava_activity.detail",
        Sql::Both(concat!(
            "SELECT COUNT(*), MIN(s.detail_ms), MAX(s.detail_ms) FROM strava_activity s \
             LEFT JOIN activity a ON a.id = s.activity_id \
             WHERE s.athlete = $1 AND s.detail_ms IS NOT NULL AND ",
            has_no_copy!(),
        )),
    ),
    (
        "strava_activity.samples",
        Sql::Both(concat!(
            "SELECT COUNT(*), MIN(s.streams_ms), MAX(s.streams_ms) FROM strava_activity s \
             LEFT JOIN activity a ON a.id = s.activity_id \
             WHERE s.athlete = $1 AND s.streams_state = 'kept' AND s.streams_ms IS NOT NULL AND ",
            has_no_copy!(),
        )),
    ),
];

/// Counts what is kept; tables without a row are left out.
pub fn report(tx: &mut Tx<'_>, athlete: &str, strava_retention_days: u32) -> Result<Report> {
    let mut items = Vec::new();
    for (table, sql) in &KEPT {
        let lines = tx.query(sql, &params![athlete], |row| {
            Ok(Line {
                provenance: row.get(0)?,
                table,
                rows: count(row, 1)?,
                oldest_ms: row.get(2)?,
                newest_ms: row.get(3)?,
                expires: None,
            })
        })?;
        items.extend(lines.into_iter().filter(|line| line.rows > 0));
    }
    for (table, sql) in &EXPIRING {
        let expires = expiry(tx, sql, athlete, i64::from(strava_retention_days) * DAY_MS)?;
        let told = items.iter_mut().find(|line| line.table == *table && line.provenance == STRAVA_API);
        if let Some(line) = told {
            line.expires = expires;
        }
    }
    Ok(Report { strava_retention_days, items })
}

fn expiry(tx: &mut Tx<'_>, sql: &Sql, athlete: &str, kept_ms: i64) -> Result<Option<Expiry>> {
    let found = tx.optional(sql, &params![athlete], |row| {
        let (oldest_ms, newest_ms): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        Ok((count(row, 0)?, oldest_ms.zip(newest_ms)))
    })?;
    Ok(found.and_then(|(rows, fetched)| {
        let (oldest_ms, newest_ms) = fetched?;
        Some(Expiry { rows, first_ms: oldest_ms + kept_ms, last_ms: newest_ms + kept_ms })
    }))
}

#[cfg(test)]
pub(super) fn queries() -> Vec<Sql> {
    KEPT.iter().chain(&EXPIRING).map(|(_, sql)| *sql).collect()
}
