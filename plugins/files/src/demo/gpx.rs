//! Writes an outing as the GPX file that Strava hands back for what a phone recorded.

use std::io::{self, Write};

use jiff::ToSpan;

use super::recorder::Sample;
use super::workout::{Outing, Sport};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<gpx creator="StravaGPX" version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">"#;

/// The bytes of the file; a phone without a strap knows no heart rate.
pub(super) fn gpx(outing: &Outing, samples: &[Sample], has_strap: bool) -> io::Result<Vec<u8>> {
    let start = outing.started()?;
    let sport = if outing.sport == Sport::Run { "running" } else { "cycling" };
    let mut text = Vec::with_capacity(samples.len() * 260 + 600);
    writeln!(text, "{HEAD}\n <metadata>\n  <time>{start}</time>\n </metadata>\n <trk>")?;
    writeln!(text, "  <name>{}</name>\n  <type>{sport}</type>\n  <trkseg>", outing.name)?;
    for sample in samples {
        let time = start.saturating_add(i64::from(sample.second).seconds()).map_err(io::Error::other)?;
        writeln!(text, "   <trkpt lat=\"{:.7}\" lon=\"{:.7}\">", sample.latitude, sample.longitude)?;
        writeln!(text, "    <ele>{:.1}</ele>\n    <time>{time}</time>", sample.altitude_m)?;
        if has_strap {
            let (hr, cadence) = (sample.heart_rate.round(), sample.cadence.round());
            writeln!(
                text,
                "    <extensions>\n     <gpxtpx:TrackPointExtension>\n      <gpxtpx:hr>{hr}</gpxtpx:hr>\n      \
                 <gpxtpx:cad>{cadence}</gpxtpx:cad>\n     </gpxtpx:TrackPointExtension>\n    </extensions>"
            )?;
        }
        writeln!(text, "   </trkpt>")?;
    }
    writeln!(text, "  </trkseg>\n </trk>\n</gpx>")?;
    Ok(text)
}
