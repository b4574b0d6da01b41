//! The part of an address that names a thing.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::error::Error;

const LONGEST: usize = 128;

/// A name or an id. What no thing can be called is answered like a thing that is not there.
pub(crate) struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) if name.len() <= LONGEST && !name.chars().any(char::is_control) => Ok(Self(name)),
            _ => Err(Error::NotFound("thing of that name".to_owned())),
        }
    }
}
