//! Everything about a source that needs no transaction: read, hash, decode, sum up, compress.

use std::fs::File;
use std::io::Read;

use fitness::entry::Entry;
use fitness::recording::{Recording, Warning};
use fitness::records::activity::Origin;
use fitness::records::export_item::ExportItem;
use fitness::records::import_file::Kind;
use fitness::records::original::{Original, sha256};
use fitness::records::source_file::SourceFile;

use crate::archive::Told;
use crate::decode::{Limits, Refusal, decode};
use crate::export::{self, FUTURE, List};
use crate::known::{Known, Uploads};
use crate::sources::{Place, Source, What};

/// Raised when decoding or summing up changes, so that files are read again.
pub(crate) const DECODER: u32 = 3;
pub(crate) const PROVENANCE: &str = "file";
/// The sport of a recording that does not tell it.
pub(crate) const OTHER_SPORT: &str = "other";

/// A source, ready to be kept.
pub(crate) struct Prepared {
    pub path: String,
    pub kind: Kind,
    pub found: Found,
    /// What an export tells of it.
    pub told: Option<Told>,
    /// The activity of what is told alone, where there is no file or none that can be read.
    pub lone: Option<Box<Entry>>,
}

/// What was found at a source.
pub(crate) enum Found {
    /// The same bytes as when it was last read.
    Same(SourceFile),
    Read(Box<Content>),
    Items(SourceFile, List, Vec<ExportItem>),
    /// There is no file.
    Nothing,
    Refused(Refusal),
}

/// What a file holds.
pub(crate) struct Content {
    pub file: SourceFile,
    pub original: Original,
    pub activities: Vec<Entry>,
    pub warnings: Vec<Warning>,
}

impl Prepared {
    pub(crate) fn bytes_read(&self) -> u64 {
        match &self.found {
            Found::Same(file) | Found::Items(file, ..) => file.bytes,
            Found::Read(content) => content.file.bytes,
            Found::Nothing | Found::Refused(_) => 0,
        }
    }
}

/// Prepares a source; whatever is wrong with it becomes a refusal.
pub(crate) fn prepare(source: Source, known: &Known, uploads: &Uploads, limits: &Limits) -> Prepared {
    let Source { path, place, what } = source;
    let read = || read(&path, &place, uploads, limits);
    let (kind, found, told) = match what {
        What::File(mention) => {
            let told = mention.map(|mention| mention.read(limits.latest_ms));
            let found = read().and_then(|raw| content(&path, raw, told.as_ref(), known, limits));
            (Kind::File, found, told)
        }
        What::Row(mention) => {
            let told = mention.read(limits.latest_ms);
            (Kind::Row, possible(&told), Some(told))
        }
        What::BadRow => (Kind::Row, read().map(|_| Found::Nothing), None),
        What::List(list) => (Kind::List, read().and_then(|raw| items(&path, list, &raw)), None),
    };
    let found = found.unwrap_or_else(Found::Refused);
    let is_alone = matches!(found, Found::Nothing | Found::Refused(_));
    let told_alone = told.as_ref().filter(|told| is_alone && told.row.figures.start_ms.is_some());
    let lone = told_alone.map(|told| Box::new(lone(told, known)));
    Prepared { path, kind, found, told, lone }
}

/// Nothing but a row that tells when its activity began; refused where that is yet to come.
fn possible(told: &Told) -> Result<Found, Refusal> {
    let future = told.row.warnings.iter().find(|warning| warning.code == FUTURE);
    future.map_or(Ok(Found::Nothing), |warning| Err(Refusal::new(FUTURE, warning.detail.clone())))
}

/// True where a source looks as it did when it was last read.
pub(crate) fn is_untouched(place: &Place, file: &SourceFile) -> bool {
    let is_same = match place {
        Place::Disk { bytes, modified_ns, .. } => {
            modified_ns.is_some() && file.modified_ns == *modified_ns && file.bytes == *bytes
        }
        Place::Zipped { bytes, crc32, .. } => file.crc32 == Some(*crc32) && file.bytes == *bytes,
        _ => false,
    };
    is_same && file.decoder == DECODER
}

fn lone(told: &Told, known: &Known) -> Entry {
    let mut activity = export::activity(&told.row, known.athlete(), known.time_zone());
    activity.file.clone_from(&told.path);
    Entry::bare(activity)
}

/// The bytes of a source that is neither an upload nor missing.
pub(crate) fn bytes_of(place: &Place, most: u64) -> Result<Vec<u8>, Refusal> {
    let too_large =
        |bytes: u64| Err(Refusal::new("file_too_large", format!("{bytes} bytes, at most {most} are read")));
    match place {
        Place::Disk { bytes, .. } if *bytes > most => too_large(*bytes),
        Place::Disk { path, bytes, .. } => {
            let mut content = Vec::with_capacity(usize::try_from(*bytes).unwrap_or(0));
            let file = File::open(path).map(|file| file.take(most.saturating_add(1)));
            match file.and_then(|mut file| file.read_to_end(&mut content)) {
                Ok(count) if count as u64 > most => too_large(count as u64),
                Ok(_) => Ok(content),
                Err(error) => Err(Refusal::new("file_unreadable", error.to_string())),
            }
        }
        Place::Zipped { zip, index, .. } => zip.read(*index, most),
        Place::Memory(bytes) if bytes.len() as u64 > most => too_large(bytes.len() as u64),
        Place::Memory(bytes) => Ok(bytes.to_vec()),
        Place::Nowhere { code, reason } => Err(Refusal { code, reason: reason.clone() }),
        Place::Store { .. } | Place::Told => Err(Refusal::new("file_not_found", "there is no such file")),
    }
}

struct Raw {
    bytes: Vec<u8>,
    modified_ns: Option<i64>,
    crc32: Option<u32>,
    kept: Option<Original>,
}

fn read(path: &str, place: &Place, uploads: &Uploads, limits: &Limits) -> Result<Raw, Refusal> {
    if let Place::Store { sha256 } = place {
        let kept = uploads.get(sha256).cloned();
        return match kept.as_ref().map(Original::unpack) {
            Some(Ok(bytes)) => Ok(Raw { bytes, modified_ns: None, crc32: None, kept }),
            Some(Err(error)) => Err(Refusal::new("file_unreadable", error.to_string())),
            None => Err(Refusal::new("file_not_found", format!("`{path}` was never uploaded"))),
        };
    }
    let (modified_ns, crc32) = match place {
        Place::Disk { modified_ns, .. } => (*modified_ns, None),
        Place::Zipped { crc32, .. } => (None, Some(*crc32)),
        _ => (None, None),
    };
    Ok(Raw { bytes: bytes_of(place, limits.file_bytes)?, modified_ns, crc32, kept: None })
}

fn source_file(path: &str, raw: &Raw) -> SourceFile {
    let sha256 = sha256(&raw.bytes);
    SourceFile {
        path: path.to_owned(),
        provenance: PROVENANCE.to_owned(),
        content_sha256: sha256.clone(),
        sha256,
        format: String::new(),
        decoder: DECODER,
        bytes: raw.bytes.len() as u64,
        modified_ns: raw.modified_ns,
        crc32: raw.crc32,
        changed_ms: 0,
    }
}

fn items(path: &str, list: List, raw: &Raw) -> Result<Found, Refusal> {
    let item = |item: export::Item| ExportItem {
        source_id: item.source_id,
        // A list of texts can always be written.
        columns: serde_json::to_string(&item.columns).unwrap_or_default(),
    };
    let items = export::items(list, &raw.bytes)?.into_iter().map(item).collect();
    let file = SourceFile { format: "csv".to_owned(), ..source_file(path, raw) };
    Ok(Found::Items(file, list, items))
}

fn content(
    path: &str,
    raw: Raw,
    told: Option<&Told>,
    known: &Known,
    limits: &Limits,
) -> Result<Found, Refusal> {
    let mut file = source_file(path, &raw);
    if let Some(before) =
        known.file(path).filter(|before| before.sha256 == file.sha256 && before.decoder == DECODER)
    {
        file.content_sha256.clone_from(&before.content_sha256);
        file.format.clone_from(&before.format);
        return Ok(Found::Same(file));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let decoded = decode(name, &raw.bytes, limits)?;
    if decoded.gzipped {
        file.content_sha256 = self::sha256(&decoded.content);
    }
    decoded.format.as_str().clone_into(&mut file.format);
    let parts = u32::try_from(decoded.recordings.len()).unwrap_or(u32::MAX);
    let warnings = decoded.warnings.clone();
    let recordings = decoded.recordings.into_iter().zip(0..);
    let activities =
        recordings.map(|(recording, part)| entry(told_sport(recording, told), &file, (part, parts), known));
    let activities = activities.collect();
    let original = raw.kept.unwrap_or_else(|| Original::pack_hashed(&raw.bytes, file.sha256.clone()));
    Ok(Found::Read(Box::new(Content { file, original, activities, warnings })))
}

/// A recording whose sport the file does not know has that of the export.
fn told_sport(mut recording: Recording, told: Option<&Told>) -> Recording {
    if recording.sport == OTHER_SPORT
        && let Some(figures) = told.map(|told| &told.row.figures)
        && let Some(sport) = &figures.sport
    {
        recording.sport.clone_from(sport);
        recording.sub_sport = recording.sub_sport.or_else(|| figures.sub_sport.clone());
    }
    recording
}

fn entry(recording: Recording, file: &SourceFile, (part, parts): (u32, u32), known: &Known) -> Entry {
    let source_id = format!("{}/{part}", file.content_sha256);
    let origin = Origin {
        athlete: known.athlete(),
        provenance: PROVENANCE,
        source_id: &source_id,
        file: &file.path,
        sha256: &file.sha256,
        part,
        parts,
    };
    Entry::of(recording, origin, known.time_zone())
}
