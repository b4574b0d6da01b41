//! The services over a socket, as a client meets them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]
#![expect(clippy::disallowed_methods, reason = "the tests are a client like any other")]

mod command;
mod control;
mod faults;
mod hosts;
mod limits;
mod nulls;
mod replay;
mod strava;
mod trial;
