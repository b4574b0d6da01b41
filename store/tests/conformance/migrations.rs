//! Schemas: made once, agreed on, never overwritten.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::join_all;
use store::{Error, Finding, MIGRATIONS, MigrationState, Sql, Store, Url};

use crate::{open, run};

const EMPTY: Sql = Sql::Both(
    "CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
        checksum TEXT NOT NULL, applied_ms BIGINT)",
);
const FROM_THE_FUTURE: Sql = Sql::Both(
    "INSERT INTO schema_migration (version, name, checksum, applied_ms) VALUES (9012, 'later', 'x', 1)",
);

async fn on_both_migrated(check: impl AsyncFn(Store, &str)) {
    for url in support::databases() {
        let store = open(&url).await;
        println!("on {:?}", store.backend());
        store.migrate_at(1_700_000_000_000).await.unwrap();
        check(store, &url).await;
    }
}

#[tokio::test]
async fn second_migration_does_nothing() {
    on_both_migrated(async |store, _| {
        assert_eq!(store.migrate().await.unwrap().applied, []);
    })
    .await;
}

#[tokio::test]
async fn status_tells_when_a_migration_was_applied() {
    on_both_migrated(async |store, _| {
        let status = store.migration_status().await.unwrap();
        let wanted = MigrationState::Applied { at_ms: Some(1_700_000_000_000) };
        assert!(status.iter().all(|status| status.state == wanted), "{status:?}");
    })
    .await;
}

#[tokio::test]
async fn status_of_an_empty_database_is_pending() {
    for url in support::databases() {
        let status = open(&url).await.migration_status().await.unwrap();
        assert!(status.iter().all(|status| status.state == MigrationState::Pending), "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_that_start_at_once_apply_once() {
    for url in support::databases() {
        let stores = join_all((0..6).map(|_| open(&url))).await;
        let done = join_all(stores.iter().map(Store::migrate)).await;
        let applied: usize = done.into_iter().map(|done| done.unwrap().applied.len()).sum();
        assert_eq!(applied, MIGRATIONS.len());
    }
}

#[tokio::test]
async fn weather_is_looked_at_again_where_a_privacy_zone_was_there_before_it_counted() {
    const BEFORE: [Sql; 4] = [
        Sql::Both("DELETE FROM schema_migration WHERE name = 'zone_weather'"),
        Sql::Both("INSERT INTO athlete (id, timezone, created_ms) VALUES ('a', 'UTC', 1), ('b', 'UTC', 1)"),
        Sql::Both(
            "INSERT INTO privacy_zone (id, athlete, name, latitude, longitude, radius_m, created_ms)
            VALUES ('home', 'a', 'Home', 47.0, 8.0, 300.0, 1)",
        ),
        Sql::Both(
            "INSERT INTO weather_position (athlete, changed, activity_id) VALUES ('a', 7, 'x'), ('b', 7, 'y')",
        ),
    ];
    const POSITIONS: Sql = Sql::Both("SELECT changed, activity_id FROM weather_position ORDER BY athlete");
    on_both_migrated(async |store, _| {
        for sql in &BEFORE {
            run(&store, sql).await.unwrap();
        }
        assert_eq!(store.migrate().await.unwrap().applied.len(), 1);
        let positions =
            store.read(|tx| tx.query(&POSITIONS, &[], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?))));
        assert_eq!(positions.await.unwrap(), [(0, String::new()), (7, "y".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn newer_database_is_refused_by_name() {
    on_both_migrated(async |store, url| {
        run(&store, &FROM_THE_FUTURE).await.unwrap();
        let refused = Store::open(&url.parse().unwrap()).await.unwrap_err();
        let know = MIGRATIONS.last().unwrap().version;
        assert_eq!(refused.code(), "schema_newer");
        assert!(
            matches!(refused, Error::SchemaNewer { found: 9012, know: known } if known == know),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn open_store_does_not_migrate_a_newer_database() {
    on_both_migrated(async |store, _| {
        run(&store, &FROM_THE_FUTURE).await.unwrap();
        assert!(matches!(store.migrate().await, Err(Error::SchemaNewer { .. })));
    })
    .await;
}

#[tokio::test]
async fn newer_file_keeps_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("newer.db");
    // Written without the store, so that neither a log nor a connection is left.
    let connection = rusqlite::Connection::open(&path).unwrap();
    let log = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    assert_eq!(log.unwrap(), "wal");
    for sql in [EMPTY, FROM_THE_FUTURE] {
        connection.execute_batch(sql.text(store::Backend::Sqlite)).unwrap();
    }
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let refused = Store::open(&Url::sqlite(&path)).await.unwrap_err();
    assert_eq!(refused.code(), "schema_newer");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(names_in(directory.path()), BTreeSet::from(["newer.db".to_owned()]));
}

#[tokio::test]
async fn newer_file_with_a_log_keeps_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("newer.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    let log = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    assert_eq!(log.unwrap(), "wal");
    for sql in [EMPTY, FROM_THE_FUTURE] {
        connection.execute_batch(sql.text(store::Backend::Sqlite)).unwrap();
    }
    let log_path = directory.path().join("newer.db-wal");
    let before = (std::fs::read(&path).unwrap(), std::fs::read(&log_path).unwrap());
    let refused = Store::open(&Url::sqlite(&path)).await.unwrap_err();
    assert_eq!(refused.code(), "schema_newer");
    assert_eq!((std::fs::read(&path).unwrap(), std::fs::read(&log_path).unwrap()), before);
}

#[tokio::test]
async fn edited_migration_is_refused() {
    on_both_migrated(async |store, _| {
        run(&store, &Sql::Both("UPDATE schema_migration SET checksum = 'other' WHERE version = 1"))
            .await
            .unwrap();
        assert!(matches!(store.migrate().await, Err(Error::SchemaChanged { version: 1 })));
    })
    .await;
}

#[test]
fn every_file_is_in_the_list() {
    for backend in ["sqlite", "postgres"] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(backend);
        let listed: BTreeSet<String> = MIGRATIONS
            .iter()
            .map(|migration| format!("{:04}_{}.sql", migration.version, migration.name))
            .collect();
        assert_eq!(names_in(&directory), listed);
    }
}

#[test]
fn versions_count_from_one() {
    let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    let wanted: Vec<i64> = (1..).take(versions.len()).collect();
    assert_eq!(versions, wanted);
}

#[tokio::test]
async fn migrations_agree() {
    // The catalogues have nothing in common.
    const COLUMNS: Sql = Sql::Per {
        sqlite: "SELECT t.name, c.name, c.type, c.\"notnull\" = 1 OR c.pk > 0
            FROM sqlite_schema t JOIN pragma_table_info(t.name) c
            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1, 2",
        postgres: "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
            FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2",
    };
    const KEYS: Sql = Sql::Per {
        sqlite: "SELECT t.name, k.\"from\", k.\"table\", k.on_delete
            FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table' ORDER BY 1, 2",
        postgres: "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text,
                CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END
            FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) AS key (number)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = key.number
            WHERE c.contype = 'f' ORDER BY 1, 2",
    };
    const INDEXES: Sql = Sql::Per {
        sqlite: "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
        postgres:
            "SELECT tablename::text, indexname::text FROM pg_indexes WHERE schemaname = current_schema()
            AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'",
    };
    let mut schemas = Vec::new();
    for url in support::databases() {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        let schema = store.read(|tx| {
            let mut schema = BTreeSet::new();
            schema.extend(tx.query(&COLUMNS, &[], |row| {
                let (kind, is_required) = (row.text(2)?.to_uppercase(), row.get::<bool>(3)?);
                Ok(format!("{}.{} {kind} required {is_required}", row.text(0)?, row.text(1)?))
            })?);
            schema.extend(tx.query(&KEYS, &[], |row| {
                Ok(format!("{}.{} -> {} {}", row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?))
            })?);
            schema.extend(
                tx.query(&INDEXES, &[], |row| Ok(format!("{} index {}", row.text(0)?, row.text(1)?)))?,
            );
            Ok(schema)
        });
        schemas.push(schema.await.unwrap());
    }
    let different: Vec<_> = schemas[0].symmetric_difference(&schemas[1]).collect();
    assert!(different.is_empty(), "{different:#?}");
}

#[tokio::test]
async fn text_is_ordered_by_bytes_in_every_table() {
    const LINGUISTIC: Sql = Sql::Both(
        "SELECT table_name::text || '.' || column_name::text FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
            AND table_name <> 'schema_migration' ORDER BY 1",
    );
    let store = open(&support::postgres_url()).await;
    store.migrate().await.unwrap();
    let columns = store.read(|tx| tx.query(&LINGUISTIC, &[], |row| row.get::<String>(0))).await;
    assert_eq!(columns.unwrap(), [""; 0]);
}

#[tokio::test]
async fn check_finds_nothing_in_a_good_database() {
    on_both_migrated(async |store, _| {
        assert_eq!(store.check().await.unwrap(), []);
    })
    .await;
}

async fn check_finds(damage: &'static [Sql], code: &str, part: &str) {
    on_both_migrated(async |store, _| {
        for sql in damage {
            store.write(|tx| tx.execute(sql, &[])).await.unwrap();
        }
        let findings: Vec<Finding> = store.check().await.unwrap();
        let found = findings.iter().any(|finding| finding.code == code && finding.message.contains(part));
        assert!(found, "{findings:?}");
    })
    .await;
}

#[tokio::test]
async fn check_finds_a_missing_index() {
    check_finds(&[Sql::Both("DROP INDEX job_ready")], "schema_missing", "index job_ready").await;
}

#[tokio::test]
async fn check_finds_an_additional_column() {
    const ADD: Sql = Sql::Both("ALTER TABLE athlete ADD COLUMN colour TEXT");
    // SQLite knows a table by its text, PostgreSQL each column by its own.
    for (url, code) in support::databases().iter().zip(["schema_different", "schema_unexpected"]) {
        let store = open(url).await;
        store.migrate().await.unwrap();
        run(&store, &ADD).await.unwrap();
        let findings = store.check().await.unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].code, code);
        assert!(findings[0].message.contains("athlete"), "{findings:?}");
    }
}

#[tokio::test]
async fn check_finds_a_table_of_somebody_else() {
    check_finds(&[Sql::Both("CREATE TABLE visitor (id BIGINT)")], "schema_unexpected", "visitor").await;
}

#[tokio::test]
async fn check_finds_pending_migrations() {
    for url in support::databases() {
        let findings = open(&url).await.check().await.unwrap();
        assert_eq!(
            findings.iter().filter(|finding| finding.code == "schema_pending").count(),
            MIGRATIONS.len()
        );
    }
}

#[tokio::test]
async fn check_finds_rows_that_refer_to_nothing() {
    const ORPHAN: Sql =
        Sql::Both("INSERT INTO stale_day (athlete, from_date) VALUES ('nobody', '2026-01-01')");
    let sqlite = support::sqlite_url();
    let store = open(&sqlite).await;
    store.migrate().await.unwrap();
    let connection = rusqlite::Connection::open(sqlite.trim_start_matches("sqlite:")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute(ORPHAN.text(store::Backend::Sqlite), []).unwrap();
    expect_orphan(&store.check().await.unwrap());

    let store = open(&support::postgres_url()).await;
    store.migrate().await.unwrap();
    let insert = |tx: &mut store::Tx<'_>| {
        tx.execute(&Sql::Both("SET LOCAL session_replication_role = replica"), &[])?;
        tx.execute(&ORPHAN, &[])
    };
    store.write(insert).await.unwrap();
    expect_orphan(&store.check().await.unwrap());
}

fn expect_orphan(findings: &[Finding]) {
    let wanted = Finding {
        code: "orphan_rows",
        message: "1 rows of stale_day refer to rows of athlete that do not exist".to_owned(),
    };
    assert_eq!(findings, [wanted]);
}

fn names_in(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
