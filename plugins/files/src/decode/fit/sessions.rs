//! Splits a sequence into recordings: each session with its own records and laps.

use fitness::recording::{Lap, Recording};

use super::field::FIRST_WALL_CLOCK_MS;
use super::is_hollow;
use super::names;
use super::sequence::{Figures, Sequence};
use crate::decode::columns::Columns;
use crate::decode::notes::Notes;
use crate::decode::{Limits, clock, warning};

/// Appends a recording for each session, or one of the records alone where there is no session.
pub(super) fn split(mut sequence: Sequence, limits: &Limits, out: &mut Vec<Recording>, notes: &mut Notes) {
    if sequence.foreign_type().is_some() {
        return;
    }
    let walled = has_wall_clock(&sequence);
    drop_impossible_times(&mut sequence, walled, limits.latest_ms);
    notes.append(std::mem::take(&mut sequence.notes));
    if sequence.sessions.is_empty() && !sequence.columns.is_empty() {
        sequence.sessions.push(Figures::default());
    }
    let room = limits.recordings.saturating_sub(out.len());
    if sequence.sessions.len() > room {
        let most = limits.recordings;
        notes.add("too_many_activities", || format!("only the first {most} activities are taken"));
        sequence.sessions.truncate(room);
    }
    for recording in recordings(sequence, walled) {
        if is_hollow(&recording) {
            notes.add("session_empty", || "a session has neither samples nor totals".to_owned());
        } else {
            out.push(recording);
        }
    }
}

/// False where the device never learned the time of day and counted from when it was switched on.
fn has_wall_clock(sequence: &Sequence) -> bool {
    let starts = sequence.sessions.iter().filter_map(|session| session.start_ms);
    let mut known = starts.chain(sequence.columns.times()).peekable();
    known.peek().is_none() || known.any(|time| time >= FIRST_WALL_CLOCK_MS)
}

fn is_possible(time_ms: i64, walled: bool, latest_ms: i64) -> bool {
    if walled { time_ms >= FIRST_WALL_CLOCK_MS && clock::is_plausible(time_ms, latest_ms) } else { true }
}

fn drop_impossible_times(sequence: &mut Sequence, walled: bool, latest_ms: i64) {
    let Sequence { columns, notes, sessions, laps, .. } = sequence;
    let timed = columns.times().next().is_some();
    columns.retain(|index, time| {
        let Some(time) = time else {
            if timed {
                notes.add("no_time", || format!("sample {} has no time and is left out", index + 1));
            }
            return !timed;
        };
        let possible = is_possible(time, walled, latest_ms);
        if !possible {
            notes.add("time_out_of_range", || format!("sample {} is of {}", index + 1, date(time)));
        }
        possible
    });
    for figures in sessions.iter_mut() {
        if let Some(start) = figures.start_ms.filter(|start| !is_possible(*start, walled, latest_ms)) {
            notes.add("time_out_of_range", || format!("a session starts on {}", date(start)));
            figures.start_ms = None;
        }
    }
    for lap in laps.iter_mut() {
        lap.start_ms = lap.start_ms.filter(|start| is_possible(*start, walled, latest_ms));
    }
    // A session of another century with nothing recorded in a possible one is not an activity of any day.
    if columns.is_empty() && notes.first_of(&["time_out_of_range"]).is_some() {
        sessions.retain(|session| session.start_ms.is_some());
    }
}

fn date(time_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(time_ms).map_or_else(|_| "no date".to_owned(), |at| at.to_string())
}

fn recordings(mut sequence: Sequence, walled: bool) -> Vec<Recording> {
    let windows = Windows::new(&sequence.sessions);
    let columns = windows.split_columns(std::mem::take(&mut sequence.columns));
    let laps = windows.split_laps(std::mem::take(&mut sequence.laps));
    let sessions = std::mem::take(&mut sequence.sessions);
    let parts = sessions.into_iter().zip(columns).zip(laps);
    parts.map(|((session, columns), laps)| recording(&sequence, session, columns, laps, walled)).collect()
}

fn recording(
    sequence: &Sequence,
    session: Figures,
    columns: Columns,
    laps: Vec<Lap>,
    walled: bool,
) -> Recording {
    let mut recording = Recording {
        sport: session.sport.or(sequence.sport.sport).map_or_else(|| "other".to_owned(), names::sport),
        sub_sport: session.sub_sport.or(sequence.sport.sub_sport).and_then(names::sub_sport),
        name: session.name.or_else(|| sequence.sport.name.clone()),
        device: sequence.device(),
        start_ms: session.start_ms.or_else(|| columns.times().next()).filter(|_| walled),
        utc_offset_s: sequence.utc_offset_s,
        totals: session.totals,
        laps,
        ..Recording::default()
    };
    let usable = columns.is_usable();
    if !usable {
        recording.warnings.push(warning("no_samples", "a session with totals but without samples"));
        return recording;
    }
    if columns.times().next().is_none() {
        recording.warnings.push(warning("no_time", "the samples have no times"));
    }
    if !walled {
        let detail = "the device had no wall clock: times count from when it was switched on";
        recording.warnings.push(warning("time_out_of_range", detail));
    }
    recording.samples = columns.into_samples();
    recording
}

/// Which session a time belongs to: the last one that had begun.
struct Windows {
    /// Start and index of the session, by start.
    starts: Vec<(i64, usize)>,
    sessions: usize,
}

impl Windows {
    fn new(sessions: &[Figures]) -> Self {
        let begun = |session: &Figures| session.start_ms.unwrap_or(i64::MIN);
        let mut starts: Vec<_> =
            sessions.iter().enumerate().map(|(index, session)| (begun(session), index)).collect();
        starts.sort_unstable();
        Self { starts, sessions: sessions.len() }
    }

    fn of(&self, time_ms: Option<i64>) -> usize {
        let time = time_ms.unwrap_or(i64::MIN);
        let begun = self.starts.partition_point(|(start, _)| *start <= time);
        self.starts[begun.saturating_sub(1)].1
    }

    fn split_columns(&self, columns: Columns) -> Vec<Columns> {
        if self.sessions <= 1 {
            return vec![columns];
        }
        let mut parts: Vec<Columns> = (0..self.sessions).map(|_| Columns::default()).collect();
        for index in 0..columns.len() {
            let row = columns.row(index);
            parts[self.of(row.time_ms)].push(&row);
        }
        parts
    }

    fn split_laps(&self, laps: Vec<Figures>) -> Vec<Vec<Lap>> {
        let mut parts = vec![Vec::new(); self.sessions];
        if self.sessions == 0 {
            return parts;
        }
        for lap in laps {
            let session = self.of(lap.start_ms.or(lap.end_ms));
            parts[session].push(Lap { start_ms: lap.start_ms, totals: lap.totals });
        }
        parts
    }
}
