//! The whole first view in one answer: what to do today, whether the data is fresh, the week, what was done last, and the
//! daily numbers of 400 days.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::run::record;
use fitness::Scope;
use fitness::records::activity::{self, PageKey};
use fitness::records::day;
use jiff::ToSpan;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::insights::{DAILY, answer};
use crate::error::{Error, ErrorBody};
use crate::query::Params;
use crate::state::Shared;
use crate::today::today;

mod recent;
mod series;
mod sync;
mod week;

use recent::Recent;
use series::Series;
use sync::Sync;
use week::Weeks;

/// Activities that are listed.
const RECENT: u32 = 7;
/// Days of the daily series.
const DAYS: i32 = 400;
/// What the card shows of an advice; the rest is a question of its own.
const CARD: [&str; 9] =
    ["date", "version", "today", "next", "trend", "predictions", "forecast", "contributors", "counted"];

/// The first view.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dashboard {
    /// The athlete's local day.
    date: String,
    /// IANA name.
    timezone: String,
    /// Of the advice of the day: `today`, `next`, `trend`, `predictions`, `forecast`, `contributors`, `counted`; null where there is none.
    #[schema(value_type = Option<Object>)]
    card: Option<Value>,
    sync: Sync,
    week: Weeks,
    /// The last seven activities, the newest first.
    recent: Vec<Recent>,
    series: Series,
}

/// Shows everything that a first view needs.
#[utoipa::path(
    get, path = "/dashboard", tag = "athlete", operation_id = "show_dashboard",
    responses(
        (status = 200, description = "The first view", body = Dashboard),
        (status = 304, description = "It is the one that `If-None-Match` names"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Dashboard>, Error> {
    let engine = &shared.state.engine;
    let (athlete, now_ms) = (shared.state.partition.clone(), engine.clock().now_ms());
    let read = shared.store().read(move |tx| {
        let today = today(tx, &athlete, now_ms)?;
        let first = today.date.saturating_sub((DAYS - 1).days());
        let days = day::list(tx, &athlete, Scope::All, (first, today.date))?;
        let recent = activity::list(tx, &athlete, &PageKey::newest(), RECENT)?;
        let weeks = Weeks::read(tx, &athlete, today.date)?;
        Ok((today, days, recent, weeks, record::standing(tx, &athlete)?))
    });
    let (read, condition, card) = tokio::join!(read, engine.condition(), card(&shared));
    let (today, days, recent, week, standing) = read?;
    Ok(Json(Dashboard {
        date: today.date.to_string(),
        timezone: today.timezone,
        card: card?,
        sync: Sync::of(&condition?, &standing),
        week,
        recent: recent.into_iter().map(Recent::from).collect(),
        series: Series::of(&days),
    }))
}

/// The advice of today without the reasons that only its own page shows; nothing where nobody can give one.
async fn card(shared: &Shared) -> Result<Option<Value>, Error> {
    let advice = match answer(shared, DAILY, json!({})).await {
        Ok(advice) => advice,
        Err(Error::Store(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    let Value::Object(mut advice) = advice else { return Ok(None) };
    let shown: Map<String, Value> =
        CARD.iter().filter_map(|name| Some(((*name).to_owned(), advice.remove(*name)?))).collect();
    Ok(Some(Value::Object(shown)))
}
