//! The application and the addresses, as the operator sets them.

use std::fmt;

use engine::http::Base;

/// What only the program knows. Addresses that are not set are Strava's own.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Nothing can be connected without one.
    pub application: Option<Application>,
    /// Where activities are asked for.
    pub api: Option<Base>,
    /// Authorize, token and revoke are below it.
    pub authorization: Option<Base>,
    /// Where Strava reaches this program from outside.
    pub webhook: Option<Base>,
    /// How long what is not fetched again is kept; the API's terms say seven days.
    pub retention_days: Option<u32>,
}

/// What Strava calls an API application.
#[derive(Clone)]
pub struct Application {
    pub client_id: String,
    /// Shown to nobody.
    pub client_secret: String,
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
