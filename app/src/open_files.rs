//! How many files a server may have open, and whom that leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Who may follow runs at once, where the system sets no narrower limit.
const STREAMS: usize = 2_000;

/// Raises what this process may have open to the most that it may ask for; answers that, nothing for no limit.
pub(crate) fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    // Some systems grant less than they name.
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(_) => limit.current,
    }
}

/// Who may follow runs at once: half of the files are left to databases, uploads and all other requests.
pub(crate) fn streams(files: Option<u64>) -> usize {
    files.map_or(STREAMS, |files| usize::try_from(files / 2).unwrap_or(STREAMS).min(STREAMS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_follow_as_leave_room_for_others() {
        for (files, wanted) in [(None, 2_000), (Some(1_024), 512), (Some(1_000_000), 2_000), (Some(0), 0)] {
            assert_eq!(streams(files), wanted, "{files:?}");
        }
    }

    #[test]
    fn a_server_may_open_what_the_system_grants() {
        let most = getrlimit(Resource::Nofile).maximum;
        let lower = Rlimit { current: most.map(|most| most.min(500)), maximum: most };
        setrlimit(Resource::Nofile, lower).unwrap();
        assert_eq!(raise(), most);
        assert_eq!(getrlimit(Resource::Nofile).current, most);
    }
}
