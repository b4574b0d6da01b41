//! How a number came about.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::metric::{self, Metric, Of};
use fitness::records::{activity, explain, explain_day, explain_own};
use jiff::civil::Date;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// Which numbers to explain.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct ExplainParams {
    /// Id of an activity; this or a day.
    activity: Option<String>,
    /// As `2026-07-31`; this or an activity.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// Name of a number, as `load`, or of a metric of your own; all of ours that are known, if not given.
    field: Option<String>,
}

/// An activity or a day, and one of its numbers or all.
pub(crate) struct Which {
    about: About,
    field: Option<Field>,
}

/// One of our numbers, or one of the athlete's own making.
#[derive(Clone)]
enum Field {
    Ours(&'static Metric),
    Own(String),
}

#[derive(Clone)]
enum About {
    Activity(String),
    Day(Date),
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let activity = query.text("activity").filter(|id| !id.is_empty());
        let about = match (activity, query.date("day")?) {
            (Some(id), None) => About::Activity(id),
            (None, Some(day)) => About::Day(day),
            (None, None) => {
                return Err(Error::parameter(
                    "activity",
                    "must be the id of an activity, as in `?activity=ID`; or give a day, as in `?day=2026-07-31`",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Error::parameter("day", "stands beside an activity; give one of them"));
            }
        };
        let (of, a) = match about {
            About::Activity(_) => (Of::Activity, "an activity"),
            About::Day(_) => (Of::Day, "a day"),
        };
        let field = query.text("field").map(|name| {
            let ours = metric::find(of, &name).map(Field::Ours);
            let own = || (of == Of::Activity).then(|| Field::Own(name.clone()));
            ours.or_else(own).ok_or_else(|| unknown(&name, a))
        });
        Ok(Self { about, field: field.transpose()? })
    }
}

/// Explains the numbers of an activity or a day: formula, source, inputs with where they are from, choices, and what others say.
#[utoipa::path(
    get, path = "/explain", tag = "athlete", operation_id = "explain",
    params(ExplainParams),
    responses(
        (status = 200, description = "An explanation for each number", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Params(Which { about, field }): Params<Which>,
) -> Result<Json<Value>, Error> {
    let field = match field {
        Some(Field::Own(name)) => return own(&shared, about, name).await,
        Some(Field::Ours(metric)) => Some(metric),
        None => None,
    };
    let (athlete, asked) = (shared.state.partition.clone(), about.clone());
    let found = shared.store().read(move |tx| match &asked {
        About::Activity(id) => explain::activity(tx, &athlete, id, field),
        About::Day(day) => explain_day::day(tx, &athlete, *day, field),
    });
    let items = found.await?.ok_or_else(|| {
        Error::NotFound(match about {
            About::Activity(id) => format!("activity `{id}`"),
            About::Day(day) => format!("day {day}"),
        })
    })?;
    Ok(Json(json!({ "items": items, "next": null })))
}

fn unknown(name: &str, a: &str) -> Error {
    Error::parameter("field", format!("has no number `{name}` of {a}"))
}

async fn own(shared: &Shared, about: About, name: String) -> Result<Json<Value>, Error> {
    let About::Activity(id) = about else { return Err(unknown(&name, "a day")) };
    let (athlete, asked, of) = (shared.state.partition.clone(), id.clone(), name.clone());
    let read = shared.store().read(move |tx| {
        let is_there = activity::exists(tx, &athlete, &asked)?;
        Ok((is_there, explain_own::activity(tx, &athlete, &asked, &of)?))
    });
    let (is_there, explained) = read.await?;
    let explained = explained.ok_or_else(|| unknown(&name, "an activity"))?;
    if !is_there {
        return Err(Error::NotFound(format!("activity `{id}`")));
    }
    Ok(Json(json!({ "items": [explained], "next": null })))
}
