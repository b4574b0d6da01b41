//! What was left of W' along an activity.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::records::curve::{self, Balance};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::path::Segment;
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

const POINTS_USUAL: i64 = 1000;

/// How many samples to answer.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Points` reads")]
pub(crate) struct BalanceParams {
    /// At most so many samples; 1000, if not given.
    #[param(required = false, default = 1000, minimum = 3, maximum = 20000)]
    points: i64,
}

/// The number of samples.
pub(crate) struct Points(usize);

impl FromQuery for Points {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let points = query.number("points", 3..=20_000)?.unwrap_or(POINTS_USUAL);
        Ok(Self(usize::try_from(points).unwrap_or(3)))
    }
}

/// What was left of W' along an activity; empty where its power, or a critical power of the 90 days up to it, is
/// not known.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = WBalance)]
pub(crate) struct Left {
    /// Watts that can be held.
    #[serde(skip_serializing_if = "Option::is_none")]
    critical_power_w: Option<f64>,
    /// Joules there are above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    w_prime_j: Option<f64>,
    /// The least that was left; below 0 one of the two is set too low.
    #[serde(skip_serializing_if = "Option::is_none")]
    least_j: Option<f64>,
    time_ms: Vec<i64>,
    left_j: Vec<f64>,
}

impl Left {
    fn of(balance: &Balance, points: usize) -> Self {
        let every = balance.left.len().div_ceil(points).max(1);
        Self {
            critical_power_w: Some(balance.critical.rate),
            w_prime_j: Some(balance.critical.above),
            least_j: balance.left.iter().copied().min_by(f64::total_cmp),
            time_ms: balance.time_ms.iter().copied().step_by(every).collect(),
            left_j: balance.left.iter().map(|left| left.round()).step_by(every).collect(),
        }
    }
}

/// Shows what was left of W' along an activity, by the critical power of the 90 days up to it.
#[utoipa::path(
    get, path = "/activities/{id}/w-balance", tag = "athlete", operation_id = "activity_w_balance",
    params(("id" = String, Path, description = "Id of the activity"), BalanceParams),
    responses(
        (status = 200, description = "The balance", body = Left),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Points(points)): Params<Points>,
) -> Result<Json<Left>, Error> {
    let (athlete, asked) = (shared.state.partition.clone(), id.clone());
    let read = shared.store().read(move |tx| curve::balance(tx, &athlete, Scope::All, &asked));
    let found = read.await?.ok_or_else(|| Error::NotFound(format!("activity `{id}`")))?;
    Ok(Json(found.map_or_else(Left::default, |balance| Left::of(&balance, points))))
}
