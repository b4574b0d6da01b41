//! A segment that the athlete has starred, as it is listed, and its line, which is told by itself.

use fitness::ground::polyline;
use fitness::records::strava::line::StarredLine;
use serde_json::Value;

use super::{Effort, Fields, WireError};
use crate::sport;

/// A line has a begin and an end.
const PLACES_LEAST: usize = 2;

/// A segment with the athlete's own best effort on it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) id: i64,
    pub(crate) best: Option<Effort>,
}

impl Segment {
    pub(crate) fn read(value: &Value) -> Result<Self, WireError> {
        let fields = Fields::of(value)?;
        let id = fields.id("id").ok_or(WireError::Lacks("id"))?;
        let best = fields.get("athlete_pr_effort").and_then(|effort| Effort::of_segment(effort, id).ok());
        Ok(Self { id, best })
    }
}

/// The line of a segment; no more of it is kept.
pub(crate) fn line(value: &Value) -> Result<StarredLine, WireError> {
    let fields = Fields::of(value)?;
    let polyline = fields.within("map").and_then(|map| map.text("polyline"));
    let is_line = |text: &&str| polyline::decode(text).is_some_and(|places| places.len() >= PLACES_LEAST);
    let polyline = polyline.filter(is_line).ok_or(WireError::Lacks("map.polyline"))?;
    let (sport, _) = sport::named(fields.text("activity_type").unwrap_or_default());
    let name = fields.text("name").unwrap_or_default().to_owned();
    Ok(StarredLine { name, sport, polyline: polyline.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_read_with_its_sport_and_what_is_none_is_not() {
        let told = |map: Value| json!({ "name": "Up", "activity_type": "Ride", "map": map });
        let read = line(&told(json!({ "polyline": "_p~iF~ps|U_ulLnnqC" }))).unwrap();
        assert_eq!((read.name.as_str(), read.sport.as_str()), ("Up", "cycling"));
        assert_eq!(read.polyline, "_p~iF~ps|U_ulLnnqC");
        let one_place = json!({ "polyline": "_p~iF~ps|U" });
        for map in [json!(null), json!({}), json!({ "polyline": "" }), json!({ "polyline": "_" }), one_place]
        {
            assert_eq!(line(&told(map.clone())), Err(WireError::Lacks("map.polyline")), "{map}");
        }
        assert_eq!(line(&json!([])), Err(WireError::NoObject));
    }
}
