//! Strava over a socket, as a client meets it.

mod client;
mod consent;
mod lists;
mod records;
mod windows;
