//! Every trap of an export, made small.
