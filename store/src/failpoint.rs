//! Kills the process at a commit of one's choice, so that tests can look at what a crash leaves. A released program has
//! nothing of it.

/// On which side of the commit.
#[cfg(debug_assertions)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The rows are written and not committed.
    Before,
    /// They are committed, and nobody has heard of it.
    After,
}

#[cfg(debug_assertions)]
static ARMED: std::sync::OnceLock<(Side, u64)> = std::sync::OnceLock::new();
#[cfg(debug_assertions)]
static COMMITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Arms the failpoint of this process, once: its commit of that number, counted from 1, is its last moment.
#[cfg(debug_assertions)]
pub fn arm(side: Side, commit: u64) {
    let _ = ARMED.set((side, commit));
}

/// Commits, and passes the failpoints before and after it.
#[cfg(debug_assertions)]
pub(crate) fn around<T>(commit: impl FnOnce() -> T) -> T {
    let number = COMMITS.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
    pass(Side::Before, number);
    let committed = commit();
    pass(Side::After, number);
    committed
}

/// Commits.
#[cfg(not(debug_assertions))]
pub(crate) fn around<T>(commit: impl FnOnce() -> T) -> T {
    commit()
}

#[cfg(debug_assertions)]
fn pass(side: Side, number: u64) {
    if ARMED.get() == Some(&(side, number)) {
        // As `kill -9` does it: nothing of the process runs after this.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}
