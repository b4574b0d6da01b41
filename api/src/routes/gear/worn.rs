//! What an activity was done with.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use fitness::records::gear::{self, Choice};
use serde::Deserialize;
use utoipa::ToSchema;

use super::heard;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::path::Segment;
use crate::query::Params;
use crate::state::Shared;

/// What the activity was done with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Worn {
    /// Id of the gear; null for none.
    // So that a body without it is refused.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    gear: Option<String>,
}

/// Says what an activity was done with, whatever its sources say now or later.
#[utoipa::path(
    put, path = "/activities/{id}/gear", tag = "athlete", operation_id = "choose_gear",
    params(("id" = String, Path, description = "Id of the activity")), request_body(content = Worn),
    responses(
        (status = 204, description = "It is kept"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn choose(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    body::Json(Worn { gear }): body::Json<Worn>,
) -> Result<StatusCode, Error> {
    say(&shared, id, gear.map_or(Choice::Nothing, Choice::Gear)).await
}

/// Takes back what was said, so that the sources' word holds.
#[utoipa::path(
    delete, path = "/activities/{id}/gear", tag = "athlete", operation_id = "forget_gear_of_activity",
    params(("id" = String, Path, description = "Id of the activity")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn forget(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<StatusCode, Error> {
    say(&shared, id, Choice::AsTold).await
}

async fn say(shared: &Shared, activity: String, choice: Choice) -> Result<StatusCode, Error> {
    let athlete = shared.state.partition.clone();
    let said = shared.store().write(move |tx| gear::choose(tx, &athlete, &activity, &choice)).await?;
    heard(said)?;
    Ok(StatusCode::NO_CONTENT)
}
