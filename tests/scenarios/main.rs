//! Whole-program tests: they run the binary as a user would, and kill it as nobody should.

mod advice;
mod bad_input;
mod crash;
mod http;
mod import;
mod manifest;
mod program;
