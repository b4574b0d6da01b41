//! What the machine gives: time, room on the disk, the key.

use std::path::Path;

use engine::clock::Clock;
use engine::registry::Checkup;
use store::{LeaseTime, Store, Tx};

use super::{ill, well};
use crate::config::Config;

const CLOCK: &str = "database clock";
const DISK: &str = "disk";
const KEYS: &str = "key for secrets";
/// Runs are due by our clock and leased by the database's.
const APART_MS: i64 = 30_000;
/// Below this an import of some years may not fit.
const SCARCE_BYTES: u64 = 500 << 20;
const MEBIBYTE: u64 = 1 << 20;

/// Whether the database's clock and ours agree; a file has none of its own.
pub(super) async fn clock(store: &Store) -> Option<Checkup> {
    let clock = Clock::system();
    let asked_ms = clock.now_ms();
    let theirs = match store.read(server_time).await {
        Ok(theirs) if theirs.boot == LeaseTime::SERVER => theirs.ms,
        Ok(_) => return None,
        Err(error) => return Some(ill(CLOCK, error.to_string())),
    };
    Some(told(apart(theirs, (asked_ms, clock.now_ms()))))
}

fn server_time(tx: &mut Tx<'_>) -> store::Result<LeaseTime> {
    tx.lease_clock()
}

/// By how much ours is ahead of a moment within these two; 0 where it may be the same.
fn apart(theirs_ms: i64, (asked_ms, answered_ms): (i64, i64)) -> i64 {
    theirs_ms.clamp(asked_ms, answered_ms.max(asked_ms)) - theirs_ms
}

fn told(ahead_ms: i64) -> Checkup {
    if ahead_ms.abs() <= APART_MS {
        return well(CLOCK, "agrees with that of this machine");
    }
    let side = if ahead_ms > 0 { "ahead of" } else { "behind" };
    let seconds = ahead_ms.abs() / 1000;
    ill(CLOCK, format!("this machine is {seconds} s {side} the database's; set both by NTP"))
}

/// How much room there is where the data lie.
pub(super) fn disk(config: &Config) -> Option<Checkup> {
    let folder = config.db_url.path().and_then(Path::parent).unwrap_or(&config.data_dir);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // A database elsewhere needs nothing here.
    if !folder.exists() {
        return None;
    }
    Some(match rustix::fs::statvfs(folder) {
        Ok(room) => room_told(&folder.display().to_string(), room.f_bavail.saturating_mul(room.f_frsize)),
        Err(error) => ill(DISK, format!("`{}` cannot be looked at: {error}", folder.display())),
    })
}

fn room_told(folder: &str, free_bytes: u64) -> Checkup {
    let free = format!("{} MiB free in `{folder}`", free_bytes / MEBIBYTE);
    if free_bytes < SCARCE_BYTES {
        return ill(DISK, format!("only {free}; make room before it is full"));
    }
    well(DISK, free)
}

/// Whether there is a key, and whether others may read it.
pub(super) fn keys(config: &Config) -> Checkup {
    let inventory = match config.keys.inventory() {
        Ok(inventory) => inventory,
        Err(error) => {
            return ill(KEYS, format!("{error}; FITNESS_SECRET_KEY or FITNESS_SECRET_KEY_FILE sets it"));
        }
    };
    let Some((first, others)) = inventory.ids.split_first() else {
        return well(KEYS, "none yet; it is made with the first secret");
    };
    let place = match &inventory.file {
        Some(path) => format!("in `{}`", path.display()),
        None => "in FITNESS_SECRET_KEY".to_owned(),
    };
    if inventory.is_exposed {
        let path = inventory.file.as_deref().unwrap_or(Path::new(""));
        return ill(KEYS, format!("others may read it; `chmod 600 {}` mends that", path.display()));
    }
    let older = if others.is_empty() { String::new() } else { format!(", older {}", others.join(", ")) };
    well(KEYS, format!("{first} {place}{older}; a backup of the database is no use without it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_only_wrong_outside_of_the_question() {
        assert_eq!(apart(150, (100, 200)), 0);
        assert_eq!(apart(50, (100, 200)), 50);
        assert_eq!(apart(260, (100, 200)), -60);
        assert!(told(30_000).ok && told(-30_000).ok);
        assert!(told(31_000).detail.starts_with("this machine is 31 s ahead of"));
        assert!(told(-31_000).detail.starts_with("this machine is 31 s behind"));
    }

    #[test]
    fn little_room_is_told_before_there_is_none() {
        assert!(room_told("data", SCARCE_BYTES).ok);
        let scarce = room_told("data", SCARCE_BYTES - 1);
        assert_eq!(scarce.detail, "only 499 MiB free in `data`; make room before it is full");
        assert!(!scarce.ok);
    }
}
