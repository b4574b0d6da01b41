//! The demo athlete's whole export, as Strava hands it out: the table of activities, their files, and the small
//! tables around them.
//!
//! It has what real ones have: two recordings of one run, a cut file, one that is missing, rows that were typed in.

mod header;
mod history;
mod language;
mod lists;
mod row;
mod table;
mod target;

use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::ToSpan;
use jiff::civil::Date;

use self::history::{Fate, Format, Moment, Recorded};
pub use self::language::Language;
use self::table::{Cell, Row};
use self::target::Target;
use super::recorder::{self, Recorder, Sample};
use super::workout::Outing;
use super::{encode, gpx, tcx};

/// Activities made between two writes.
const CHUNK: usize = 64;

/// Which export.
#[derive(Debug, Clone, Copy)]
pub struct Export {
    /// Another seed is another athlete.
    pub seed: u64,
    pub last_day: Date,
    /// How many days end with the last one.
    pub days: u32,
    pub language: Language,
    /// Whether the watch writes down every second even of a long outing.
    pub every_second: bool,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Rows of the table.
    pub rows: u32,
    /// Recordings in the archive.
    pub files: u32,
    /// Of the recordings as they lie in it.
    pub bytes: u64,
    pub samples: u64,
}

/// A row with the file that belongs to it.
struct Made {
    row: Row,
    file: Option<(String, Vec<u8>)>,
    media: Option<String>,
    samples: u64,
}

/// Writes the export: a zip where the name ends with `.zip`, else a folder.
///
/// The same arguments give the same bytes.
pub fn export(path: &Path, export: &Export) -> io::Result<Exported> {
    let mut target = Target::new(path)?;
    let (mut rows, mut media) = (Vec::new(), Vec::new());
    let mut exported = Exported::default();
    let moments = history::moments(export);
    for chunk in moments.chunks(CHUNK) {
        for made in make_all(chunk, export)? {
            if let Some((name, bytes)) = &made.file {
                target.put(name, bytes)?;
                exported.files += 1;
                exported.bytes += bytes.len() as u64;
            }
            exported.samples += made.samples;
            rows.push(made.row);
            media.extend(made.media);
        }
    }
    exported.rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    target.put("activities.csv", table::text(&rows, export.language).as_bytes())?;
    for (name, text) in lists::tables(export.language, &media) {
        target.put(name, text.as_bytes())?;
    }
    target.finish()?;
    Ok(exported)
}

/// Plays the moments on all cores and keeps their order.
fn make_all(moments: &[Moment], export: &Export) -> io::Result<Vec<Made>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = moments.len().div_ceil(cores).max(1);
    let shares = std::thread::scope(|scope| {
        let work = |share: &'_ [Moment]| share.iter().map(|moment| make(moment, export)).collect::<Vec<_>>();
        let threads: Vec<_> = moments.chunks(share).map(|share| scope.spawn(move || work(share))).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let broken = |_| io::Error::other("a recording could not be made up");
    let mut all = Vec::with_capacity(moments.len());
    for share in shares {
        for made in share.map_err(broken)? {
            all.extend(made?);
        }
    }
    Ok(all)
}

fn make(moment: &Moment, export: &Export) -> io::Result<Vec<Made>> {
    match moment {
        Moment::Recorded(recorded) => make_recorded(recorded, export),
        Moment::Manual(manual) => {
            Ok(vec![Made { row: row::of_manual(manual), file: None, media: None, samples: 0 }])
        }
    }
}

fn make_recorded(recorded: &Recorded, export: &Export) -> io::Result<Vec<Made>> {
    let recorder = if export.every_second { Recorder::EverySecond } else { Recorder::Smart };
    let samples = recorder::record(&recorded.outing, recorder, &mut recorded.random.clone());
    let start = recorded.outing.started()?;
    let extension = match recorded.format {
        Format::Fit => "fit",
        Format::Gpx => "gpx",
        Format::Tcx => "tcx",
    };
    let name = file_name(row::id_of(start), extension);
    let mut row = row::of_recorded(recorded, start, &samples, name.clone());
    let media = row::media_of(recorded, start);
    if let Some(photo) = &media {
        row.exact("Media", Cell::Text(photo.clone()));
    }
    let file = file(recorded, &samples)?.map(|bytes| (name, bytes));
    let count = if file.is_some() { samples.len() as u64 } else { 0 };
    let mut made = vec![Made { row, file, media, samples: count }];
    if recorded.on_phone {
        made.push(on_phone(recorded, &samples)?);
    }
    Ok(made)
}

/// The number in a file's name is not the id of its activity.
fn file_name(id: i64, extension: &str) -> String {
    format!("activities/{}.{extension}.gz", id + 1_066_204_112 + id % 977)
}

fn file(recorded: &Recorded, samples: &[Sample]) -> io::Result<Option<Vec<u8>>> {
    if matches!(recorded.fate, Fate::Missing | Fate::Unnamed) {
        return Ok(None);
    }
    let outing = &recorded.outing;
    let mut bytes = match recorded.format {
        Format::Fit => encode::fit(outing, samples)?,
        Format::Gpx => gpx::gpx(outing, samples, true)?,
        Format::Tcx => tcx::tcx(outing, samples)?,
    };
    match recorded.fate {
        Fate::CutOff => bytes.truncate(bytes.len() * 6 / 10),
        Fate::Garbage => bytes = b"<html><body>This file is not available.</body></html>\n".to_vec(),
        Fate::Whole | Fate::Missing | Fate::Unnamed => {}
    }
    pack(&bytes).map(Some)
}

/// The same run on the phone: begun a little later, no strap, less exact.
fn on_phone(recorded: &Recorded, samples: &[Sample]) -> io::Result<Made> {
    const LATER_S: i64 = 7;
    let start = recorded.outing.start.saturating_add(LATER_S.seconds());
    let outing = Outing { start, name: "On the phone", ..recorded.outing.clone() };
    let noisy = |(index, sample): (usize, &Sample)| {
        let turn = index as f64;
        let (latitude, longitude) = (2e-6 * (turn * 0.7).sin(), 2e-6 * (turn * 0.9).cos());
        Sample {
            latitude: sample.latitude + latitude,
            longitude: sample.longitude + longitude,
            altitude_m: sample.altitude_m + 2.0,
            ..*sample
        }
    };
    let samples: Vec<_> = samples.iter().enumerate().map(noisy).collect();
    let bytes = pack(&gpx::gpx(&outing, &samples, false)?)?;
    let start = outing.started()?;
    let name = file_name(row::id_of(start), "gpx");
    let phone = Recorded { outing, random: recorded.random.clone(), on_phone: false, ..*recorded };
    let mut row = row::of_recorded(&phone, start, &samples, name.clone());
    for figure in ["Max Heart Rate", "Average Heart Rate", "Relative Effort"] {
        row.shown(figure, Cell::Empty).exact(figure, Cell::Empty);
    }
    Ok(Made { row, file: Some((name, bytes)), media: None, samples: samples.len() as u64 })
}

fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
