//! Turns the bytes of a FIT, GPX or TCX file into recordings, keeping whatever is readable.
//!
//! A file is refused only by a guard (type, size, DTD, depth, attributes) or when nothing usable remains;
//! everything else that is not as it should be becomes a warning with a stable code.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fitness::recording::{Recording, Warning};

mod clock;
mod columns;
mod fit;
mod gpx;
pub(crate) mod gpx_line;
mod guard;
mod notes;
mod plain;
mod sniff;
pub(crate) mod sport;
mod tcx;
mod xml;

pub use guard::Limits;

/// The three kinds of file that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Fit,
    Gpx,
    Tcx,
}

impl Format {
    /// The lower-case name, which is also the file name's extension.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Gpx => "gpx",
            Self::Tcx => "tcx",
        }
    }
}

/// What a file held.
#[derive(Debug)]
pub struct Decoded<'a> {
    pub format: Format,
    pub gzipped: bool,
    /// The bytes after unpacking; borrowed where the file was not packed.
    pub content: Cow<'a, [u8]>,
    /// At least one; in the order of the file (GPX: of time).
    pub recordings: Vec<Recording>,
    /// About the file as a whole; what concerns one recording is in that recording.
    pub warnings: Vec<Warning>,
    /// Records or track points as counted in the file, before anything was dropped.
    pub records: u64,
}

/// Why a file was not taken, with a code that stays the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    pub code: &'static str,
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        // A reason may quote the file.
        Self { code, reason: plain::line(&reason.into()).unwrap_or_default() }
    }
}

/// What a format's reader hands back.
struct Content {
    recordings: Vec<Recording>,
    warnings: Vec<Warning>,
    records: u64,
}

/// Decodes one file, packed with gzip or not; the name only adds a warning where it claims another format.
pub fn decode<'a>(name: &str, bytes: &'a [u8], limits: &Limits) -> Result<Decoded<'a>, Refusal> {
    let unpacked = guard::unpack(name, bytes, limits)?;
    let format = sniff::format(name, &unpacked.content)?;
    let mut content = caught(format, || match format {
        Format::Fit => fit::read(&unpacked.content, limits),
        Format::Gpx => gpx::read(&xml::text(&unpacked.content), limits),
        Format::Tcx => tcx::read(&xml::text(&unpacked.content), limits),
    })?;
    content.recordings.iter_mut().for_each(plain::recording);
    let mut warnings = unpacked.warnings;
    warnings.extend(sniff::misnamed(name, format));
    warnings.extend(content.warnings);
    plain::warnings(&mut warnings);
    Ok(Decoded {
        format,
        gzipped: unpacked.gzipped,
        content: unpacked.content,
        recordings: content.recordings,
        warnings,
        records: content.records,
    })
}

/// Turns a panic, ours or a library's, into a refusal of this one file.
fn caught(format: Format, read: impl FnOnce() -> Result<Content, Refusal>) -> Result<Content, Refusal> {
    let code = if format == Format::Fit { "fit_unreadable" } else { "xml_unreadable" };
    let failed =
        |_| Err(Refusal::new(code, "the reader failed on this file, which is a fault of the program"));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(failed)
}

fn warning(code: &str, detail: impl Into<String>) -> Warning {
    Warning { code: code.to_owned(), detail: detail.into() }
}
