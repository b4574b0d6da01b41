//! One file per command.

pub(crate) mod accuracy;
pub(crate) mod activities;
pub(crate) mod athlete;
pub(crate) mod backfill;
pub(crate) mod check;
pub(crate) mod curves;
pub(crate) mod daily_metrics;
pub(crate) mod days;
pub(crate) mod db;
pub(crate) mod dead_letters;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod import;
pub(crate) mod pipelines;
pub(crate) mod pools;
pub(crate) mod predict;
pub(crate) mod records;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod serve;
pub(crate) mod steps;
pub(crate) mod today;
pub(crate) mod weeks;
pub(crate) mod work;
pub(crate) mod workers;
