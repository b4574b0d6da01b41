//! Paceline over HTTP: thin routes over engine and store, one error model, and the guards of a server without accounts.

mod body;
pub mod callback;
mod conditional;
mod diagnostic;
mod error;
mod guard;
mod page;
mod path;
mod period;
mod query;
mod request;
mod router;
mod routes;
mod serve;
mod sport;
mod state;
mod today;

pub use error::Error;
pub use router::router;
pub use serve::{ServeError, serve};
pub use state::{Limits, Metrics, State};
