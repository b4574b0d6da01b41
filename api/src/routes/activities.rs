//! Activities: what the athlete did.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::records::activity::{self, ActivityRow, Filter, PageKey};
use fitness::records::{activity_stream, activity_weather, lap, own_metric, own_number, route};
use fitness::stream::Column;
use jiff::civil::Date;
use utoipa::IntoParams;

use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::Segment;
use crate::period::Period;
use crate::query::{FromQuery, Params, Query};
use crate::sport;
use crate::state::Shared;

pub(crate) mod detail;
pub(crate) mod records;
mod streams;
mod view;
mod weather;

use streams::{Asked, Streams};
pub(crate) use view::Warning;
use view::{Activity, ActivityWithLaps, Own};
pub(crate) use weather::Air;

/// Which activities to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct ActivitiesParams {
    /// Only activities that start on this day or after it, in the athlete's time zone.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Only activities that start on this day or before it.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Only activities of this sport, as the list names it: `running`.
    sport: Option<String>,
    /// Only activities that have this in their name or description, in capitals or not.
    text: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

/// The page that was asked for.
pub(crate) struct Which {
    period: Period,
    filter: Filter,
    after: PageKey,
    limit: u32,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let limit = page::limit(query)?;
        Ok(Self {
            period: Period::read(query)?,
            filter: Filter { sport: sport::read(query)?, text: query.word("text")?, from_ms: None },
            after: query.text("cursor").map_or(Ok(PageKey::newest()), |cursor| read_cursor(&cursor))?,
            limit: u32::try_from(limit).unwrap_or(1),
        })
    }
}

/// Lists activities, the newest first; of several records of one activity the one that is counted.
#[utoipa::path(
    get, path = "/activities", tag = "athlete", operation_id = "list_activities",
    params(ActivitiesParams),
    responses(
        (status = 200, description = "A page of activities", body = Page<Activity>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Which { period, filter, after, limit }): Params<Which>,
) -> Result<Json<Page<Activity>>, Error> {
    sport::known(&shared, filter.sport.as_deref()).await?;
    let athlete = shared.state.partition.clone();
    let read = shared.store().read(move |tx| {
        let (from_ms, until_ms) = period.instants(tx, &athlete)?;
        let mut after = after.clone();
        if until_ms.is_some_and(|until_ms| after.start_ms >= until_ms) {
            // Nothing sorts below an empty id, so the page begins before that moment.
            after = PageKey { start_ms: until_ms.unwrap_or(i64::MAX), id: String::new() };
        }
        activity::search(tx, &athlete, &Filter { from_ms, ..filter.clone() }, &after, limit + 1)
    });
    let page = Page::cut(read.await?, i64::from(limit), write_cursor);
    Ok(Json(Page { items: page.items.into_iter().map(Activity::from).collect(), next: page.next }))
}

fn write_cursor(row: &ActivityRow) -> String {
    let PageKey { start_ms, id } = PageKey::of(row);
    format!("{start_ms}.{id}")
}

fn read_cursor(cursor: &str) -> Result<PageKey, Error> {
    let key = || {
        let (start_ms, id) = cursor.split_once('.')?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let start_ms = start_ms.parse().ok()?;
        is_id.then(|| PageKey { start_ms, id: id.to_owned() })
    };
    key().ok_or_else(page::bad_cursor)
}

/// How much of an activity to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Asked` reads")]
pub(crate) struct ActivityParams {
    /// Channels whose samples to answer too, separated by commas: `heart_rate,power`.
    streams: Option<String>,
}

/// Shows an activity with its laps, and with the streams that are asked for.
#[utoipa::path(
    get, path = "/activities/{id}", tag = "athlete", operation_id = "show_activity",
    params(("id" = String, Path, description = "Id of the activity"), ActivityParams),
    responses(
        (status = 200, description = "The activity", body = ActivityWithLaps),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Asked(channels)): Params<Asked>,
) -> Result<Json<ActivityWithLaps>, Error> {
    let (athlete, asked) = (shared.state.partition.clone(), id.clone());
    let read = shared.store().read(move |tx| {
        let Some(shown) = activity::get(tx, &athlete, &asked)? else { return Ok(None) };
        let laps = lap::list(tx, &asked)?;
        let weather = activity_weather::of(tx, &athlete, &asked)?;
        // A route is told of the record that counts.
        let counted = shown.row.duplicate_of.as_ref().unwrap_or(&shown.row.id);
        let route = route::of_activity(tx, &athlete, Scope::All, counted)?;
        let mut blocks = Vec::new();
        for column in channels.iter().map(|channel| Column::Channel(*channel)).chain([Column::Time]) {
            if !channels.is_empty()
                && let Some(block) = activity_stream::get(tx, &asked, column)?
            {
                blocks.push((column, block));
            }
        }
        let numbers = own_number::of_activity(tx, &asked, Scope::All)?;
        let own = Own::all(numbers, &own_metric::list(tx, &athlete)?);
        Ok(Some((shown, laps, weather, route, own, blocks)))
    });
    let found = read.await?.ok_or_else(|| Error::NotFound(format!("activity `{id}`")))?;
    let (shown, laps, weather, route, own, blocks) = found;
    let streams = if blocks.is_empty() { None } else { Some(Streams::decode(&blocks)?) };
    Ok(Json(ActivityWithLaps::new(shown, laps, weather, route, own, streams)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let key = read_cursor("1785000000000.0198-ab").unwrap();
        assert_eq!(key, PageKey { start_ms: 1_785_000_000_000, id: "0198-ab".to_owned() });
    }

    #[test]
    fn a_cursor_of_another_making_is_refused() {
        for cursor in ["", ".", "1.", "x.ab", "1785", "1.a'b", "99999999999999999999.ab"] {
            let error = read_cursor(cursor).unwrap_err();
            assert_eq!(error.to_string(), "`cursor` must be the `next` of a page", "{cursor}");
        }
    }
}
