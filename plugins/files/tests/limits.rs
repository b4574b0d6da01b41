//! What a file may claim: times that can be true, and not more activities than anybody has.
#![allow(clippy::unwrap_used, reason = "a test stops where it must")]

use std::fmt::Write as _;

use paceline_files::decode::{Decoded, Limits, Refusal, decode};

mod fixture;
use fixture::{Fit, START, UINT32};

/// 2024-05-01T12:00:00Z, four hours after the files' start.
const NOW_MS: i64 = (631_065_600 + START as i64 + 14_400) * 1000;
const DAY_S: u32 = 86_400;

fn read<'a>(name: &str, bytes: &'a [u8]) -> Result<Decoded<'a>, Refusal> {
    decode(name, bytes, &Limits::STANDARD.at(NOW_MS))
}

fn check(name: &str, bytes: &[u8], wanted: &str) {
    let found = match read(name, bytes) {
        Err(refusal) => refusal.code.to_owned(),
        Ok(decoded) => {
            let all = decoded.recordings.iter().flat_map(|recording| &recording.warnings);
            let codes: Vec<_> = decoded.warnings.iter().chain(all).map(|warning| &*warning.code).collect();
            format!("{} {}", decoded.recordings.len(), codes.join(" "))
        }
    };
    assert_eq!(found.trim_end(), wanted, "{name}");
}

fn gpx(times: &[&str]) -> String {
    let point = |time: &&str| format!("<trkpt lat=\"50\" lon=\"10\"><time>{time}</time></trkpt>");
    format!("<trk><trkseg>{}</trkseg></trk>", times.iter().map(point).collect::<String>())
}

fn tcx(id: &str, start: &str, time: &str) -> String {
    fixture::tcx(&format!(
        "<Activity Sport=\"Running\"><Id>{id}</Id><Lap StartTime=\"{start}\"><TotalTimeSeconds>60</TotalTimeSeconds>\
         <Track><Trackpoint><Time>{time}</Time><AltitudeMeters>80</AltitudeMeters></Trackpoint></Track></Lap></Activity>"
    ))
}

#[test]
fn a_fit_file_of_the_future_is_refused_and_one_of_tomorrow_is_not() {
    let run = |start: u32| Fit::of_type(4).records(start, 60).session(start, 60, 180).bytes();
    check("a.fit", &run(START + DAY_S), "1");
    check("a.fit", &run(START + 2 * DAY_S), "time_out_of_range");
    check("a.fit", &Fit::of_type(4).session(START + 2 * DAY_S, 60, 180).bytes(), "time_out_of_range");
    let both = [run(START), run(START + 2 * DAY_S)].concat();
    check("a.fit", &both, "1 time_out_of_range");
}

#[test]
fn a_gpx_file_with_impossible_times_alone_is_refused() {
    let file = |body: &str| fixture::gpx(body).into_bytes();
    check("a.gpx", &file(&gpx(&["2024-05-02T08:00:00Z"])), "1");
    check("a.gpx", &file(&gpx(&["2024-05-03T08:00:00Z", "2024-05-03T08:00:01Z"])), "time_out_of_range");
    check("a.gpx", &file(&gpx(&["1970-01-01T00:00:00Z"])), "time_out_of_range");
    let tracks = [gpx(&["2099-12-31T08:00:00Z"]), gpx(&["2024-05-01T08:00:00Z"])].concat();
    check("a.gpx", &file(&tracks), "1 time_out_of_range");
    check("a.gpx", &file(&gpx(&["1901-12-13T20:45:52Z"])), "1 no_time");
}

#[test]
fn a_tcx_file_with_impossible_times_alone_is_refused() {
    let (good, future, past) = ("2024-05-01T08:00:00Z", "2099-12-31T08:00:00Z", "1989-05-01T08:00:00Z");
    check("a.tcx", tcx(good, good, good).as_bytes(), "1");
    check("a.tcx", tcx(future, future, future).as_bytes(), "time_out_of_range");
    check("a.tcx", tcx(past, past, past).as_bytes(), "time_out_of_range");
    check("a.tcx", tcx(good, future, future).as_bytes(), "1 time_out_of_range no_time");
}

#[test]
fn activities_beyond_the_limit_are_left_out_with_a_warning() {
    let limits = Limits { recordings: 3, ..Limits::STANDARD };
    let tracks: String = (1..=4).map(|day| gpx(&[&format!("2024-05-0{day}T08:00:00Z")])).collect();
    let time = "2024-05-01T08:00:00Z";
    let activity = tcx(time, time, time);
    let (from, to) = (activity.find("<Activity ").unwrap(), activity.find("</Activities>").unwrap());
    let activities = fixture::tcx(&activity[from..to].repeat(4));
    let sessions = (0..4).fold(Fit::of_type(4), |fit, hour| fit.session(START + hour * 3600, 60, 180));
    let chained = Fit::of_type(4).session(START, 60, 180).bytes().repeat(4);
    let files = [
        ("a.gpx", fixture::gpx(&tracks).into_bytes()),
        ("a.tcx", activities.into_bytes()),
        ("a.fit", sessions.bytes()),
        ("b.fit", chained),
    ];
    for (name, bytes) in files {
        let decoded = decode(name, &bytes, &limits).unwrap();
        assert_eq!(decoded.recordings.len(), 3, "{name}");
        assert_eq!(decoded.warnings[0].code, "too_many_activities", "{name}");
    }
}

#[test]
fn chained_sequences_share_the_limit_of_samples() {
    let limits = Limits { samples: 100, ..Limits::STANDARD };
    let bytes = Fit::of_type(4).records(START, 60).bytes().repeat(3);
    let decoded = decode("a.fit", &bytes, &limits).unwrap();
    let kept: usize = decoded.recordings.iter().map(|recording| recording.samples.len()).sum();
    assert_eq!((kept, decoded.records), (100, 180));
}

/// The most memory that this process ever had, in KiB; each test has its own under the runner.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Reads a file that fills the limits, and counts it among what the reading costs.
#[cfg(target_os = "linux")]
fn stays_small(name: &str, bytes: &[u8]) {
    const MOST_KIB: u64 = 64 << 10;
    assert!(bytes.len() as u64 <= Limits::STANDARD.file_bytes, "{name}");
    let before = peak_kib();
    let _ = decode(name, bytes, &Limits::STANDARD);
    let cost = peak_kib() - before + (bytes.len() as u64 >> 10);
    assert!(cost <= MOST_KIB, "{name} costs {cost} KiB");
}

#[cfg(target_os = "linux")]
#[test]
fn as_many_points_as_fit_into_a_file_stay_within_64_mib() {
    let mut text = String::with_capacity(32 << 20);
    text.push_str("<gpx><trk><trkseg>");
    for index in 0.. {
        let before = text.len();
        let _ = write!(text, "<trkpt lat=\"50.{index}\" lon=\"8\"><ele>9</ele></trkpt>");
        if text.len() > 32 << 20 {
            text.truncate(before);
            break;
        }
    }
    stays_small("a.gpx", text.as_bytes());
}

#[cfg(target_os = "linux")]
#[test]
fn messages_of_no_fields_stay_within_64_mib() {
    let fit = Fit::of_type(4).define(1, 18, &[]).define(2, 19, &[]).define(3, 20, &[(253, 4, UINT32)]);
    let fit = (0..3 << 20).fold(fit, |fit, index: u32| fit.data(1 + (index & 1) as u8, &[]));
    stays_small("a.fit", &fit.bytes());
}

#[cfg(target_os = "linux")]
#[test]
fn tracks_of_one_point_stay_within_64_mib() {
    let tracks = "<trk><trkpt lat=\"1\" lon=\"2\"/></trk><trk/>".repeat(300_000);
    stays_small("a.gpx", fixture::gpx(&tracks).as_bytes());
}
