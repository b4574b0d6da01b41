//! The question what the athlete would run over a distance.

use std::str::FromStr;

use engine::registry::{Query, QueryContext, QueryError};
use fitness::prediction::Race;
use fitness::{Scope, records};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use store::{Error, Tx};

use crate::athlete;

/// More distances than this nobody reads.
const DISTANCES_AT_MOST: usize = 16;

/// Answers with the predictions of a day, from the best efforts as they stand.
#[derive(Debug, Default)]
pub struct PredictionsQuery;

/// Which day, and which distances.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PredictionsParams {
    /// The local day as YYYY-MM-DD; today if left out.
    date: Option<String>,
    /// Such as `5k`, `1500m`, `mile` or `marathon`; 5k, 10k, half and marathon if left out.
    distances: Option<Vec<String>>,
}

impl Query for PredictionsQuery {
    const NAME: &'static str = "insights.predictions";
    const ABOUT: &'static str = "What the athlete would run from 5 km to the marathon: time, range, basis, and how far off that was before.";
    type Params = PredictionsParams;

    fn answer(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: PredictionsParams,
    ) -> Result<Value, QueryError> {
        let today = athlete::today(tx, &ctx.partition, ctx.clock.now_ms())?.date;
        let day = params.date.map_or(Ok(today), |text| read_day(&text, today))?;
        let races = params.distances.map_or_else(|| Ok(Race::usual()), |words| read_races(&words))?;
        let predictions = records::best_effort::predict(tx, &ctx.partition, Scope::All, day, &races)?;
        Ok(serde_json::to_value(predictions).map_err(Error::abort)?)
    }
}

fn read_day(text: &str, today: Date) -> Result<Date, QueryError> {
    // The calendar also reads `20240501` and a time after the day.
    let day = Date::from_str(text).ok().filter(|day| day.to_string() == text);
    let day = day.ok_or_else(|| invalid(format!("`date` of `{text}` is not a day such as 2024-05-01")))?;
    if day > today {
        return Err(invalid(format!("`date` of `{text}` lies in the future")));
    }
    Ok(day)
}

fn read_races(words: &[String]) -> Result<Vec<Race>, QueryError> {
    if words.is_empty() || words.len() > DISTANCES_AT_MOST {
        return Err(invalid(format!("`distances` must be 1 to {DISTANCES_AT_MOST}, not {}", words.len())));
    }
    words.iter().map(|word| word.parse().map_err(|error| invalid(format!("`distances`: {error}")))).collect()
}

fn invalid(message: String) -> QueryError {
    QueryError::Invalid { code: "invalid_parameter", message }
}

#[cfg(test)]
mod tests;
