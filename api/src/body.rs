//! Bodies: read whole and within a limit, and as JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::state::Shared;

/// A body of JSON. An empty one is an empty object.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<std::sync::Arc<Shared>> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, shared: &std::sync::Arc<Shared>) -> Result<Self, Error> {
        let is_json = is_json(request.headers());
        let bytes = read(request, shared.state.limits.body_bytes).await?;
        if !is_json && !bytes.is_empty() {
            return Err(Error::UnsupportedMediaType("`application/json`"));
        }
        Ok(Self(parse(&bytes)?))
    }
}

/// Whether the headers say that the body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/json"))
}

/// The media type of the body without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(content_type.split(';').next().unwrap_or_default().trim())
}

/// The length that is announced of a body; one that is too long is refused before anything of it is read.
pub(crate) fn announced(headers: &HeaderMap, limit_bytes: usize) -> Result<Option<usize>, Error> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let fits = |length| usize::try_from(length).ok().filter(|length| *length <= limit_bytes);
    announced.map(|length| fits(length).ok_or(Error::TooLarge { limit_bytes })).transpose()
}

/// Reads a body of at most so many bytes.
pub(crate) async fn read(request: Request, limit_bytes: usize) -> Result<Bytes, Error> {
    let announced = announced(request.headers(), limit_bytes)?;
    let mut body = Vec::with_capacity(announced.unwrap_or(0));
    let mut stream = request.into_body().into_data_stream();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Error::BodyBroken)?;
        if body.len() + part.len() > limit_bytes {
            return Err(Error::TooLarge { limit_bytes });
        }
        body.extend_from_slice(&part);
    }
    Ok(body.into())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let value = if bytes.iter().all(u8::is_ascii_whitespace) {
        Value::Object(serde_json::Map::new())
    } else {
        serde_json::from_slice(bytes).map_err(|error| json_error(&error))?
    };
    // A list would be read as the fields of an object in their order.
    if !value.is_object() {
        return Err(Error::parameter("body", "must be a JSON object"));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let name = if path == "." { "body".to_owned() } else { path };
        Error::parameter(name, format!("cannot be read: {}", error.into_inner()))
    })
}

// The parser has no other sign of its limit than this text; a test holds it.
fn json_error(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    if text.starts_with("recursion limit exceeded") { Error::JsonTooDeep } else { Error::InvalidJson(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        #[serde(default)]
        left: u8,
    }

    #[test]
    fn half_a_million_brackets_are_too_deep() {
        let error = parse::<Pair>("[".repeat(500_000).as_bytes()).unwrap_err();
        assert_eq!(error.code(), "json_too_deep");
    }

    #[test]
    fn an_empty_body_is_an_empty_object() {
        assert_eq!(parse::<Pair>(b" \n").unwrap(), Pair { left: 0 });
    }

    #[test]
    fn a_field_of_another_type_is_named() {
        let error = parse::<Pair>(br#"{"left": "x"}"#).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { name, .. } if name == "left"));
    }

    #[test]
    fn a_list_is_no_object() {
        let error = parse::<Pair>(b"[1]").unwrap_err();
        assert_eq!(error.to_string(), Error::parameter("body", "must be a JSON object").to_string());
    }

    #[test]
    fn an_unknown_field_is_named() {
        let error = parse::<Pair>(br#"{"right": 1}"#).unwrap_err();
        assert!(error.to_string().contains("`right`"), "{error}");
    }

    #[test]
    fn what_is_no_json_says_where() {
        let error = parse::<Pair>(br#"{"left": }"#).unwrap_err();
        assert_eq!(error.to_string(), "the body is not JSON: expected value at line 1 column 10");
    }
}
