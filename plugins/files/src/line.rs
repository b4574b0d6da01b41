//! The question that the API and the command line ask of a GPX text: which line it draws.

use engine::registry::{Query, QueryContext, QueryError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use crate::decode::{Limits, Refusal, gpx_line};

/// Answers with the name and the points of the first track, else of the first route, that has at least two points.
#[derive(Debug, Default)]
pub struct LineQuery;

/// The text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineParams {
    /// The whole GPX document, at most 8 MiB.
    gpx: String,
}

/// A line of more bytes is no segment.
const LARGEST_BYTES: usize = 8 << 20;

impl Query for LineQuery {
    const NAME: &'static str = "files.line";
    const ABOUT: &'static str = "The line that a GPX text draws: its name and its points.";
    type Params = LineParams;

    fn answer(&self, _: &mut Tx<'_>, _: &QueryContext, params: LineParams) -> Result<Value, QueryError> {
        let line = read(&params.gpx).map_err(|Refusal { code, reason }| QueryError::Invalid {
            code,
            message: format!("`gpx`: {reason}"),
        })?;
        Ok(json!({ "name": line.name, "points": line.points }))
    }
}

fn read(gpx: &str) -> Result<gpx_line::Line, Refusal> {
    if gpx.len() > LARGEST_BYTES {
        let reason = format!("the text has {} bytes, at most {LARGEST_BYTES} are read", gpx.len());
        return Err(Refusal::new("file_too_large", reason));
    }
    gpx_line::read(gpx, &Limits::STANDARD)
}
