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
/// What numbers in columns are multiplied with: whole numbers are shorter, and quicker to write and to read.
const SCALE: u32 = 100;
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

/// The same days as one list for each figure, in whole numbers: all but `activities` are hundredths. What is not known
/// is null.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct DayColumns {
    load: Vec<i64>,
    ctl: Vec<i64>,
    atl: Vec<i64>,
    tsb: Vec<i64>,
    tsb_today: Vec<i64>,
    ramp: Vec<Option<i64>>,
    monotony: Vec<Option<i64>>,
    strain: Vec<Option<i64>>,
    spike: Vec<Option<i64>>,
    activities: Vec<u32>,
    timer_s: Vec<i64>,
    elapsed_s: Vec<i64>,
    distance_m: Vec<i64>,
}

/// Days in columns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Columns {
    /// The day of the first entry of each list; one day follows the other. Null where there is none.
    #[schema(required = true)]
    base: Option<String>,
    /// By what the numbers of the lists, but for `activities`, are to be divided.
    scale: u32,
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
    fn push(&mut self, day: &DayFigures) {
        self.load.push(scaled(day.row.load));
        self.ctl.push(scaled(day.row.ctl));
        self.atl.push(scaled(day.row.atl));
        self.tsb.push(scaled(day.row.tsb));
        self.tsb_today.push(scaled(day.tsb_today));
        self.ramp.push(day.ramp.map(scaled));
        self.monotony.push(day.monotony.map(scaled));
        self.strain.push(day.strain.map(scaled));
        self.spike.push(day.spike.map(scaled));
        self.activities.push(day.activities);
        self.timer_s.push(scaled(day.timer_s));
        self.elapsed_s.push(scaled(day.elapsed_s));
        self.distance_m.push(scaled(day.distance_m));
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
    if !in_columns {
        return Ok(Json(Days::Rows(Page { items: items.into_iter().map(Day::from).collect(), next })));
    }
    let base = items.first().map(|first| first.row.date.to_string());
    let mut columns = DayColumns::default();
    items.iter().for_each(|day| columns.push(day));
    Ok(Json(Days::Columns(Box::new(Columns { base, scale: SCALE, columns, next }))))
}

/// In hundredths.
fn scaled(number: f64) -> i64 {
    (number * f64::from(SCALE)).round() as i64
}
