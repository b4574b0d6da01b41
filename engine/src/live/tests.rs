//! Following runs, on both databases and from another process than the one that executes them.

use serde_json::Value;

use super::*;
use crate::run::{Cause, RunState, StepState};
use crate::stage::Stage;

const PLAY: &str = "//! Plays.\npipeline(\"play\", #{});\n\
    let a = test::play([], #{ give: 1 }).named(\"a\");\n\
    test::play([a], #{}).named(\"b\");\n";
const HANG: &str = "//! Hangs.\npipeline(\"hang\", #{});\ntest::play([], #{ hang: true }).named(\"a\");\n";
const SCRIPTS: &[(&str, &str)] = &[("play", PLAY), ("hang", HANG)];

/// A fact as `run succeeded` or `a running`.
fn told(event: &Event) -> String {
    match &event.fact {
        Fact::Run(news) => format!("run {}", news.state.as_str()),
        Fact::Step(news) => format!("{} {}", news.step, news.state.as_str()),
        Fact::Line(line) => format!("{} says {}", line.step, line.text),
    }
}

/// What is told until the end, each with the cursor behind it.
async fn rest(mut following: Following) -> Vec<(Cursor, String)> {
    let mut all = Vec::new();
    while let Some((cursor, event)) = following.next().await.unwrap() {
        all.push((cursor, told(&event)));
    }
    all
}

/// Another process over the same database, which executes nothing.
async fn other(stage: &Stage) -> Stage {
    Stage::with(stage.store.clone(), SCRIPTS, |_| {}).await
}

async fn follow(stage: &Stage, run: &str, cursor: Cursor) -> Following {
    stage.engine.follow(run, cursor).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_follows_a_run_to_its_end() {
    for stage in Stage::each(SCRIPTS).await {
        let other = other(&stage).await;
        let run = stage.enqueue("play", Value::Null, Cause::Cli).await;
        let mut following = follow(&other, &run, Cursor::START).await;
        let (_, first) = following.next().await.unwrap().unwrap();
        assert_eq!(told(&first), "run queued");
        let rest = tokio::spawn(rest(following));
        stage.ended(&run).await;
        let rest: Vec<_> = rest.await.unwrap().into_iter().map(|(_, told)| told).collect();
        // What happens between two looks is told as it stands then.
        let ends = ["a succeeded", "b succeeded", "run succeeded"];
        assert_eq!(rest[rest.len() - 3..], ends, "{rest:?}");
        assert!(other.engine.follow(&run, Cursor::START).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_hears_only_what_is_new_and_nothing_after_the_end() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.run("play").await.id;
        let all = rest(follow(&stage, &run, Cursor::START).await).await;
        assert!(all.iter().any(|(_, told)| told == "a succeeded"), "{all:?}");
        for (place, (cursor, _)) in all.iter().enumerate() {
            let written = Cursor::parse(&cursor.to_string()).unwrap();
            assert_eq!(written, *cursor);
            let following = follow(&stage, &run, written).await;
            assert_eq!(following.has_ended(), place + 1 == all.len());
            let again = rest(following).await;
            // Steps that one commit changed are told again until all of them were.
            let missing = all[place + 1..].iter().filter(|told| !again.contains(told)).count();
            assert_eq!(missing, 0, "{place}: {again:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_follow_hear_the_same() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.enqueue("play", Value::Null, Cause::Cli).await;
        let mut all = Vec::new();
        for _ in 0..20 {
            all.push(tokio::spawn(rest(follow(&stage, &run, Cursor::START).await)));
        }
        stage.ended(&run).await;
        for rest in all {
            let rest = rest.await.unwrap();
            assert_eq!(rest.last().unwrap().1, "run succeeded");
            assert_eq!(rest.iter().filter(|(_, told)| told == "a succeeded").count(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_tells_how_its_steps_ended() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.enqueue("hang", Value::Null, Cause::Cli).await;
        let mut following = follow(&stage, &run, Cursor::START).await;
        let _working = stage.work();
        loop {
            let (_, event) = following.next().await.unwrap().unwrap();
            if matches!(&event.fact, Fact::Step(news) if news.state == StepState::Running) {
                break;
            }
        }
        stage.engine.cancel(&run).await.unwrap();
        let mut rest: Vec<_> = rest(following).await.into_iter().map(|(_, told)| told).collect();
        // Its end is written when it ends, and once more with the run.
        rest.dedup();
        assert_eq!(rest, ["a cancelled", "run cancelled"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_there_cannot_be_followed() {
    for stage in Stage::each(SCRIPTS).await {
        assert!(stage.engine.follow("unknown", Cursor::START).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_history_goes_ends_for_who_follows_it() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.enqueue("play", Value::Null, Cause::Cli).await;
        let following = follow(&stage, &run, Cursor::START).await;
        let delete = store::Sql::Both("DELETE FROM run WHERE id = $1");
        stage.store.write(move |tx| tx.execute(&delete, &store::params![&run])).await.unwrap();
        let rest = rest(following).await;
        assert_eq!(rest.last().unwrap().1, "run queued");
    }
}

/// Has the only step of a run have said so many things.
async fn said(stage: &Stage, run: &str, count: i64) {
    let run = run.to_owned();
    let sql = store::Sql::Both(
        "INSERT INTO step_log (run_id, seq, position, attempt, at_ms, level, text) \
         VALUES ($1, $2, 0, 1, 0, 'info', 'said')",
    );
    let rows = move |tx: &mut store::Tx<'_>| {
        for seq in 0..count {
            tx.execute(&sql, &store::params![&run, seq])?;
        }
        Ok(())
    };
    stage.store.write(rows).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_late_hears_many_lines_page_by_page_and_holds_few() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.run("play").await.id;
        said(&stage, &run, 300).await;
        let following = follow(&stage, &run, Cursor::START).await;
        assert!(following.held() <= 65, "{}", following.held());
        let all = rest(following).await;
        let lines = all.iter().filter(|(_, told)| told == "a says said").count();
        assert_eq!((lines, all.last().unwrap().1.as_str()), (300, "run succeeded"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_run_that_says_much_at_once_hears_all_of_it() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.enqueue("hang", Value::Null, Cause::Cli).await;
        let mut following = follow(&stage, &run, Cursor::START).await;
        let _working = stage.work();
        let mut lines = 0;
        while lines < 300 {
            let (_, event) = following.next().await.unwrap().unwrap();
            match &event.fact {
                Fact::Step(news) if news.state == StepState::Running => said(&stage, &run, 300).await,
                Fact::Line(_) => lines += 1,
                _ => {}
            }
        }
        stage.engine.cancel(&run).await.unwrap();
        assert_eq!(rest(following).await.last().unwrap().1, "run cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_database_is_not_believed() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.run("play").await.id;
        let all = rest(follow(&stage, &run, Cursor::START).await).await;
        for wrong in ["900.0.succeeded", "0.900.succeeded"] {
            let following = follow(&stage, &run, Cursor::parse(wrong).unwrap()).await;
            assert_eq!(rest(following).await, all, "{wrong}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_queued_tells_why_it_waits() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.enqueue("play", Value::Null, Cause::Cli).await;
        let mut following = follow(&stage, &run, Cursor::START).await;
        let (_, event) = following.next().await.unwrap().unwrap();
        assert!(matches!(&event.fact, Fact::Run(news) if news.waits == Some(crate::queue::Why::Ready)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_read_before_ones_own_look_tells_no_older_state() {
    for stage in Stage::each(SCRIPTS).await {
        let run = stage.enqueue("play", Value::Null, Cause::Cli).await;
        let look = facts::Look { lines: 10, now_ms: 0 };
        let asked = run.clone();
        let early = stage.store.read(move |tx| facts::since(tx, &asked, Cursor::START, look)).await.unwrap();
        stage.ended(&run).await;
        let mut following = follow(&stage, &run, Cursor::START).await;
        let mut told_states = Vec::new();
        following.take(&early.unwrap());
        while let Some((_, event)) = following.next().await.unwrap() {
            if let Fact::Run(news) = &event.fact {
                told_states.push(news.state);
            }
        }
        assert_eq!(told_states, [RunState::Succeeded]);
    }
}

#[test]
fn a_cursor_is_read_as_it_was_written() {
    let cursor = Cursor { revision: 17, seq: 203, state: Some(RunState::Running) };
    assert_eq!(cursor.to_string(), "17.203.running");
    assert_eq!(Cursor::parse("17.203.running"), Some(cursor));
    assert_eq!(Cursor::parse("0.0."), Some(Cursor::START));
    for wrong in ["", "1", "1.2", "-1.2.running", "1.2.walking", "a.b.running", "1.2.running.3"] {
        assert_eq!(Cursor::parse(wrong), None, "{wrong}");
    }
}
