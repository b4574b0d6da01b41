//! Scripts as users write them, and what comes of them.

mod bombs;
mod items;
mod mistakes;
mod plans;
mod rules;
mod sample;
