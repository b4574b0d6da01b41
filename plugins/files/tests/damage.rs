//! Bad input and the clear answer: refused with a code, or kept with a warning.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it saw and stops where it must"
)]

use std::time::{Duration, Instant};

use paceline_files::decode::{Decoded, Limits, Refusal, decode};

mod fixture;
use fixture::{BYTE, ENUM, Fit, START, UINT8, UINT16, UINT32};

fn read<'a>(name: &str, bytes: &'a [u8]) -> Result<Decoded<'a>, Refusal> {
    decode(name, bytes, &Limits::STANDARD)
}

/// Refused with the code, and the reason holds the words.
fn refused(name: &str, bytes: &[u8], code: &str, words: &str) {
    match read(name, bytes) {
        Err(refusal) => {
            assert_eq!(refusal.code, code, "{name}: {}", refusal.reason);
            assert!(refusal.reason.contains(words), "{name}: `{}` without `{words}`", refusal.reason);
        }
        Ok(decoded) => panic!("{name} was taken: {:?}", decoded.warnings),
    }
}

/// Kept with so many samples and exactly these warnings, of the file or of a recording.
fn kept(name: &str, bytes: &[u8], samples: usize, codes: &[&str]) {
    let decoded =
        read(name, bytes).unwrap_or_else(|refusal| panic!("{name} was refused: {}", refusal.reason));
    let found: usize = decoded.recordings.iter().map(|recording| recording.samples.len()).sum();
    assert_eq!(found, samples, "{name}");
    let of_recordings = decoded.recordings.iter().flat_map(|recording| &recording.warnings);
    let warnings: Vec<&str> =
        decoded.warnings.iter().chain(of_recordings).map(|warning| warning.code.as_str()).collect();
    assert_eq!(warnings, codes, "{name}");
}

#[test]
fn a_file_of_no_bytes_is_empty() {
    refused("run.fit", b"", "file_empty", "run.fit");
    refused("run.fit.gz", &fixture::gzip(b""), "file_empty", "run.fit.gz");
}

#[test]
fn a_fit_header_of_four_gigabytes_is_truncated() {
    refused("a.fit", &Fit::default().bytes_declaring(u32::MAX), "fit_truncated", "4294967295");
    refused("a.fit", &Fit::of_type(4).bytes_declaring(u32::MAX), "fit_truncated", "4294967295");
    kept("a.fit", &fixture::run().bytes_declaring(u32::MAX), 600, &["fit_truncated"]);
}

#[test]
fn a_fit_file_cut_anywhere_keeps_what_came_before() {
    let whole = fixture::run().bytes();
    kept("a.fit", &whole[..whole.len() - 1], 600, &["fit_bad_crc"]);
    kept("a.fit", &whole[..whole.len() - 40], 600, &["fit_truncated"]);
    kept("a.fit", &whole[..3000], 295, &["fit_truncated"]);
    refused("a.fit", &whole[..20], "fit_truncated", "promises");
    refused("a.fit", &whole[..5], "fit_truncated", "header");
}

#[test]
fn a_fit_file_whose_header_was_never_finished_is_read_to_its_end() {
    kept("a.fit", &fixture::run().bytes_declaring(0), 600, &["fit_truncated"]);
}

#[test]
fn a_wrong_checksum_is_a_warning_where_samples_remain() {
    let mut bytes = fixture::run().bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 0xff;
    kept("a.fit", &bytes, 600, &["fit_bad_crc"]);

    let mut bytes = Fit::of_type(4).bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 0xff;
    refused("a.fit", &bytes, "fit_bad_crc", "stored");
}

#[test]
fn a_missing_definition_is_named_with_its_byte() {
    let fit = Fit::of_type(4);
    let at = fit.len();
    refused("a.fit", &fit.data(5, &[&[1, 2, 3]]).bytes(), "fit_no_definition", &format!("byte {at}"));
    let fit = Fit::of_type(4).records(START, 50).data(5, &[&[1, 2, 3]]).records(START + 50, 50);
    kept("a.fit", &fit.bytes(), 50, &["fit_no_definition"]);
}

#[test]
fn what_is_not_the_named_kind_is_a_mismatch() {
    refused("a.fit", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "file_type_mismatch", "PNG");
    refused("a.gpx", b"PK\x03\x04rest of a zip archive", "file_type_mismatch", "zip");
    refused("a.gpx", b"<html><body/></html>", "file_type_mismatch", "html");
    refused("a.tcx", b"{\"not\": \"xml\"}", "file_type_mismatch", "JSON");
    refused("a.gpx.gz", &fixture::gzip(b"plain words"), "file_type_mismatch", "unknown");
}

#[test]
fn a_known_kind_under_another_name_is_read_with_a_warning() {
    let gpx = fixture::track(&[fixture::point("50.1", 0), fixture::point("50.2", 9)].concat());
    kept("a.fit", gpx.as_bytes(), 2, &["file_type_mismatch"]);
    kept("upload", gpx.as_bytes(), 2, &[]);
}

#[test]
fn a_fit_start_in_2100_is_out_of_range() {
    let in_2100 = START + (76 * 365 + 19) * 86_400;
    let fit = Fit::of_type(4).records(in_2100, 60).session(in_2100, 60, 180);
    refused("a.fit", &fit.bytes(), "time_out_of_range", "2100");
}

#[test]
fn single_times_out_of_range_are_dropped() {
    let in_2100 = START + (76 * 365 + 19) * 86_400;
    let fit = Fit::of_type(4).records(START, 60).records(in_2100, 1).session(START, 60, 180);
    kept("a.fit", &fit.bytes(), 60, &["time_out_of_range"]);
}

#[test]
fn a_fit_file_of_another_type_is_not_an_activity() {
    let cases = [(2, "settings"), (5, "workout"), (6, "course"), (9, "weight"), (32, "monitoring_b")];
    for (kind, name) in cases {
        refused("a.fit", &Fit::of_type(kind).records(START, 5).bytes(), "not_an_activity", name);
    }
}

#[test]
fn a_session_without_records_is_kept_for_its_totals() {
    kept("a.fit", &Fit::of_type(4).session(START, 1800, 5000).bytes(), 0, &["no_samples"]);
    refused("a.fit", &Fit::of_type(4).session(START, 0, 0).bytes(), "no_samples", "neither");
    refused("a.fit", &Fit::of_type(4).bytes(), "no_samples", "neither");
}

#[test]
fn records_without_a_session_are_an_activity() {
    kept("a.fit", &Fit::of_type(4).records(START, 30).bytes(), 30, &[]);
}

#[test]
fn field_sizes_that_do_not_fit_their_type_are_stepped_over() {
    let odd = [(253, 4, UINT32), (3, 1, UINT8), (7, 1, UINT32)];
    let values: [&[u8]; 3] = [&START.to_le_bytes(), &[140], &[9]];
    let fit = Fit::of_type(4).define(3, 20, &odd).data(3, &values).session(START, 60, 200);
    kept("a.fit", &fit.bytes(), 1, &["fit_bad_field_size"]);
}

#[test]
fn a_fit_position_beyond_the_pole_is_dropped() {
    let fields = [(253, 4, UINT32), (0, 4, fixture::SINT32), (1, 4, fixture::SINT32), (3, 1, UINT8)];
    let values: [&[u8]; 4] =
        [&START.to_le_bytes(), &2_000_000_000i32.to_le_bytes(), &1i32.to_le_bytes(), &[99]];
    let fit = Fit::of_type(4).define(3, 20, &fields).data(3, &values);
    let bytes = fit.bytes();
    kept("a.fit", &bytes, 1, &["coordinate_out_of_range"]);
    let decoded = read("a.fit", &bytes).unwrap();
    assert_eq!(decoded.recordings[0].samples.channels.len(), 1);
}

#[test]
fn a_file_made_to_cost_time_is_read_at_once() {
    let description = [(0, 1, UINT8), (1, 1, UINT8), (2, 1, UINT8)];
    let mut fit = Fit::of_type(4).define(1, 206, &description);
    for number in 0..60_000u32 {
        fit = fit.data(1, &[&[(number >> 8) as u8, number as u8, 2]]);
    }
    let developer: Vec<u8> = (0..255u8).flat_map(|_| [250, 0, 250]).collect();
    let header: [&[u8]; 4] = [&[0, 0], &20u16.to_le_bytes(), &[1, 3, 1, UINT8, 255], &developer];
    fit = fit.data(0x60 | 2, &header);
    for _ in 0..60_000 {
        fit = fit.data(2, &[&[100]]);
    }
    let started = Instant::now();
    kept("a.fit", &fit.bytes(), 60_000, &["no_time"]);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn samples_beyond_the_limit_are_left_out() {
    let limits = Limits { samples: 100, ..Limits::STANDARD };
    let bytes = fixture::run().bytes();
    let decoded = decode("a.fit", &bytes, &limits).unwrap();
    assert_eq!((decoded.recordings[0].samples.len(), decoded.records), (100, 600));
    assert_eq!(decoded.warnings[0].code, "too_many_samples");
}

#[test]
fn a_dtd_is_refused_before_anything_is_expanded() {
    let laughs: String = (1..10).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};\">", n - 1)).collect();
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE gpx [<!ENTITY l0 \"ha\">{laughs}]><gpx><name>&l9;</name></gpx>"
    );
    let external =
        "<!DOCTYPE gpx [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><gpx><trk><name>&x;</name></trk></gpx>";
    let late = "<gpx><trk/><!DOCTYPE gpx [<!ENTITY x \"y\">]></gpx>";
    for document in [bomb.as_str(), external, late] {
        refused("a.gpx", document.as_bytes(), "xml_dtd_refused", "DTD");
    }
}

#[test]
fn too_many_attributes_are_refused_at_once() {
    let many: String = (0..80_000).map(|n| format!(" a{n}=\"1\"")).collect();
    let started = Instant::now();
    refused("a.gpx", fixture::gpx(&format!("<trk{many}/>")).as_bytes(), "xml_too_complex", "100");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn too_deep_a_document_is_refused() {
    let deep = format!("<gpx>{}", "<a>".repeat(200_000));
    refused("a.gpx", deep.as_bytes(), "xml_too_deep", "64");
}

#[test]
fn a_point_off_the_map_is_named_by_its_number() {
    for latitude in ["952", "NaN", "1e999", "", "north"] {
        refused(
            "a.gpx",
            fixture::track(&fixture::point(latitude, 0)).as_bytes(),
            "coordinate_out_of_range",
            "point 1",
        );
        let mixed =
            [fixture::point("50.1", 0), fixture::point(latitude, 1), fixture::point("50.2", 2)].concat();
        kept("a.gpx", fixture::track(&mixed).as_bytes(), 2, &["coordinate_out_of_range"]);
    }
}

#[test]
fn a_gpx_without_track_points_has_no_track() {
    let route = "<rte><rtept lat=\"1\" lon=\"2\"/></rte><wpt lat=\"1\" lon=\"2\"/>";
    for body in ["", "<trk/>", "<trk><trkseg/></trk>", route] {
        refused("a.gpx", fixture::gpx(body).as_bytes(), "no_track", "track");
    }
}

#[test]
fn a_tcx_without_activities_has_no_track() {
    let course = "<TrainingCenterDatabase><Courses><Course><Track><Trackpoint/></Track></Course></Courses></TrainingCenterDatabase>";
    refused("a.tcx", course.as_bytes(), "no_track", "activity");
}

#[test]
fn a_tcx_that_is_cut_off_says_on_which_line() {
    let whole = fixture::lap("900", &[fixture::trackpoint(0, "0"), fixture::trackpoint(5, "450")].concat());
    let at = |text: &str| whole.find(text).unwrap();
    refused("a.tcx", &whole.as_bytes()[..at("<Lap")], "xml_truncated", "line 5");
    kept("a.tcx", &whole.as_bytes()[..at("</Track>")], 2, &["xml_truncated"]);
    kept("a.tcx", &whole.as_bytes()[..at("450")], 1, &["xml_truncated"]);
    kept("a.tcx", &whole.as_bytes()[..whole.rfind("<HeartRate").unwrap()], 2, &["xml_truncated"]);
}

#[test]
fn a_tcx_value_out_of_range_is_dropped() {
    let huge = fixture::lap("1e308", &fixture::trackpoint(0, "1e308"));
    kept("a.tcx", huge.as_bytes(), 1, &["value_out_of_range"]);
    let bytes = huge.as_bytes();
    let decoded = read("a.tcx", bytes).unwrap();
    assert_eq!(decoded.recordings[0].totals.distance_m, None);

    let nothing_else = fixture::tcx(
        "<Activity Sport=\"Running\"><Lap><DistanceMeters>1e308</DistanceMeters></Lap></Activity>",
    );
    refused("a.tcx", nothing_else.as_bytes(), "value_out_of_range", "1e308");
}

#[test]
fn a_lap_written_twice_counts_once() {
    let lap = "<Lap StartTime=\"2024-05-01T08:00:00Z\"><TotalTimeSeconds>60</TotalTimeSeconds><DistanceMeters>200</DistanceMeters></Lap>";
    let document = fixture::tcx(&format!("<Activity Sport=\"Biking\">{lap}{lap}</Activity>"));
    kept("a.tcx", document.as_bytes(), 0, &["laps_repeated", "no_samples"]);
    let decoded = read("a.tcx", document.as_bytes()).unwrap();
    assert_eq!(decoded.recordings[0].totals.distance_m, Some(200.0));
}

#[test]
fn blanks_and_marks_before_the_xml_are_skipped() {
    let document = fixture::track(&[fixture::point("50.1", 0), fixture::point("50.2", 5)].concat());
    kept("a.gpx", format!("          {document}").as_bytes(), 2, &[]);
    kept("a.gpx", format!("\u{feff}{document}").as_bytes(), 2, &[]);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(document.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    kept("a.gpx", &utf16, 2, &[]);
}

#[test]
fn control_characters_in_a_name_do_not_come_through() {
    let point = fixture::point("50.1", 0);
    let document = fixture::track(&point).replace("<trk>", "<trk><name>Lunch\0ride\u{1b}[2J</name>");
    let decoded = read("a.gpx", document.as_bytes()).unwrap();
    assert_eq!(decoded.recordings[0].name.as_deref(), Some("Lunch ride [2J"));
    refused("a.gpx", b"<r\0ot/>", "file_type_mismatch", "`r ot`");
}

#[test]
fn an_unknown_prefix_does_not_matter() {
    let point = "<trkpt lat=\"50\" lon=\"10\"><extensions><ns3:TrackPointExtension><ns3:hr>142</ns3:hr></ns3:TrackPointExtension></extensions></trkpt>";
    let document = fixture::track(point);
    let decoded = read("a.gpx", document.as_bytes()).unwrap();
    let hr = decoded.recordings[0].samples.channel(fitness::recording::Channel::HeartRate);
    assert_eq!(hr, Some([142.0].as_slice()));
}

#[test]
fn a_gzip_bomb_is_stopped_at_the_limit() {
    let bomb = fixture::gzip(&vec![b' '; 60 << 20]);
    refused("a.fit.gz", &bomb, "archive_too_large_unpacked", "33554432");
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let limits = Limits { file_bytes: 100, ..Limits::STANDARD };
    let refusal = decode("a.fit", &fixture::run().bytes(), &limits).unwrap_err();
    assert_eq!(refusal.code, "file_too_large");
}

#[test]
fn a_gzip_file_that_is_cut_keeps_what_came_out() {
    let packed = fixture::gzip(&fixture::run().bytes());
    let decoded = read("a.fit.gz", &packed[..packed.len() - 6]).unwrap();
    assert_eq!(decoded.warnings[0].code, "gzip_damaged");
    assert_eq!(decoded.recordings[0].samples.len(), 600);
    assert!(decoded.gzipped);
}

#[test]
fn chained_sequences_give_the_sessions_of_each() {
    let second = Fit::of_type(4).records(START + 5000, 60).session(START + 5000, 60, 100);
    let bytes = [fixture::run().bytes(), second.bytes()].concat();
    let decoded = read("a.fit", &bytes).unwrap();
    let samples: Vec<usize> = decoded.recordings.iter().map(|recording| recording.samples.len()).collect();
    assert_eq!(samples, [600, 60]);
}

#[test]
fn each_session_gets_the_records_and_laps_of_its_time() {
    let laps = [(254, 2, UINT16), (2, 4, UINT32), (7, 4, UINT32)];
    let lap = |fit: Fit, start: u32| {
        let values: [&[u8]; 3] = [&0u16.to_le_bytes(), &start.to_le_bytes(), &50_000u32.to_le_bytes()];
        fit.data(4, &values)
    };
    let fit = Fit::of_type(4).records(START, 300).define(4, 19, &laps);
    let fit = lap(lap(lap(fit, START), START + 50), START + 100);
    let fit = fit.session(START, 100, 300).session(START + 100, 200, 600);
    let bytes = fit.bytes();
    let decoded = read("a.fit", &bytes).unwrap();
    let found: Vec<_> = decoded.recordings.iter().map(|part| (part.samples.len(), part.laps.len())).collect();
    assert_eq!(found, [(100, 2), (200, 1)]);
}

#[test]
fn compressed_timestamps_count_on_from_the_last_full_one() {
    let fit = Fit::of_type(4).define(0, 21, &[(253, 4, UINT32), (0, 1, ENUM)]);
    let fit = fit.data(0, &[&START.to_le_bytes(), &[0]]).define(1, 20, &[(3, 1, UINT8)]);
    let offset = |seconds: u32| 0x80 | 1 << 5 | ((START + seconds) & 0x1f) as u8;
    let fit = fit.data(offset(1), &[&[101]]).data(offset(20), &[&[102]]).data(offset(40), &[&[103]]);
    let bytes = fit.bytes();
    let decoded = read("a.fit", &bytes).unwrap();
    let seconds: Vec<i64> = decoded.recordings[0].samples.time_ms.iter().map(|time| time / 1000).collect();
    let start = i64::from(START) + 631_065_600;
    assert_eq!(seconds, [start + 1, start + 20, start + 40]);
}

#[test]
fn packed_speed_and_distance_of_old_foot_pods_are_read() {
    let fit = Fit::of_type(4).define(1, 20, &[(253, 4, UINT32), (8, 3, BYTE)]);
    // 3.00 m/s; 16 m, then 255 m, then past the end of the 12 bits to 272 m.
    let packed = [[0x2c, 0x01, 0x10], [0x2c, 0x01, 0xff], [0x2c, 0x01, 0x10]];
    let fit = packed
        .iter()
        .enumerate()
        .fold(fit, |fit, (index, bytes)| fit.data(1, &[&(START + index as u32).to_le_bytes(), bytes]));
    let bytes = fit.bytes();
    let decoded = read("a.fit", &bytes).unwrap();
    let samples = &decoded.recordings[0].samples;
    assert_eq!(samples.channel(fitness::recording::Channel::Distance).unwrap(), [16.0, 255.0, 272.0]);
    assert_eq!(samples.channel(fitness::recording::Channel::Speed).unwrap(), [3.0, 3.0, 3.0]);
}

#[test]
fn tracks_within_an_hour_are_one_activity_and_others_are_not() {
    let track = |hour: u32| {
        let point = |minute: u32| {
            format!(
                "<trkpt lat=\"50.{minute}\" lon=\"10\"><time>2024-05-01T{hour:02}:{minute:02}:00Z</time></trkpt>"
            )
        };
        format!("<trk><trkseg>{}{}</trkseg></trk>", point(10), point(40))
    };
    let document = fixture::gpx(&[track(15), track(8), track(9)].concat());
    let decoded = read("a.gpx", document.as_bytes()).unwrap();
    let found: Vec<_> =
        decoded.recordings.iter().map(|part| (part.samples.len(), part.samples.breaks.clone())).collect();
    assert_eq!(found, [(4, vec![2]), (2, vec![])]);
}

#[test]
fn a_gpx_track_is_named_by_itself_and_not_by_its_author_or_its_link() {
    let document = r#"<gpx version="1.1" creator="t"><metadata><name>Round</name>
        <author><name>Ann</name><link href="x"><text>home</text></link></author></metadata>
        <trk><link href="x"><type>text/html</type></link><type>cycling</type><trkseg>
        <trkpt lat="47.0" lon="8.0"><time>2024-05-01T08:00:00Z</time></trkpt>
        <trkpt lat="47.1" lon="8.0"><time>2024-05-01T08:10:00Z</time></trkpt>
        </trkseg></trk></gpx>"#;
    let decoded = read("a.gpx", document.as_bytes()).unwrap();
    let recording = &decoded.recordings[0];
    assert_eq!((recording.name.as_deref(), recording.sport.as_str()), (Some("Round"), "cycling"));
}

#[test]
fn a_lap_too_many_changes_none_of_those_before_it() {
    let lap = |meters: u32| {
        format!("<Lap><TotalTimeSeconds>60</TotalTimeSeconds><DistanceMeters>{meters}</DistanceMeters></Lap>")
    };
    let document =
        fixture::tcx(&format!("<Activity Sport=\"Biking\">{}{}{}</Activity>", lap(100), lap(200), lap(900)));
    let limits = Limits { laps: 2, ..Limits::STANDARD };
    let decoded = decode("a.tcx", document.as_bytes(), &limits).unwrap();
    let meters: Vec<_> = decoded.recordings[0].laps.iter().map(|lap| lap.totals.distance_m).collect();
    assert_eq!(meters, [Some(100.0), Some(200.0)]);
}
