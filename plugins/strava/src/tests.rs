//! The steps against a Strava that keeps count.

mod backfill;
mod chaos;
mod events;
mod expiry;
mod faults;
mod hints;
mod house;
mod kept;
mod lines;
mod parts;
mod recorded;
mod silence;
mod subscription;
mod sync;
