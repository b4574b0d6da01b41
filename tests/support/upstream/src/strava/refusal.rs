//! The forms in which Strava refuses.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::frame;

/// An answer other than the one hoped for.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    body: Value,
}

impl Refusal {
    /// The usual form: a message, and what is wrong with which field of what.
    pub(super) fn new(status: u16, message: &str, [resource, field, code]: [&str; 3]) -> Self {
        let error = json!({ "resource": resource, "field": field, "code": code });
        Self { status, body: json!({ "message": message, "errors": [error] }) }
    }

    pub(super) fn bad(what: [&str; 3]) -> Self {
        Self::new(400, "Bad Request", what)
    }

    pub(super) fn unauthorized(what: [&str; 3]) -> Self {
        Self::new(401, "Authorization Error", what)
    }

    pub(super) fn not_found(resource: &str) -> Self {
        Self::new(404, "Record Not Found", [resource, "id", "invalid"])
    }

    pub(super) fn token() -> Self {
        Self::unauthorized(["Athlete", "access_token", "invalid"])
    }

    pub(super) fn scope(status: u16, field: &str) -> Self {
        Self::new(status, "Authorization Error", ["AccessToken", field, "missing"])
    }

    pub(super) fn client() -> Self {
        Self::unauthorized(["Application", "", "invalid"])
    }

    pub(super) fn inactive() -> Self {
        Self::new(403, "Forbidden", ["Application", "Status", "Inactive"])
    }

    pub(super) fn full() -> Self {
        let body = json!({ "message": "Limit of connected athletes exceeded", "errors": [] });
        Self { status: 403, body }
    }

    pub(super) fn payment() -> Self {
        Self { status: 402, body: json!({ "message": "Payment Required", "errors": [] }) }
    }

    /// What an activity answers that the service stumbles over.
    pub(super) fn stumble() -> Self {
        Self { status: 500, body: json!({ "message": "error" }) }
    }

    /// The limits' recorded form, in which `errors` is a text.
    pub(super) fn too_many() -> Self {
        let body = json!({ "errors": "Rate Limit Exceeded", "status": 429, "message": "Too Many Requests" });
        Self { status: 429, body }
    }

    /// The limits' other form, which names the limit.
    pub(super) fn limit(field: &str) -> Self {
        Self::new(429, "Rate Limit Exceeded", ["Application", field, "exceeded"])
    }

    /// What a status is answered with where a fault asks for nothing but it.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            400 => Self::bad(["Application", "", "invalid"]),
            401 => Self::token(),
            402 => Self::payment(),
            403 => Self::inactive(),
            404 => Self::not_found("Activity"),
            429 => Self::too_many(),
            500 => Self::stumble(),
            _ => Self { status, body: json!({ "message": "Service Unavailable", "errors": [] }) },
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        frame::json(status, self.body.to_string())
    }
}
