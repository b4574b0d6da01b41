//! Webhooks: what other programs tell, and what it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use engine::registry::Delivery;
use engine::trigger::{Received, Started};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::{Segment, Segments};
use crate::state::Shared;

/// What a delivery did to one pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivered {
    pipeline: String,
    partition: String,
    /// The run that does what the delivery asks for; absent where the pipeline is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// False where a run that has not begun stands for the new one, or none was made.
    new: bool,
}

impl From<Started> for Delivered {
    fn from(from: Started) -> Self {
        let new = from.run.as_ref().is_some_and(|run| run.new);
        Self { pipeline: from.pipeline, partition: from.partition, run: from.run.map(|run| run.run), new }
    }
}

/// Answers a service that makes sure of the address.
#[utoipa::path(
    get, path = "/webhooks/{name}", tag = "pipelines", operation_id = "verify_webhook",
    params(("name" = String, Path, description = "Name of the webhook")),
    responses(
        (status = 200, description = "What the receiver of that name answers", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn verify(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    request: Request,
) -> Result<Response, Error> {
    receive(&shared, &name, None, request).await
}

/// Receives a delivery, and starts the pipelines that wait for it.
///
/// It proves by itself whose it is: by what the plugin of that name asks for, else by the header `X-Hub-Signature-256`,
/// made with the secret of the server.
#[utoipa::path(
    post, path = "/webhooks/{name}", tag = "pipelines", operation_id = "deliver_webhook",
    params(
        ("name" = String, Path, description = "Name of the webhook"),
        ("X-Hub-Signature-256" = Option<String>, Header,
            description = "`sha256=` and the HMAC of the body in hexadecimal"),
    ),
    request_body(content = Option<Object>, description = "Whatever the sender tells"),
    responses(
        (status = 202, description = "What stands for it in the queue", body = Page<Delivered>),
        (status = 200, description = "What the receiver of that name answers, without starting anything", body = Object),
        (status = 403, description = "Not signed, or not by whom it should be", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn deliver(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    request: Request,
) -> Result<Response, Error> {
    receive(&shared, &name, None, request).await
}

/// Answers a service that makes sure of an address which ends in a word of its own.
#[utoipa::path(
    get, path = "/webhooks/{name}/{word}", tag = "pipelines", operation_id = "verify_secret_webhook",
    params(
        ("name" = String, Path, description = "Name of the webhook"),
        ("word" = String, Path, description = "What only the sender knows"),
    ),
    responses(
        (status = 200, description = "What the receiver of that name answers", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn verify_secret(
    State(shared): State<Arc<Shared>>,
    Segments((name, word)): Segments,
    request: Request,
) -> Result<Response, Error> {
    receive(&shared, &name, Some(word), request).await
}

/// Receives a delivery at an address which ends in a word that only the sender knows.
#[utoipa::path(
    post, path = "/webhooks/{name}/{word}", tag = "pipelines", operation_id = "deliver_secret_webhook",
    params(
        ("name" = String, Path, description = "Name of the webhook"),
        ("word" = String, Path, description = "What only the sender knows"),
    ),
    request_body(content = Option<Object>, description = "Whatever the sender tells"),
    responses(
        (status = 200, description = "What stands for it in the queue, or what the receiver of that name answers",
            body = Object),
        (status = 403, description = "Not from whom it should be", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn deliver_secret(
    State(shared): State<Arc<Shared>>,
    Segments((name, word)): Segments,
    request: Request,
) -> Result<Response, Error> {
    receive(&shared, &name, Some(word), request).await
}

/// Whoever sends it waits for no more than an answer, and sends it again where there is none: who knows a secret word
/// is a service that takes a 200 alone for one.
async fn receive(
    shared: &Shared,
    name: &str,
    word: Option<String>,
    request: Request,
) -> Result<Response, Error> {
    let limits = &shared.state.limits;
    let status = if word.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let received = async {
        let delivery = Delivery { word, ..read(request, limits.webhook_bytes).await? };
        Ok(shared.state.engine.receive(name, &delivery).await?)
    };
    match timeout(limits.webhook_wait, received).await {
        Err(_) => Err(Error::WebhookTimeout),
        Ok(Err(error)) => Err(error),
        Ok(Ok(Received::Answer(answer))) => Ok(Json::<Value>(answer).into_response()),
        Ok(Ok(Received::Started(started))) => {
            let items = started.into_iter().map(Delivered::from).collect();
            Ok((status, Json(Page::whole(items))).into_response())
        }
    }
}

async fn read(request: Request, limit_bytes: usize) -> Result<Delivery, Error> {
    let (method, query) = (request.method().to_string(), query(request.uri())?);
    let headers = headers(request.headers());
    let body = body::read(request, limit_bytes).await?.to_vec();
    Ok(Delivery { method, word: None, query, headers, body })
}

fn query(uri: &Uri) -> Result<BTreeMap<String, String>, Error> {
    let pairs = axum::extract::Query::<BTreeMap<String, String>>::try_from_uri(uri);
    pairs.map(|pairs| pairs.0).map_err(|_| Error::parameter("query", "cannot be read"))
}

/// Those that are text. Of one that comes twice only the first counts, so that nobody reads it otherwise.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let named = headers.keys().filter_map(|name| Some((name, headers.get(name)?.to_str().ok()?)));
    named.map(|(name, value)| (name.as_str().to_owned(), value.to_owned())).collect()
}
