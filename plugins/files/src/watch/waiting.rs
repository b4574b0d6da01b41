//! Which files are ready.
//!
//! Pure: what lies there, the time and the look into a file are arguments.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::listing::{Item, Stamp};

/// How long nobody may have written to a file.
const STILL: Duration = Duration::from_secs(1);
/// How long a file that looks unfinished is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long what is ready waits for what arrives with it.
const BURST: Duration = Duration::from_secs(5);

/// What is known of each file in the folder.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    seen: HashMap<PathBuf, Seen>,
    /// Since when something is ready.
    ready_since: Option<Duration>,
}

#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    since: Duration,
    /// Unknown until it was still for the first time.
    is_whole: Option<bool>,
    is_settled: bool,
}

/// What a look found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) ready: Vec<Item>,
    /// Whether something is there that is not ready yet.
    pub(super) waits: bool,
}

impl Waiting {
    /// Takes in what lies there, and answers what is ready: everything that arrived together.
    pub(super) fn look(
        &mut self,
        items: Vec<Item>,
        now: Duration,
        is_whole: impl Fn(&Path) -> bool,
    ) -> Found {
        let mut before = std::mem::take(&mut self.seen);
        let mut found = Found::default();
        let mut others_come = false;
        for item in items {
            let known = before.remove(&item.path).filter(|seen| seen.stamp == item.stamp);
            let mut seen =
                known.unwrap_or(Seen { stamp: item.stamp, since: now, is_whole: None, is_settled: false });
            match seen.state(&item.path, now, &is_whole) {
                State::Settled => {}
                State::Ready => found.ready.push(item.clone()),
                State::Moving => others_come = true,
                State::Unfinished => found.waits = true,
            }
            self.seen.insert(item.path, seen);
        }
        self.gather(&mut found, others_come, now);
        found
    }

    fn gather(&mut self, found: &mut Found, others_come: bool, now: Duration) {
        found.waits |= others_come;
        if found.ready.is_empty() {
            self.ready_since = None;
            return;
        }
        let since = *self.ready_since.get_or_insert(now);
        if others_come && now.saturating_sub(since) < BURST {
            found.ready.clear();
        } else {
            self.ready_since = None;
        }
    }

    /// Leaves the file alone until it is written again.
    pub(super) fn settle(&mut self, item: &Item) {
        if let Some(seen) = self.seen.get_mut(&item.path).filter(|seen| seen.stamp == item.stamp) {
            seen.is_settled = true;
        }
    }
}

enum State {
    Settled,
    Ready,
    /// Written to a moment ago.
    Moving,
    /// Still, but its end is missing.
    Unfinished,
}

impl Seen {
    fn state(&mut self, path: &Path, now: Duration, is_whole: impl Fn(&Path) -> bool) -> State {
        let still_for = now.saturating_sub(self.since);
        if self.is_settled {
            return State::Settled;
        }
        if still_for < STILL {
            return State::Moving;
        }
        let is_whole = *self.is_whole.get_or_insert_with(|| is_whole(path));
        if is_whole || still_for >= PATIENCE { State::Ready } else { State::Unfinished }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, bytes: u64) -> Item {
        Item { path: name.into(), stamp: Stamp { bytes, modified_ns: Some(1), files: 0 } }
    }

    /// A time (ms), the names and sizes of what lies there, and what is ready.
    type Look<'a> = (u64, &'a [(&'a str, u64)], &'a [&'a str]);

    /// Looks at each time at what lies there; names ending in `?` are unfinished.
    fn check(looks: &[Look<'_>]) {
        let mut waiting = Waiting::default();
        for (ms, there, wanted) in looks {
            let items = there.iter().map(|(name, bytes)| item(name, *bytes)).collect();
            let is_whole = |path: &Path| !path.to_string_lossy().ends_with('?');
            let found = waiting.look(items, Duration::from_millis(*ms), is_whole);
            let ready: Vec<_> = found.ready.iter().map(|item| item.path.to_string_lossy()).collect();
            assert_eq!(ready, *wanted, "at {ms} ms");
            found.ready.iter().for_each(|item| waiting.settle(item));
        }
    }

    #[test]
    fn a_file_is_ready_once_it_was_still_and_only_once() {
        check(&[
            (0, &[("a", 5)], &[]),
            (900, &[("a", 5)], &[]),
            (1000, &[("a", 5)], &["a"]),
            (2000, &[("a", 5)], &[]),
        ]);
    }

    #[test]
    fn writing_begins_the_wait_anew() {
        check(&[
            (0, &[("a", 5)], &[]),
            (900, &[("a", 6)], &[]),
            (1800, &[("a", 6)], &[]),
            (1900, &[("a", 6)], &["a"]),
        ]);
    }

    #[test]
    fn a_file_that_is_written_again_is_ready_again() {
        check(&[
            (0, &[("a", 5)], &[]),
            (1000, &[("a", 5)], &["a"]),
            (2000, &[("a", 9)], &[]),
            (3000, &[("a", 9)], &["a"]),
        ]);
    }

    #[test]
    fn an_unfinished_file_is_waited_for_but_not_for_ever() {
        check(&[
            (0, &[("a?", 5)], &[]),
            (1000, &[("a?", 5)], &[]),
            (29_000, &[("a?", 5)], &[]),
            (30_000, &[("a?", 5)], &["a?"]),
        ]);
    }

    #[test]
    fn an_unfinished_file_does_not_hold_up_a_whole_one() {
        check(&[(0, &[("a?", 5), ("b", 5)], &[]), (1000, &[("a?", 5), ("b", 5)], &["b"])]);
    }

    #[test]
    fn what_arrives_together_is_ready_together() {
        check(&[
            (0, &[("a", 5)], &[]),
            (500, &[("a", 5), ("b", 5)], &[]),
            (1000, &[("a", 5), ("b", 5)], &[]),
            (1500, &[("a", 5), ("b", 5)], &["a", "b"]),
        ]);
    }

    #[test]
    fn what_is_ready_does_not_wait_for_ever_for_what_grows() {
        check(&[
            (0, &[("a", 5), ("b", 0)], &[]),
            (1000, &[("a", 5), ("b", 1)], &[]),
            (3000, &[("a", 5), ("b", 2)], &[]),
            (6000, &[("a", 5), ("b", 3)], &["a"]),
        ]);
    }

    #[test]
    fn a_file_that_was_taken_away_is_new_when_it_comes_back() {
        check(&[
            (0, &[("a", 5)], &[]),
            (1000, &[("a", 5)], &["a"]),
            (1500, &[], &[]),
            (2000, &[("a", 5)], &[]),
        ]);
    }
}
