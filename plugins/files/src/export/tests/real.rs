//! Real exports against what an independent reader found in them; runs where they are.

use std::path::{Path, PathBuf};

use fitness::summary::Summary;
use serde_json::Value;

use super::super::header::Header;
use super::super::names::{self, Field};
use super::super::*;
use super::{Read, rows};
use crate::decode::{Limits, decode};

fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.join("MANIFEST.csv").is_file().then_some(folder)
}

/// Path below the data, and what the manifest tells of it.
fn tables(folder: &Path) -> Vec<(String, Value)> {
    let mut manifest = csv::Reader::from_path(folder.join("MANIFEST.csv")).unwrap();
    let records = manifest.records().map(|record| record.unwrap());
    let is_table = |path: &str| {
        path.ends_with(".csv") && ["strava-export/", "long-history/"].iter().any(|at| path.starts_with(at))
    };
    let told = |record: csv::StringRecord| (record[0].to_owned(), serde_json::from_str(&record[6]).unwrap());
    records.filter(|record| is_table(&record[0])).map(told).collect()
}

type Figure = fn(&Figures) -> Option<f64>;

fn sum(rows: &[Row], figure: Figure) -> f64 {
    rows.iter().filter_map(|row| figure(&row.figures)).sum()
}

fn check(path: &str, table: &Read, facts: &Value) {
    assert_eq!(
        (table.rows.len() as u64, table.refused.len()),
        (facts["rows"].as_u64().unwrap(), 0),
        "{path}"
    );
    let figures: [(&str, Figure); 8] = [
        ("sum[Distance#2]", |figures| figures.distance_m),
        ("sum[distance#1]", |figures| figures.distance_m),
        ("sum[Elapsed Time#2]", |figures| figures.elapsed_s),
        ("sum[elapsed_time#1]", |figures| figures.elapsed_s),
        ("sum[Moving Time#1]", |figures| figures.moving_s),
        ("sum[Average Heart Rate#1]", |figures| figures.avg_hr),
        ("sum[Average Watts#1]", |figures| figures.avg_power),
        ("sum[Elevation Gain#1]", |figures| figures.ascent_m),
    ];
    for (fact, figure) in figures {
        if let Some(wanted) = facts[fact].as_f64() {
            let found = sum(&table.rows, figure);
            assert!((found - wanted).abs() < 0.06, "{path} {fact}: {found}, not {wanted}");
        }
    }
    let (Some(first), Some(last)) = (table.rows.first(), table.rows.last()) else { return };
    let date = |row: &Row| row.columns[1].2.clone();
    assert_eq!(date(first), facts["first_row_date"].as_str().unwrap(), "{path}");
    assert_eq!(date(last), facts["last_row_date"].as_str().unwrap(), "{path}");
    let with_file = table.rows.iter().filter(|row| row.file.is_some()).count() as u64;
    assert_eq!(Some(with_file), facts["rows_with_filename"].as_u64(), "{path}");
}

#[test]
fn real_tables_of_activities_agree_with_the_manifest() {
    let Some(folder) = data() else { return };
    let (mut files, mut read) = (0, 0);
    for (path, facts) in tables(&folder)
        .iter()
        .filter(|(_, facts)| facts["columns"].as_u64() > Some(40) || facts["n[distance#1]"].is_u64())
    {
        let table = rows(&std::fs::read(folder.join(path)).unwrap()).unwrap();
        let header = std::fs::read(folder.join(path)).unwrap();
        let columns = first_record(&mut reader(&header)).unwrap().len() as u64;
        assert_eq!(Some(columns), facts["columns"].as_u64(), "{path}");
        check(path, &table, facts);
        for row in &table.rows {
            assert_eq!(row.warnings, [], "{path} {}", row.source_id);
            assert_ne!(row.figures.sport.as_deref(), Some("other"), "{path} {:?}", row.figures.source_sport);
        }
        files += 1;
        read += table.rows.len();
    }
    assert_eq!((files, read), (9, 2342));
}

#[test]
fn every_real_header_is_known_where_it_matters() {
    let Some(folder) = data() else { return };
    let german =
        std::fs::read(folder.join("strava-export/activities-csv-variants/header-german-92.csv")).unwrap();
    let header = Header::of(&first_record(&mut reader(&german)).unwrap()).unwrap();
    assert_eq!(header.language, names::Language::German);
    let without = [Field::Timer, Field::Competition, Field::LongRun, Field::Recovery, Field::ForACause]
        .into_iter()
        .chain([Field::WithPet, Field::WithKid]);
    for field in without {
        assert!(header.places(field).is_empty(), "{field:?} came after 92 columns");
    }
    assert_eq!(header.known(), names::FIELDS - 7);
}

#[test]
fn real_lists_are_read() {
    let Some(folder) = data() else { return };
    let mut count = 0;
    for (path, facts) in tables(&folder) {
        let name = path.rsplit('/').next().unwrap();
        let Some(list) = List::of(name) else { continue };
        let items = items(list, &std::fs::read(folder.join(&path)).unwrap()).unwrap();
        assert_eq!(items.len() as u64, facts["rows"].as_u64().unwrap(), "{path}");
        let mut ids: Vec<_> = items.iter().map(|item| &item.source_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), items.len(), "{path}");
        count += items.len();
    }
    assert_eq!(count, 753);
}

#[test]
fn real_rows_tell_of_their_files() {
    let Some(folder) = data() else { return };
    let (mut compared, mut near) = (0, 0);
    for export in ["aldahshoury-2018", "archipelagic", "geo-activity-playground", "slalom007"] {
        let folder = folder.join("strava-export").join(export);
        let table = rows(&std::fs::read(folder.join(ACTIVITIES)).unwrap()).unwrap();
        for row in table.rows {
            let Some(name) = &row.file else { continue };
            let Ok(bytes) = std::fs::read(folder.join(name)) else { continue };
            let decoded = decode(name, &bytes, &Limits::STANDARD).unwrap();
            let summary = Summary::of(&decoded.recordings[0]);
            let pair = summary.distance_m.zip(row.figures.distance_m);
            let Some((ours, theirs)) = pair.filter(|(_, theirs)| *theirs > 0.0) else { continue };
            compared += 1;
            near += usize::from((ours - theirs).abs() <= 0.01 * theirs);
        }
    }
    assert!(compared > 50 && near * 10 >= compared * 9, "{near} of {compared}");
}
