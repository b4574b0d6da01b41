//! Where we and the manifest differ, and why; an entry that no longer differs fails the test.

/// End of the path, beginning of the difference, reason.
pub(crate) const DIFFERENCES: [(&str, &str, &str); 9] = [
    ("gpxpy/Mojstrovka.gpx", "start", "every point is of 1901: the track is kept without times"),
    ("gpxpy/Mojstrovka.gpx", "elapsed", "every point is of 1901: the track is kept without times"),
    (
        "gpxpy/cerknicko-without-times.gpx",
        "elapsed",
        "5 of 296 points have a time, which gives a day but no duration",
    ),
    (
        "gpxpy/first_and_last_elevation.gpx",
        "elapsed",
        "the last point is older than most; gpxpy takes it for the end",
    ),
    ("togeojson/blue_hills.gpx", "start", "three outings, not in order; ours are sorted by time"),
    ("togeojson/blue_hills.gpx", "elapsed", "three outings, not in order; theirs ends before it starts"),
    ("togeojson/bad.tcx", "elapsed", "the one lap stands there twice"),
    ("togeojson/bad.tcx", "distance", "the one lap stands there twice"),
    ("togeojson/bad.tcx", "laps", "the one lap stands there twice"),
];
