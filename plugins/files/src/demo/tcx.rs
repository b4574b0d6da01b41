//! Writes an outing as the TCX file of an export, with the blanks that Strava puts before its first line.

use std::io::{self, Write};

use jiff::{Timestamp, ToSpan};

use super::recorder::Sample;
use super::workout::{Outing, Sport};

const HEAD: &str = r#"          <?xml version="1.0" encoding="UTF-8"?>
<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2" xmlns:ns3="http://www.garmin.com/xmlschemas/ActivityExtension/v2">
 <Activities>"#;

/// The bytes of the file: one lap.
pub(super) fn tcx(outing: &Outing, samples: &[Sample]) -> io::Result<Vec<u8>> {
    let start = outing.started()?;
    let sport = if outing.sport == Sport::Run { "Running" } else { "Biking" };
    let (seconds, meters) = samples.last().map_or((0, 0.0), |last| (last.second, last.distance_m));
    let mut text = Vec::with_capacity(samples.len() * 420 + 800);
    writeln!(text, "{HEAD}\n  <Activity Sport=\"{sport}\">\n   <Id>{start}</Id>")?;
    writeln!(text, "   <Lap StartTime=\"{start}\">\n    <TotalTimeSeconds>{seconds}</TotalTimeSeconds>")?;
    writeln!(text, "    <DistanceMeters>{meters:.1}</DistanceMeters>\n    <Intensity>Active</Intensity>")?;
    writeln!(text, "    <TriggerMethod>Manual</TriggerMethod>\n    <Track>")?;
    for sample in samples {
        point(&mut text, sample, start)?;
    }
    writeln!(text, "    </Track>\n   </Lap>\n  </Activity>\n </Activities>\n</TrainingCenterDatabase>")?;
    Ok(text)
}

fn point(text: &mut Vec<u8>, sample: &Sample, start: Timestamp) -> io::Result<()> {
    let time = start.saturating_add(i64::from(sample.second).seconds()).map_err(io::Error::other)?;
    writeln!(text, "     <Trackpoint>\n      <Time>{time}</Time>\n      <Position>")?;
    writeln!(text, "       <LatitudeDegrees>{:.7}</LatitudeDegrees>", sample.latitude)?;
    writeln!(text, "       <LongitudeDegrees>{:.7}</LongitudeDegrees>\n      </Position>", sample.longitude)?;
    writeln!(text, "      <AltitudeMeters>{:.1}</AltitudeMeters>", sample.altitude_m)?;
    writeln!(text, "      <DistanceMeters>{:.1}</DistanceMeters>", sample.distance_m)?;
    let (hr, cadence) = (sample.heart_rate.round(), sample.cadence.round());
    writeln!(
        text,
        "      <HeartRateBpm><Value>{hr}</Value></HeartRateBpm>\n      <Cadence>{cadence}</Cadence>"
    )?;
    if let Some(watts) = sample.watts {
        let watts = watts.round();
        writeln!(text, "      <Extensions><ns3:TPX><ns3:Watts>{watts}</ns3:Watts></ns3:TPX></Extensions>")?;
    }
    writeln!(text, "     </Trackpoint>")
}
