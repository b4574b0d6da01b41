//! What starts pipelines from outside: deliveries of webhooks, and files that are put into a folder.

mod file;
mod pattern;
mod signed;
mod webhook;

#[cfg(test)]
mod tests;

pub use file::{OnFile, Wanted};
pub use pattern::Pattern;
pub use signed::{SECRET_BYTES, ShortSecret, Signed};
pub use webhook::{Received, Started, WebhookError};

/// The param in which a pipeline is given the files that start it.
pub(crate) const PATHS: &str = "paths";
