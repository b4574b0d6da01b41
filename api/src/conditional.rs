//! What a client has already is not sent again, and what is sent is small: tags of answers, and gzip.
//!
//! The tag is that of the content, so that any change of it is seen, whoever made it.

use std::io::Write;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Shorter answers are within one packet anyway.
const WORTH_BYTES: usize = 1_000;
/// The quickest level: a long list of numbers must not take longer to pack than to read.
const LEVEL: u32 = 1;
/// Bytes of the content's hash in its tag.
const TAG_BYTES: usize = 12;

/// Answers a read with its tag, or that nothing changed; packs what is worth it.
pub(crate) async fn answer(mut request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        // Its answer has the headers of the read, so the read is done, and only the content left out.
        *request.method_mut() = Method::GET;
        return read(request, next).await.map(|_| Body::empty());
    }
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    read(request, next).await
}

async fn read(request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let packs = takes_gzip(request.headers());
    let response = next.run(request).await;
    if !is_whole_json(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let content = match to_bytes(body, usize::MAX).await {
        Ok(content) => content,
        Err(error) => return Error::Internal(error.to_string()).into_response(),
    };
    let tag = tag(&content);
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // It may be kept, and must be asked about each time.
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let is_known = known.is_some_and(|known| names(&known, &tag));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    let content =
        if packs && content.len() >= WORTH_BYTES { packed(content, &mut parts.headers) } else { content };
    parts.headers.insert(header::CONTENT_LENGTH, content.len().into());
    Response::from_parts(parts, Body::from(content))
}

fn is_whole_json(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_json = content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    response.status() == StatusCode::OK && is_json && response.body().size_hint().exact().is_some()
}

/// A weak tag: the same content may be sent packed or not.
fn tag(content: &[u8]) -> String {
    let hash: String =
        Sha256::digest(content)[..TAG_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hash}\"")
}

/// Whether one of the tags that a client names is this one.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag)))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight: f32 = weight.trim().trim_start_matches("q=").parse().unwrap_or(0.0);
        matches!(name.trim(), "gzip" | "*") && weight > 0.0
    })
}

/// The content packed, where that succeeds and pays.
fn packed(content: Bytes, headers: &mut HeaderMap) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(content.len() / 4), Compression::new(LEVEL));
    match encoder.write_all(&content).and_then(|()| encoder.finish()) {
        Ok(small) if small.len() < content.len() => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            small.into()
        }
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_coding(given: &str, wanted: bool) {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, given.parse().unwrap())]);
        assert_eq!(takes_gzip(&headers), wanted, "{given}");
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        check_coding("gzip, deflate, br", true);
        check_coding("br;q=1.0, gzip;q=0.5", true);
        check_coding("*", true);
        check_coding("gzip;q=0", false);
        check_coding("br, identity", false);
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_tag_is_found_among_several_weak_or_not() {
        let tag = tag(b"content");
        let strong = tag.trim_start_matches("W/").to_owned();
        for known in [tag.clone(), strong.clone(), format!("\"other\", {tag}"), "*".to_owned()] {
            assert!(names(&known.parse().unwrap(), &tag), "{known}");
        }
        assert!(!names(&"\"other\"".parse().unwrap(), &tag));
        assert_ne!(super::tag(b"contents"), tag);
    }
}
