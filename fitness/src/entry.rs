//! An activity as it comes in: everything about it that needs no store.

use jiff::tz::TimeZone;

use crate::best_effort::{self, BestEffort};
use crate::recording::{Channel, Lap, Recording};
use crate::records::activity::{Activity, Origin};
use crate::stream::{self, Column};
use crate::{day, samples};

/// An activity with its columns, laps and best efforts.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub activity: Activity,
    pub columns: Vec<(Column, Vec<u8>)>,
    pub laps: Vec<Lap>,
    pub best_efforts: Vec<BestEffort>,
}

impl Entry {
    /// Cleans the samples of a recording, sums them up and packs them.
    ///
    /// `time_zone` is the athlete's, for a recording that does not tell its own offset.
    pub fn of(mut recording: Recording, origin: Origin<'_>, time_zone: &TimeZone) -> Self {
        let cleaned = samples::clean(&mut recording.samples);
        recording.warnings.extend(cleaned);
        let local_date = recording
            .start_ms
            .and_then(|start_ms| day::local_date(start_ms, recording.utc_offset_s, time_zone));
        let activity = Activity::of(&recording, origin, local_date);
        let best_efforts = best_effort::of(&recording);
        Self { activity, columns: columns(&recording), laps: recording.laps, best_efforts }
    }

    /// An activity of which nobody recorded more than its totals.
    pub fn bare(activity: Activity) -> Self {
        Self { activity, columns: Vec::new(), laps: Vec::new(), best_efforts: Vec::new() }
    }
}

fn columns(recording: &Recording) -> Vec<(Column, Vec<u8>)> {
    let samples = &recording.samples;
    let times = (!samples.time_ms.is_empty()).then(|| (Column::Time, stream::encode_times(&samples.time_ms)));
    let channel = |(channel, values): (&Channel, &Vec<f64>)| {
        (Column::Channel(*channel), stream::encode(*channel, values))
    };
    let segments =
        (!samples.breaks.is_empty()).then(|| (Column::Segments, stream::encode_segments(&samples.breaks)));
    times.into_iter().chain(segments).chain(samples.channels.iter().map(channel)).collect()
}
