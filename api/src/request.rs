//! What surrounds every request: its id, its line in the log, the body of its failure, the headers of its answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use engine::clock::Clock;
use tracing::info;

use crate::error::Error;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 64;

/// The id under which a request is found again in logs, runs and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's own id where it gave one that is safe to repeat, else a new one.
    fn of(headers: &HeaderMap, clock: &Clock) -> Self {
        let given = headers.get(NAME).and_then(|id| id.to_str().ok()).filter(|id| is_sane(id));
        Self(given.map_or_else(|| made(clock.now_ms()).into(), Into::into))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self("none".into())))
    }
}

/// Follows a request from its first line to its answer.
pub(crate) async fn follow(State(clock): State<Clock>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers(), &clock);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        error.render(id.as_str(), &mut response);
    }
    finish(response.headers_mut(), &id);
    info!(
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        duration_ms = started.elapsed().as_micros() as f64 / 1000.0,
        request.id = id.as_str(),
        "request answered"
    );
    response
}

fn finish(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(NAME, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What has a tag says itself how it may be kept.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn is_sane(id: &str) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn made(now_ms: i64) -> String {
    let now_ms = u64::try_from(now_ms).unwrap_or(0);
    let nanos = u32::try_from(now_ms % 1000).unwrap_or(0) * 1_000_000;
    let at = uuid::Timestamp::from_unix(uuid::NoContext, now_ms / 1000, nanos);
    uuid::Uuid::new_v7(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(given: &str) -> RequestId {
        let headers = HeaderMap::from_iter([(NAME, given.parse().unwrap())]);
        RequestId::of(&headers, &Clock::fixed(1_785_000_000_000))
    }

    #[test]
    fn a_sane_id_is_kept() {
        assert_eq!(id("job-17").as_str(), "job-17");
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        for given in ["", "a b", "a=\"b\"", &"x".repeat(65)] {
            assert_eq!(id(given).as_str().len(), 36, "{given}");
        }
    }
}
