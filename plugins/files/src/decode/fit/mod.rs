//! FIT, with a reader of our own: lenient, and a test holds it against `rustyfit` on every intact file.
//!
//! `rustyfit` itself takes types from its profile instead of the file, checks another checksum than devices
//! write where the header has none, stops at the first damage, and needs twice the time.

mod field;
mod frame;
mod names;
mod reader;
mod sequence;
mod sessions;
#[cfg(test)]
mod witness;

use fitness::recording::Recording;

use self::sequence::Sequence;
use super::notes::Notes;
use super::{Content, Limits, Refusal};

const DAMAGE: [&str; 4] = ["fit_truncated", "fit_bad_crc", "fit_no_definition", "fit_trailing_bytes"];

/// Reads all sequences of a file; each session of each becomes a recording.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Content, Refusal> {
    let mut notes = Notes::default();
    let sequences = reader::read(bytes, limits, &mut notes);
    let records = sequences.iter().map(|sequence| sequence.records).sum();
    let foreign = sequences.iter().find_map(Sequence::foreign_type);
    let mut recordings = Vec::new();
    for sequence in sequences {
        sessions::split(sequence, limits, &mut recordings, &mut notes);
    }
    if recordings.is_empty() {
        return Err(refusal(&notes, foreign));
    }
    Ok(Content { recordings, warnings: notes.into_warnings(), records })
}

fn refusal(notes: &Notes, foreign: Option<String>) -> Refusal {
    if let Some((code, reason)) = notes.first_of(&DAMAGE) {
        return Refusal::new(code, reason);
    }
    if let Some(kind) = foreign {
        return Refusal::new("not_an_activity", format!("a FIT file of the type `{kind}`, not an activity"));
    }
    match notes.first_of(&["time_out_of_range", "coordinate_out_of_range"]) {
        Some((code, reason)) => Refusal::new(code, reason),
        None => Refusal::new("no_samples", "neither records nor totals of a session"),
    }
}

/// True where nothing was recorded and no total says that something was done.
fn is_hollow(recording: &Recording) -> bool {
    let totals = &recording.totals;
    let done = [totals.elapsed_s, totals.timer_s, totals.distance_m];
    recording.samples.is_empty() && done.into_iter().flatten().all(|total| total <= 0.0)
}

#[cfg(test)]
mod tests;
