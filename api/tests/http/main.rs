//! The API over a real socket.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod after;
mod athlete;
mod calendar;
mod client;
mod daily_metrics;
mod dashboard;
mod events;
mod framing;
mod gear;
mod health;
mod house;
mod log;
mod own_metrics;
mod pipelines;
mod pools;
mod predictions;
mod refusals;
mod rules;
mod runs;
mod sample;
mod settings;
mod stopping;
mod strava;
mod uploads;
mod weather;
mod webhooks;
mod workers;
