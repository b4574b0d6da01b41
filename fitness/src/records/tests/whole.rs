//! What is kept of an athlete is told, and goes when it is to go.

use std::collections::BTreeMap;

use store::{Backend, params};

use super::kept::removal::{self, What};
use super::kept::{report, takeout};
use super::purge_receipt::Deleted;
use super::strava::purge;
use super::*;
use crate::daily_metric::{DailyMetrics, Name as Metric};

scenarios![
    every_row_is_told_by_where_it_came_from,
    what_a_file_tells_of_too_does_not_expire,
    what_is_taken_out_is_whole,
    a_preview_says_what_goes,
    after_the_purge_of_strava_nothing_of_it_is_left,
    a_row_that_goes_takes_what_it_said_with_it,
    after_all_is_deleted_the_athlete_and_the_receipts_are_left,
    the_same_bytes_of_another_athlete_stay,
];

const DAY_MS: i64 = 86_400_000;

fn of_the_api(id: &str, hours: i64) -> Activity {
    let ride = ride(id, hours);
    let ours = crate::identity::activity_id(ME, "strava_api", id);
    Activity { id: ours, provenance: "strava_api".to_owned(), sha256: format!("strava {id}"), ..ride }
}

fn told(provenance: &str, id: &str, activity: &Activity) -> ExportRow {
    ExportRow {
        provenance: provenance.to_owned(),
        source_id: id.to_owned(),
        archive: "export.zip".to_owned(),
        position: 2,
        file: None,
        activity_id: Some(activity.id.clone()),
        figures: serde_json::json!({ "name": "Lunch", "perceived_exertion": 7.0 }).to_string(),
        columns: "[]".to_owned(),
    }
}

fn came(tx: &mut Tx<'_>, athlete: &str, path: &str) -> Result<()> {
    let original = Original::pack(b"the same bytes");
    original::put(tx, &original)?;
    let file = SourceFile {
        path: path.to_owned(),
        provenance: "file".to_owned(),
        sha256: original.sha256.clone(),
        content_sha256: original.sha256,
        format: "fit".to_owned(),
        decoder: 1,
        bytes: original.bytes,
        modified_ns: None,
        crc32: None,
        changed_ms: 7,
    };
    source_file::put(tx, athlete, &file).map(drop)
}

fn outside(key: &str, body: &str) -> outside_record::OutsideRecord {
    let (key, body) = (format!("[{key}]"), body.to_owned());
    outside_record::OutsideRecord { stream: "efforts".into(), key, body }
}

/// A ride of a file that the API tells of too, and one that it alone tells of, with all that may hang on them.
fn furnish(tx: &mut Tx<'_>) -> Result<(Activity, Activity, Activity)> {
    const LISTED: Sql = Sql::Both(
        "INSERT INTO strava_activity (athlete, strava_id, activity_id, start_ms, summary, summary_sha256, \
         listed_ms, detail, detail_ms, streams_state, streams_ms, detail_faults, streams_faults) \
         VALUES ($1, $2, $3, 0, '{}', '', $4, '{}', $4, 'kept', $4, 0, 0)",
    );
    const OTHERS: [Sql; 4] = [
        Sql::Both(
            "INSERT INTO old_best (athlete, scope, source_id, distance_m, elapsed_s) \
             VALUES ($1, 'activity', '77', 5000, 1200)",
        ),
        Sql::Both(
            "INSERT INTO strava_item (athlete, kind, item_id, body, fetched_ms) VALUES ($1, 'gear', 'b1', '{}', 5)",
        ),
        Sql::Both(
            "INSERT INTO strava_effort (athlete, effort_id, segment_id, start_ms, fetched_ms) \
             VALUES ($1, 1, 2, 3, 5)",
        ),
        Sql::Both("INSERT INTO strava_sync (athlete) VALUES ($1)"),
    ];
    let (file, twin, lone) = (ride("watch", 1), of_the_api("77", 1), of_the_api("78", 9));
    for activity in [&file, &twin, &lone] {
        activity::upsert(tx, activity, 1)?;
        activity_stream::replace(tx, &activity.id, &[(Column::Time, vec![1])])?;
        activity_load::put(tx, &[(activity.id.clone(), Load { load: Some(1.0), ..Load::default() })])?;
    }
    let starts: Vec<i64> = [&file, &lone].iter().filter_map(|activity| activity.start_ms).collect();
    activity::duplicate::relink(tx, ME, &starts, 1)?;
    for (activity, id) in [(&twin, 77_i64), (&lone, 78)] {
        tx.execute(&LISTED, &params![ME, id, &activity.id, id * DAY_MS])?;
        export_row::put(tx, ME, &told("strava_api", &id.to_string(), activity))?;
    }
    export_row::put(tx, ME, &told("bulk_export", "77", &file))?;
    OTHERS.iter().try_for_each(|sql| tx.execute(sql, &params![ME]).map(drop))?;
    came(tx, ME, "watch.fit")?;
    athlete_setting::set(tx, ME, &dated(Name::Ftp, "2024-01-01", 250.0, Source::Given), 5)?;
    let metrics = DailyMetrics { date: date_of("2024-03-01"), values: [(Metric::Hrv, 50.0)].into() };
    daily_metric::put(tx, ME, &[metrics], "csv", 5)?;
    merge_choice::say(tx, ME, (&file.id, &lone.id), false, 5)?;
    insight::put(tx, ME, Scope::All, date_of("2024-03-01"), "{}")?;
    let teller = outside_record::Teller { athlete: ME, pipeline: "sheet", step: "singer.tap" };
    outside_record::put(tx, teller, &[outside("1", "{\"id\":1}")], 1)?;
    way::move_on(tx, ME, (way::Part::Segments, 1), &(1, file.id.clone()))?;
    ways::followed(tx, &file)?;
    places::been(tx, &file)?;
    own_metrics::counted(tx, &file)?;
    routes::went(tx, &file)?;
    gears::said(tx, &file)?;
    Ok((file, twin, lone))
}

/// Takes all of it, as a command does part by part.
fn remove(tx: &mut Tx<'_>, what: What) -> Result<Deleted> {
    let mut all = Deleted::new();
    loop {
        let deleted = removal::some(tx, ME, what)?;
        if deleted.is_empty() {
            return Ok(all);
        }
        for (table, rows) in deleted {
            *all.entry(table).or_default() += rows;
        }
    }
}

/// Rows of every table that names an athlete or an activity, whatever migrations came after this was written.
fn rows(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>> {
    const TABLES: Sql = Sql::Per {
        sqlite: "SELECT m.name, MAX(p.name = 'athlete') FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                 WHERE m.type = 'table' AND p.name IN ('athlete', 'activity_id') GROUP BY m.name ORDER BY m.name",
        postgres: "SELECT CAST(table_name AS TEXT), \
                   CAST(MAX(CASE column_name WHEN 'athlete' THEN 1 ELSE 0 END) AS BIGINT) \
                   FROM information_schema.columns WHERE table_schema = current_schema() \
                   AND column_name IN ('athlete', 'activity_id') GROUP BY table_name ORDER BY table_name",
    };
    let tables = tx.query(&TABLES, &[], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))?;
    let mut rows = BTreeMap::new();
    for (table, has_athlete) in tables {
        let of = if has_athlete == 1 { " WHERE athlete = 'me'" } else { "" };
        let sql = Sql::Both(Box::leak(format!("SELECT COUNT(*) FROM {table}{of}").into_boxed_str()));
        let count: i64 = tx.optional(&sql, &[], |row| row.get(0))?.unwrap_or(0);
        if count > 0 {
            rows.insert(table, count);
        }
    }
    Ok(rows)
}

mod scenario {
    use super::*;

    pub(super) fn every_row_is_told_by_where_it_came_from(tx: &mut Tx<'_>) -> Result<()> {
        furnish(tx)?;
        let report = report::report(tx, ME, 7)?;
        let line = |table: &str, provenance: &str| {
            let found = report.items.iter().find(|line| line.table == table && line.provenance == provenance);
            found.map(|line| (line.rows, line.oldest_ms, line.newest_ms))
        };
        let api = (2, Some(77 * DAY_MS), Some(78 * DAY_MS));
        for (table, provenance, wanted) in [
            ("activity", "file", (1, None, None)),
            ("activity", "strava_api", api),
            ("strava_activity.detail", "strava_api", api),
            ("source_file", "file", (1, Some(7), Some(7))),
            ("export_row", "bulk_export", (1, None, None)),
            ("athlete_setting", "manual", (1, Some(5), Some(5))),
            ("daily_metric", "manual", (1, Some(5), Some(5))),
            ("merge_choice", "manual", (1, Some(5), Some(5))),
            ("segment", "manual", (1, Some(5), Some(5))),
            ("privacy_zone", "manual", (1, Some(5), Some(5))),
            ("activity_place", "derived", (1, None, None)),
            ("own_metric", "derived", (1, None, None)),
            ("own_activity_number", "derived", (1, None, None)),
            ("own_day_number", "derived", (1, None, None)),
            ("activity_route", "derived", (1, None, None)),
            ("gear", "manual", (1, Some(5), Some(5))),
            ("gear_component", "manual", (1, Some(5), Some(5))),
            ("gear_service", "manual", (1, None, None)),
            ("gear_choice", "manual", (2, None, None)),
            ("outside_record", "program", (1, None, None)),
        ] {
            assert_eq!(line(table, provenance), Some(wanted), "{table} {provenance}");
        }
        assert_eq!(line("weather_home", "manual"), None, "what is empty is left out");
        Ok(())
    }

    pub(super) fn what_a_file_tells_of_too_does_not_expire(tx: &mut Tx<'_>) -> Result<()> {
        furnish(tx)?;
        let report = report::report(tx, ME, 7)?;
        for table in ["strava_activity.summary", "strava_activity.detail", "strava_activity.samples"] {
            let line = report.items.iter().find(|line| line.table == table).unwrap();
            let goes_ms = (78 + 7) * DAY_MS;
            let wanted = report::Expiry { rows: 1, first_ms: goes_ms, last_ms: goes_ms };
            assert_eq!((line.rows, line.expires), (2, Some(wanted)), "{table}");
        }
        Ok(())
    }

    pub(super) fn what_is_taken_out_is_whole(tx: &mut Tx<'_>) -> Result<()> {
        let (file, ..) = furnish(tx)?;
        let mut taken = BTreeMap::new();
        for part in takeout::PARTS {
            let (first, rest) = (takeout::page(tx, ME, part, (1, 0))?, takeout::page(tx, ME, part, (9, 1))?);
            taken.insert(part.name, first.into_iter().chain(rest).collect::<Vec<_>>());
        }
        let counts = [
            "activities",
            "export_rows",
            "strava_activities",
            "settings",
            "files",
            "insights",
            "merge_choices",
            "segments",
            "privacy_zones",
            "own_metrics",
            "own_activity_numbers",
            "own_day_numbers",
            "gear",
            "gear_components",
            "gear_services",
            "gear_choices",
            "outside_records",
        ];
        assert_eq!(counts.map(|name| taken[name].len()), [3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1]);
        assert_eq!(taken["athlete"].len(), 1);
        assert_eq!(taken["export_rows"][0]["figures"]["name"], "Lunch", "JSON is no text in there");
        assert_eq!(taken["activities"][0]["id"], file.id.as_str());
        assert_eq!(taken["activities"][0]["load"], 1.0);
        assert_eq!(takeout::with_samples(tx, ME, "", 9)?.len(), 3);
        assert_eq!(takeout::hashes(tx, ME, "", 9)?.len(), 1);
        assert!(takeout::hashes(tx, "other", "", 9)?.is_empty());
        Ok(())
    }

    pub(super) fn a_preview_says_what_goes(tx: &mut Tx<'_>) -> Result<()> {
        furnish(tx)?;
        for what in [What::Manual, What::StravaApi, What::BulkExport, What::File, What::All] {
            let wanted = removal::preview(tx, ME, what)?;
            assert!(!wanted.is_empty(), "{what:?}");
            let mut deleted = remove(tx, what)?;
            // They go with their files, and who else has them is seen only then.
            deleted.remove("original");
            // Days become stale with each part.
            deleted.remove("stale_day");
            let wanted: Deleted = wanted.into_iter().filter(|(table, _)| table != "stale_day").collect();
            assert_eq!(deleted, wanted, "{what:?}");
        }
        Ok(())
    }

    pub(super) fn after_the_purge_of_strava_nothing_of_it_is_left(tx: &mut Tx<'_>) -> Result<()> {
        let (file, twin, lone) = furnish(tx)?;
        while !purge::some(tx, ME)?.is_empty() {}
        for activity in [&twin, &lone] {
            assert!(activity::get(tx, ME, &activity.id)?.is_none());
            assert!(activity_stream::all(tx, &activity.id)?.is_empty());
        }
        let left = rows(tx)?;
        assert!(left.keys().all(|table| !table.starts_with("strava_")), "{left:?}");
        let left = report::report(tx, ME, 7)?;
        assert!(left.items.iter().all(|line| line.provenance != "strava_api"), "{left:?}");
        let shown = activity::get(tx, ME, &file.id)?.unwrap();
        assert!(shown.row.also.is_empty() && shown.row.duplicate_of.is_none());
        assert_eq!(stale_day::peek(tx, ME)?, file.local_date, "its days are computed again");
        Ok(())
    }

    pub(super) fn a_row_that_goes_takes_what_it_said_with_it(tx: &mut Tx<'_>) -> Result<()> {
        let (file, ..) = furnish(tx)?;
        let before = change_number::last(tx, ME)?;
        remove(tx, What::BulkExport)?;
        let pending = activity::pending(tx, ME, (before, "~"), 9)?;
        let of_file = pending.iter().find(|pending| pending.id == file.id).unwrap();
        assert_eq!(of_file.effort.perceived_exertion, None);
        assert_eq!(activity::get(tx, ME, &file.id)?.unwrap().row.name.as_deref(), Some("Lunch"), "the API's");
        Ok(())
    }

    pub(super) fn after_all_is_deleted_the_athlete_and_the_receipts_are_left(tx: &mut Tx<'_>) -> Result<()> {
        furnish(tx)?;
        let receipt = purge_receipt::begin(tx, ME, "all", 5)?;
        let deleted = remove(tx, What::All)?;
        purge_receipt::put(tx, ME, "all", &purge_receipt::Receipt { deleted, done_ms: Some(6), ..receipt })?;
        let left = rows(tx)?;
        let left: Vec<&str> = left.keys().map(String::as_str).collect();
        assert_eq!(left, ["change_number", "purge_receipt"], "on {:?}", tx.backend() == Backend::Sqlite);
        assert!(athlete::get(tx, ME)?.is_some());
        Ok(())
    }

    pub(super) fn the_same_bytes_of_another_athlete_stay(tx: &mut Tx<'_>) -> Result<()> {
        let other = Athlete { id: "other".to_owned(), timezone: "UTC".to_owned(), created_ms: 1 };
        athlete::ensure(tx, &other)?;
        came(tx, ME, "watch.fit")?;
        came(tx, "other", "watch.fit")?;
        let sha256 = original::sha256(b"the same bytes");
        remove(tx, What::File)?;
        assert!(original::has(tx, &sha256)?);
        assert!(source_file::find(tx, ME, "watch.fit")?.is_none());
        came(tx, ME, "watch.fit")?;
        const GONE: Sql = Sql::Both("DELETE FROM source_file WHERE athlete = 'other'");
        tx.execute(&GONE, &[])?;
        remove(tx, What::File)?;
        assert!(!original::has(tx, &sha256)?, "nobody has it any more");
        Ok(())
    }
}
