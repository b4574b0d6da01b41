//! Who works on the queue, and which of them are known to be gone.

use store::{Sql, Tx, params};

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

/// Notes that this worker is there.
pub fn register(tx: &mut Tx<'_>, worker: &Identity, now_ms: i64) -> store::Result<()> {
    let Identity { id, host, process_id, process_start } = worker;
    tx.execute(&REGISTER, &params![id, host, *process_id, *process_start, now_ms])?;
    Ok(())
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
    "INSERT INTO worker (id, host, process_id, process_start, started_ms, seen_ms) \
     VALUES ($1, $2, $3, $4, $5, $5)",
);
const NEIGHBOURS: Sql =
    Sql::Both("SELECT id, process_id, process_start FROM worker WHERE host = $1 ORDER BY id");
const EXPIRE_LEASES: Sql = Sql::Both("UPDATE job SET lease_until_ms = 0, lease_boot = '' WHERE worker = $1");
const FORGET: Sql = Sql::Both("DELETE FROM worker WHERE id = $1");
pub(crate) const QUERIES: &[&Sql] = &[&REGISTER, &NEIGHBOURS, &EXPIRE_LEASES, &FORGET];

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
