//! Keeps leases alive.

use store::{Sql, Tx, params};

use super::Lease;

/// Renews the leases of the runs named and answers which of them this worker still holds.
pub fn renew(tx: &mut Tx<'_>, lease: &Lease, runs: &[String]) -> store::Result<Vec<String>> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let clock = tx.lease_clock()?;
    let until_ms = clock.ms + lease.length_ms();
    let renewed = params![runs, &lease.worker, &clock.boot, until_ms];
    let mut held: Vec<String> = tx.query(&RENEW, &renewed, |row| row.get(0))?;
    let passed_over: Vec<String> = runs.iter().filter(|run| !held.contains(run)).cloned().collect();
    if !passed_over.is_empty() {
        held.extend(
            tx.query(&STILL_HELD, &params![&passed_over, &lease.worker], |row| row.get::<String>(0))?,
        );
    }
    Ok(held)
}

// A row that is locked is being claimed or finished; a heartbeat does not wait for it, and passing it over is not
// losing it. A commit of a step only shares the key, and stands in no renewal's way.
const RENEW: Sql = Sql::Per {
    sqlite: "UPDATE job SET lease_boot = $3, lease_until_ms = $4 \
             WHERE run_id IN (SELECT value FROM json_each($1)) AND worker = $2 RETURNING run_id",
    postgres: "UPDATE job SET lease_boot = $3, lease_until_ms = $4 \
               WHERE run_id IN (SELECT run_id FROM job WHERE run_id = ANY($1) AND worker = $2 \
               FOR NO KEY UPDATE SKIP LOCKED) RETURNING run_id",
};
// Lists are bound in each database's own way.
const STILL_HELD: Sql = Sql::Per {
    sqlite: "SELECT run_id FROM job WHERE run_id IN (SELECT value FROM json_each($1)) AND worker = $2 \
             ORDER BY run_id",
    postgres: "SELECT run_id FROM job WHERE run_id = ANY($1) AND worker = $2 ORDER BY run_id",
};
pub(crate) const QUERIES: &[&Sql] = &[&RENEW, &STILL_HELD];
