//! What the Strava API told, and how far it was asked: every row here is `strava_api`'s.

pub mod authorization;
pub mod connection;
pub mod overview;
pub mod purge;
pub mod subscription;
