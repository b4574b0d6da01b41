//! Decides which tracks of a document are one activity.

use fitness::recording::Recording;

use super::points::{Document, Track};
use crate::decode::columns::Columns;
use crate::decode::notes::Notes;
use crate::decode::{Limits, sport, warning};

/// The longest pause between two tracks of one activity.
const PAUSE_MS: i64 = 3_600_000;

/// Makes recordings: those with times in the order of their start, then one of everything without times.
pub(super) fn recordings(document: Document, limits: &Limits, notes: &mut Notes) -> Vec<Recording> {
    let Document { name, creator, tracks, .. } = document;
    let mut timed: Vec<Group> = Vec::new();
    let mut untimed: Option<Group> = None;
    let mut pieces: Vec<Piece> = tracks.into_iter().filter_map(Piece::new).collect();
    pieces.sort_by_key(|piece| piece.span.map(|(start, _)| start));
    for piece in pieces {
        match piece.span {
            Some(span) => join(&mut timed, piece, span),
            None => match &mut untimed {
                Some(group) => group.append(piece),
                None => untimed = Some(Group::new(piece)),
            },
        }
    }
    let most = limits.recordings;
    if timed.len() + usize::from(untimed.is_some()) > most {
        notes.add("too_many_activities", || format!("only the first {most} activities are taken"));
    }
    let groups = timed.into_iter().chain(untimed).take(most);
    groups.map(|group| group.into_recording(name.as_deref(), creator.as_deref())).collect()
}

fn join(groups: &mut Vec<Group>, piece: Piece, (start, _): (i64, i64)) {
    let follows = |group: &&mut Group| {
        let gap = group.end_ms.map(|end| start - end);
        gap.is_some_and(|gap| (0..=PAUSE_MS).contains(&gap)) && group.first.kind == piece.track.kind
    };
    match groups.iter_mut().rev().take(8).find(follows) {
        Some(group) => group.append(piece),
        None => groups.push(Group::new(piece)),
    }
}

/// A track and the times it spans; without them at most the day may be known.
struct Piece {
    track: Track,
    span: Option<(i64, i64)>,
    known_ms: Option<i64>,
    notes: Vec<String>,
}

impl Piece {
    fn new(mut track: Track) -> Option<Self> {
        let points = track.columns.len();
        if points == 0 {
            return None;
        }
        let mut notes = Vec::new();
        let known = track.columns.times().count();
        if known == 0 && track.is_misdated {
            return None;
        }
        let known_ms = track.columns.times().next();
        if known * 2 < points {
            track.columns.forget_times();
            notes.push(format!("{} of {points} points have no time", points - known));
        } else if known < points {
            track.columns.fill_times();
            let missing = points - known;
            notes.push(format!(
                "{missing} of {points} points have no time; theirs lies between the neighbours'"
            ));
        }
        let span = track.columns.times().min().zip(track.columns.times().max());
        Some(Self { track, span, known_ms, notes })
    }
}

/// Tracks that make one activity.
struct Group {
    first: Track,
    columns: Columns,
    known_ms: Option<i64>,
    end_ms: Option<i64>,
    tracks: usize,
    notes: Vec<String>,
}

impl Group {
    fn new(piece: Piece) -> Self {
        let Piece { mut track, span, known_ms, notes } = piece;
        let columns = std::mem::take(&mut track.columns);
        Self { first: track, columns, known_ms, end_ms: span.map(|(_, end)| end), tracks: 1, notes }
    }

    fn append(&mut self, piece: Piece) {
        self.columns.append(&piece.track.columns);
        self.known_ms = self.known_ms.or(piece.known_ms);
        self.end_ms = piece.span.map(|(_, end)| end);
        self.tracks += 1;
        self.notes.extend(piece.notes);
    }

    fn into_recording(self, document: Option<&str>, creator: Option<&str>) -> Recording {
        let Self { first, columns, known_ms, tracks, notes, .. } = self;
        let (sport, sub_sport) = sport::named(first.kind.as_deref().unwrap_or_default());
        let shared = document.filter(|_| tracks > 1).map(str::to_owned);
        Recording {
            sport,
            sub_sport,
            name: shared.or(first.name).or_else(|| document.map(str::to_owned)),
            device: creator.map(str::to_owned),
            start_ms: known_ms,
            utc_offset_s: first.utc_offset_s,
            warnings: notes.first().map(|note| warning("no_time", note.clone())).into_iter().collect(),
            samples: columns.into_samples(),
            ..Recording::default()
        }
    }
}
