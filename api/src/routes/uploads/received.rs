//! Reading the files of an upload out of its body.

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Request};
use axum::http::StatusCode;
use utoipa::IntoParams;

use crate::body;
use crate::error::Error;
use crate::query::{self, FromQuery, Query};

const FILES_MOST: usize = 1000;
const NAME_LONGEST: usize = 200;

/// A file as it came.
pub(super) struct Received {
    pub name: String,
    pub bytes: Bytes,
}

/// How a single file is called.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadParams {
    /// Name of the file, where the body is one file.
    name: Option<String>,
}

impl FromQuery for UploadParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { name: query.text("name") })
    }
}

/// Reads a form of files, or the body as one file.
pub(super) async fn receive(request: Request, limit_bytes: usize) -> Result<Vec<Received>, Error> {
    let UploadParams { name } = query::of(request.uri())?;
    let is_form = body::media_type(request.headers())
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"));
    match (is_form, name) {
        (true, None) => form(request, limit_bytes).await,
        (true, Some(_)) => Err(Error::parameter("name", "is for a body that is one file, not for a form")),
        (false, Some(name)) => {
            let name =
                file_name(&name).ok_or_else(|| Error::parameter("name", "must be the name of a file"))?;
            Ok(vec![Received { name, bytes: body::read(request, limit_bytes).await? }])
        }
        (false, None) => Err(Error::parameter("name", "must name the file")),
    }
}

async fn form(request: Request, limit_bytes: usize) -> Result<Vec<Received>, Error> {
    let broken = |error: &MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge { limit_bytes },
        _ => Error::BodyBroken,
    };
    let mut form: Multipart = request.extract().await.map_err(|_| Error::BodyBroken)?;
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.file_name().and_then(file_name);
        if files.len() == FILES_MOST {
            return Err(Error::parameter("file", format!("may be given {FILES_MOST} times, not more")));
        }
        // A part that were passed over would be lost without a word.
        let name = name.ok_or_else(|| nameless(files.len()))?;
        files.push(Received { name, bytes: field.bytes().await.map_err(|error| broken(&error))? });
    }
    if files.is_empty() {
        return Err(Error::parameter("file", "must be given at least once"));
    }
    Ok(files)
}

fn nameless(before: usize) -> Error {
    let part = before + 1;
    Error::parameter(
        "file",
        format!("must have the name of a file, in UTF-8; part {part} of the form has none"),
    )
}

/// The last part of a path that a browser or a program gave, if it can be the name of a file.
fn file_name(given: &str) -> Option<String> {
    let name = given.rsplit(['/', '\\']).next()?.trim();
    let is_name =
        !matches!(name, "" | "." | "..") && name.len() <= NAME_LONGEST && !name.chars().any(char::is_control);
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_no_part_of_a_name() {
        assert_eq!(file_name("../../etc/ride.fit").as_deref(), Some("ride.fit"));
        assert_eq!(file_name("C:\\rides\\ride.fit").as_deref(), Some("ride.fit"));
    }

    #[test]
    fn what_cannot_be_a_name_is_none() {
        for given in ["", "..", "a/..", "a/", "a\nb", &"x".repeat(201)] {
            assert_eq!(file_name(given), None, "{given}");
        }
    }
}
