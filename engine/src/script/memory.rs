//! Counts what each thread holds, because no limit of the script language bounds a script's memory.
#![expect(unsafe_code, reason = "a global allocator cannot be written without; it only adds up sizes")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::marker::PhantomData;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    // Without a destructor and without lazy setup, so that it may be used inside the allocator.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// So much may stay behind after a script that holds nothing: names that the language keeps, and space in reserve.
pub(super) const LEFT_BYTES: isize = 64 * 1024;

/// Watches what this thread allocates from now on. It cannot move to another thread: the count would stay.
pub(super) struct Watch {
    entry_bytes: isize,
    _stays_on_its_thread: PhantomData<*const ()>,
}

impl Watch {
    pub(super) fn start() -> Self {
        let entry_bytes = HELD.get();
        PEAK.set(entry_bytes);
        Self { entry_bytes, _stays_on_its_thread: PhantomData }
    }

    /// A test for "this thread holds more than so many bytes above what it held when the watch began".
    pub(super) fn alarm(&self, ceiling_bytes: usize) -> impl Fn() -> bool + Send + Sync + use<> {
        let ceiling = self.entry_bytes.saturating_add_unsigned(ceiling_bytes);
        move || HELD.get() > ceiling
    }

    /// What this thread holds more than when the watch began.
    pub(super) fn held_bytes(&self) -> isize {
        HELD.get() - self.entry_bytes
    }

    /// Whether more is held than what the script answered: a closure that holds itself is never freed.
    pub(super) fn leaves_more_than(&self, answer: &impl Clone) -> bool {
        let held_bytes = self.held_bytes();
        // What was answered may have as much again in reserve.
        held_bytes > LEFT_BYTES && held_bytes > LEFT_BYTES + 2 * weight_bytes(answer)
    }

    /// The most that was held at once.
    pub(super) fn peak_bytes(&self) -> usize {
        usize::try_from(PEAK.get() - self.entry_bytes).unwrap_or(0)
    }
}

/// What a copy of it holds.
fn weight_bytes<T: Clone>(value: &T) -> isize {
    let before_bytes = HELD.get();
    let copy = black_box(value.clone());
    let weight_bytes = HELD.get() - before_bytes;
    drop(copy);
    weight_bytes
}

/// Counts what another thread held for this one, so that a watch around an evaluation sees its peak.
pub(super) fn note_peak(bytes: usize) {
    PEAK.set(PEAK.get().max(HELD.get().saturating_add_unsigned(bytes)));
}

/// Whether allocations are counted at all: false where another allocator was linked in.
pub(super) fn counts() -> bool {
    const PROBE_BYTES: usize = 1 << 20;
    let watch = Watch::start();
    let (below, above) = (watch.alarm(PROBE_BYTES - 1), watch.alarm(2 * PROBE_BYTES));
    let probe = black_box(vec![1_u8; PROBE_BYTES]);
    let while_held = below() && !above();
    drop(black_box(probe));
    while_held && !below()
}

/// Gives freed memory back to the system, which the allocator would otherwise keep after a bomb.
pub(super) fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` takes no pointer and is thread-safe.
    unsafe {
        libc::malloc_trim(0);
    }
}

struct Counting;

fn count(bytes: isize) {
    let held = HELD.get().wrapping_add(bytes);
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// A layout's size fits `isize` by the contract of `Layout`.
fn size(bytes: usize) -> isize {
    bytes as isize
}

// SAFETY: every call goes to the system's allocator unchanged; only sizes are added up beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let pointer = unsafe { System.alloc(layout) };
        if !pointer.is_null() {
            count(size(layout.size()));
        }
        pointer
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let pointer = unsafe { System.alloc_zeroed(layout) };
        if !pointer.is_null() {
            count(size(layout.size()));
        }
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) };
        count(-size(layout.size()));
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        let moved = unsafe { System.realloc(pointer, layout, new_bytes) };
        if !moved.is_null() {
            count(size(new_bytes) - size(layout.size()));
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted() {
        assert!(counts());
    }

    #[test]
    fn what_was_freed_stays_in_the_peak() {
        let watch = Watch::start();
        drop(black_box(vec![0_u8; 300_000]));
        assert!((300_000..400_000).contains(&watch.peak_bytes()), "{}", watch.peak_bytes());
    }

    #[test]
    fn an_answer_is_no_leak_and_what_is_held_beside_it_is_one() {
        let watch = Watch::start();
        let answer = black_box(vec![0_u8; 300_000]);
        assert!(!watch.leaves_more_than(&answer));
        assert!(watch.leaves_more_than(&()));
        let beside = black_box(vec![0_u8; 500_000]);
        assert!(watch.leaves_more_than(&answer));
        drop(beside);
        assert!(!watch.leaves_more_than(&answer));
    }

    #[test]
    fn another_thread_is_not_charged() {
        let watch = Watch::start();
        let held = std::thread::spawn(|| black_box(vec![0_u8; 4_000_000])).join().unwrap();
        assert!(watch.peak_bytes() < 1_000_000);
        drop(held);
    }
}
