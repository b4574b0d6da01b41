//! The resources, one file each.

pub(crate) mod activities;
pub(crate) mod backfills;
pub(crate) mod balance;
pub(crate) mod curves;
pub(crate) mod daily_metrics;
pub(crate) mod dashboard;
pub(crate) mod data;
pub(crate) mod days;
pub(crate) mod dead_letters;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod insights;
pub(crate) mod jobs;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod pipelines;
pub(crate) mod pools;
pub(crate) mod predictions;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod steps;
pub(crate) mod strava;
pub(crate) mod uploads;
pub(crate) mod webhooks;
pub(crate) mod weeks;
pub(crate) mod workers;
