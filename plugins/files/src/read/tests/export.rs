//! Exports through the step: each row with its file, rows alone, lists, and what a newer export changes.

use std::io::{Cursor, Write};

use fitness::records::activity_weather;
use fitness::records::export_item;
use fitness::records::export_row;
use fitness::records::import_file::Kind;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const HEADER: &str = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Gear,Filename,\
                      Elapsed Time,Distance,Elapsed Time,Distance\n";

/// A row of an hour and ten kilometres on a day in May 2024.
fn row(id: u32, day: u32, name: &str, file: &str) -> String {
    format!("{id},\"May {day}, 2024, 10:00:00 AM\",{name},Run,Old Shoes,{file},3600,10.00,3600.0,10000.0\n")
}

fn table(rows: &[String]) -> String {
    HEADER.to_owned() + rows.concat().as_str()
}

/// An entry of an archive.
fn at(name: &str, content: impl Into<Vec<u8>>) -> (&str, Vec<u8>) {
    (name, content.into())
}

fn zipped(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A track of that day, as its export has it.
fn track(day: u32) -> String {
    gpx(&format!("2024-05-{day:02}T10:00"), 30)
}

impl Bench {
    /// Imports what a path of the bench's folder names.
    async fn import_of(&mut self, name: &str) -> (Changes, Vec<ImportFile>) {
        let params = json!({"paths": [self.folder.path().join(name)]});
        let ctx = self.context(params, RunCause::Cli).await;
        let changes = Read::build(ReadConfig::default()).unwrap().run(&ctx, ()).await.unwrap();
        let run = ctx.run.id.clone();
        (changes, self.store.read(move |tx| import_file::list(tx, &run)).await.unwrap())
    }

    /// Outcomes as "name outcome", with codes and warnings.
    async fn outcomes_of(&mut self, name: &str) -> Vec<String> {
        let (_, files) = self.import_of(name).await;
        let text = |file: &ImportFile| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            let codes = file.code.iter().chain(file.warnings.iter().map(|warning| &warning.code));
            let words = [name, file.outcome.as_str()].into_iter().chain(codes.map(String::as_str));
            words.collect::<Vec<_>>().join(" ")
        };
        files.iter().map(text).collect()
    }

    async fn told(&self, id: u32) -> export_row::ExportRow {
        let id = id.to_string();
        let found = self.store.read(move |tx| export_row::find(tx, "me", ("bulk_export", &id)));
        found.await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_and_its_file_are_one_activity() {
    let mut bench = Bench::new().await;
    let table = table(&[row(7, 1, "Lunch run", "activities/1.gpx")]);
    let export = [at("activities.csv", table.as_str()), at("activities/1.gpx", track(1))];
    bench.put("export.zip", zipped(&export));
    let (_, files) = bench.import_of("export.zip").await;
    assert_eq!((files.len(), files[0].kind, files[0].source_row.as_deref()), (1, Kind::File, Some("7")));
    assert!(files[0].path.ends_with("export.zip/activities/1.gpx"), "{}", files[0].path);
    let activities = bench.activities().await;
    assert_eq!((activities.len(), activities[0].samples), (1, 30));
    let told = bench.told(7).await;
    assert_eq!(told.activity_id.as_ref(), Some(&activities[0].id));
    assert!(told.figures.contains("Lunch run") && told.columns.contains("Old Shoes"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_file_is_an_activity_that_says_why() {
    let mut bench = Bench::new().await;
    let table = table(&[
        row(1, 1, "Typed in", ""),
        row(2, 2, "Lost", "#error#"),
        row(3, 3, "Gone", "activities/3.fit.gz"),
        row(4, 4, "Broken", "activities/4.fit"),
    ]);
    bench.put("export.zip", zipped(&[at("activities.csv", table.as_str()), at("activities/4.fit", b"")]));
    let wanted = [
        "activities.csv#1 imported",
        "activities.csv#2 imported file_unreadable",
        "activities.csv#3 imported file_missing",
        "4.fit refused file_empty",
        "activities.csv#4 imported file_unreadable",
    ];
    assert_eq!(bench.outcomes_of("export.zip").await, wanted);
    let activities = bench.activities().await;
    assert_eq!(activities.len(), 4);
    let typed_in = activities.iter().find(|row| row.name.as_deref() == Some("Typed in")).unwrap();
    assert_eq!((typed_in.provenance.as_str(), typed_in.samples), ("bulk_export", 0));
    assert_eq!((typed_in.elapsed_s, typed_in.distance_m), (Some(3600.0), Some(10_000.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_turns_up_later_takes_the_place_of_its_row() {
    let mut bench = Bench::new().await;
    let table = table(&[row(7, 1, "Lunch run", "activities/1.gpx")]);
    bench.put("old.zip", zipped(&[at("activities.csv", table.as_str())]));
    bench.import_of("old.zip").await;
    let alone = bench.activities().await;
    let whole = [at("activities.csv", table.as_str()), at("activities/1.gpx", track(1))];
    bench.put("new.zip", zipped(&whole));
    bench.import_of("new.zip").await;
    let activities = bench.activities().await;
    assert_eq!((alone.len(), activities.len()), (1, 1));
    assert_eq!((alone[0].samples, activities[0].samples), (0, 30));
    assert_eq!(bench.told(7).await.activity_id.as_ref(), Some(&activities[0].id));

    assert_eq!(bench.outcomes_of("old.zip").await, ["activities.csv#7 unchanged file_missing"]);
    assert_eq!(bench.activities().await, activities);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_again_changes_nothing_zipped_or_unpacked() {
    let table = table(&[row(1, 1, "A", "activities/1.gpx"), row(2, 2, "B", "")]);
    for name in ["export.zip", "export"] {
        let mut bench = Bench::new().await;
        let packed = gzipped(&track(1));
        let files = [
            at("activities.csv", table.as_str()),
            at("activities/1.gpx.gz", packed),
            at("activities/unnamed.gpx", track(3)),
            at("bikes.csv", b"Bike Name,Bike Brand\nGrey,Canyon\n"),
        ];
        bench.put("export.zip", zipped(&files));
        for (inside, content) in files {
            bench.put(&format!("export/{inside}"), content);
        }
        let first = bench.outcomes_of(name).await;
        let wanted = ["1.gpx.gz", "activities.csv#2", "unnamed.gpx", "bikes.csv"];
        assert_eq!(first, wanted.map(|file| format!("{file} imported")), "{name}");
        let before = bench.activities().await;
        let (changes, files) = bench.import_of(name).await;
        assert!(changes.is_empty(), "{name}");
        assert!(files.iter().all(|file| file.outcome.as_str() == "unchanged"), "{name}: {files:?}");
        assert_eq!(bench.activities().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_edited_in_a_newer_export_updates_the_row_alone() {
    let mut bench = Bench::new().await;
    let export = |name: &str| {
        let table = table(&[row(1, 1, name, "activities/1.gpx"), row(2, 2, name, "")]);
        zipped(&[at("activities.csv", table.as_str()), at("activities/1.gpx", track(1))])
    };
    bench.put("export.zip", export("Before"));
    bench.import_of("export.zip").await;
    let before = bench.activities().await;
    bench.put("export.zip", export("After"));
    assert_eq!(bench.outcomes_of("export.zip").await, ["1.gpx updated", "activities.csv#2 updated"]);
    assert!(bench.told(1).await.figures.contains("After"));
    let ids = |rows: Vec<activity::ActivityRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(bench.activities().await), ids(before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_imported_before_is_a_duplicate_and_its_row_links_to_it() {
    let mut bench = Bench::new().await;
    bench.put("loose/1.gpx", track(1));
    bench.import_of("loose").await;
    let loose = bench.activities().await;
    let table = table(&[row(7, 1, "Lunch run", "activities/1.gpx.gz")]);
    let packed = gzipped(&track(1));
    bench.put(
        "export.zip",
        zipped(&[at("activities.csv", table.as_str()), at("activities/1.gpx.gz", packed)]),
    );
    assert_eq!(bench.outcomes_of("export.zip").await, ["1.gpx.gz duplicate"]);
    assert_eq!(bench.told(7).await.activity_id.as_ref(), Some(&loose[0].id));
    assert_eq!(bench.activities().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sport_that_the_file_does_not_know_is_that_of_the_row_whichever_came_first() {
    let table = table(&[row(7, 1, "Lunch run", "activities/1.gpx")]);
    let export = zipped(&[at("activities.csv", table.as_str()), at("activities/1.gpx", track(1))]);
    for is_loose_first in [false, true] {
        let mut bench = Bench::new().await;
        bench.put("loose/1.gpx", track(1));
        bench.put("export.zip", &export);
        if is_loose_first {
            bench.import_of("loose").await;
            assert_eq!(bench.activities().await[0].sport, "other");
        }
        bench.import_of("export.zip").await;
        assert_eq!(bench.activities().await[0].sport, "running");
    }
}

/// Looks at the weather of what is pending, and says how many that was.
async fn look_at_weather(store: &Store) -> usize {
    let look = store.write(|tx| {
        let pending = activity_weather::pending(tx, "me", 9)?;
        let planned: Vec<_> = pending.into_iter().map(|one| one.plan(2, NOW_MS)).collect();
        activity_weather::keep(tx, "me", &planned, NOW_MS)?;
        Ok(planned.len())
    });
    look.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_comes_after_weather_was_looked_at_is_heeded() {
    let cases = [
        ("\"May 1, 2024, 10:00:00 AM\"", "", 0, "nothing of it"),
        ("\"May 1, 2024, 10:00:00 AM\"", "8.5", 1, "its own weather"),
        ("\"May 1, 2024\"", "", 1, "a hidden start"),
    ];
    for (date, celsius, pending, case) in cases {
        for url in support::databases() {
            let mut bench = Bench::at(&url).await;
            let outing = track(1).replace("<trkseg>", "<type>running</type><trkseg>");
            bench.put("loose/1.gpx", &outing);
            bench.import_of("loose").await;
            assert_eq!(look_at_weather(&bench.store).await, 1);
            let table = format!(
                "Activity ID,Activity Date,Activity Type,Filename,Weather Temperature\n\
                 7,{date},Run,activities/1.gpx,{celsius}\n"
            );
            let export = [at("activities.csv", table.as_str()), at("activities/1.gpx", outing.as_str())];
            bench.put("export.zip", zipped(&export));
            bench.import_of("export.zip").await;
            assert_eq!(look_at_weather(&bench.store).await, pending, "{case}");
            let id = bench.activities().await[0].id.clone();
            let reason = bench.store.read(move |tx| activity_weather::of(tx, "me", &id)).await.unwrap();
            assert_eq!(reason.unwrap().reason == Some("hidden_start"), case == "a hidden start", "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_that_its_row_has_left_is_looked_at_again() {
    let export = |day: u32| {
        let table = format!(
            "Activity ID,Activity Date,Activity Type,Filename,Weather Temperature\n\
             7,\"May {day}, 2024, 10:00:00 AM\",Run,activities/1.gpx,8.5\n"
        );
        let outing = track(day).replace("<trkseg>", "<type>running</type><trkseg>");
        zipped(&[at("activities.csv", table.as_str()), at("activities/1.gpx", outing.as_str())])
    };
    for url in support::databases() {
        let mut bench = Bench::at(&url).await;
        bench.put("export.zip", export(1));
        bench.import_of("export.zip").await;
        let former = bench.activities().await[0].id.clone();
        assert_eq!(look_at_weather(&bench.store).await, 1);
        // Another workout under the name of its file.
        bench.put("export.zip", export(5));
        bench.import_of("export.zip").await;
        assert_ne!(bench.told(7).await.activity_id, Some(former.clone()));
        assert_eq!(look_at_weather(&bench.store).await, 2, "the new one, and the one that was left");
        let shown = bench.store.read(move |tx| activity_weather::of(tx, "me", &former)).await.unwrap();
        assert_eq!(shown.unwrap().reason, None, "nobody told its weather any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_kept_and_what_concerns_others_is_never_opened() {
    let mut bench = Bench::new().await;
    let table = table(&[row(1, 1, "A", "")]);
    let export = [
        at("export_1/activities.csv", table.as_str()),
        at("export_1/shoes.csv", b"Shoe Name,Shoe Brand\nOld Shoes,Acme\nNew Shoes,Acme\n"),
        at("export_1/messages.csv", b"\xff\xfe not even text"),
        at("export_1/contacts.csv", b"a,b\n1,2\n"),
        at("export_1/media/1.jpg", b"\xff\xd8"),
        at("export_1/routes/1.gpx", track(9)),
    ];
    bench.put("export.zip", zipped(&export));
    assert_eq!(bench.outcomes_of("export.zip").await, ["activities.csv#1 imported", "shoes.csv imported"]);
    let shoes = bench.store.read(|tx| export_item::list(tx, "me", ("bulk_export", "shoe"))).await.unwrap();
    assert_eq!(shoes.len(), 2);
    assert!(shoes[0].columns.contains("Old Shoes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_alone_is_an_export_of_rows() {
    let mut bench = Bench::new().await;
    bench.put("activities.csv", table(&[row(1, 1, "A", "activities/1.gpx")]));
    let (_, files) = bench.import_of("activities.csv").await;
    assert!(files[0].path.ends_with("/activities.csv#1"), "{}", files[0].path);
    assert_eq!(bench.activities().await.len(), 1);
    bench.put("no-table.csv", "some,thing\n1,2\n");
    assert!(bench.outcomes_of("no-table.csv").await[0].starts_with("no-table.csv refused "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_yet_to_come_is_refused_and_its_file_is_not() {
    let mut bench = Bench::new().await;
    let later = |row: String| row.replace("2024", "2025");
    let table = table(&[later(row(1, 1, "Typed in", "")), later(row(2, 2, "Run", "activities/2.gpx"))]);
    let export = [at("activities.csv", table.as_str()), at("activities/2.gpx", track(2))];
    bench.put("export.zip", zipped(&export));
    let wanted = ["activities.csv#1 refused time_out_of_range", "2.gpx imported time_out_of_range"];
    assert_eq!(bench.outcomes_of("export.zip").await, wanted);
    assert_eq!(bench.activities().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_named_twice_is_read_once() {
    let mut bench = Bench::new().await;
    bench.put("activities.csv", table(&[row(1, 1, "A", ""), row(2, 2, "B", ""), row(1, 3, "C", "")]));
    let path = bench.folder.path().join("activities.csv");
    let ctx = bench.context(json!({"paths": [&path, &path]}), RunCause::Cli).await;
    Read::build(ReadConfig::default()).unwrap().run(&ctx, ()).await.unwrap();
    let run = ctx.run.id.clone();
    let files = bench.store.read(move |tx| import_file::list(tx, &run)).await.unwrap();
    let outcomes: Vec<_> = files.iter().map(|file| file.outcome.as_str()).collect();
    assert_eq!(outcomes, ["imported", "imported", "refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_without_a_table_is_a_bag_of_files() {
    let mut bench = Bench::new().await;
    let tcx = "          <?xml version=\"1.0\"?><TrainingCenterDatabase><Activities><Activity Sport=\"Running\">\
               <Id>2024-05-04T10:00:00Z</Id><Lap StartTime=\"2024-05-04T10:00:00Z\"><Track>\
               <Trackpoint><Time>2024-05-04T10:00:00Z</Time><DistanceMeters>0</DistanceMeters></Trackpoint>\
               <Trackpoint><Time>2024-05-04T10:01:00Z</Time><DistanceMeters>200</DistanceMeters></Trackpoint>\
               </Track></Lap></Activity></Activities></TrainingCenterDatabase>";
    let packed = gzipped(tcx);
    let bag = [
        at("b/2.gpx", track(2)),
        at("a.tcx.gz", packed),
        at("read.me", b"hello"),
        at(".hidden.gpx", b"x"),
        at("__MACOSX/b/2.gpx", b"x"),
    ];
    bench.put("bag.zip", zipped(&bag));
    assert_eq!(bench.outcomes_of("bag.zip").await, ["a.tcx.gz imported", "2.gpx imported"]);
    bench.put("empty.zip", zipped(&[at("read.me", b"hello")]));
    assert_eq!(bench.outcomes_of("empty.zip").await, ["empty.zip refused archive_empty"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_archive_is_read_from_the_store() {
    let mut bench = Bench::new().await;
    let table = table(&[row(7, 1, "Lunch run", "activities/1.gpx")]);
    let export = [at("activities.csv", table.as_str()), at("activities/1.gpx", track(1))];
    let kept = original::Original::pack(&zipped(&export));
    let sha256 = kept.sha256.clone();
    bench.store.write(move |tx| original::put(tx, &kept)).await.unwrap();
    let params = json!({"uploads": [{"name": "export.zip", "sha256": sha256}]});
    let ctx = bench.context(params, RunCause::Http).await;
    let step = Read::build(ReadConfig::default()).unwrap();
    step.run(&ctx, ()).await.unwrap();
    step.run(&ctx, ()).await.unwrap();
    let files = bench.store.read(|tx| import_file::list(tx, "run1")).await.unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].path.starts_with("upload:") && files[0].path.ends_with("export.zip/activities/1.gpx"));
    assert_eq!(bench.activities().await.len(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_unpacked_export_is_not_left_through_links_or_names() {
    let mut bench = Bench::new().await;
    bench.put("outside.gpx", track(1));
    let table = table(&[
        row(1, 1, "Up", "../outside.gpx"),
        row(2, 2, "Linked", "activities/link.gpx"),
        row(3, 3, "Rooted", &bench.folder.path().join("outside.gpx").to_string_lossy()),
    ]);
    bench.put("export/activities.csv", table);
    let activities = bench.folder.path().join("export/activities");
    std::fs::create_dir(&activities).unwrap();
    std::os::unix::fs::symlink(bench.folder.path().join("outside.gpx"), activities.join("link.gpx")).unwrap();
    let wanted = [
        "activities.csv#1 imported file_missing",
        "link.gpx refused file_unreadable",
        "activities.csv#2 imported file_unreadable",
        "activities.csv#3 imported file_missing",
    ];
    assert_eq!(bench.outcomes_of("export").await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_export_of_an_archive_or_a_folder_is_read_and_what_lies_beside_them() {
    let (first, second) =
        (table(&[row(1, 1, "A", "activities/1.gpx")]), table(&[row(2, 2, "B", "activities/1.gpx")]));
    let files = [
        at("x/activities.csv", first.as_str()),
        at("x/activities/1.gpx", track(1)),
        at("deep/y/activities.csv", second.as_str()),
        at("deep/y/activities/1.gpx", track(2)),
        at("loose/3.gpx", track(3)),
    ];
    for name in ["both.zip", "both"] {
        let mut bench = Bench::new().await;
        bench.put("both.zip", zipped(&files));
        for (inside, content) in &files {
            bench.put(&format!("both/{inside}"), content);
        }
        let wanted = ["1.gpx imported", "1.gpx imported", "3.gpx imported"];
        assert_eq!(bench.outcomes_of(name).await, wanted, "{name}");
        for id in [1, 2] {
            assert!(bench.told(id).await.activity_id.is_some(), "{name}: {id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_tables_that_only_case_tells_apart_one_is_read_and_the_others_are_refused() {
    let mut bench = Bench::new().await;
    let table = |id| table(&[row(id, 1, "A", "")]);
    let (upper, title, lower) = (table(1), table(2), table(3));
    let files = [
        at("ACTIVITIES.CSV", upper.as_str()),
        at("Activities.csv", title.as_str()),
        at("activities.csv", lower.as_str()),
    ];
    bench.put("export.zip", zipped(&files));
    let wanted = [
        "activities.csv#3 imported",
        "ACTIVITIES.CSV refused export_table_twice",
        "Activities.csv refused export_table_twice",
    ];
    assert_eq!(bench.outcomes_of("export.zip").await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_found_in_another_case_or_form_where_only_one_file_has_it() {
    let mut bench = Bench::new().await;
    let table = table(&[
        row(1, 1, "A", "Activities/Tour\u{e9}.GPX"),
        row(2, 2, "B", "activities/two.gpx"),
        row(3, 1, "C", "activities/tour\u{e9}.gpx"),
    ]);
    let files = [
        at("activities.csv", table.as_str()),
        at("activities/toure\u{301}.gpx", track(1)),
        at("activities/TWO.gpx", track(3)),
        at("activities/Two.gpx", track(4)),
    ];
    bench.put("export.zip", zipped(&files));
    let wanted = [
        "toure\u{301}.gpx imported",
        "activities.csv#2 imported file_missing",
        "activities.csv#3 imported file_missing",
        "TWO.gpx imported",
        "Two.gpx imported",
    ];
    assert_eq!(bench.outcomes_of("export.zip").await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_nothing_but_a_header_says_so() {
    let mut bench = Bench::new().await;
    bench.put("export/activities.csv", HEADER);
    let (_, files) = bench.import_of("export").await;
    assert_eq!((files.len(), files[0].code.as_deref()), (1, Some("export_empty")));
    assert_eq!(files[0].reason.as_deref(), Some("the table has a header and no activity"));
}

/// Makes something at a path.
#[cfg(unix)]
type Make<'a> = &'a dyn Fn(&Path) -> std::io::Result<()>;

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_no_file_is_refused_and_what_lies_around_it_is_read() {
    use std::os::unix::net::UnixListener;

    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("table.csv"), table(&[row(1, 1, "A", "")])).unwrap();
    let table = |folder: &Path| folder.join("activities.csv");
    let folder = |path: &Path| std::fs::create_dir(path);
    let link = |path: &Path| std::os::unix::fs::symlink(outside.path().join("table.csv"), path);
    // As a fifo, a socket is no file, and the standard library can make it.
    let socket = |path: &Path| UnixListener::bind(path).map(drop);
    let kinds: [(&str, Make<'_>); 3] =
        [("a folder", &folder), ("a symbolic link", &link), ("not a file", &socket)];
    for (word, make) in kinds {
        let mut bench = Bench::new().await;
        bench.put("export/activities/1.gpx", track(1));
        make(&table(&bench.folder.path().join("export"))).unwrap();
        let (_, files) = bench.import_of("export").await;
        let refused = files.iter().find(|file| file.code.as_deref() == Some("file_unreadable")).unwrap();
        assert!(refused.reason.as_deref().unwrap().starts_with(word), "{refused:?}");
        assert_eq!((files.len(), bench.activities().await.len()), (2, 1), "{word}: {files:?}");
    }
}
