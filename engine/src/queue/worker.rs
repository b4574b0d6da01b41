//! Who works on the queue, and which of them are known to be gone.

use std::collections::HashMap;

use serde::Serialize;
use store::{LeaseTime, Sql, Tx, params};

use super::Lease;

/// How many leases a worker that is not heard of stays in the list.
const GHOST_LEASES: i64 = 3;

/// A worker: a process, known by where it runs and since when, never by a configured name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub id: String,
    /// Machine, boot and process namespace: within one of these a process id means something.
    pub host: String,
    pub process_id: i64,
    /// The process's start in clock ticks since boot, because process ids are used again.
    pub process_start: i64,
}

impl Identity {
    /// This process.
    pub fn this_process() -> Self {
        let process_id = i64::from(std::process::id());
        let process_start = process_start(process_id).unwrap_or(0);
        let id = uuid::Uuid::now_v7().to_string();
        Self { id, host: host(), process_id, process_start }
    }

    fn is_alive(&self) -> bool {
        process_start(self.process_id) == Some(self.process_start)
    }
}

/// A worker as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerRecord {
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// The number of the process on that machine.
    pub process: i64,
    pub since_ms: i64,
    /// Its last heartbeat, by its own clock.
    pub seen_ms: i64,
    /// What it holds.
    pub runs: Vec<String>,
}

/// Notes that this worker is there and has been since `started_ms`.
pub fn register(tx: &mut Tx<'_>, worker: &Identity, started_ms: i64, lease: &Lease) -> store::Result<()> {
    let LeaseTime { boot, ms } = tx.lease_clock()?;
    let until_ms = ms + lease.length_ms() * GHOST_LEASES;
    let Identity { id, host, process_id, process_start } = worker;
    let row = params![id, host, *process_id, *process_start, started_ms, lease.now_ms, &boot, until_ms];
    tx.execute(&REGISTER, &row)?;
    Ok(())
}

/// Takes workers off the list that have not been heard of for some leases.
pub fn prune(tx: &mut Tx<'_>) -> store::Result<u64> {
    let clock = tx.lease_clock()?;
    tx.execute(&PRUNE, &params![&clock.boot, clock.ms])
}

/// The workers and what they hold, the oldest first.
pub fn workers(tx: &mut Tx<'_>) -> store::Result<Vec<WorkerRecord>> {
    let mut held: HashMap<String, Vec<String>> = HashMap::new();
    for (worker, run) in tx.query(&HELD, &[], |row| Ok((row.get(0)?, row.get(1)?)))? {
        held.entry(worker).or_default().push(run);
    }
    tx.query(&WORKERS, &[], |row| {
        let id: String = row.get(0)?;
        Ok(WorkerRecord {
            runs: held.remove(&id).unwrap_or_default(),
            id,
            // Boot and process namespace tell nothing to a person.
            host: row.get::<String>(1)?.split(' ').next().unwrap_or_default().to_owned(),
            process: row.get(2)?,
            since_ms: row.get(3)?,
            seen_ms: row.get(4)?,
        })
    })
}

/// Workers of this machine whose process is gone; what others held is freed by their lease running out.
pub fn dead_neighbours(tx: &mut Tx<'_>, myself: &Identity) -> store::Result<Vec<String>> {
    let neighbours = tx.query(&NEIGHBOURS, &params![&myself.host], |row| {
        Ok(Identity {
            id: row.get(0)?,
            host: myself.host.clone(),
            process_id: row.get(1)?,
            process_start: row.get(2)?,
        })
    })?;
    Ok(neighbours.into_iter().filter(|worker| !worker.is_alive()).map(|dead| dead.id).collect())
}

/// Frees at once what a dead worker held.
pub fn forget(tx: &mut Tx<'_>, worker: &str) -> store::Result<()> {
    tx.execute(&EXPIRE_LEASES, &params![worker])?;
    tx.execute(&FORGET, &params![worker])?;
    Ok(())
}

fn host() -> String {
    let name = read("/proc/sys/kernel/hostname");
    let boot = read("/proc/sys/kernel/random/boot_id");
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{name} {boot} {}", namespace.display())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn process_start(process_id: i64) -> Option<i64> {
    let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let is_zombie = fields.first() == Some(&"Z");
    fields.get(19).filter(|_| !is_zombie)?.parse().ok()
}

const REGISTER: Sql = Sql::Both(
    "INSERT INTO worker (id, host, process_id, process_start, started_ms, seen_ms, lease_boot, lease_until_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET seen_ms = EXCLUDED.seen_ms, \
     lease_boot = EXCLUDED.lease_boot, lease_until_ms = EXCLUDED.lease_until_ms",
);
const PRUNE: Sql = Sql::Both("DELETE FROM worker WHERE lease_boot <> $1 OR lease_until_ms < $2");
const WORKERS: Sql =
    Sql::Both("SELECT id, host, process_id, started_ms, seen_ms FROM worker ORDER BY started_ms, id");
const HELD: Sql = Sql::Both("SELECT worker, run_id FROM job WHERE worker IS NOT NULL ORDER BY run_id");
const NEIGHBOURS: Sql =
    Sql::Both("SELECT id, process_id, process_start FROM worker WHERE host = $1 ORDER BY id");
const EXPIRE_LEASES: Sql = Sql::Both("UPDATE job SET lease_until_ms = 0, lease_boot = '' WHERE worker = $1");
const FORGET: Sql = Sql::Both("DELETE FROM worker WHERE id = $1");
pub(crate) const QUERIES: &[&Sql] =
    &[&REGISTER, &PRUNE, &WORKERS, &HELD, &NEIGHBOURS, &EXPIRE_LEASES, &FORGET];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_a_former_one_of_its_number_is_not() {
        let mut worker = Identity::this_process();
        assert!(worker.is_alive());
        worker.process_start -= 1;
        assert!(!worker.is_alive());
    }
}
