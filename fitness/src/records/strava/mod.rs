//! What the Strava API told, and how far it was asked: every row here is `strava_api`'s.

pub mod activity;
pub mod authorization;
pub mod connection;
pub mod effort;
pub mod hint;
pub mod item;
pub mod line;
pub mod overview;
pub mod progress;
pub mod purge;
pub mod quota;
pub mod subscription;
pub mod sync;

#[cfg(test)]
pub(crate) const QUERIES: &[&[store::Sql]] = &[
    activity::QUERIES,
    authorization::QUERIES,
    connection::QUERIES,
    effort::QUERIES,
    hint::QUERIES,
    item::QUERIES,
    overview::QUERIES,
    purge::QUERIES,
    quota::QUERIES,
    subscription::QUERIES,
    sync::QUERIES,
];
