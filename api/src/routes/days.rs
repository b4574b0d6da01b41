//! Days: load, fitness, fatigue and form.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::calendar::DayRow;
use fitness::records::day;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::period::Period;
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// One day of the athlete.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    /// As `2026-07-31`.
    date: String,
    load: f64,
    /// Fitness after the day.
    ctl: f64,
    /// Fatigue after the day.
    atl: f64,
    /// Form on the morning of the day.
    tsb: f64,
}

impl From<DayRow> for Day {
    fn from(DayRow { date, load, ctl, atl, tsb, .. }: DayRow) -> Self {
        Self { date: date.to_string(), load, ctl, atl, tsb }
    }
}

/// Which days to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Period` reads")]
pub(crate) struct DaysParams {
    /// The first day; that of the first activity, if not given.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; the last one that was computed, if not given.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

impl FromQuery for Period {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Self::read(query)
    }
}

/// Lists days in their order.
#[utoipa::path(
    get, path = "/days", tag = "athlete", operation_id = "list_days",
    params(DaysParams),
    responses(
        (status = 200, description = "The days", body = Page<Day>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(period): Params<Period>,
) -> Result<Json<Page<Day>>, Error> {
    let athlete = shared.state.partition.clone();
    let days = shared.store().read(move |tx| day::list(tx, &athlete, Scope::All, period.days())).await?;
    Ok(Json(Page::whole(days.into_iter().map(Day::from).collect())))
}
