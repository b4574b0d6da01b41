//! Reads the files that devices and platforms write.

pub mod decode;

