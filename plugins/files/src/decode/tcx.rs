//! TCX: every `Activity` is a recording with its laps; courses are plans and not activities.

mod activity;
mod elements;

use super::notes::Notes;
use super::{Content, Limits, Refusal, xml};

/// Reads all activities of a document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Content, Refusal> {
    let mut notes = Notes::default();
    let mut document = elements::Document::new(limits);
    xml::walk(text, limits, &mut document, &mut notes)?;
    document.finish();
    let records = document.points;
    let most = limits.recordings;
    if document.activities.len() > most {
        let text = || format!("only the first {most} activities are taken");
        document.notes.add("too_many_activities", text);
    }
    let mut recordings = Vec::new();
    for found in document.activities.into_iter().take(most) {
        recordings.extend(activity::recording(found, &mut document.notes));
    }
    notes.append(document.notes);
    if recordings.is_empty() {
        let codes = [
            "xml_truncated",
            "xml_malformed",
            "value_out_of_range",
            "coordinate_out_of_range",
            "time_out_of_range",
        ];
        return Err(match notes.first_of(&codes) {
            Some((code, reason)) => Refusal::new(code, reason),
            None => Refusal::new("no_track", "the TCX file has no activity with points or totals"),
        });
    }
    Ok(Content { recordings, warnings: notes.into_warnings(), records })
}
