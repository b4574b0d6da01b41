//! The scenarios are in `scenarios/`; this library is empty.
