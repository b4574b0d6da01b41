//! The line of a GPX document: a track or a route as somebody drew it, with or without times.

use super::notes::Notes;
use super::xml::{self, Attributes, Handler};
use super::{Limits, Refusal, plain};

/// A line in degrees, latitude first.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: Option<String>,
    pub(crate) points: Vec<[f64; 2]>,
}

/// Reads the first track that has two points, else the first such route.
pub(crate) fn read(text: &str, limits: &Limits) -> Result<Line, Refusal> {
    if !xml::looks_like(text.as_bytes()) || xml::root(text.as_bytes())?.as_deref() != Some("gpx") {
        return Err(Refusal::new("file_type_mismatch", "the text is no GPX"));
    }
    let mut lines = Lines { most_points: limits.samples, ..Lines::default() };
    xml::walk(text, limits, &mut lines, &mut Notes::default())?;
    let is_line = |line: &&(bool, Line)| line.1.points.len() > 1;
    let found = lines.all.iter().filter(is_line);
    // Of both the track is what was gone.
    let first = found.clone().find(|(is_track, _)| *is_track).or_else(|| found.clone().next());
    let (_, Line { name, points }) =
        first.ok_or_else(|| Refusal::new("no_track", "the GPX file has no track with points"))?;
    let name = name.as_deref().and_then(plain::line);
    Ok(Line { name, points: points.clone() })
}

/// Tracks, and routes, as far as they were read.
#[derive(Default)]
struct Lines {
    all: Vec<(bool, Line)>,
    /// How deep inside of a point, whose name is not that of the line.
    is_in_point: bool,
    points: usize,
    most_points: usize,
}

impl Handler for Lines {
    fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        match name {
            "trk" | "rte" => self.all.push((name == "trk", Line::default())),
            "trkpt" | "rtept" => {
                self.is_in_point = true;
                let degrees = |name: &str| attributes.get(name)?.trim().parse::<f64>().ok();
                let (Some(latitude), Some(longitude)) = (degrees("lat"), degrees("lon")) else { return };
                let is_place = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
                if let Some((_, line)) = self.all.last_mut().filter(|_| is_place) {
                    line.points.push([latitude, longitude]);
                    self.points += 1;
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match name {
            "trkpt" | "rtept" => self.is_in_point = false,
            "name" if !self.is_in_point => {
                if let Some((_, line)) = self.all.last_mut().filter(|(_, line)| line.name.is_none()) {
                    line.name = Some(text.to_owned());
                }
            }
            _ => {}
        }
    }

    fn wants_more(&self) -> bool {
        self.points < self.most_points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, wanted: Result<(&str, usize), &str>) {
        let told = read(&format!("<gpx>{body}</gpx>"), &Limits::STANDARD);
        let told = told.map(|line| (line.name.unwrap_or_default(), line.points.len()));
        let wanted = wanted.map(|(name, points)| (name.to_owned(), points));
        assert_eq!(told.map_err(|refusal| refusal.code.to_owned()), wanted.map_err(str::to_owned));
    }

    const TWO: &str = r#"<trkpt lat="47" lon="8"><name>A</name></trkpt><trkpt lat="47.01" lon="8"/>"#;
    const ROUTE: &str = r#"<rte><name>Drawn</name><rtept lat="47" lon="8"/><rtept lat="48" lon="8"/><rtept lat="99" lon="8"/></rte>"#;

    #[test]
    fn a_track_or_a_route_is_a_line() {
        check(&format!("<trk><name>Lakeside</name><trkseg>{TWO}</trkseg></trk>"), Ok(("Lakeside", 2)));
        check(ROUTE, Ok(("Drawn", 2)));
    }

    #[test]
    fn a_track_comes_before_a_route_and_an_empty_one_is_none() {
        check(&format!("{ROUTE}<trk/><trk><trkseg>{TWO}</trkseg></trk>"), Ok(("", 2)));
        check(&format!("<trk/>{ROUTE}"), Ok(("Drawn", 2)));
    }

    #[test]
    fn what_is_no_line_is_refused() {
        check("<wpt lat=\"47\" lon=\"8\"/>", Err("no_track"));
        let told = |text: &str| read(text, &Limits::STANDARD).unwrap_err().code;
        assert_eq!(told("{}"), "file_type_mismatch");
        assert_eq!(told("<kml/>"), "file_type_mismatch");
        assert_eq!(told("<!DOCTYPE gpx []><gpx/>"), "xml_dtd_refused");
    }
}
