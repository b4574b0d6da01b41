//! Who is left in a process group whose leader has ended and is not reaped.
//!
//! A signal cannot tell: it reaches the leader too, which is there until it is reaped.

use std::time::Duration;

use rustix::process::Pid;

/// How long until it is looked again.
const PAUSE: Duration = Duration::from_millis(5);

/// Returns once nobody is alive in the group.
pub(crate) async fn gone(leader: Pid) {
    while tokio::task::spawn_blocking(move || are_left(leader)).await.unwrap_or(false) {
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(target_os = "linux")]
fn are_left(leader: Pid) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
        .filter_map(|entry| std::fs::read(entry.path().join("stat")).ok())
        .any(|stat| is_alive_in(&String::from_utf8_lossy(&stat), leader.as_raw_nonzero().get()))
}

/// Elsewhere nobody tells; those who are left end with the next signal.
#[cfg(not(target_os = "linux"))]
fn are_left(_: Pid) -> bool {
    false
}

/// Reads `number (name) state parent group …`; the name may hold anything.
#[cfg(target_os = "linux")]
fn is_alive_in(stat: &str, group: i32) -> bool {
    let Some((_, behind_name)) = stat.rsplit_once(')') else { return false };
    let mut words = behind_name.split_ascii_whitespace();
    let is_dead = matches!(words.next(), None | Some("Z" | "X"));
    !is_dead && words.nth(1).and_then(|word| word.parse().ok()) == Some(group)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_dead_and_those_of_other_groups_do_not_count() {
        for (stat, wanted) in [
            ("12 (sleep) S 1 7 7 0", true),
            ("12 (a) R 9 9 (b) R 1 7 7", true),
            ("12 (sleep) Z 1 7 7 0", false),
            ("12 (sleep) S 7 8 8 0", false),
            ("", false),
        ] {
            assert_eq!(is_alive_in(stat, 7), wanted, "{stat}");
        }
    }
}
