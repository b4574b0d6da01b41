//! Whom pipelines run for, as a plugin tells it.

use jiff::tz::TimeZone;
use store::Tx;

/// One of those whom pipelines run for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    pub id: String,
    /// Where it lives; a schedule that names no zone goes by its wall.
    pub time_zone: Option<TimeZone>,
}

/// Lists whom pipelines that start by themselves run for.
pub trait Partitions: Send + Sync + 'static {
    /// Reads them from a snapshot of the store.
    fn list(&self, tx: &mut Tx<'_>) -> store::Result<Vec<Partition>>;
}
