//! Weeks, months and years: how much was done in them, by sport.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::records::volume::{self, Place};
use fitness::volume::{self as sums, Span};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::period::Period;
use crate::query::{FromQuery, Params, Query};
use crate::sport;
use crate::state::Shared;

/// Sums over activities.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Volume {
    activities: u32,
    /// The timers' time, else that in motion, else all.
    timer_s: f64,
    elapsed_s: f64,
    distance_m: f64,
    ascent_m: f64,
    load: f64,
}

/// One week, month or year.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Week {
    /// The first day, a Monday where it is a week.
    from: String,
    /// The last day.
    to: String,
    #[serde(flatten)]
    total: Volume,
    /// The same by sport.
    sports: BTreeMap<String, Volume>,
}

impl From<sums::Volume> for Volume {
    fn from(volume: sums::Volume) -> Self {
        let sums::Volume { activities, timer_s, elapsed_s, distance_m, ascent_m, load } = volume;
        Self { activities, timer_s, elapsed_s, distance_m, ascent_m, load }
    }
}

impl From<sums::Period> for Week {
    fn from(period: sums::Period) -> Self {
        Self {
            from: period.from.to_string(),
            to: period.to.to_string(),
            total: period.total.into(),
            sports: period.sports.into_iter().map(|(sport, volume)| (sport, volume.into())).collect(),
        }
    }
}

/// What to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct WeeksParams {
    /// `week`, `month` or `year`.
    #[param(required = false, default = "week")]
    span: String,
    /// Only this sport, such as `running`.
    sport: Option<String>,
    /// From the span that this day is in.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Up to the span that this day is in.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

/// The page that was asked for.
pub(crate) struct Which {
    span: Span,
    sport: Option<String>,
    place: Place,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let span = query.text("span").unwrap_or_else(|| "week".to_owned());
        let span = Span::parse(&span)
            .ok_or_else(|| Error::parameter("span", "must be `week`, `month` or `year`"))?;
        let (first, last) = Period::read(query)?.days();
        let cursor = query.text("cursor");
        let cursor =
            cursor.map(|text| fitness::day::parse(&text).ok_or_else(page::bad_cursor)).transpose()?;
        let place = Place {
            days: (span.first_of(first), span.last_of(last)),
            from: cursor.and_then(|cursor| span.first_of(cursor).yesterday().ok()),
            limit: u32::try_from(page::limit(query)?).unwrap_or(1),
        };
        Ok(Self { span, sport: sport::read(query)?, place })
    }
}

/// Lists weeks, months or years, the newest first, from the last to the first with an activity.
#[utoipa::path(
    get, path = "/weeks", tag = "athlete", operation_id = "list_weeks",
    params(WeeksParams),
    responses(
        (status = 200, description = "A page of them", body = Page<Week>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Which { span, sport, place }): Params<Which>,
) -> Result<Json<Page<Week>>, Error> {
    sport::known(&shared, sport.as_deref()).await?;
    let athlete = shared.state.partition.clone();
    let asked = Place { limit: place.limit + 1, ..place };
    let read = shared
        .store()
        .read(move |tx| volume::page(tx, &athlete, Scope::All, (span, sport.as_deref()), asked));
    let page = Page::cut(read.await?, i64::from(place.limit), |period| period.from.to_string());
    Ok(Json(Page { items: page.items.into_iter().map(Week::from).collect(), next: page.next }))
}
