//! A made-up athlete: recordings that look real, alone or in an export as Strava gives it, from a seed.
//!
//! A runner who also cycles with a power meter, on an island that does not exist. The files go through
//! the same import as anybody's; the same seed and days give the same bytes.

mod encode;
mod export;
mod gpx;
mod plan;
mod random;
mod recorder;
mod tcx;
mod workout;

use std::io;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;

pub use self::export::{Export, Exported, Language, export};
use self::plan::Season;
use self::random::Random;
use self::recorder::Recorder;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub files: u32,
    pub bytes: u64,
    pub first_day: Date,
    pub last_day: Date,
}

/// Writes a FIT file for each activity of the days that end with the last one; 365 days give about 220.
pub fn write(dir: &Path, seed: u64, last_day: Date, days: u32) -> io::Result<Summary> {
    std::fs::create_dir_all(dir)?;
    let first_day = last_day.saturating_sub(i64::from(days.saturating_sub(1)).days());
    let mut summary = Summary { files: 0, bytes: 0, first_day, last_day };
    let season = Season::new(first_day, days, 0);
    for index in 0..days {
        // Each day draws from its own numbers, so that a change of one leaves the others alone.
        let mut random = Random::of(seed, index);
        let Some(outing) = season.outing(index, &mut random) else { continue };
        let recorded = recorder::record(&outing, Recorder::Smart, &mut random);
        let bytes = encode::fit(&outing, &recorded)?;
        std::fs::write(dir.join(outing.file_name()), &bytes)?;
        summary.files += 1;
        summary.bytes += bytes.len() as u64;
    }
    Ok(summary)
}

#[cfg(test)]
mod tests;
