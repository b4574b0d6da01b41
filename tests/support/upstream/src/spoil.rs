//! Carries a [`Fault`] out on an answer.

use std::convert::Infallible;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;

use crate::door::Cut;
use crate::{Fault, frame, strava};

/// Larger than any service's answer.
const BODY_BYTES: usize = 64 << 20;
const PIECES: usize = 16;
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Bad Gateway</title></head>\n\
    <body><center><h1>Bad Gateway</h1></center><hr><center>nginx</center></body></html>\n";

/// What is answered instead of the service's own answer.
pub(crate) async fn instead(fault: &Fault, service: &str, cut: &Cut) -> Response {
    match fault {
        Fault::Reset => {
            cut.now();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Fault::Silent => std::future::pending().await,
        Fault::HtmlPage(status) => page(*status),
        Fault::Huge(bytes) => as_json(Body::from_stream(huge(*bytes))),
        Fault::DeepJson(depth) => as_json("[".repeat(*depth)),
        Fault::WrongShape => as_json(r#"{"weather":"fine","hourly":[null,{"time":"soon"}]}"#),
        Fault::Garbage => as_json(vec![0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28]),
        Fault::Empty => as_json(Body::empty()),
        Fault::Redirect(target) => redirect(target),
        Fault::Status(status) if service.starts_with("strava.") => {
            strava::Refusal::of_status(*status).into_response()
        }
        Fault::Status(status) => error(*status),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The service's own answer, spoilt on its way.
pub(crate) async fn on_its_way(fault: &Fault, answer: Response, cut: &Cut) -> Response {
    match fault {
        Fault::Slow(millis) => {
            Fault::pause(*millis).await;
            return answer;
        }
        Fault::Lost => {
            cut.now();
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        _ => {}
    }
    let (mut head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let body = match fault {
        Fault::Drip(millis) => Body::from_stream(drip(body, *millis)),
        Fault::Stall => Body::from_stream(stream::iter([Ok::<_, Infallible>(half)]).chain(stream::pending())),
        Fault::Truncated => Body::from_stream(then(half, || Err(broken_off()))),
        Fault::ResetMidBody => {
            let cut = cut.clone();
            // The rest is refused by a line that was cut.
            Body::from_stream(then(half, move || {
                cut.now();
                Ok(body)
            }))
        }
        Fault::BrokenJson => {
            head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(half.len()));
            Body::from(half)
        }
        Fault::WrongType => {
            head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            Body::from(body)
        }
        _ => Body::from(body),
    };
    Response::from_parts(head, body)
}

fn as_json(body: impl Into<Body>) -> Response {
    frame::json(StatusCode::OK, body)
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn page(number: u16) -> Response {
    (status(number), [(header::CONTENT_TYPE, "text/html")], PAGE).into_response()
}

fn error(number: u16) -> Response {
    let reason = match number {
        503 => "The service is overloaded",
        429 => "Too many concurrent requests",
        _ => "Internal server error",
    };
    frame::json(status(number), json!({ "error": true, "reason": reason }).to_string())
}

fn redirect(target: &str) -> Response {
    let place = HeaderValue::from_str(target).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, place)]).into_response()
}

/// One long string of JSON.
fn huge(bytes: u64) -> impl Stream<Item = Result<Bytes, Infallible>> {
    const PIECE: Bytes = Bytes::from_static(&[b'x'; 1 << 16]);
    let pieces = usize::try_from(bytes.div_ceil(1 << 16)).unwrap_or(usize::MAX);
    let quote = || stream::iter([Ok(Bytes::from_static(b"\""))]);
    quote().chain(stream::repeat_with(|| Ok(PIECE)).take(pieces)).chain(quote())
}

fn drip(body: Bytes, millis: u64) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let length = body.len().div_ceil(PIECES).max(1);
    stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        Fault::pause(millis).await;
        let piece = rest.split_to(length.min(rest.len()));
        Some((Ok(piece), rest))
    })
}

fn then(
    half: Bytes,
    end: impl FnOnce() -> io::Result<Bytes> + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> {
    let end = stream::once(async move {
        // The half is on its way before the end of the body is known.
        tokio::task::yield_now().await;
        end()
    });
    stream::iter([Ok(half)]).chain(end)
}

fn broken_off() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
