//! Everything about a file that needs no transaction: read, hash, decode, sum up, compress.

use fitness::recording::{Channel, Recording, Warning};
use fitness::records::activity::{Activity, Origin};
use fitness::records::original::{Original, sha256};
use fitness::records::source_file::SourceFile;
use fitness::stream::{self, Column};
use fitness::{day, samples};

use crate::decode::{Limits, Refusal, decode};
use crate::known::Known;
use crate::sources::{Place, Source};

/// Raised when decoding or summing up changes, so that files are read again.
pub(crate) const DECODER: u32 = 1;
pub(crate) const PROVENANCE: &str = "file";

/// A file, ready to be kept.
pub(crate) enum Prepared {
    /// Looks as it did when it was last read.
    Untouched(SourceFile),
    /// The same bytes as when it was last read, written again.
    Same(SourceFile),
    Read(Box<Content>),
    Refused {
        path: String,
        refusal: Refusal,
    },
}

/// What a file holds.
pub(crate) struct Content {
    pub file: SourceFile,
    pub original: Original,
    pub activities: Vec<Entry>,
    pub warnings: Vec<Warning>,
}

/// An activity with its columns and laps.
pub(crate) struct Entry {
    pub activity: Activity,
    pub columns: Vec<(Column, Vec<u8>)>,
    pub laps: Vec<fitness::recording::Lap>,
}

impl Prepared {
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Untouched(file) | Self::Same(file) => &file.path,
            Self::Read(content) => &content.file.path,
            Self::Refused { path, .. } => path,
        }
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        match self {
            Self::Same(file) => file.bytes,
            Self::Read(content) => content.file.bytes,
            Self::Untouched(_) | Self::Refused { .. } => 0,
        }
    }
}

/// Prepares a file; whatever is wrong with it becomes a refusal.
pub(crate) fn prepare(source: Source, known: &Known, limits: &Limits) -> Prepared {
    let Source { path, place } = source;
    if let Some(file) = untouched(&path, &place, known) {
        return Prepared::Untouched(file);
    }
    let result = read(&path, &place, known, limits).and_then(|raw| content(&path, raw, known, limits));
    result.unwrap_or_else(|refusal| Prepared::Refused { path, refusal })
}

fn untouched(path: &str, place: &Place, known: &Known) -> Option<SourceFile> {
    let Place::Disk { bytes, modified_ns, .. } = place else { return None };
    let file = known.file(path)?;
    let is_same = modified_ns.is_some() && file.modified_ns == *modified_ns && file.bytes == *bytes;
    (is_same && file.decoder == DECODER).then(|| file.clone())
}

struct Raw {
    bytes: Vec<u8>,
    modified_ns: Option<i64>,
    kept: Option<Original>,
}

fn read(path: &str, place: &Place, known: &Known, limits: &Limits) -> Result<Raw, Refusal> {
    let refuse = |code, reason: String| Err(Refusal { code, reason });
    match place {
        Place::Nowhere { code, reason } => refuse(code, reason.clone()),
        Place::Disk { bytes, .. } if *bytes > limits.file_bytes => {
            refuse("file_too_large", format!("{bytes} bytes, at most {} are read", limits.file_bytes))
        }
        Place::Disk { path, modified_ns, .. } => match std::fs::read(path) {
            Ok(bytes) => Ok(Raw { bytes, modified_ns: *modified_ns, kept: None }),
            Err(error) => refuse("file_unreadable", error.to_string()),
        },
        Place::Store { sha256 } => {
            let kept = known.upload(sha256).cloned();
            match kept.as_ref().map(Original::unpack) {
                Some(Ok(bytes)) => Ok(Raw { bytes, modified_ns: None, kept }),
                Some(Err(error)) => refuse("file_unreadable", error.to_string()),
                None => refuse("file_not_found", format!("`{path}` was never uploaded")),
            }
        }
    }
}

fn content(path: &str, raw: Raw, known: &Known, limits: &Limits) -> Result<Prepared, Refusal> {
    let sha256 = sha256(&raw.bytes);
    let mut file = SourceFile {
        path: path.to_owned(),
        provenance: PROVENANCE.to_owned(),
        sha256,
        content_sha256: String::new(),
        format: String::new(),
        decoder: DECODER,
        bytes: raw.bytes.len() as u64,
        modified_ns: raw.modified_ns,
        crc32: None,
        changed_ms: 0,
    };
    if let Some(before) =
        known.file(path).filter(|before| before.sha256 == file.sha256 && before.decoder == DECODER)
    {
        file.content_sha256.clone_from(&before.content_sha256);
        file.format.clone_from(&before.format);
        return Ok(Prepared::Same(file));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let decoded = decode(name, &raw.bytes, limits)?;
    file.content_sha256 = if decoded.gzipped { self::sha256(&decoded.content) } else { file.sha256.clone() };
    decoded.format.as_str().clone_into(&mut file.format);
    let parts = u32::try_from(decoded.recordings.len()).unwrap_or(u32::MAX);
    let warnings = decoded.warnings.clone();
    let activities = decoded
        .recordings
        .into_iter()
        .zip(0..)
        .map(|(recording, part)| entry(recording, &file, (part, parts), known));
    let activities = activities.collect();
    let original = raw.kept.unwrap_or_else(|| Original::pack_hashed(&raw.bytes, file.sha256.clone()));
    Ok(Prepared::Read(Box::new(Content { file, original, activities, warnings })))
}

fn entry(mut recording: Recording, file: &SourceFile, (part, parts): (u32, u32), known: &Known) -> Entry {
    let cleaned = samples::clean(&mut recording.samples);
    recording.warnings.extend(cleaned);
    let source_id = format!("{}/{part}", file.content_sha256);
    let local_date = recording
        .start_ms
        .and_then(|start_ms| day::local_date(start_ms, recording.utc_offset_s, known.time_zone()));
    let origin = Origin {
        athlete: known.athlete(),
        provenance: PROVENANCE,
        source_id: &source_id,
        file: &file.path,
        sha256: &file.sha256,
        part,
        parts,
    };
    let activity = Activity::of(&recording, origin, local_date);
    Entry { activity, columns: columns(&recording), laps: recording.laps }
}

fn columns(recording: &Recording) -> Vec<(Column, Vec<u8>)> {
    let samples = &recording.samples;
    let times = (!samples.time_ms.is_empty()).then(|| (Column::Time, stream::encode_times(&samples.time_ms)));
    let channel = |(channel, values): (&Channel, &Vec<f64>)| {
        (Column::Channel(*channel), stream::encode(*channel, values))
    };
    let blocks = times.into_iter().chain(samples.channels.iter().map(channel));
    // A column that cannot be compressed costs its picture, not the activity.
    blocks.filter_map(|(column, block)| Some((column, block.ok()?))).collect()
}
