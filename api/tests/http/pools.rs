//! Pools over HTTP.
