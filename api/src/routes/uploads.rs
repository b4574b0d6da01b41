//! Files that are handed in over HTTP: kept as they came, and read by the pipeline `import`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use engine::run::record::RunRecord;
use engine::run::{Cause, RunState};
use fitness::records::import_file::{self, ImportFile, Outcome};
use fitness::records::original::{self, Original};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::body;
use crate::error::{Error, ErrorBody};
use crate::request::RequestId;
use crate::state::{KIBIBYTE, Shared};

mod received;

use super::activities::Warning;
use received::{Received, UploadParams};

const PIPELINE: &str = "import";

/// What became of the files of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upload {
    /// The run that read them.
    run: String,
    /// Of the run: `succeeded`, or another where a later step of it failed or it is not over yet.
    state: &'static str,
    /// Absent while the run is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<File>>,
}

/// What became of a file, or of what an export has instead of one.
#[derive(Debug, Serialize, ToSchema)]
struct File {
    /// How it is called from now on: the `file` of its activities.
    path: String,
    /// `file`; of an export also `row`, which has no file, or `list`, such as its gear.
    kind: &'static str,
    /// The source's id of the row of the export that tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_row: Option<String>,
    /// `imported`, `updated`, `unchanged`, `duplicate` or `refused`.
    outcome: &'static str,
    /// Why it was refused; docs/ERRORS.md explains each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    warnings: Vec<Warning>,
    /// Ids of the activities in it; of a duplicate, those of the first.
    activities: Vec<String>,
}

impl From<ImportFile> for File {
    fn from(from: ImportFile) -> Self {
        Self {
            path: from.path,
            kind: from.kind.as_str(),
            source_row: from.source_row,
            outcome: from.outcome.as_str(),
            code: from.code,
            reason: from.reason,
            warnings: from.warnings.into_iter().map(Warning::from).collect(),
            activities: from.activities,
        }
    }
}

/// Takes files in, and answers what became of each.
///
/// A form of files (`multipart/form-data`), or one file as the body with its `name` as a parameter.
/// Either way the request carries the header `X-Paceline: 1`.
/// A single file that is refused answers with its code: 413 where it is too large, 415 where it is not what its
/// name says, 422 otherwise.
#[utoipa::path(
    post, path = "/uploads", tag = "athlete", operation_id = "create_upload",
    params(UploadParams),
    request_body(
        description = "The files",
        content((RawFile = "application/octet-stream"), (FileForm = "multipart/form-data"))
    ),
    responses(
        (status = 200, description = "The files were read", body = Upload),
        (status = 202, description = "The files are kept and will be read by the run", body = Upload),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    id: RequestId,
    request: Request,
) -> Result<(StatusCode, Json<Upload>), Error> {
    // Without the pipeline nobody would ever read the files.
    shared.state.engine.plan(PIPELINE)?;
    let uploads = take_in(&shared, request).await?;
    let enqueued = shared.state.engine.enqueue(import(&shared, &uploads, &id)).await?;
    let ended = timeout(shared.state.limits.upload_wait, shared.state.engine.ended(&enqueued.run)).await;
    match ended {
        Ok(run) => over(&shared, run?, enqueued.run).await,
        Err(_) => {
            Ok((StatusCode::ACCEPTED, Json(Upload { run: enqueued.run, state: "running", files: None })))
        }
    }
}

/// Keeps the files of a request and answers what the pipeline is told of them.
///
/// All uploads at once hold no more bytes than one may have: the others wait before their bodies are read.
async fn take_in(shared: &Shared, request: Request) -> Result<Vec<Value>, Error> {
    let limit_bytes = shared.state.limits.upload_bytes;
    let bytes = body::announced(request.headers(), limit_bytes)?.unwrap_or(limit_bytes);
    let share = u32::try_from(bytes.div_ceil(KIBIBYTE)).unwrap_or(u32::MAX);
    let _share =
        shared.uploads.acquire_many(share).await.map_err(|closed| Error::Internal(closed.to_string()))?;
    keep(shared, received::receive(request, limit_bytes).await?).await
}

/// The bytes of one file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes the body")]
struct RawFile(Vec<u8>);

/// A form with files.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form")]
struct FileForm {
    /// One or more files.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
}

/// Keeps the files by their hashes and answers what the pipeline is told of them.
async fn keep(shared: &Shared, received: Vec<Received>) -> Result<Vec<Value>, Error> {
    let packed =
        tokio::task::spawn_blocking(move || received.into_iter().map(pack).collect::<Vec<_>>()).await;
    let packed = packed.map_err(|panicked| Error::Internal(format!("cannot pack an upload: {panicked}")))?;
    let written = shared.store().write(move |tx| {
        for (_, original) in &packed {
            original::put(tx, original)?;
        }
        Ok(packed.iter().map(|(name, original)| json!({ "name": name, "sha256": original.sha256 })).collect())
    });
    Ok(written.await?)
}

fn pack(Received { name, bytes }: Received) -> (String, Original) {
    let original = Original::pack(&bytes);
    (name, original)
}

fn import(shared: &Shared, uploads: &[Value], id: &RequestId) -> engine::Request {
    engine::Request {
        pipeline: PIPELINE.to_owned(),
        partition: shared.state.partition.clone(),
        params: json!({ "uploads": uploads }),
        cause: Cause::Http,
        // Another upload's run does not stand for this one's files.
        force: true,
        fresh: false,
        key: None,
        request_id: Some(id.as_str().to_owned()),
    }
}

async fn over(
    shared: &Shared,
    run: Option<RunRecord>,
    id: String,
) -> Result<(StatusCode, Json<Upload>), Error> {
    let run = run.ok_or_else(|| Error::Internal(format!("run `{id}` is gone")))?;
    let asked = id.clone();
    let mut files = shared.store().read(move |tx| import_file::list(tx, &asked)).await?;
    if files.is_empty() && run.state != RunState::Succeeded {
        return Err(failed(run));
    }
    match files.pop() {
        Some(file) if files.is_empty() && file.outcome == Outcome::Refused => return Err(refused(file)),
        last => files.extend(last),
    }
    let files = files.into_iter().map(File::from).collect();
    Ok((StatusCode::OK, Json(Upload { run: id, state: run.state.as_str(), files: Some(files) })))
}

/// A run that ended before it had read anything.
fn failed(run: RunRecord) -> Error {
    let cancelled = run.state == RunState::Cancelled;
    Error::Refused {
        status: if cancelled { StatusCode::CONFLICT } else { StatusCode::INTERNAL_SERVER_ERROR },
        code: run
            .error_code
            .map_or(if cancelled { "run_cancelled" } else { "run_failed" }.into(), Into::into),
        message: run
            .error
            .unwrap_or_else(|| format!("the run that should read the files was {}", run.state.as_str())),
        details: Some(json!({ "run": run.id })),
    }
}

/// The only file of an upload, refused.
fn refused(file: ImportFile) -> Error {
    let code = file.code.unwrap_or_else(|| "file_refused".to_owned());
    let status = match code.as_str() {
        "file_type_mismatch" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code if code.contains("_too_large") || code.contains("_too_many") => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Error::Refused {
        status,
        message: file.reason.unwrap_or_else(|| format!("`{}` was refused", file.path)),
        details: Some(json!({ "path": file.path })),
        code: code.into(),
    }
}

#[cfg(test)]
mod tests {
    use fitness::records::import_file::Kind;

    use super::*;

    fn check(code: &str, expected: u16) {
        let file = ImportFile {
            path: "a.fit".to_owned(),
            kind: Kind::File,
            source_row: None,
            outcome: Outcome::Refused,
            code: Some(code.to_owned()),
            reason: Some("it is bad".to_owned()),
            warnings: Vec::new(),
            activities: Vec::new(),
        };
        let error = refused(file);
        assert_eq!((error.status().as_u16(), error.code()), (expected, code));
    }

    #[test]
    fn a_refused_file_answers_with_the_status_of_its_code() {
        check("file_type_mismatch", 415);
        check("file_too_large", 413);
        check("archive_too_large_unpacked", 413);
        check("archive_too_many_files", 413);
        check("archive_bad_path", 422);
        check("file_empty", 422);
    }
}
