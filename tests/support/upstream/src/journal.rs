//! What the services were asked, in order.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// A request as it was received, and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// When it came, by the services' clock.
    pub at_ms: i64,
    /// Such as `open_meteo.archive`.
    pub service: String,
    /// Such as `GET`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The pairs of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The names in lower case and the values of the headers, in their order.
    pub headers: Vec<(String, String)>,
    /// What was sent along, as text.
    pub body: String,
    /// The status answered, or nothing while it is worked on, or where a fault let no answer through.
    pub status: Option<u16>,
    /// What the service counts it as against its limits.
    pub cost: f64,
    /// The fault that it met.
    pub fault: Option<crate::Fault>,
}

impl Call {
    /// The value of a key of the query.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// The calls since the start, or since it was cleared.
#[derive(Default)]
pub(crate) struct Journal(Mutex<(u64, Vec<Call>)>);

/// Where a call stands in the journal; it is lost when the journal is cleared.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    book: u64,
    index: usize,
}

impl Journal {
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    pub(crate) fn clear(&self) {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *journal = (journal.0 + 1, Vec::new());
    }

    pub(crate) fn begin(&self, call: Call) -> Place {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        journal.1.push(call);
        Place { book: journal.0, index: journal.1.len() - 1 }
    }

    pub(crate) fn change(&self, place: Place, change: impl FnOnce(&mut Call)) {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.0 == place.book
            && let Some(call) = journal.1.get_mut(place.index)
        {
            change(call);
        }
    }
}
