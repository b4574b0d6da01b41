//! One request is worked on at a time, a few wait, and the next is turned away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Refusal;

const WAITING: usize = 5;

pub(super) struct Gate {
    turns: Arc<Semaphore>,
    here: Arc<AtomicUsize>,
    most: AtomicUsize,
    held: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(1)),
            here: Arc::default(),
            most: AtomicUsize::new(0),
            held: watch::Sender::new(false),
        }
    }
}

/// Gives its place free when the request ends, however it ends.
pub(super) struct Turn {
    _place: Place,
    _permit: Option<OwnedSemaphorePermit>,
}

struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Gate {
    pub(super) async fn enter(&self) -> Result<Turn, Refusal> {
        let before = self.here.fetch_add(1, Ordering::SeqCst);
        let place = Place(Arc::clone(&self.here));
        self.most.fetch_max(before + 1, Ordering::SeqCst);
        if before > WAITING {
            return Err(Refusal::too_many("Too many concurrent requests"));
        }
        let permit = Arc::clone(&self.turns).acquire_owned().await.ok();
        // The sender lives as long as the gate: this ends when nobody holds the requests.
        drop(self.held.subscribe().wait_for(|is_held| !is_held).await);
        Ok(Turn { _place: place, _permit: permit })
    }

    pub(super) fn hold(&self) {
        self.held.send_replace(true);
    }

    pub(super) fn go_on(&self) {
        self.held.send_replace(false);
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}
