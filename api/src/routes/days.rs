//! Days: load, fitness, fatigue and form, and what the days before make of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::records::day;
use fitness::week::DayFigures;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::period::Period;
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// More days than any calendar here has.
const ALL: usize = usize::MAX;
/// A page of days; they are small.
const LIMIT_MOST: i64 = 5000;

/// One day of the athlete. What is not known is absent.
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
    /// Form after the day.
    tsb_today: f64,
    /// Fitness gained in the seven days up to this one; from the 8th day on.
    #[serde(skip_serializing_if = "Option::is_none")]
    ramp: Option<f64>,
    /// Foster's monotony of the last seven days, at most 10; from the 7th day on, unless the week had no load.
    #[serde(skip_serializing_if = "Option::is_none")]
    monotony: Option<f64>,
    /// The load of the last seven days times their monotony.
    #[serde(skip_serializing_if = "Option::is_none")]
    strain: Option<f64>,
    /// Mean load of the last seven days over that of the three weeks before; says nothing of injuries.
    #[serde(skip_serializing_if = "Option::is_none")]
    spike: Option<f64>,
    activities: u32,
    timer_s: f64,
    elapsed_s: f64,
    distance_m: f64,
}

/// The same days as one list for each figure, rounded to two decimals; what is not known is null.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct DayColumns {
    load: Vec<f64>,
    ctl: Vec<f64>,
    atl: Vec<f64>,
    tsb: Vec<f64>,
    tsb_today: Vec<f64>,
    ramp: Vec<Option<f64>>,
    monotony: Vec<Option<f64>>,
    strain: Vec<Option<f64>>,
    spike: Vec<Option<f64>>,
    activities: Vec<u32>,
    timer_s: Vec<f64>,
    elapsed_s: Vec<f64>,
    distance_m: Vec<f64>,
}

/// Days in columns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Columns {
    /// The day of the first entry of each list; one day follows the other. Null where there is none.
    #[schema(required = true)]
    base: Option<String>,
    columns: DayColumns,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// Days in rows or in columns, as they were asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Days {
    Rows(Page<Day>),
    Columns(Box<Columns>),
}

impl From<DayFigures> for Day {
    fn from(day: DayFigures) -> Self {
        Self {
            date: day.row.date.to_string(),
            load: day.row.load,
            ctl: day.row.ctl,
            atl: day.row.atl,
            tsb: day.row.tsb,
            tsb_today: day.tsb_today,
            ramp: day.ramp,
            monotony: day.monotony,
            strain: day.strain,
            spike: day.spike,
            activities: day.activities,
            timer_s: day.timer_s,
            elapsed_s: day.elapsed_s,
            distance_m: day.distance_m,
        }
    }
}

impl DayColumns {
    fn push(&mut self, day: &Day) {
        self.load.push(rounded(day.load));
        self.ctl.push(rounded(day.ctl));
        self.atl.push(rounded(day.atl));
        self.tsb.push(rounded(day.tsb));
        self.tsb_today.push(rounded(day.tsb_today));
        self.ramp.push(day.ramp.map(rounded));
        self.monotony.push(day.monotony.map(rounded));
        self.strain.push(day.strain.map(rounded));
        self.spike.push(day.spike.map(rounded));
        self.activities.push(day.activities);
        self.timer_s.push(rounded(day.timer_s));
        self.elapsed_s.push(rounded(day.elapsed_s));
        self.distance_m.push(rounded(day.distance_m));
    }
}

/// Which days to list, and how.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct DaysParams {
    /// The first day; that of the first activity, if not given.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; the last one that was computed, if not given.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `rows`, or `columns` for one list a figure.
    #[param(required = false, default = "rows")]
    layout: String,
    /// How many to answer; all, if not given.
    #[param(minimum = 1, maximum = 5000)]
    limit: Option<i64>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The days that were asked for.
pub(crate) struct Which {
    days: (Date, Date),
    in_columns: bool,
    limit: usize,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let (first, last) = Period::read(query)?.days();
        let cursor = query.text("cursor");
        let cursor =
            cursor.map(|text| fitness::day::parse(&text).ok_or_else(page::bad_cursor)).transpose()?;
        let in_columns = match query.text("layout").as_deref() {
            None | Some("rows") => false,
            Some("columns") => true,
            Some(_) => return Err(Error::parameter("layout", "must be `rows` or `columns`")),
        };
        let limit = query.number("limit", 1..=LIMIT_MOST)?;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(ALL);
        Ok(Self { days: (cursor.unwrap_or(first).max(first), last), in_columns, limit })
    }
}

/// Lists days in their order.
#[utoipa::path(
    get, path = "/days", tag = "athlete", operation_id = "list_days",
    params(DaysParams),
    responses(
        (status = 200, description = "The days, in rows or in columns", body = Days),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Which { days, in_columns, limit }): Params<Which>,
) -> Result<Json<Days>, Error> {
    let athlete = shared.state.partition.clone();
    let mut items = shared.store().read(move |tx| day::figures(tx, &athlete, Scope::All, days)).await?;
    let next = items.get(limit).map(|day| day.row.date.to_string());
    items.truncate(limit);
    let items = items.into_iter().map(Day::from);
    if !in_columns {
        return Ok(Json(Days::Rows(Page { items: items.collect(), next })));
    }
    let mut items = items.peekable();
    let base = items.peek().map(|first| first.date.clone());
    let mut columns = DayColumns::default();
    items.for_each(|day| columns.push(&day));
    Ok(Json(Days::Columns(Box::new(Columns { base, columns, next }))))
}

/// To a hundredth.
fn rounded(number: f64) -> f64 {
    // Adding zero turns -0 into 0.
    (number * 100.0).round() / 100.0 + 0.0
}
