//! What a process knows of pools: their sizes, and who of its own waits for one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;

use super::gauges;
use super::size::Size;

/// How long to wait for a pool in one way or the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// What must wait longer lets go of its run meanwhile.
    pub in_place: Duration,
    /// How long news from other processes may take.
    pub poll: Duration,
    /// When a run comes back that let go without knowing until when.
    pub away: Duration,
}

/// The pools as all runs of a process share them.
#[derive(Clone)]
pub(crate) struct Pools(Arc<Inner>);

struct Inner {
    sizes: RwLock<Sizes>,
    wakes: Mutex<HashMap<String, Arc<Notify>>>,
    patience: RwLock<Patience>,
}

#[derive(Default)]
struct Sizes {
    in_force: BTreeMap<String, Size>,
    /// Those of the past as well: a run may outlive the script that sized its pool.
    known: BTreeMap<String, Size>,
}

impl Patience {
    const STANDARD: Self = Self {
        in_place: Duration::from_secs(60),
        poll: Duration::from_secs(1),
        away: Duration::from_secs(20),
    };
}

impl Pools {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            sizes: RwLock::default(),
            wakes: Mutex::default(),
            patience: RwLock::new(Patience::STANDARD),
        }))
    }

    /// Puts sizes in force, at once and for everybody who asks from here on.
    pub(crate) fn resize(&self, in_force: BTreeMap<String, Size>) {
        gauges::sized(&in_force);
        let mut sizes = self.0.sizes.write().unwrap_or_else(PoisonError::into_inner);
        sizes.known.extend(in_force.iter().map(|(name, size)| (name.clone(), *size)));
        sizes.in_force = in_force;
    }

    /// The sizes that scripts in force say.
    pub(crate) fn sizes(&self) -> BTreeMap<String, Size> {
        self.0.sizes.read().unwrap_or_else(PoisonError::into_inner).in_force.clone()
    }

    /// The size of a pool; of one that no script sizes any more, the last one known.
    pub(super) fn size(&self, pool: &str) -> Size {
        let sizes = self.0.sizes.read().unwrap_or_else(PoisonError::into_inner);
        sizes.known.get(pool).copied().unwrap_or(Size::UNKNOWN)
    }

    /// Wakes one of this process that waits for the pool.
    pub(super) fn wake(&self, pool: &str) {
        self.bell(pool).notify_one();
    }

    pub(super) fn bell(&self, pool: &str) -> Arc<Notify> {
        let mut wakes = self.0.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        wakes.entry(pool.to_owned()).or_default().clone()
    }

    pub(super) fn patience(&self) -> Patience {
        *self.0.patience.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn set_patience(&self, patience: Patience) {
        *self.0.patience.write().unwrap() = patience;
    }
}
