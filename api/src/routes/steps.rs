//! The kinds of step that scripts may call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::step::{Kind, Shape, Slot};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::ErrorBody;
use crate::page::Page;
use crate::query::Params;
use crate::state::Shared;

/// A kind of step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepKind {
    /// `namespace.verb_or_noun`; scripts write `namespace::verb_or_noun`.
    kind: &'static str,
    /// What it does, in a sentence.
    about: &'static str,
    /// What it takes, in order.
    inputs: Vec<Input>,
    /// Name of the artifact it gives.
    output: String,
    /// JSON schema of its configuration.
    #[schema(value_type = Object)]
    config: Value,
    /// JSON schema of the artifact it gives.
    #[schema(value_type = Object)]
    output_schema: Value,
}

/// One place of a step's input.
#[derive(Debug, Serialize, ToSchema)]
struct Input {
    /// Name of the artifact that fits.
    artifact: String,
    /// `plain`, `optional`, or `gather` for a list.
    shape: &'static str,
}

/// Lists the kinds of step.
#[utoipa::path(
    get, path = "/steps", tag = "pipelines", operation_id = "list_steps",
    responses(
        (status = 200, description = "All kinds by name", body = Page<StepKind>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, _: Params<()>) -> Json<Page<StepKind>> {
    Json(Page::whole(shared.state.engine.registry().kinds().map(|kind| StepKind::from(&**kind)).collect()))
}

impl From<&Kind> for StepKind {
    fn from(from: &Kind) -> Self {
        Self {
            kind: from.kind,
            about: from.about,
            inputs: from.slots.iter().map(Input::from).collect(),
            output: from.output.clone(),
            config: from.config_schema.as_value().clone(),
            output_schema: from.output_schema.as_value().clone(),
        }
    }
}

impl From<&Slot> for Input {
    fn from(from: &Slot) -> Self {
        let shape = match from.shape {
            Shape::Plain => "plain",
            Shape::Optional => "optional",
            Shape::Gather => "gather",
        };
        Self { artifact: from.artifact.clone(), shape }
    }
}
