//! The part of an address that names a thing.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use uuid::Uuid;

use crate::error::Error;

const LONGEST: usize = 128;

/// A name or an id. What no thing can be called is answered like a thing that is not there.
pub(crate) struct Segment(pub String);

/// A name and what stands behind it, held to the same.
pub(crate) struct Segments(pub (String, String));

/// Refuses what is no id: it is not asked of the database, which would refuse some texts.
pub(crate) fn check_id(id: &str, unknown: impl FnOnce(&str) -> Error) -> Result<(), Error> {
    Uuid::try_parse(id).map(drop).map_err(|_| unknown(id))
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) if is_name(&name) => Ok(Self(name)),
            _ => Err(unnamed()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((name, rest))) if is_name(&name) && is_name(&rest) => Ok(Self((name, rest))),
            _ => Err(unnamed()),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST && !text.chars().any(char::is_control)
}

fn unnamed() -> Error {
    Error::NotFound("thing of that name".to_owned())
}
