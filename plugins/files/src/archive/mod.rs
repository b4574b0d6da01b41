//! An athlete's export, as a zip archive or unpacked, and a zip archive that is a mere bag of files.
//!
//! Nothing is unpacked to the disk, and nothing outside of the archive is ever followed: a name is looked up among
//! the archive's own files.

mod contents;
mod folder;
mod layout;
mod limits;
mod member;
mod told;
mod window;
mod zip;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub(crate) use limits::Limits;
pub(crate) use told::{Mention, Told};
pub(crate) use zip::{Bytes, Zip};

use crate::decode::Refusal;
use crate::sources::{Place, Source, What};

/// What is in a zip archive, in the order in which it is read; a refusal of the whole is one source.
pub(crate) fn zipped(path: &str, bytes: Bytes) -> Vec<Source> {
    match Zip::open(bytes, &Limits::STANDARD) {
        Ok(zip) => match contents::of(path, Arc::new(zip).members()) {
            sources if sources.is_empty() => vec![refused(path.to_owned(), empty())],
            sources => sources,
        },
        Err(refusal) => vec![refused(path.to_owned(), refusal)],
    }
}

fn empty() -> Refusal {
    Refusal::new("archive_empty", "the archive has neither `activities.csv` nor a FIT, GPX or TCX file")
}

/// True for a folder that holds an unpacked export, or several.
pub(crate) fn is_unpacked(folder: &Path) -> bool {
    folder::has_table(folder)
}

/// What is in an unpacked export.
pub(crate) fn unpacked(path: &str, folder: &Path) -> Vec<Source> {
    contents::of(path, folder::members(folder))
}

/// The rows of a table of activities that came without anything else.
pub(crate) fn table(path: &str, place: &Place) -> Vec<Source> {
    contents::rows_alone(path, place)
}

fn refused(path: String, refusal: Refusal) -> Source {
    let place = Place::Nowhere { code: refusal.code, reason: refusal.reason };
    Source { path, place, what: What::File(None) }
}
