//! Which scripts are no longer being written.
//!
//! Pure: what lies there and the time are arguments.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::script::Folder;

/// How long a script must have been the same.
const STILL: Duration = Duration::from_millis(200);
/// How long those that are still wait for those that change at every look.
const BURST: Duration = Duration::from_secs(2);

/// What was put in force, and what was seen since.
#[derive(Debug, Default)]
pub(super) struct Settling {
    taken: Folder,
    seen: Folder,
    /// When each path was last seen to change.
    changed: BTreeMap<String, Duration>,
    /// Since when something is otherwise than what was taken.
    since: Option<Duration>,
    has_taken: bool,
}

/// What a look found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    Same,
    /// Something is being written.
    Moving,
    /// To be put in force; what is still being written stands in it as it was before.
    Settled(Folder),
}

impl Settling {
    pub(super) fn look(&mut self, found: Folder, now: Duration) -> Look {
        for path in found.differences(&self.seen) {
            self.changed.insert(path.to_owned(), now);
        }
        self.seen = found;
        let others = self.seen.differences(&self.taken);
        if others.is_empty() && self.has_taken {
            self.changed.clear();
            self.since = None;
            return Look::Same;
        }
        let is_moving =
            |path: &&str| self.changed.get(*path).is_some_and(|at| now.saturating_sub(*at) < STILL);
        let moving: Vec<String> = others.iter().copied().filter(is_moving).map(str::to_owned).collect();
        let waited = now.saturating_sub(*self.since.get_or_insert(now));
        if !moving.is_empty() && (waited < BURST || moving.len() == others.len()) {
            return Look::Moving;
        }
        let mut settled = self.seen.clone();
        moving.iter().for_each(|path| settled.keep(path, &self.taken));
        self.taken = settled.clone();
        self.since = None;
        self.has_taken = true;
        Look::Settled(settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time (ms), what lies there as `name=text`, and what is put in force, where something is.
    type Seen<'a> = (u64, &'a str, Option<&'a str>);

    fn folder(files: &str) -> Folder {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("pipelines")).unwrap();
        for (name, text) in files.split_whitespace().filter_map(|file| file.split_once('=')) {
            std::fs::write(root.path().join(format!("pipelines/{name}.rhai")), text).unwrap();
        }
        Folder::read(root.path())
    }

    fn check(looks: &[Seen<'_>]) {
        let mut settling = Settling::default();
        for (ms, there, wanted) in looks {
            let settled = match settling.look(folder(there), Duration::from_millis(*ms)) {
                Look::Settled(settled) => Some(settled),
                Look::Same | Look::Moving => None,
            };
            let is_right = match (&settled, wanted) {
                (Some(settled), Some(wanted)) => settled.differences(&folder(wanted)).is_empty(),
                (settled, wanted) => settled.is_none() && wanted.is_none(),
            };
            assert!(is_right, "at {ms} ms: {settled:?}");
        }
    }

    #[test]
    fn a_script_is_taken_once_it_is_still_and_only_once() {
        check(&[(0, "a=1", None), (150, "a=1", None), (200, "a=1", Some("a=1")), (900, "a=1", None)]);
    }

    #[test]
    fn a_half_written_script_is_waited_for() {
        check(&[
            (0, "a=1", None),
            (200, "a=1", Some("a=1")),
            (1000, "a=", None),
            (1150, "a=2", None),
            (1300, "a=23", None),
            (1500, "a=23", Some("a=23")),
        ]);
    }

    #[test]
    fn a_file_that_an_editor_moves_away_for_a_moment_was_never_gone() {
        check(&[(0, "a=1", None), (200, "a=1", Some("a=1")), (1000, "", None), (1100, "a=1", None)]);
    }

    #[test]
    fn a_file_that_stays_away_is_gone() {
        check(&[(0, "a=1", None), (200, "a=1", Some("a=1")), (1000, "", None), (1200, "", Some(""))]);
    }

    #[test]
    fn a_burst_of_edits_is_taken_as_one() {
        check(&[
            (0, "a=1 b=1", None),
            (200, "a=1 b=1", Some("a=1 b=1")),
            (1000, "a=2 b=1", None),
            (1100, "a=2 b=2", None),
            (1250, "a=2 b=2", None),
            (1300, "a=2 b=2", Some("a=2 b=2")),
        ]);
    }

    #[test]
    fn a_script_that_never_stands_still_does_not_hold_up_the_others() {
        check(&[
            (0, "a=1 b=1", None),
            (200, "a=1 b=1", Some("a=1 b=1")),
            (1000, "a=2 b=2", None),
            (2000, "a=3 b=2", None),
            (3000, "a=4 b=2", Some("a=1 b=2")),
            (3200, "a=4 b=2", Some("a=4 b=2")),
        ]);
    }

    #[test]
    fn an_empty_folder_is_taken_too() {
        check(&[(0, "", None), (200, "", Some("")), (400, "", None)]);
    }
}
