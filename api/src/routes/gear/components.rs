//! What is mounted on gear.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fitness::Scope;
use fitness::records::gear::{self, ComponentChange, GearError, NewComponent};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Gear, find, heard, made, refused, standing};
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::path::Segment;
use crate::query::{Params, date};
use crate::state::Shared;

/// A component to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGearComponent)]
pub(crate) struct Mounted {
    /// Such as `chain`; kept in small letters.
    kind: String,
    #[serde(default)]
    name: Option<String>,
    /// The first day; the first use, if not given.
    #[serde(default)]
    from: Option<String>,
}

/// What is to be otherwise; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GearComponentChange)]
pub(crate) struct Changed {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    from: Option<String>,
    /// The last day that it was mounted.
    #[serde(default)]
    to: Option<String>,
    /// True for what is mounted still.
    #[serde(default)]
    in_use: bool,
}

/// Mounts a component on gear; the same on the same day is one.
#[utoipa::path(
    post, path = "/gear/{id}/components", tag = "athlete", operation_id = "mount_gear_component",
    params(("id" = String, Path, description = "Id of the gear")), request_body(content = Mounted),
    responses(
        (status = 200, description = "It was mounted already: the gear with its components", body = Gear),
        (status = 201, description = "The gear with its components", body = Gear),
        (status = 422, description = "That is no component", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn mount(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    body::Json(Mounted { kind, name, from }): body::Json<Mounted>,
) -> Result<(StatusCode, Json<Gear>), Error> {
    let from = from.map(|day| date("from", &day)).transpose()?;
    let new = heard(NewComponent::of(&kind, &name.unwrap_or_default(), from))?;
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let now_ms = shared.state.engine.clock().now_ms();
    let said = shared.store().write(move |tx| {
        let before = gear::overview(tx, &athlete, Scope::All)?;
        let is_there = |id: &String| before.iter().flat_map(|gear| &gear.components).any(|one| one.id == *id);
        let mounted = gear::mount(tx, &athlete, &of, &new, now_ms)?;
        Ok(mounted.map(|component| is_there(&component)))
    });
    let was_there = heard(said.await?)?;
    Ok((made(was_there), Json(find(&shared, id).await?)))
}

/// Changes a component, one that an export tells of too.
#[utoipa::path(
    patch, path = "/gear/components/{id}", tag = "athlete", operation_id = "change_gear_component",
    params(("id" = String, Path, description = "Id of the component")), request_body(content = Changed),
    responses(
        (status = 200, description = "The gear with its components", body = Gear),
        (status = 422, description = "That cannot be", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    body::Json(changed): body::Json<Changed>,
) -> Result<Json<Gear>, Error> {
    let Changed { kind, name, from, to, in_use } = changed;
    let from = from.map(|day| date("from", &day)).transpose()?;
    let change = ComponentChange { kind, name, from, standing: standing("to", to.as_deref(), in_use)? };
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let now_ms = shared.state.engine.clock().now_ms();
    let said =
        shared.store().write(move |tx| gear::change_component(tx, &athlete, &of, &change, now_ms)).await?;
    heard(said)?;
    find(&shared, id).await.map(Json)
}

/// Forgets what the athlete said of a component, and its services.
#[utoipa::path(
    delete, path = "/gear/components/{id}", tag = "athlete", operation_id = "forget_gear_component",
    params(("id" = String, Path, description = "Id of the component")),
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
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    if !shared.store().write(move |tx| gear::forget_component(tx, &athlete, &of)).await? {
        return Err(refused(&GearError::UnknownComponent(id)));
    }
    Ok(StatusCode::NO_CONTENT)
}
