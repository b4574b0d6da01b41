//! GPX: tracks with the extensions of several vendors; routes and waypoints are nobody's activity.
//!
//! Tracks with times that follow each other within an hour are pieces of one activity (old receivers save
//! a walk as `ACTIVE LOG #1`, `#2` …); with more time between them, or overlapping, each is its own.
//! Tracks without times become one activity without speed; those with impossible times alone are left out.

mod points;
mod tracks;

use super::notes::Notes;
use super::{Content, Limits, Refusal, xml};

/// Reads all tracks of a document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Content, Refusal> {
    let mut notes = Notes::default();
    let mut document = points::Document::new(limits);
    xml::walk(text, limits, &mut document, &mut notes)?;
    let records = document.points;
    notes.append(std::mem::take(&mut document.notes));
    let recordings = tracks::recordings(document, limits, &mut notes);
    if recordings.is_empty() {
        let codes = [
            "xml_truncated",
            "xml_malformed",
            "coordinate_out_of_range",
            "value_out_of_range",
            "time_out_of_range",
        ];
        return Err(match notes.first_of(&codes) {
            Some((code, reason)) => Refusal::new(code, reason),
            None => Refusal::new("no_track", "the GPX file has no track with points"),
        });
    }
    Ok(Content { recordings, warnings: notes.into_warnings(), records })
}
