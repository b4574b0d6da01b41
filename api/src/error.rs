//! What the API answers when it does not do what was asked.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::backfill::BackfillError;
use engine::dead_letter::LetterError;
use engine::pool::PoolError;
use engine::registry::QueryError;
use engine::rerun::RerunError;
use engine::trigger::WebhookError;
use engine::{EnqueueError, PauseError, PlanError};
use serde::Serialize;
use serde_json::Value;
use tracing::error;
use utoipa::ToSchema;

use crate::diagnostic;

/// A request that was not done, with what its answer says.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no {0}")]
    NotFound(String),
    #[error("this address does not take {0}")]
    MethodNotAllowed(String),
    #[error("the body is not JSON: {0}")]
    InvalidJson(String),
    #[error("the body nests deeper than 128 levels")]
    JsonTooDeep,
    #[error("the body ended before its end or is not what its headers say")]
    BodyBroken,
    #[error("the length of the body must be given by `Content-Length` alone")]
    LengthRequired,
    #[error("the body has more than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("the body must be {0}")]
    UnsupportedMediaType(&'static str),
    #[error("`{name}` {reason}")]
    InvalidParameter { name: String, reason: String },
    #[error("this server answers only on `localhost`, `127.0.0.1` and `[::1]`")]
    HostRefused,
    #[error("requests from other origins are refused")]
    OriginRefused,
    #[error("a write must be JSON or carry the header `X-Paceline: 1`")]
    CsrfRefused,
    #[error("the delivery is not signed, or not by whom it should be")]
    WebhookRefused,
    #[error("the delivery took too long; nothing is lost if it is sent again")]
    WebhookTimeout,
    #[error("run `{0}` is over")]
    RunOver(String),
    /// A refusal whose code comes from further below.
    #[error("{message}")]
    Refused { status: StatusCode, code: Cow<'static, str>, message: String, details: Option<Value> },
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A mistake of ours; the text is for the log only.
    #[error("{0}")]
    Internal(String),
}

/// The body of every failure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    pub error: Failure,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// Stable; docs/ERRORS.md explains each.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// The id under which the log tells more.
    pub request_id: String,
    /// More for a program, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<Value>,
}

const INTERNAL: &str = "something went wrong inside; the log says more under this request id";

impl Error {
    /// A parameter or a field of the body that cannot be.
    pub(crate) fn parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidParameter { name: name.into(), reason: reason.into() }
    }

    /// A script with mistakes: the first one's code and text, and all of them as details.
    pub(crate) fn script(diagnostics: &[engine::script::Diagnostic]) -> Self {
        let first = diagnostics.first();
        Self::Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: first.map_or("pipeline_invalid", |first| first.code).into(),
            message: first.map_or_else(|| "the pipeline has errors".to_owned(), diagnostic::sentence),
            details: serde_json::to_value(diagnostic::all(diagnostics)).ok(),
        }
    }

    /// What contradicts how things stand.
    pub(crate) fn conflict(code: &'static str, message: String) -> Self {
        Self::Refused { status: StatusCode::CONFLICT, code: code.into(), message, details: None }
    }

    /// The stable name of the failure.
    pub fn code(&self) -> &str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::InvalidJson(_) => "invalid_json",
            Self::JsonTooDeep => "json_too_deep",
            Self::BodyBroken => "body_broken",
            Self::LengthRequired => "length_required",
            Self::TooLarge { .. } => "file_too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::HostRefused => "host_refused",
            Self::OriginRefused => "origin_refused",
            Self::CsrfRefused => "csrf_refused",
            Self::WebhookRefused => "webhook_refused",
            Self::WebhookTimeout => "webhook_timeout",
            Self::RunOver(_) => "run_over",
            Self::Refused { code, .. } => code,
            Self::Store(error) => error.code(),
            Self::Internal(_) => "internal",
        }
    }

    /// The status that goes with it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidJson(_) | Self::JsonTooDeep | Self::BodyBroken | Self::LengthRequired => {
                StatusCode::BAD_REQUEST
            }
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidParameter { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::HostRefused | Self::OriginRefused | Self::CsrfRefused | Self::WebhookRefused => {
                StatusCode::FORBIDDEN
            }
            Self::WebhookTimeout => StatusCode::SERVICE_UNAVAILABLE,
            Self::RunOver(_) => StatusCode::CONFLICT,
            Self::Refused { status, .. } => *status,
            Self::Store(error) => store_status(error),
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the caller reads: of trouble inside, no more than what can be done about it.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Store(error) => store_message(error).to_owned(),
            Self::Internal(_) => INTERNAL.to_owned(),
            told => told.to_string(),
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Refused { details, .. } => details.clone(),
            Self::InvalidParameter { name, .. } => Some(serde_json::json!({ "parameter": name })),
            _ => None,
        }
    }

    /// Writes the answer's body, and to the log what the answer does not say.
    pub(crate) fn render(&self, request_id: &str, response: &mut Response) {
        if matches!(self, Self::Store(_) | Self::Internal(_)) {
            error!(request.id = request_id, code = self.code(), error = %self, "request failed");
        }
        let body = ErrorBody {
            error: Failure {
                code: self.code().to_owned(),
                message: self.message(),
                request_id: request_id.to_owned(),
                details: self.details(),
            },
        };
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
    }
}

/// Carries the failure to the outermost layer, which knows the request's id and writes the body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Unknown { .. } => Self::Refused {
                status: StatusCode::NOT_FOUND,
                code: "pipeline_unknown".into(),
                message: error.to_string(),
                details: None,
            },
            PlanError::Invalid { diagnostics, .. } => Self::script(&diagnostics),
        }
    }
}

impl From<EnqueueError> for Error {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Plan(error) => error.into(),
            EnqueueError::Params(reason) => Self::parameter("params", format!("cannot be: {reason}")),
            EnqueueError::Key => Self::parameter("key", format!("cannot be: {error}")),
            EnqueueError::Store(error) => error.into(),
        }
    }
}

impl From<WebhookError> for Error {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Unknown(name) => Self::NotFound(format!("webhook `{name}`")),
            WebhookError::Refused => Self::WebhookRefused,
            WebhookError::Enqueue(error) => error.into(),
        }
    }
}

impl From<RerunError> for Error {
    fn from(error: RerunError) -> Self {
        match error {
            RerunError::Unknown(run) => Self::NotFound(format!("run `{run}`")),
            RerunError::Step { known, .. } => Self::parameter("from", format!("must be one of {known}")),
            RerunError::Store(error) => error.into(),
            refused => Self::conflict(refused.code(), refused.to_string()),
        }
    }
}

impl From<LetterError> for Error {
    fn from(error: LetterError) -> Self {
        match error {
            LetterError::Unknown(id) => Self::NotFound(format!("dead letter `{id}`")),
            LetterError::Enqueue(error) => error.into(),
            refused => Self::conflict(refused.code().unwrap_or("internal"), refused.to_string()),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Unknown { .. } => Self::Refused {
                status: StatusCode::NOT_FOUND,
                code: "pool_unknown".into(),
                message: error.to_string(),
                details: None,
            },
            PoolError::Store(error) => error.into(),
        }
    }
}

impl From<PauseError> for Error {
    fn from(error: PauseError) -> Self {
        match error {
            PauseError::Plan(error) => error.into(),
            PauseError::Note => {
                Self::parameter("note", "cannot be: it has at most 200 characters, on one line")
            }
            PauseError::Store(error) => error.into(),
        }
    }
}

impl From<BackfillError> for Error {
    fn from(error: BackfillError) -> Self {
        match error {
            BackfillError::Unknown(id) => Self::NotFound(format!("backfill `{id}`")),
            BackfillError::Over(_) => Self::conflict(error.code(), error.to_string()),
            BackfillError::Range { name, .. } => Self::parameter(name, error.to_string()),
            BackfillError::Item { source: EnqueueError::Plan(plan), .. } => plan.into(),
            BackfillError::Size(_) | BackfillError::Item { .. } => {
                Self::parameter("items", format!("cannot be: {error}"))
            }
            BackfillError::Store(error) => error.into(),
        }
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        let refused = |status, code: &'static str, message| Self::Refused {
            status,
            code: code.into(),
            message,
            details: None,
        };
        match error {
            QueryError::Invalid { code, message } => refused(StatusCode::UNPROCESSABLE_ENTITY, code, message),
            QueryError::NotFound { code, message } => refused(StatusCode::NOT_FOUND, code, message),
            QueryError::Script(diagnostics) => Self::script(&diagnostics),
            QueryError::Store(error) => error.into(),
        }
    }
}

fn store_status(error: &store::Error) -> StatusCode {
    use store::Error::{Conflict, Full, ReadOnly, Retry, Unavailable};
    match error {
        Conflict(_) => StatusCode::CONFLICT,
        Retry(_) | Unavailable { .. } | ReadOnly(_) => StatusCode::SERVICE_UNAVAILABLE,
        Full(_) => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

// The store's own texts name hosts, paths and statements.
fn store_message(error: &store::Error) -> &'static str {
    use store::Error::{Conflict, Full, ReadOnly, Retry, Unavailable};
    match error {
        Conflict(_) => "the request contradicts what is stored",
        Retry(_) => "the database is busy; nothing was written, try again",
        Unavailable { .. } => "the database is not available",
        ReadOnly(_) => "the database accepts no writes",
        Full(_) => "there is no space left for the database",
        _ => INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of_each() -> Vec<Error> {
        let text = String::new;
        vec![
            Error::NotFound(text()),
            Error::MethodNotAllowed(text()),
            Error::InvalidJson(text()),
            Error::JsonTooDeep,
            Error::BodyBroken,
            Error::LengthRequired,
            Error::TooLarge { limit_bytes: 1 },
            Error::UnsupportedMediaType("JSON"),
            Error::parameter("limit", "is wrong"),
            Error::HostRefused,
            Error::OriginRefused,
            Error::CsrfRefused,
            Error::WebhookRefused,
            Error::WebhookTimeout,
            Error::RunOver(text()),
            Error::script(&[]),
            Error::Internal(text()),
            Error::Store(store::Error::Conflict(text())),
            Error::Store(store::Error::Retry(text())),
            Error::Store(store::Error::Unavailable { what: text(), maybe_committed: false }),
            Error::Store(store::Error::Full(text())),
            Error::Store(store::Error::ReadOnly(text())),
            Error::Store(store::Error::Corrupt(text())),
            Error::Store(store::Error::Other(text())),
            Error::Store(store::Error::Panicked(text())),
        ]
    }

    #[test]
    fn every_code_has_its_paragraph() {
        let page = include_str!("../../docs/ERRORS.md");
        let missing: Vec<_> = one_of_each()
            .iter()
            .map(|error| error.code().to_owned())
            .filter(|code| !page.contains(&format!("### `{code}`\n")))
            .collect();
        assert!(missing.is_empty(), "docs/ERRORS.md does not explain {missing:?}");
    }

    #[test]
    fn what_the_database_said_stays_inside() {
        let error = Error::Store(store::Error::Unavailable {
            what: "db.example.org:5432".to_owned(),
            maybe_committed: false,
        });
        assert_eq!(error.message(), "the database is not available");
    }
}
