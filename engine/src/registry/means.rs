//! What those work with that are no step: lines of the doctor, connections, hooks.

use store::Store;

use crate::clock::Clock;
use crate::http::Http;
use crate::secret::Keys;

/// The store, the way to outside services, the time, and the keys for secrets; clones share them.
#[derive(Debug, Clone)]
pub struct Means {
    pub store: Store,
    pub http: Http,
    pub clock: Clock,
    pub secrets: Keys,
}
