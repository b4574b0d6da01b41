//! How a number came about.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::metric::{self, Metric, Of};
use fitness::records::explain;
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
    /// Id of an activity.
    activity: String,
    /// Name of a number, as `load`; all that are known, if not given.
    field: Option<String>,
}

/// An activity, and one of its numbers or all.
pub(crate) struct Which {
    activity: String,
    field: Option<&'static Metric>,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let activity = query.text("activity").filter(|id| !id.is_empty());
        let activity =
            activity.ok_or_else(|| Error::parameter("activity", "must be the id of an activity"))?;
        let field = query.text("field").map(|name| {
            let unknown = || Error::parameter("field", format!("has no number `{name}` of an activity"));
            metric::find(Of::Activity, &name).ok_or_else(unknown)
        });
        Ok(Self { activity, field: field.transpose()? })
    }
}

/// Explains the numbers of an activity: formula, source, inputs with where they are from, choices, and what others say.
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
    Params(Which { activity, field }): Params<Which>,
) -> Result<Json<Value>, Error> {
    let (athlete, asked) = (shared.state.partition.clone(), activity.clone());
    let found = shared.store().read(move |tx| explain::activity(tx, &athlete, &asked, field)).await?;
    let items = found.ok_or_else(|| Error::NotFound(format!("activity `{activity}`")))?;
    Ok(Json(json!({ "items": items, "next": null })))
}
