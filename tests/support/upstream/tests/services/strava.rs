//! Strava over a socket, as a client meets it.

mod callback;
mod client;
mod consent;
mod control;
mod described;
mod events;
mod lists;
mod recorded;
mod records;
mod replay;
mod schema;
mod trouble;
mod windows;
mod wire;
