//! What a doctor looks at: windows of the quota, and when athletes were last in step with Strava.

use store::{Result, Sql, Tx};

/// A window of the application's quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub bucket: String,
    pub span: String,
    pub start_ms: i64,
    pub used: i64,
    pub most: i64,
}

/// When an athlete was in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InStep {
    pub athlete: String,
    pub synced_ms: Option<i64>,
    /// When last everything was looked through.
    pub swept_ms: Option<i64>,
}

const WINDOWS: Sql =
    Sql::Both("SELECT bucket, span, start_ms, used, most FROM strava_quota ORDER BY bucket, span");
const IN_STEP: Sql = Sql::Both("SELECT athlete, synced_ms, swept_ms FROM strava_sync ORDER BY athlete");

/// Every window that is known, open or over.
pub fn windows(tx: &mut Tx<'_>) -> Result<Vec<Window>> {
    tx.query(&WINDOWS, &[], |row| {
        let (bucket, span) = (row.get(0)?, row.get(1)?);
        Ok(Window { bucket, span, start_ms: row.get(2)?, used: row.get(3)?, most: row.get(4)? })
    })
}

/// Every athlete who was synced.
pub fn in_step(tx: &mut Tx<'_>) -> Result<Vec<InStep>> {
    tx.query(&IN_STEP, &[], |row| {
        Ok(InStep { athlete: row.get(0)?, synced_ms: row.get(1)?, swept_ms: row.get(2)? })
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[WINDOWS, IN_STEP];
