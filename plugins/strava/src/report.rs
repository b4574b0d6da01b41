//! The question what is kept of an athlete, and what of it goes when.

use engine::registry::{Query, QueryContext, QueryError};
use fitness::records::kept::report;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use store::{Error, Tx};

use crate::options::Options;

/// Answers with the rows by where they came from, how old they are, and when they expire.
#[derive(Debug)]
pub(crate) struct DataReport {
    retention_days: u32,
}

/// Nothing to choose.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DataReportParams {}

impl DataReport {
    pub(crate) fn with(options: &Options) -> Self {
        Self { retention_days: options.retention_days() }
    }
}

impl Query for DataReport {
    const NAME: &'static str = "data.report";
    const ABOUT: &'static str =
        "What is kept of the athlete, where it came from, how old it is, and what goes when.";
    type Params = DataReportParams;

    fn answer(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        _params: DataReportParams,
    ) -> Result<Value, QueryError> {
        let report = report::report(tx, &ctx.partition, self.retention_days)?;
        Ok(serde_json::to_value(report).map_err(Error::abort)?)
    }
}
