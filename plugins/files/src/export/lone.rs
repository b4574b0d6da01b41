//! The activity of a row that has no file: what the source says is all there is.

use fitness::day;
use fitness::export::Figures;
use fitness::identity;
use fitness::records::activity::Activity;
use fitness::summary::Summary;
use jiff::tz::TimeZone;

use super::Row;

/// What an athlete's export tells by itself.
pub(crate) const PROVENANCE: &str = "bulk_export";

/// The activity of a row without a file; its archive is for the caller to name.
pub(crate) fn activity(row: &Row, athlete: &str, time_zone: &TimeZone) -> Activity {
    let figures = &row.figures;
    Activity {
        id: identity::activity_id(athlete, PROVENANCE, &row.source_id),
        athlete: athlete.to_owned(),
        provenance: PROVENANCE.to_owned(),
        source_id: row.source_id.clone(),
        file: String::new(),
        sha256: String::new(),
        part: 0,
        parts: 1,
        sport: figures.sport.clone().unwrap_or_else(|| "other".to_owned()),
        sub_sport: figures.sub_sport.clone(),
        name: figures.name.clone(),
        device: None,
        start_ms: figures.start_ms,
        utc_offset_s: None,
        local_date: figures.start_ms.and_then(|start_ms| day::local_date(start_ms, None, time_zone)),
        summary: summary(figures),
        warnings: row.warnings.clone(),
    }
}

fn summary(figures: &Figures) -> Summary {
    Summary {
        elapsed_s: figures.elapsed_s,
        timer_s: figures.timer_s,
        moving_s: figures.moving_s,
        distance_m: figures.distance_m,
        ascent_m: figures.ascent_m,
        avg_hr: figures.avg_hr,
        max_hr: figures.max_hr,
        avg_power: figures.avg_power,
        max_power: figures.max_power,
        avg_cadence: figures.avg_cadence,
        // Power is weighted by another rule than ours, so it does not become ours.
        ..Summary::default()
    }
}
