//! The part of an address that names a thing.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use uuid::Uuid;

use crate::error::Error;

const LONGEST: usize = 128;

/// A name or an id. What no thing can be called is answered like a thing that is not there.
pub(crate) struct Segment(pub String);

/// Refuses what is no id: it is not asked of the database, which would refuse some texts.
pub(crate) fn check_id(id: &str, unknown: impl FnOnce(&str) -> Error) -> Result<(), Error> {
    Uuid::try_parse(id).map(drop).map_err(|_| unknown(id))
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) if name.len() <= LONGEST && !name.chars().any(char::is_control) => Ok(Self(name)),
            _ => Err(Error::NotFound("thing of that name".to_owned())),
        }
    }
}
