//! Whole-program tests: they run the binary as a user would, and kill it as nobody should.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario that cannot go on must fail"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "scenarios talk HTTP as any client does, and start the program"
)]

mod advice;
mod artifacts;
mod bad_input;
mod bombs;
mod chaos;
mod children;
mod crash;
mod data;
mod draining;
mod export;
mod failpoints;
mod gear;
mod http;
mod import;
mod link;
mod maintenance;
mod manifest;
mod merge;
mod metrics;
mod outside;
mod pools;
mod program;
mod programs;
mod reload;
mod schedule;
mod script_steps;
mod seen;
mod space;
mod strava;
mod watch;
mod ways;
mod weather;
mod webhooks;
mod workers;
