//! One suite for both databases: each scenario runs in a transaction that is rolled back.

use std::io;

use jiff::civil::Date;
use store::{Error, Sql, Store, Tx, Url};

use super::activity::{Activity, Change, Origin, PageKey, Removed, Upserted};
use super::athlete::Athlete;
use super::export_item::{Count, ExportItem};
use super::export_row::ExportRow;
use super::import_file::{ImportFile, Kind, Outcome};
use super::load_position::LoadPosition;
use super::original::Original;
use super::source_file::SourceFile;
use super::*;
use crate::accuracy::Figure;
use crate::calendar::{self, DayRow};
use crate::heart_rate::Sex;
use crate::load::{Load, LoadMethod};
use crate::pmc::State;
use crate::recording::{Channel, Lap, Recording, Samples, Totals, Warning};
use crate::scope::Scope;
use crate::settings::{Dated, Name, Source, Value};
use crate::stream::{self, Column};

pub(super) type Scenario = fn(&mut Tx<'_>) -> Result<()>;

/// What undoes a scenario.
const DONE: &str = "scenario is done";

async fn opened(url: &str) -> Store {
    let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn run(store: &Store, name: &str, scenario: Scenario) {
    let outcome = store
        .write(move |tx| -> Result<()> {
            let me = Athlete { id: ME.to_owned(), timezone: "UTC".to_owned(), created_ms: 1 };
            athlete::ensure(tx, &me)?;
            scenario(tx)?;
            Err(Error::abort(io::Error::other(DONE)))
        })
        .await;
    let error = outcome.unwrap_err().to_string();
    assert_eq!(error, DONE, "{name}");
}

/// Does something on both databases, and takes it back.
pub(super) async fn on_both(scenario: Scenario) {
    for url in support::databases() {
        run(&opened(&url).await, &url, scenario).await;
    }
}

/// Each scenario is a test of its own on SQLite, and all of them are one test on PostgreSQL.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                run(&opened(&support::sqlite_url()).await, stringify!($name), scenario::$name).await;
            }
        )*

        #[tokio::test]
        async fn every_scenario_holds_on_postgres() {
            let store = opened(&support::postgres_url()).await;
            for (name, scenario) in [$((stringify!($name), scenario::$name as Scenario)),*] {
                run(&store, name, scenario).await;
            }
        }
    };
}

scenarios![
    an_athlete_who_is_there_keeps_the_time_zone,
    a_setting_is_written_once,
    the_position_of_loads_reads_back,
    only_estimates_that_differ_are_replaced,
    an_original_is_kept_once,
    a_file_that_lies_elsewhere_is_found_by_its_content,
    files_of_a_run_keep_their_order,
    a_row_of_an_export_is_written_where_it_differs,
    a_row_outlives_its_activity,
    a_row_is_compared_with_the_activity_of_its_file,
    a_list_is_replaced_by_that_of_a_newer_export,
    upsert_reports_what_it_did,
    an_activity_that_moved_touches_its_earlier_day,
    an_activity_shows_what_is_known_and_nothing_else,
    pages_meet_without_a_gap_and_without_a_repeat,
    activities_of_one_file_are_linked,
    activities_of_one_file_far_from_each_other_are_not_linked,
    pending_goes_on_after_the_last_one_seen,
    touched_activities_are_pending_again,
    touching_what_has_no_day_leaves_the_days_alone,
    peaks_leave_the_strava_api_out,
    days_are_written_where_they_differ,
    days_carry_on_from_the_day_before,
    the_first_stale_day_only_falls,
    streams_and_laps_read_back,
    removing_an_activity_takes_all_that_hangs_on_it,
    change_numbers_count_up,
    the_same_advice_is_not_written_twice,
];

fn queries() -> Vec<Sql> {
    let of_records: [&[&[Sql]]; 6] = [
        &[
            accuracy::QUERIES,
            athlete::QUERIES,
            athlete_setting::QUERIES,
            load_position::QUERIES,
            best_effort::QUERIES,
            old_best::QUERIES,
            old_weather::QUERIES,
            original::QUERIES,
            outside_record::QUERIES,
            source_file::QUERIES,
            import_file::QUERIES,
            export_row::QUERIES,
            export_item::QUERIES,
            change_number::QUERIES,
            activity_load::QUERIES,
            activity_number::QUERIES,
            activity_stream::QUERIES,
            lap::QUERIES,
            day::QUERIES,
            stale_day::QUERIES,
            watched_file::QUERIES,
            insight::QUERIES,
            session::QUERIES,
            daily_metric::QUERIES,
            volume::QUERIES,
            curve::QUERIES,
            weather_hour::QUERIES,
            weather_home::QUERIES,
            weather_quota::QUERIES,
            purge_receipt::QUERIES,
            merge_choice::QUERIES,
            way::QUERIES,
            segment::QUERIES,
            segment_effort::QUERIES,
            activity_place::QUERIES,
            privacy_zone::QUERIES,
            own_metric::QUERIES,
            own_number::QUERIES,
            route::QUERIES,
        ],
        activity::QUERIES,
        strava::QUERIES,
        shareable::QUERIES,
        activity_weather::QUERIES,
        gear::QUERIES,
    ];
    of_records.concat().concat()
}

#[tokio::test]
async fn queries_prepare() {
    for url in support::databases() {
        let store = opened(&url).await;
        for query in queries().into_iter().chain(kept::queries()) {
            store.prepare(&query).await.unwrap_or_else(|error| panic!("{query:?}: {error}"));
        }
    }
}

/// Tables with a few rows for each athlete, and what is counted after an import.
const READ_WHOLE: [&str; 22] = [
    "own_metric",
    "athlete",
    "athlete_setting",
    "load_position",
    "change_number",
    "stale_day",
    "strava_connection",
    "strava_sync",
    "purge_receipt",
    "export_item",
    "r",
    "weather_home",
    "weather_position",
    "merge_choice",
    "segment",
    "privacy_zone",
    "activity_place",
    "activity_route",
    "gear",
    "gear_component",
    "gear_service",
    "gear_choice",
];
/// What counts all that there is.
const COUNTS_ALL: &str = "SELECT state, COUNT(*) FROM activity_weather WHERE athlete = $1 GROUP BY state";
/// What deletes all that there is, a part at a time; what a person asks for of all that Strava failed at, how far the
/// past is, and how much went.
const OF_ALL: [&str; 7] = [
    "DELETE FROM strava_",
    "DELETE FROM route_outing WHERE athlete = $1",
    "DELETE FROM old_best WHERE athlete = $1 AND (scope",
    "UPDATE strava_activity SET detail_faults = 0",
    "SELECT strava_id, activity_id, ",
    "SELECT COUNT(*), ",
    "SELECT COUNT(*) FROM strava_activity WHERE athlete = $1 AND gone_ms > ",
];

#[tokio::test]
async fn no_query_runs_through_all_rows_of_an_athlete() {
    let databases = support::databases();
    let sqlite = databases.iter().find(|url| url.starts_with("sqlite")).unwrap();
    let store = opened(sqlite).await;
    for query in queries() {
        let (Sql::Both(text) | Sql::Per { sqlite: text, .. }) = query;
        let numbers = (1..100).take_while(|number| text.contains(&format!("${number}"))).count();
        let plan = store.read(move |tx| {
            let explain = Sql::Both(Box::leak(format!("EXPLAIN QUERY PLAN {text}").into_boxed_str()));
            tx.query(&explain, &vec![store::Value::Null; numbers], |row| row.get::<String>(3))
        });
        for line in plan.await.unwrap() {
            let is_whole = line.starts_with("SEARCH") && line.ends_with("(athlete=?)");
            let table = line.split(' ').nth(1).unwrap_or_default();
            let may = READ_WHOLE.contains(&table)
                || OF_ALL.iter().chain([&COUNTS_ALL]).any(|begin| text.starts_with(begin));
            assert!(!is_whole || may, "{line}: {text}");
        }
    }
}

pub(super) const ME: &str = "me";
const HOUR_MS: i64 = 3_600_000;
/// 2024-03-01T00:00:00Z.
const MARCH_MS: i64 = 1_709_251_200_000;

fn date_of(text: &str) -> Date {
    text.parse().unwrap()
}

fn dated(name: Name, from: &str, number: f64, source: Source) -> Dated {
    Dated { name, from: date_of(from), value: Value::Number(number), source }
}

/// A ride of two samples that starts some hours into March 2024.
fn ride(source_id: &str, hours: i64) -> Activity {
    let start_ms = MARCH_MS + hours * HOUR_MS;
    let recording = Recording {
        sport: "cycling".to_owned(),
        start_ms: Some(start_ms),
        totals: Totals { timer_s: Some(3600.0), distance_m: Some(30_000.0), ..Totals::default() },
        samples: Samples {
            time_ms: vec![start_ms, start_ms + 10_000],
            channels: [(Channel::HeartRate, vec![150.0, 152.0])].into(),
            breaks: Vec::new(),
        },
        ..Recording::default()
    };
    let origin = Origin {
        athlete: ME,
        provenance: "file",
        source_id,
        file: "a.fit",
        sha256: source_id,
        part: 0,
        parts: 1,
    };
    let day = crate::day::local_date(start_ms, None, &jiff::tz::TimeZone::UTC);
    Activity::of(&recording, origin, day)
}

fn put(tx: &mut Tx<'_>, activities: &[Activity], changed: i64) -> Result<()> {
    activities.iter().try_for_each(|ride| activity::upsert(tx, ride, changed).map(drop))
}

mod duplicates;
mod gears;
mod merge;
mod outside;
mod own_metrics;
mod places;
mod routes;
mod shareable_gate;
mod strava_rows;
mod ways;
mod whole;

mod scenario {
    use super::*;

    pub(super) fn the_position_of_loads_reads_back(tx: &mut Tx<'_>) -> Result<()> {
        assert_eq!(load_position::get(tx, ME)?, LoadPosition::default());
        let dated =
            |name, value| Dated { name, from: Date::constant(2024, 1, 1), value, source: Source::Given };
        let given = vec![dated(Name::Ftp, Value::Number(250.5)), dated(Name::Sex, Value::Sex(Sex::Female))];
        for changed in [3, 4] {
            let position = LoadPosition { changed, activity_id: "a".to_owned(), given: given.clone() };
            load_position::put(tx, ME, &position)?;
            assert_eq!(load_position::get(tx, ME)?, position);
        }
        Ok(())
    }

    pub(super) fn an_athlete_who_is_there_keeps_the_time_zone(tx: &mut Tx<'_>) -> Result<()> {
        let other = Athlete { id: ME.to_owned(), timezone: "Asia/Tokyo".to_owned(), created_ms: 2 };
        athlete::ensure(tx, &other)?;
        assert_eq!(athlete::get(tx, ME)?.unwrap().timezone, "UTC");
        assert!(athlete::set_timezone(tx, ME, "Asia/Tokyo")?);
        assert!(!athlete::set_timezone(tx, ME, "Asia/Tokyo")?);
        assert_eq!(athlete::list(tx)?.len(), 1);
        Ok(())
    }

    pub(super) fn a_setting_is_written_once(tx: &mut Tx<'_>) -> Result<()> {
        let ftp = dated(Name::Ftp, "2024-01-01", 250.0, Source::Given);
        let sex = Dated { name: Name::Sex, value: Value::Sex(Sex::Female), ..ftp.clone() };
        assert!(athlete_setting::set(tx, ME, &ftp, 5)?);
        assert!(!athlete_setting::set(tx, ME, &ftp, 6)?);
        assert!(athlete_setting::set(tx, ME, &sex, 6)?);
        assert_eq!(athlete_setting::list(tx, ME)?, [ftp, sex]);
        Ok(())
    }

    pub(super) fn only_estimates_that_differ_are_replaced(tx: &mut Tx<'_>) -> Result<()> {
        let given = dated(Name::Ftp, "2024-01-01", 250.0, Source::Given);
        let old = dated(Name::HrMax, "2024-01-01", 190.0, Source::Estimated);
        let new = dated(Name::HrMax, "2024-02-01", 195.0, Source::Estimated);
        athlete_setting::set(tx, ME, &given, 1)?;
        athlete_setting::replace_estimates(tx, ME, &[], std::slice::from_ref(&old), 1)?;
        let stored = athlete_setting::list(tx, ME)?;
        athlete_setting::replace_estimates(tx, ME, &stored, std::slice::from_ref(&new), 2)?;
        assert_eq!(athlete_setting::list(tx, ME)?, [given, new]);
        Ok(())
    }

    pub(super) fn an_original_is_kept_once(tx: &mut Tx<'_>) -> Result<()> {
        let file = Original {
            sha256: "ab".to_owned(),
            bytes: 3,
            encoding: "zlib".to_owned(),
            content: vec![0, 1, 2],
        };
        assert!(!original::has(tx, "ab")?);
        assert!(original::put(tx, &file)?);
        assert!(!original::put(tx, &file)?);
        assert!(original::has(tx, "ab")?);
        assert_eq!(original::get(tx, "ab")?, Some(file));
        Ok(())
    }

    pub(super) fn a_file_that_lies_elsewhere_is_found_by_its_content(tx: &mut Tx<'_>) -> Result<()> {
        let file = SourceFile {
            path: "a.fit.gz".to_owned(),
            provenance: "file".to_owned(),
            sha256: "ab".to_owned(),
            content_sha256: "cd".to_owned(),
            format: "fit".to_owned(),
            decoder: 1,
            bytes: 9,
            modified_ns: Some(8),
            crc32: Some(u32::MAX),
            changed_ms: 7,
        };
        assert!(source_file::put(tx, ME, &file)?);
        assert!(!source_file::put(tx, ME, &SourceFile { changed_ms: 9, ..file.clone() })?);
        assert_eq!(source_file::find(tx, ME, "a.fit.gz")?, Some(file.clone()));
        let paths = ["b.fit".to_owned(), "a.fit.gz".to_owned()];
        assert_eq!(source_file::at(tx, ME, &paths)?, std::slice::from_ref(&file));
        assert_eq!(source_file::by_content(tx, ME, "cd")?, [file]);
        Ok(())
    }

    pub(super) fn files_of_a_run_keep_their_order(tx: &mut Tx<'_>) -> Result<()> {
        use store::{Sql, params};
        const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ($1, $2)");
        const RUN: Sql = Sql::Both(
            "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, \
             enqueued_ms) VALUES ($1, 'import', '', '{}', 'cli', 'running', $2, '', 1)",
        );
        tx.execute(&SCRIPT, &params!["hash", ""])?;
        tx.execute(&RUN, &params!["run", "hash"])?;
        let warning = Warning { code: "samples_merged".to_owned(), detail: "2".to_owned() };
        let file = |path: &str, outcome| ImportFile {
            path: path.to_owned(),
            kind: Kind::Row,
            source_row: Some("7".to_owned()),
            outcome,
            code: None,
            reason: None,
            warnings: vec![warning.clone()],
            activities: vec!["id".to_owned()],
        };
        let files = [file("z.fit", Outcome::Imported), file("a.fit", Outcome::Refused)];
        import_file::put(tx, "run", 0, &files)?;
        import_file::put(tx, "run", 1, &files[1..])?;
        assert_eq!(import_file::list(tx, "run")?, files);
        assert_eq!(import_file::next_position(tx, "run")?, 2);
        assert_eq!(import_file::paths(tx, "run")?, ["z.fit", "a.fit"]);
        Ok(())
    }

    fn row(source_id: &str, activity_id: Option<&str>) -> ExportRow {
        ExportRow {
            provenance: "bulk_export".to_owned(),
            source_id: source_id.to_owned(),
            archive: "export.zip".to_owned(),
            position: 2,
            file: Some("activities/1.fit.gz".to_owned()),
            activity_id: activity_id.map(str::to_owned),
            figures: r#"{"name":"Lunch ride"}"#.to_owned(),
            columns: "[]".to_owned(),
        }
    }

    pub(super) fn a_row_of_an_export_is_written_where_it_differs(tx: &mut Tx<'_>) -> Result<()> {
        let first = row("1", None);
        assert!(export_row::put(tx, ME, &first)?);
        assert!(!export_row::put(tx, ME, &first)?);
        let renamed = ExportRow { figures: "{}".to_owned(), ..first.clone() };
        assert!(export_row::put(tx, ME, &renamed)? && !renamed.says_the_same(&first));
        assert_eq!(export_row::find(tx, ME, ("bulk_export", "1"))?, Some(renamed.clone()));
        let ids = ["0".to_owned(), "1".to_owned()];
        assert_eq!(export_row::at(tx, ME, "bulk_export", &ids)?, [renamed]);
        Ok(())
    }

    pub(super) fn a_row_outlives_its_activity(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        activity::upsert(tx, &ride, 1)?;
        export_row::put(tx, ME, &row("1", Some(&ride.id)))?;
        assert_eq!(export_row::of_activity(tx, ME, &ride.id)?.len(), 1);
        activity::remove(tx, &ride.id)?;
        assert_eq!(export_row::find(tx, ME, ("bulk_export", "1"))?, Some(row("1", None)));
        Ok(())
    }

    pub(super) fn a_row_is_compared_with_the_activity_of_its_file(tx: &mut Tx<'_>) -> Result<()> {
        let mut of_file = ride("a", 1);
        of_file.summary.distance_m = Some(10_010.0);
        let mut of_row = Activity { provenance: "bulk_export".to_owned(), ..ride("2", 49) };
        of_row.summary.distance_m = Some(5_000.0);
        put(tx, &[of_file.clone(), of_row.clone()], 1)?;
        let figures = r#"{"distance_m":10000.0,"max_hr":180.0}"#.to_owned();
        let told =
            |id, activity: &Activity| ExportRow { figures: figures.clone(), ..row(id, Some(&activity.id)) };
        export_row::put(tx, ME, &told("1", &of_file))?;
        export_row::put(tx, ME, &told("2", &of_row))?;
        let pairs = accuracy::pairs(tx, ME)?;
        assert_eq!(pairs.iter().map(|pair| &pair.activity_id).collect::<Vec<_>>(), [&of_file.id]);
        let distance = pairs[0].told.iter().find(|told| told.figure == Figure::DistanceM).unwrap();
        assert_eq!((distance.ours, distance.theirs), (10_010.0, 10_000.0));
        Ok(())
    }

    pub(super) fn a_list_is_replaced_by_that_of_a_newer_export(tx: &mut Tx<'_>) -> Result<()> {
        let item = |id: &str, columns: &str| ExportItem { source_id: id.into(), columns: columns.into() };
        let (bikes, shoes) = (("bulk_export", "bikes"), ("bulk_export", "shoes"));
        let before = [item("a", "[]"), item("b", "[]")];
        assert_eq!(export_item::replace(tx, ME, bikes, &before)?, 2);
        assert_eq!(export_item::replace(tx, ME, shoes, &before)?, 2);
        assert_eq!(export_item::replace(tx, ME, bikes, &before)?, 0);
        let after = [item("b", "[1]"), item("c", "[]")];
        assert_eq!(export_item::replace(tx, ME, bikes, &after)?, 3);
        assert_eq!(export_item::list(tx, ME, bikes)?, after);
        let count = |kind: &str| Count { kind: kind.to_owned(), items: 2 };
        assert_eq!(export_item::counts(tx, ME)?, [count("bikes"), count("shoes")]);
        Ok(())
    }

    pub(super) fn upsert_reports_what_it_did(tx: &mut Tx<'_>) -> Result<()> {
        let first_day = Some(date_of("2024-03-01"));
        let ride = ride("a", 1);
        let inserted = Upserted { change: Change::Inserted, first_day, former_start_ms: None };
        let unchanged = Upserted { change: Change::Unchanged, first_day: None, former_start_ms: None };
        assert_eq!(activity::upsert(tx, &ride, 1)?, inserted);
        assert_eq!(activity::upsert(tx, &ride, 2)?, unchanged);
        let named = Activity { name: Some("Lunch ride".to_owned()), ..ride };
        let updated = Upserted { change: Change::Updated, first_day, former_start_ms: named.start_ms };
        assert_eq!(activity::upsert(tx, &named, 3)?, updated);
        Ok(())
    }

    pub(super) fn an_activity_that_moved_touches_its_earlier_day(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        activity::upsert(tx, &ride, 1)?;
        let moved = Activity { local_date: Some(date_of("2024-03-05")), ..ride };
        let upserted = activity::upsert(tx, &moved, 2)?;
        assert_eq!(upserted.first_day, Some(date_of("2024-03-01")));
        Ok(())
    }

    pub(super) fn an_activity_shows_what_is_known_and_nothing_else(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        activity::upsert(tx, &ride, 1)?;
        let row = activity::get(tx, ME, &ride.id)?.unwrap().row;
        let shown = serde_json::to_value(&row).unwrap();
        let keys: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = "id file sha256 index provenance sport start_ms elapsed_s timer_s distance_m avg_hr \
                      max_hr samples";
        assert_eq!(keys.join(" "), wanted);
        Ok(())
    }

    pub(super) fn pages_meet_without_a_gap_and_without_a_repeat(tx: &mut Tx<'_>) -> Result<()> {
        let mut rides: Vec<Activity> = (0..5).map(|hour| ride(&format!("r{hour}"), hour / 2)).collect();
        rides[0].start_ms = None;
        put(tx, &rides, 1)?;
        let mut seen = Vec::new();
        let mut after = PageKey::newest();
        loop {
            let page = activity::list(tx, ME, &after, 2)?;
            let Some(last) = page.last() else { break };
            after = PageKey::of(last);
            seen.extend(page.into_iter().map(|row| row.id));
        }
        let mut wanted: Vec<(Option<i64>, String)> =
            rides.into_iter().map(|ride| (ride.start_ms, ride.id)).collect();
        wanted.sort();
        assert_eq!(seen, wanted.into_iter().rev().map(|(_, id)| id).collect::<Vec<_>>());
        Ok(())
    }

    pub(super) fn activities_of_one_file_are_linked(tx: &mut Tx<'_>) -> Result<()> {
        let part =
            |part| Activity { sha256: "same".to_owned(), part, parts: 2, ..ride(&part.to_string(), 1) };
        let (swim, bike) = (part(0), part(1));
        put(tx, &[swim.clone(), bike.clone()], 1)?;
        let rows = activity::by_file(tx, ME, "same")?;
        assert_eq!((&rows[0].id, &rows[0].linked), (&swim.id, &vec![bike.id]));
        Ok(())
    }

    pub(super) fn activities_of_one_file_far_from_each_other_are_not_linked(tx: &mut Tx<'_>) -> Result<()> {
        let part = |part: u32, hour| Activity {
            sha256: "same".to_owned(),
            part,
            parts: 60,
            ..ride(&part.to_string(), hour)
        };
        let legs = (0..40).map(|leg| part(leg, 0));
        let days = (40..60).map(|day| part(day, 48 * i64::from(day)));
        put(tx, &legs.chain(days).collect::<Vec<_>>(), 1)?;
        let rows = activity::by_file(tx, ME, "same")?;
        let linked: Vec<_> = [0, 20, 39, 40, 59].map(|index| rows[index as usize].linked.len()).into();
        assert_eq!(linked, [9, 18, 9, 0, 0]);
        Ok(())
    }

    pub(super) fn pending_goes_on_after_the_last_one_seen(tx: &mut Tx<'_>) -> Result<()> {
        put(tx, &[ride("a", 1), ride("b", 2), ride("c", 3)], 7)?;
        let first = activity::pending(tx, ME, (6, "~"), 2)?;
        let last = first.last().unwrap();
        let rest = activity::pending(tx, ME, (last.changed, &last.id), 2)?;
        assert_eq!((first.len(), rest.len()), (2, 1));
        assert_eq!(rest[0].effort.hr_seconds.as_ref().map(ToString::to_string).as_deref(), Some("150:10"));
        assert!(activity::pending(tx, ME, (7, "~"), 2)?.is_empty());
        Ok(())
    }

    pub(super) fn touched_activities_are_pending_again(tx: &mut Tx<'_>) -> Result<()> {
        put(tx, &[ride("a", 1), ride("b", 25), ride("c", 49)], 1)?;
        let second = (date_of("2024-03-02"), date_of("2024-03-03"));
        assert_eq!(activity::touch(tx, ME, second, 2)?, 1);
        let pending = activity::pending(tx, ME, (1, "~"), 9)?;
        assert_eq!(pending[0].local_date, Some(second.0));
        assert_eq!(activity::touch(tx, ME, (date_of("2024-03-02"), Date::MAX), 3)?, 2);
        Ok(())
    }

    pub(super) fn touching_what_has_no_day_leaves_the_days_alone(tx: &mut Tx<'_>) -> Result<()> {
        let undated = Activity { local_date: None, start_ms: None, ..ride("a", 1) };
        put(tx, &[undated.clone(), ride("b", 25)], 1)?;
        assert_eq!(activity::touch_undated(tx, ME, 2)?, 1);
        let pending = activity::pending(tx, ME, (1, "~"), 9)?;
        assert_eq!(pending.iter().map(|effort| &effort.id).collect::<Vec<_>>(), [&undated.id]);
        Ok(())
    }

    pub(super) fn peaks_leave_the_strava_api_out(tx: &mut Tx<'_>) -> Result<()> {
        let mut own = ride("a", 1);
        own.summary.best_20min_power = Some(240.0);
        let mut run = Activity { sport: "running".to_owned(), ..ride("b", 2) };
        run.summary.best_20min_power = Some(300.0);
        let mut foreign = Activity { provenance: "strava_api".to_owned(), ..ride("c", 3) };
        foreign.summary.max_hr = Some(199.0);
        put(tx, &[own, run, foreign], 1)?;
        let peaks = activity::peaks(tx, ME)?;
        let march = peaks[&date_of("2024-03-01")];
        assert_eq!((march.max_hr, march.best_20min_power), (Some(152.0), Some(240.0)));
        Ok(())
    }

    fn computed(tx: &mut Tx<'_>, (from, last): (&str, &str)) -> Result<Vec<DayRow>> {
        let (first, state) = day::carry_on(tx, ME, Scope::All, date_of(from))?;
        let loads = activity::contributions(tx, ME, first)?;
        Ok(calendar::days(state, (first, date_of(last)), Scope::All, &loads))
    }

    pub(super) fn days_are_written_where_they_differ(tx: &mut Tx<'_>) -> Result<()> {
        let (first, second) = (ride("a", 1), ride("b", 49));
        put(tx, &[first.clone(), second.clone()], 1)?;
        let load = Load { load: Some(50.0), method: Some(LoadMethod::Duration), ..Load::default() };
        assert_eq!(activity_load::put(tx, &[(first.id, load.clone())])?, 1);
        let march = ("2024-03-01", "2024-03-05");
        let rows = computed(tx, march)?;
        assert_eq!(day::replace_from(tx, ME, Scope::All, &rows)?, 5);
        assert_eq!(day::replace_from(tx, ME, Scope::All, &rows)?, 0);
        assert_eq!(activity_load::put(tx, &[(second.id.clone(), load.clone())])?, 1);
        assert_eq!(activity_load::put(tx, &[(second.id, load)])?, 0);
        let rows = computed(tx, march)?;
        assert_eq!(day::replace_from(tx, ME, Scope::All, &rows)?, 3);
        let both = (date_of(march.0), date_of(march.1));
        assert_eq!(day::list(tx, ME, Scope::All, both)?, rows);
        assert_eq!(day::replace_from(tx, ME, Scope::All, &rows[..4])?, 1);
        Ok(())
    }

    pub(super) fn days_carry_on_from_the_day_before(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        activity::upsert(tx, &ride, 1)?;
        let load = Load { load: Some(50.0), ..Load::default() };
        activity_load::put(tx, &[(ride.id, load)])?;
        assert_eq!(day::carry_on(tx, ME, Scope::All, Date::MIN)?, (Date::MIN, State::default()));
        let whole = computed(tx, ("2024-03-01", "2024-03-09"))?;
        day::replace_from(tx, ME, Scope::All, &whole[..4])?;
        let rest = computed(tx, ("2024-03-07", "2024-03-09"))?;
        assert_eq!(rest, whole[4..], "a hole before the first day is filled");
        assert_eq!(day::remove_before(tx, ME, Scope::All, date_of("2024-03-03"))?, 2);
        Ok(())
    }

    pub(super) fn the_first_stale_day_only_falls(tx: &mut Tx<'_>) -> Result<()> {
        for day in ["2024-03-05", "2024-03-02", "2024-03-09"] {
            stale_day::lower(tx, ME, date_of(day))?;
        }
        assert_eq!(stale_day::peek(tx, ME)?, Some(date_of("2024-03-02")));
        assert_eq!(stale_day::take(tx, ME)?, Some(date_of("2024-03-02")));
        assert_eq!(stale_day::take(tx, ME)?, None);
        Ok(())
    }

    pub(super) fn streams_and_laps_read_back(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        activity::upsert(tx, &ride, 1)?;
        let times = stream::encode_times(&[1000, 2000]);
        let blocks = [(Column::Time, times), (Column::Channel(Channel::Power), vec![1])];
        activity_stream::replace(tx, &ride.id, &blocks)?;
        activity_stream::replace(tx, &ride.id, &blocks[..1])?;
        assert_eq!(activity_stream::columns(tx, &ride.id)?, [Column::Time]);
        assert_eq!(activity_stream::get(tx, &ride.id, Column::Time)?.as_ref(), Some(&blocks[0].1));
        let totals = Totals { distance_m: Some(1000.0), avg_cadence: Some(90.0), ..Totals::default() };
        let laps = [Lap { start_ms: Some(5), totals }, Lap::default()];
        lap::replace(tx, &ride.id, &laps)?;
        assert_eq!(lap::list(tx, &ride.id)?, laps);
        Ok(())
    }

    pub(super) fn removing_an_activity_takes_all_that_hangs_on_it(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        activity::upsert(tx, &ride, 1)?;
        lap::replace(tx, &ride.id, &[Lap::default()])?;
        let removed = Removed { first_day: ride.local_date, starts_ms: ride.start_ms.into_iter().collect() };
        assert_eq!(activity::remove(tx, &ride.id)?, removed);
        assert_eq!(activity::remove(tx, &ride.id)?, Removed::default());
        assert!(lap::list(tx, &ride.id)?.is_empty());
        assert_eq!(activity::get(tx, ME, &ride.id)?, None);
        Ok(())
    }

    pub(super) fn change_numbers_count_up(tx: &mut Tx<'_>) -> Result<()> {
        let numbers = [change_number::last(tx, ME)?, change_number::next(tx, ME)?];
        assert_eq!(numbers, [0, 1]);
        assert_eq!((change_number::next(tx, ME)?, change_number::last(tx, ME)?), (2, 2));
        Ok(())
    }

    pub(super) fn the_same_advice_is_not_written_twice(tx: &mut Tx<'_>) -> Result<()> {
        let day = date_of("2024-03-01");
        assert!(insight::put(tx, ME, Scope::All, day, "{}")?);
        assert!(!insight::put(tx, ME, Scope::All, day, "{}")?);
        assert_eq!(insight::get(tx, ME, Scope::All, day)?.as_deref(), Some("{}"));
        assert_eq!(insight::get(tx, ME, Scope::Shareable, day)?, None);
        Ok(())
    }
}
