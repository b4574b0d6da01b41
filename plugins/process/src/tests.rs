//! The steps with real programs: what they tell, how they end, and what is left of them.

mod bad_input;
mod exec;
mod house;
mod tap;
