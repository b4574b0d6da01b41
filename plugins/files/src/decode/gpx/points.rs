//! Collects the points of each track from the elements of a GPX document.

use fitness::recording::Channel;

use crate::decode::columns::{Columns, Row};
use crate::decode::notes::Notes;
use crate::decode::plain;
use crate::decode::xml::{Attributes, Handler};
use crate::decode::{Limits, clock};

/// How many tracks old receivers make of one activity.
const TRACKS_OF_ACTIVITY: usize = 16;

/// A GPX document as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) name: Option<String>,
    pub(super) creator: Option<String>,
    pub(super) tracks: Vec<Track>,
    /// Track points as counted, usable or not.
    pub(super) points: u64,
    pub(super) notes: Notes,
    most_points: usize,
    most_tracks: usize,
    latest_ms: i64,
    kept: usize,
    at: Place,
    row: Row,
}

/// One `trk` element.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) name: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) columns: Columns,
    pub(super) utc_offset_s: Option<i32>,
    /// A point had a time that cannot be true.
    pub(super) is_misdated: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Metadata,
    /// Somebody or something that the metadata name, with a name of its own.
    Named,
    Track,
    /// A link of a track, with a type of its own.
    Link,
    Point,
}

impl Document {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most_points: limits.samples,
            most_tracks: limits.recordings.saturating_mul(TRACKS_OF_ACTIVITY),
            latest_ms: limits.latest_ms,
            ..Self::default()
        }
    }

    /// A track without points gives its place to the next one, so that it costs nothing.
    fn begin_track(&mut self) {
        if self.tracks.last().is_some_and(|track| track.columns.is_empty() && !track.is_misdated) {
            self.tracks.pop();
        }
        let most = self.most_tracks;
        if self.tracks.len() >= most {
            self.notes.add("too_many_activities", || format!("only the first {most} tracks are read"));
            return;
        }
        self.at = Place::Track;
        self.tracks.push(Track::default());
    }

    fn begin_point(&mut self, attributes: &Attributes<'_>) {
        self.at = Place::Point;
        self.points += 1;
        self.row = Row::default();
        for (channel, name) in [(Channel::Latitude, "lat"), (Channel::Longitude, "lon")] {
            let value = attributes.get(name).and_then(|text| number(&text));
            self.row.set(channel, value.unwrap_or(f64::NAN));
        }
    }

    fn end_point(&mut self) {
        self.at = Place::Track;
        let (latitude, longitude) = (self.row.get(Channel::Latitude), self.row.get(Channel::Longitude));
        let point = self.points;
        if !((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)) {
            self.notes.add("coordinate_out_of_range", || {
                format!("point {point} is at latitude {latitude}, longitude {longitude}")
            });
            return;
        }
        let most = self.most_points;
        if self.kept >= most {
            self.notes.add("too_many_samples", || format!("only the first {most} points are kept"));
            return;
        }
        if let Some(track) = self.tracks.last_mut() {
            track.columns.push(&self.row);
            self.kept += 1;
        }
    }

    fn point_value(&mut self, name: &str, text: &str) {
        if name == "time" {
            return self.time(text);
        }
        let Some(channel) = channel(name) else { return };
        let point = self.points;
        match number(text) {
            Some(value) if value.abs() > 1e6 => {
                self.notes.add("value_out_of_range", || format!("point {point} has {name} {value:e}"));
            }
            // Where two vendors' extensions stand side by side, the first one counts.
            Some(value) if self.row.get(channel).is_nan() => self.row.set(channel, value),
            _ => {}
        }
    }

    fn time(&mut self, text: &str) {
        let point = self.points;
        let Some(stamp) = clock::parse(text) else { return };
        if !clock::is_plausible(stamp.ms, self.latest_ms) {
            self.notes.add("time_out_of_range", || format!("point {point} is of {}", text.trim()));
            if let Some(track) = self.tracks.last_mut() {
                track.is_misdated = true;
            }
            return;
        }
        self.row.time_ms = Some(stamp.ms);
        if let Some(track) = self.tracks.last_mut() {
            track.utc_offset_s = track.utc_offset_s.or(stamp.offset_s);
        }
    }
}

impl Handler for Document {
    fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        match (self.at, name) {
            (Place::Track, "trkpt") => self.begin_point(attributes),
            (Place::Track, "trkseg") => {
                if let Some(track) = self.tracks.last_mut() {
                    track.columns.break_here();
                }
            }
            (Place::Outside | Place::Metadata, "trk") => self.begin_track(),
            (Place::Outside, "metadata") => self.at = Place::Metadata,
            (Place::Metadata, "author") => self.at = Place::Named,
            (Place::Track, "link") => self.at = Place::Link,
            (Place::Outside, "gpx") => self.creator = attributes.get("creator"),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match (self.at, name) {
            (Place::Point, "trkpt") => self.end_point(),
            (Place::Point, _) => self.point_value(name, text),
            (Place::Track, "trk") | (Place::Metadata, "metadata") => self.at = Place::Outside,
            (Place::Named, "author") => self.at = Place::Metadata,
            (Place::Link, "link") => self.at = Place::Track,
            (Place::Metadata, "name") => self.name = plain::line(text),
            (Place::Track, "name" | "type") => {
                let Some(track) = self.tracks.last_mut() else { return };
                let field = if name == "name" { &mut track.name } else { &mut track.kind };
                *field = field.take().or_else(|| plain::line(text));
            }
            _ => {}
        }
    }
}

/// Local names of values in a point and in Garmin's, Cluetrust's, Apple's and Strava's extensions.
fn channel(name: &str) -> Option<Channel> {
    Some(match name {
        "ele" => Channel::Altitude,
        "speed" => Channel::Speed,
        "hr" | "heartrate" | "HeartRate" | "heartRate" => Channel::HeartRate,
        "cad" | "cadence" | "RunCadence" => Channel::Cadence,
        "power" | "watts" | "PowerInWatts" => Channel::Power,
        "atemp" | "temp" | "temperature" | "Temperature" => Channel::Temperature,
        _ => return None,
    })
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    text.parse().or_else(|_| text.replace(',', ".").parse()).ok()
}
