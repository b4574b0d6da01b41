//! What is deleted and what stays, on both databases.

use store::{Backend, Sql, params};

use super::*;
use crate::stage::{NOW_MS, Stage};

const WELL: &str = "//! Succeeds.\npipeline(\"well\", #{});\ntest::play([], #{}).named(\"a\");\n";
const NEVER: &str = "//! Has no hope.\npipeline(\"never\", #{});\n\
    test::play([], #{ fail_first: 9, hopeless: true }).named(\"a\");\n";
const KEEP: Keep = Keep { succeeded_days: 10, failed_days: 100 };

/// Makes a run one that ended so many days ago.
async fn age(stage: &Stage, run: &str, days: i64) {
    let (run, at_ms) = (run.to_owned(), NOW_MS - days * 86_400_000);
    let sql = Sql::Both("UPDATE run SET finished_ms = $2 WHERE id = $1");
    stage.store.write(move |tx| tx.execute(&sql, &params![&run, at_ms])).await.unwrap();
}

/// Has a step of the run have said something.
async fn said(stage: &Stage, run: &str) {
    let run = run.to_owned();
    let sql = Sql::Both(
        "INSERT INTO step_log (run_id, seq, position, attempt, at_ms, level, text) \
         VALUES ($1, 0, 0, 1, 0, 'info', 'said')",
    );
    stage.store.write(move |tx| tx.execute(&sql, &params![&run])).await.unwrap();
}

async fn is_there(stage: &Stage, run: &str) -> bool {
    let run = run.to_owned();
    stage.store.read(move |tx| crate::run::record::run(tx, &run)).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_go_with_their_steps_except_the_newest_success_and_what_is_not_decided() {
    for stage in Stage::each(&[("well", WELL), ("never", NEVER)]).await {
        let (old, newest) = (stage.run("well").await.id, stage.run("well").await.id);
        let (open, closed) = (stage.run("never").await.id, stage.run("never").await.id);
        let recent = stage.run("never").await.id;
        stage.engine.discard(&closed, None).await.unwrap();
        stage.engine.discard(&recent, None).await.unwrap();
        for (run, days) in [(&old, 12), (&newest, 11), (&open, 101), (&closed, 101), (&recent, 99)] {
            age(&stage, run, days).await;
            said(&stage, run).await;
        }
        assert_eq!(stage.engine.forget_history(&KEEP).await.unwrap(), Some(2));
        let mut there = Vec::new();
        for run in [&old, &newest, &open, &closed, &recent] {
            there.push(is_there(&stage, run).await);
        }
        assert_eq!(there, [false, true, true, false, true]);
        assert_eq!(stage.count("SELECT COUNT(*) FROM step_run").await, 3, "steps go with their run");
        assert_eq!(stage.count("SELECT COUNT(*) FROM step_log").await, 3, "and so does what they said");
        assert_eq!(stage.count("SELECT COUNT(*) FROM dead_letter").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_deleted_at_most_once_an_hour_whoever_asks() {
    for stage in Stage::each(&[("well", WELL)]).await {
        assert_eq!(stage.engine.forget_history(&KEEP).await.unwrap(), Some(0));
        assert_eq!(stage.engine.forget_history(&KEEP).await.unwrap(), None);
        let hour = Sql::Both("UPDATE upkeep SET done_ms = done_ms - 3600000");
        stage.store.write(move |tx| tx.execute(&hour, &params![])).await.unwrap();
        assert_eq!(stage.engine.forget_history(&KEEP).await.unwrap(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_success_of_each_partition_stays() {
    for stage in Stage::each(&[("well", WELL)]).await {
        let mut runs = Vec::new();
        for (partition, days) in [("me", 12), ("me", 11), ("other", 40), ("other", 50), ("me", 30)] {
            let run = stage.run("well").await.id;
            let (id, sql) = (run.clone(), Sql::Both("UPDATE run SET partition = $2 WHERE id = $1"));
            stage.store.write(move |tx| tx.execute(&sql, &params![&id, partition])).await.unwrap();
            age(&stage, &run, days).await;
            runs.push(run);
        }
        assert_eq!(stage.engine.forget_history(&KEEP).await.unwrap(), Some(3));
        let mut there = Vec::new();
        for run in &runs {
            there.push(is_there(&stage, run).await);
        }
        assert_eq!(there, [false, true, true, false, false]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_old_run_is_compared_with_all_that_came_after_it() {
    for stage in Stage::each(&[("well", WELL)]).await {
        let backend = stage.store.backend();
        // The plan of the server depends on how many rows there are.
        if backend != Backend::Sqlite {
            continue;
        }
        let text = format!("EXPLAIN QUERY PLAN {}", retention::DELETE_RUNS.text(backend));
        let explain = Sql::Both(Box::leak(text.into_boxed_str()));
        let plan = stage
            .store
            .read(move |tx| tx.query(&explain, &params![0_i64, 0_i64, 0_i64], |row| row.get::<String>(3)));
        let plan = plan.await.unwrap();
        let for_each_run = plan.iter().filter(|line| line.contains("CORRELATED")).count();
        assert_eq!(for_each_run, 1, "its dead letter alone is looked for: {plan:#?}");
    }
}
