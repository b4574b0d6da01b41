//! What a client has already is not sent again, and what is sent is small: tags of answers, and gzip.
//!
//! The tag is that of the content, so that any change of it is seen, whoever made it. What was packed under a tag need
//! not be packed again: that takes longer than to read what a long list is made of.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{Request, State};
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

/// So many packed answers are kept, each up to so many bytes.
const KEPT: usize = 8;
const KEPT_BYTES: usize = 256 << 10;

/// The answers that were packed last, by the tag of their content, the latest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed(Arc<Mutex<VecDeque<(String, Bytes)>>>);

impl Packed {
    fn find(&self, tag: &str) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(of, _)| of == tag)?;
        let found = kept.remove(place)?;
        let small = found.1.clone();
        kept.push_front(found);
        Some(small)
    }

    fn keep(&self, tag: &str, small: &Bytes) {
        if small.len() > KEPT_BYTES {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((tag.to_owned(), small.clone()));
        kept.truncate(KEPT);
    }
}

/// Answers a read with its tag, or that nothing changed; packs what is worth it.
pub(crate) async fn answer(State(kept): State<Packed>, mut request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        // Its answer has the headers of the read, so the read is done, and only the content left out.
        *request.method_mut() = Method::GET;
        return read(&kept, request, next).await.map(|_| Body::empty());
    }
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    read(&kept, request, next).await
}

async fn read(kept: &Packed, request: Request, next: Next) -> Response {
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
    let small = if packs && content.len() >= WORTH_BYTES { packed(kept, &tag, &content) } else { None };
    if small.is_some() {
        parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let content = small.unwrap_or(content);
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
fn packed(kept: &Packed, tag: &str, content: &Bytes) -> Option<Bytes> {
    if let Some(small) = kept.find(tag) {
        return Some(small);
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(content.len() / 4), Compression::new(LEVEL));
    let small = encoder.write_all(content).and_then(|()| encoder.finish()).ok()?;
    let small = Some(Bytes::from(small)).filter(|small| small.len() < content.len())?;
    kept.keep(tag, &small);
    Some(small)
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

    fn unpacked(small: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(small), &mut content).unwrap();
        content
    }

    #[test]
    fn an_answer_is_packed_once_and_the_last_ones_are_kept() {
        let kept = Packed::default();
        let contents: Vec<Bytes> =
            (0..=KEPT).map(|number| Bytes::from(vec![b'0' + number as u8; 2_000])).collect();
        for content in &contents {
            let small = packed(&kept, &tag(content), content).unwrap();
            assert_eq!(unpacked(&small), *content);
            assert_eq!(kept.find(&tag(content)).unwrap().as_ptr(), small.as_ptr());
        }
        assert!(kept.find(&tag(&contents[0])).is_none(), "the oldest one is gone");
        assert_eq!(unpacked(&kept.find(&tag(&contents[1])).unwrap()), contents[1]);
    }

    #[test]
    fn what_does_not_pay_is_sent_as_it_is_and_what_is_large_is_not_kept() {
        let kept = Packed::default();
        let noise: Bytes = (0..64_u32).flat_map(|number| Sha256::digest(number.to_be_bytes())).collect();
        let large: String = (0..32_000_u32).map(|number| tag(&number.to_be_bytes())).collect();
        let large = Bytes::from(large);
        assert!(packed(&kept, &tag(&noise), &noise).is_none());
        assert!(packed(&kept, &tag(&large), &large).unwrap().len() > KEPT_BYTES);
        assert!(kept.find(&tag(&large)).is_none());
    }
}
