//! The table of bad inputs: each row with its code, through the program as a user meets it.

use std::fmt::Write as _;

use serde_json::Value;

use crate::program::Program;

/// A FIT file around these bytes of records.
fn fit(records: &[u8], declared: Option<u32>) -> Vec<u8> {
    let size = declared.unwrap_or(records.len() as u32);
    let mut file = vec![14, 0x10, 0x5d, 0x05];
    file.extend(size.to_le_bytes());
    file.extend(b".FIT");
    file.extend(crc(&file).to_le_bytes());
    file.extend(records);
    let sum = crc(&file);
    file.extend(sum.to_le_bytes());
    file
}

/// The checksum of the FIT protocol: CRC-16 with the reversed polynomial 0xA001.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |mut crc: u16, byte| {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
        }
        crc
    })
}

/// A file id and one record with a heart rate at this time (seconds since the end of 1989).
fn fit_at(time: u32) -> Vec<u8> {
    let mut records = vec![0x40, 0, 0, 0, 0, 1, 0, 1, 0x00];
    records.extend([0x00, 4]);
    records.extend([0x41, 0, 0, 20, 0, 2, 253, 4, 0x86, 3, 1, 0x02]);
    for second in 0..3_u32 {
        records.push(0x01);
        records.extend((time + second).to_le_bytes());
        records.push(120);
    }
    records
}

fn gpx(points: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0"?><gpx version="1.1" creator="t"><trk><trkseg>{points}</trkseg></trk></gpx>"#
    )
    .into_bytes()
}

fn with_bad_crc(mut file: Vec<u8>) -> Vec<u8> {
    let last = file.len() - 1;
    file[last] ^= 0xff;
    file
}

fn files() -> Vec<(u32, &'static str, Vec<u8>, &'static str)> {
    let laughs =
        r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><gpx>&b;</gpx>"#;
    let entity =
        r#"<?xml version="1.0"?><!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx>&x;</gpx>"#;
    let attributes = (0..80_000).fold(String::from("<gpx"), |mut tag, number| {
        let _ = write!(tag, " a{number}=\"1\"");
        tag
    }) + "></gpx>";
    let nested = "<gpx>".to_owned() + "<a>".repeat(200_000).as_str();
    let tcx = "<?xml version=\"1.0\"?>\n<TrainingCenterDatabase><Activities><Activity Sport=\"Running\">\n<Id>2024-";
    let far = "<TrainingCenterDatabase><Activities><Activity Sport=\"Running\"><Id>2024-01-01T10:00:00Z</Id>\
               <Lap StartTime=\"2024-01-01T10:00:00Z\"><DistanceMeters>1e308</DistanceMeters></Lap>\
               </Activity></Activities></TrainingCenterDatabase>";
    let no_definition = fit(&[0x03, 1, 2, 3], None);
    vec![
        (1, "empty.fit", Vec::new(), "file_empty"),
        (2, "huge.fit", fit(&[], Some(u32::MAX)), "fit_truncated"),
        (3, "crc.fit", with_bad_crc(fit(&[0x40, 0, 0, 20, 0, 1, 3, 1, 0x02], None)), "fit_bad_crc"),
        (4, "definition.fit", no_definition, "fit_no_definition"),
        (5, "picture.fit", b"\x89PNG\r\n\x1a\n0000".to_vec(), "file_type_mismatch"),
        (6, "future.fit", fit(&fit_at(3_500_000_000), None), "time_out_of_range"),
        (7, "laughs.gpx", laughs.into(), "xml_dtd_refused"),
        (8, "entity.gpx", entity.into(), "xml_dtd_refused"),
        (9, "attributes.gpx", attributes.into_bytes(), "xml_too_complex"),
        (10, "nested.gpx", nested.into_bytes(), "xml_too_deep"),
        (
            11,
            "latitude.gpx",
            gpx(r#"<trkpt lat="952" lon="8"><time>2024-01-01T10:00:00Z</time></trkpt>"#),
            "coordinate_out_of_range",
        ),
        (
            11,
            "nan.gpx",
            gpx(r#"<trkpt lat="NaN" lon="8"><time>2024-01-01T10:00:00Z</time></trkpt>"#),
            "coordinate_out_of_range",
        ),
        (
            11,
            "infinite.gpx",
            gpx(r#"<trkpt lat="1e999" lon="8"><time>2024-01-01T10:00:00Z</time></trkpt>"#),
            "coordinate_out_of_range",
        ),
        (12, "empty.gpx", gpx(""), "no_track"),
        (13, "cut.tcx", tcx.into(), "xml_truncated"),
        (14, "far.tcx", far.into(), "value_out_of_range"),
        (20, "bomb.fit.gz", bomb(), "archive_too_large_unpacked"),
    ]
}

/// 128 MiB of nothing.
fn bomb() -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..128 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn rows_1_to_14_and_20_are_refused_with_their_codes_and_a_reason_and_stop_nobody_else() {
    let program = Program::on_sqlite();
    let folder = program.path("bad");
    std::fs::create_dir(&folder).unwrap();
    let rows = files();
    for (_, name, content, _) in &rows {
        std::fs::write(folder.join(name), content).unwrap();
    }
    std::fs::write(folder.join("good.fit"), fit(&fit_at(1_000_000_000), None)).unwrap();
    let imported = program.json(&["import", &folder.to_string_lossy(), "--json"]);
    assert_eq!(imported["imported"], 1, "{imported}");
    for (row, name, _, code) in &rows {
        let file = of(&imported, name);
        assert_eq!(file["code"], *code, "row {row}, {name}: {file}");
        assert!(file["reason"].as_str().unwrap().len() > 8, "row {row}: {file}");
    }
    assert!(of(&imported, "latitude.gpx")["reason"].as_str().unwrap().contains('1'));
    assert!(of(&imported, "cut.tcx")["reason"].as_str().unwrap().contains("line 3"));
}

fn of<'a>(imported: &'a Value, name: &str) -> &'a Value {
    let files = imported["files"].as_array().unwrap();
    files.iter().find(|file| file["path"].as_str().unwrap().ends_with(name)).unwrap()
}

type ZipInMemory = zip::ZipWriter<std::io::Cursor<Vec<u8>>>;

fn zipped(fill: impl FnOnce(&mut ZipInMemory)) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    fill(&mut writer);
    writer.finish().unwrap().into_inner()
}

fn put(writer: &mut ZipInMemory, name: &str, content: &[u8]) {
    use std::io::Write;
    writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
}

/// Every one holds a good file too, of which nothing may be kept.
fn archives() -> Vec<(u32, &'static str, Vec<u8>, &'static str, u16)> {
    let good = fit(&fit_at(1_000_000_000), None);
    let with = |fill: &dyn Fn(&mut ZipInMemory)| {
        zipped(|writer| {
            put(writer, "good.fit", &good);
            fill(writer);
        })
    };
    let up = with(&|writer| put(writer, "../../evil.gpx", b"x"));
    let link = with(&|writer| {
        writer.add_symlink("a.gpx", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    });
    let bomb =
        with(&|writer| (0..4).for_each(|part| put(writer, &format!("{part}.gpx"), &vec![0; 64 << 20])));
    let many = with(&|writer| (0..20_000).for_each(|part| put(writer, &format!("{part}.gpx"), b"")));
    let mut encrypted = with(&|writer| put(writer, "a.gpx", b"x"));
    let central = encrypted.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    encrypted[central + 8] |= 1;
    let cut = with(&|writer| put(writer, "a.gpx", b"x")).split_at(60).0.to_vec();
    vec![
        (15, "up.zip", up, "archive_bad_path", 422),
        (16, "link.zip", link, "archive_symlink", 422),
        (17, "bomb.zip", bomb, "archive_too_large_unpacked", 413),
        (18, "many.zip", many, "archive_too_many_files", 413),
        (18, "locked.zip", encrypted, "archive_encrypted", 422),
        (18, "cut.zip", cut, "archive_unreadable", 422),
    ]
}

#[test]
fn rows_15_to_18_refuse_an_archive_before_anything_of_it_is_kept() {
    let program = Program::on_sqlite();
    let server = program.serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (row, name, content, code, status) in archives() {
        assert!(content.len() < 2 << 20 || row == 18, "row {row} is no longer small");
        let path = program.path(name);
        std::fs::write(&path, &content).unwrap();
        let output = program.run(&["import", &path.to_string_lossy(), "--json"]);
        let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), imported["files"].as_array().unwrap().len()), (Some(1), 1));
        assert_eq!(imported["files"][0]["code"], code, "row {row}, {name}: {imported}");
        let url = format!("{}/api/v1/uploads?name={name}", server.url);
        runtime.block_on(async {
            let request = reqwest::Client::new().post(url).header("x-paceline", "1").body(content);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "row {row}, {name}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["code"], code, "row {row}, {name}: {body}");
        });
    }
    assert!(program.lines(&["activities", "--json"]).is_empty());
}

#[test]
fn row_19_one_bad_file_of_a_hundred_in_an_archive_stops_nobody_else() {
    let program = Program::on_sqlite();
    let archive = zipped(|writer| {
        for number in 0..99 {
            put(writer, &format!("good{number}.fit"), &fit(&fit_at(1_000_000_000 + number * 86_400), None));
        }
        put(writer, "bad.fit", b"");
    });
    let path = program.path("hundred.zip");
    std::fs::write(&path, archive).unwrap();
    let imported = program.json(&["import", &path.to_string_lossy(), "--json"]);
    assert_eq!((&imported["imported"], &imported["refused"]), (&99.into(), &1.into()));
    assert_eq!(of(&imported, "hundred.zip/bad.fit")["code"], "file_empty");
}

/// A script with a mistake: its row, its code, a word of its message, and where it stands. The first line is taken.
struct Mistake(u32, &'static str, &'static str, &'static str, (u32, u32));

const MISTAKES: [Mistake; 12] = [
    Mistake(
        35,
        "pipeline(\"broken\");\nlet a = rollup::loads([]); let b = rollup::days([a]);\na.after(b);",
        "pipeline_cycle",
        "→",
        (4, 3),
    ),
    Mistake(36, "pipeline(\"broken\");\nrollup::lods([]);", "unknown_step", "loads", (3, 1)),
    Mistake(
        36,
        "pipeline(\"broken\");\nrollup::loads([]);\nrollup::loads([]);",
        "duplicate_step",
        "named",
        (4, 1),
    ),
    Mistake(
        36,
        "pipeline(\"broken\");\nfiles::read(#{ max_file_mibs: 3 });",
        "invalid_config",
        "expected `max_file_mib`",
        (3, 16),
    ),
    Mistake(
        36,
        "pipeline(\"broken\", #{ pram: #{} });\nrollup::loads([]);",
        "unknown_option",
        "params",
        (2, 23),
    ),
    Mistake(
        36,
        "pipeline(\"broken\", #{ cron: \"0 0 30 2 *\" });\nrollup::loads([]);",
        "invalid_cron",
        "never comes",
        (2, 29),
    ),
    Mistake(
        36,
        "pipeline(\"broken\", #{ cron: \"0 5 * * *\", timezone: \"Europe/Berlon\" });\nrollup::loads([]);",
        "unknown_time_zone",
        "Europe/Berlin",
        (2, 52),
    ),
    Mistake(37, "pipeline(\"broken\");\nloop {}", "script_limit", "operations", (3, 6)),
    Mistake(37, "pipeline(\"broken\");\nlet s = \"x\"; loop { s += s; }", "script_limit", "string", (3, 23)),
    Mistake(
        37,
        "pipeline(\"broken\");\nlet s = \"x\"; s.pad(60000, \"x\");\n\
         let m = #{}; let i = 0; while i < 20000 { m[`k${i}`] = s + i; i += 1; }",
        "script_limit",
        "memory",
        (4, 45),
    ),
    Mistake(37, "pipeline(\"broken\");\nsleep(1000);", "script_error", "cannot sleep", (3, 1)),
    Mistake(37, "pipeline(\"broken\");\nlet x = eval(\"1\");", "script_syntax", "eval", (3, 9)),
];

#[test]
fn rows_35_to_37_name_the_mistake_and_its_place() {
    let program = Program::on_sqlite();
    for Mistake(row, script, code, word, place) in MISTAKES {
        let file = program.path("broken.rhai");
        std::fs::write(&file, format!("//! Broken.\n{script}\n")).unwrap();
        let output = program.run(&["check", &file.to_string_lossy(), "--json"]);
        assert_eq!(output.status.code(), Some(1), "row {row}: {script}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = &answer["scripts"][0]["errors"][0];
        assert_eq!(error["code"], code, "row {row}: {answer}");
        assert_eq!((&error["line"], &error["column"]), (&place.0.into(), &place.1.into()), "{row}: {answer}");
        let (message, hint) =
            (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap_or_default());
        assert!(message.contains(word) || hint.contains(word), "row {row}: {answer}");
    }
}

#[test]
fn a_request_for_a_run_and_terms_that_cannot_be_are_refused_by_name() {
    let program = Program::on_sqlite();
    let refusals = [
        (&["run", "nightly"][..], "", "not_found", "nightly", 2),
        (&["run", "import", "--param", "paths=3"], "", "invalid_parameter", "paths", 2),
        (&["run", "import", "--param", "path=[]"], "", "invalid_parameter", "`paths`", 2),
        (&["run", "import", "--params", "{\"paths\": {}}"], "", "invalid_parameter", "paths", 2),
        (&["work"], "11s", "config_invalid", "FITNESS_HEARTBEAT", 78),
        (&["serve"], "10001ms", "config_invalid", "FITNESS_HEARTBEAT", 78),
    ];
    for (arguments, heartbeat, code, word, exit) in refusals {
        let output = program.command(arguments).env("FITNESS_HEARTBEAT", heartbeat).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {text}");
        assert!(text.contains(&format!("[{code}]")) && text.contains(word), "{arguments:?}: {text}");
    }
    assert!(Program::lines(&program, &["runs", "list", "--json"]).is_empty(), "nothing was enqueued");
}

#[test]
fn row_39_a_wrong_setting_ends_the_program_with_one_line_that_names_it() {
    for url in ["postgres://", "postgres://me:hunter2@host:99999/x", "mysql://me:hunter2@host/x"] {
        let program = Program { db_url: url.to_owned(), ..Program::on_sqlite() };
        let output = program.run(&["days"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{url}: {error}");
        assert!(error.contains("FITNESS_DB_URL"), "{url}: {error}");
        assert!(!error.contains("hunter2"), "{url}: {error}");
        assert_eq!(error.trim().lines().count(), 1, "{url}: {error}");
    }
}

#[test]
fn row_40_a_newer_database_is_refused_untouched() {
    let program = Program::on_sqlite();
    program.succeed(&["db", "migrate"]);
    let file = program.path("paceline.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = store::Store::open(&program.db_url.parse().unwrap()).await.unwrap();
        let newer = store::Sql::Both(
            "INSERT INTO schema_migration (version, name, checksum, applied_ms) VALUES (9999, 'later', 'x', 0)",
        );
        store.write(move |tx| tx.execute(&newer, &[])).await.unwrap();
    });
    drop(runtime);
    // The last connection to leave takes the write-ahead log with it, unless two leave at the same moment.
    let started = std::time::Instant::now();
    while program.path("paceline.db-wal").exists() && started.elapsed().as_secs() < 2 {
        std::thread::yield_now();
    }
    let before = std::fs::read(&file).unwrap();
    let output = program.run(&["days"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(error.contains("schema_newer") && error.contains("found 9999"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn row_21_and_29_over_http_answer_with_their_codes() {
    let program = Program::on_sqlite();
    let file = fit(&fit_at(1_000_000_000), None);
    let server = program.serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let upload = async || {
            let url = format!("{}/api/v1/uploads?name=run.fit", server.url);
            let request = client.post(url).header("x-paceline", "1").body(file.clone());
            request.send().await.unwrap().json::<Value>().await.unwrap()
        };
        let (first, second) = (upload().await, upload().await);
        assert_eq!(first["files"][0]["outcome"], "imported", "{first}");
        assert!(["duplicate", "unchanged"].contains(&second["files"][0]["outcome"].as_str().unwrap()));
        assert_eq!(second["files"][0]["activities"], first["files"][0]["activities"]);
        for query in ["limit=-1", "limit=1000000000", "cursor=nonsense"] {
            let answer = client.get(format!("{}/api/v1/runs?{query}", server.url)).send().await.unwrap();
            assert_eq!(answer.status(), 422, "{query}");
            let body: Value = answer.json().await.unwrap();
            let name = query.split('=').next().unwrap();
            assert_eq!(body["error"]["code"], "invalid_parameter");
            assert!(body["error"]["message"].as_str().unwrap().contains(name), "{body}");
        }
    });
}
