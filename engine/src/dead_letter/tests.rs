//! Which failures become letters, and what becomes of those.

use serde_json::{Value, json};

use super::*;
use crate::rerun::Start;
use crate::run::Cause;
use crate::stage::Stage;

const ONCE: &str = "//! Fails once.\npipeline(\"once\", #{ params: #{ who: \"me\" } });\n\
    test::play([], #{ fail_first: 1 }).named(\"a\");\n";
const NEVER: &str = "//! Has no hope.\npipeline(\"never\", #{});\n\
    test::play([], #{ fail_first: 9, hopeless: true }).named(\"a\");\n";
const PANICS: &str =
    "//! Panics.\npipeline(\"panics\", #{});\ntest::play([], #{ panic: true }).named(\"a\");\n";
const WELL: &str = "//! Succeeds.\npipeline(\"well\", #{});\ntest::play([], #{}).named(\"a\");\n";
const ALL: [(&str, &str); 4] = [("once", ONCE), ("never", NEVER), ("panics", PANICS), ("well", WELL)];

async fn found(stage: &Stage, filter: Filter) -> Vec<Letter> {
    stage.store.read(move |tx| letters(tx, &filter, None, 100)).await.unwrap()
}

async fn one(stage: &Stage, id: &str) -> Letter {
    let id = id.to_owned();
    stage.store.read(move |tx| letter(tx, &id)).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failed_run_is_a_letter_once_with_its_params_and_class() {
    for stage in Stage::each(&ALL).await {
        let run = stage.enqueue("once", json!({"who": "you"}), Cause::Cli).await;
        stage.ended(&run).await;
        for pipeline in ["never", "panics", "well"] {
            stage.run(pipeline).await;
        }
        let letters = found(&stage, Filter::default()).await;
        let told: Vec<_> =
            letters.iter().map(|letter| (&*letter.pipeline, letter.error_class, letter.times)).collect();
        let expected = [
            ("panics", FailureClass::Panic, 1),
            ("never", FailureClass::Hopeless, 1),
            ("once", FailureClass::Exhausted, 1),
        ];
        assert_eq!(told, expected);
        assert_eq!((&letters[2].params, &*letters[2].error_code), (&json!({"who": "you"}), "bad_luck"));
        let panicked = Filter { code: Some("step_panicked".to_owned()), ..Filter::default() };
        assert_eq!(found(&stage, panicked).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_succeeds_closes_the_letter() {
    for stage in Stage::each(&ALL).await {
        let failed = stage.run("once").await;
        let replay = stage.engine.replay(&failed.id, None).await.unwrap();
        let same = stage.engine.replay(&failed.id, None).await.unwrap();
        assert_eq!((same.run == replay.run, same.new), (true, false));
        let run = stage.ended(&replay.run).await;
        assert_eq!((run.state, run.cause.as_str()), (RunState::Succeeded, "replay"));
        let letter = one(&stage, &failed.id).await;
        assert_eq!((letter.state, letter.replay_run), (LetterState::Replayed, Some(replay.run)));
        let closed = stage.engine.replay(&failed.id, None).await;
        assert!(matches!(closed, Err(LetterError::Closed { state: LetterState::Replayed, .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_fails_opens_one_new_letter_that_names_the_old() {
    for stage in Stage::each(&ALL).await {
        let failed = stage.run("never").await;
        let replay = stage.engine.replay(&failed.id, None).await.unwrap();
        stage.ended(&replay.run).await;
        assert_eq!(one(&stage, &failed.id).await.state, LetterState::Replayed);
        let letter = one(&stage, &replay.run).await;
        assert_eq!((letter.state, letter.times), (LetterState::Open, 2));
        assert_eq!(letter.former, Some(failed.id));
        assert_eq!(found(&stage, Filter::default()).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_answers_for_the_letter_too_and_so_does_the_retry_of_a_cancelled_one() {
    for stage in Stage::each(&ALL).await {
        let failed = stage.run("once").await;
        let first = stage.engine.rerun(&failed.id, &Start::Failed, None).await.unwrap().run;
        assert_eq!(one(&stage, &failed.id).await.replay_run.as_ref(), Some(&first));
        let under_way = stage.engine.discard(&failed.id, None).await;
        assert!(matches!(under_way, Err(LetterError::UnderWay { run, .. }) if run == first));
        stage.engine.cancel(&first).await.unwrap();
        assert_eq!(one(&stage, &failed.id).await.replay_run, None, "a cancelled retry decides nothing");
        let second = stage.engine.rerun(&first, &Start::Failed, None).await.unwrap().run;
        stage.ended(&second).await;
        let letter = one(&stage, &failed.id).await;
        assert_eq!((letter.state, letter.replay_run), (LetterState::Replayed, Some(second)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_replayed_by_pipeline_or_code_and_what_is_discarded_stays_out() {
    for stage in Stage::each(&ALL).await {
        let (first, second) = (stage.run("once").await, stage.run("never").await);
        let third = stage.run("never").await;
        let note = Some("we know".to_owned());
        let discarded = stage.engine.discard(&third.id, note.clone()).await.unwrap();
        assert_eq!((discarded.state, discarded.note), (LetterState::Discarded, note));
        let never = Filter { pipeline: Some("never".to_owned()), ..Filter::default() };
        let replayed = stage.engine.replay_all(never, None).await.unwrap();
        let told: Vec<_> = replayed.iter().map(|one| one.letter.as_str()).collect();
        assert_eq!(told, [second.id.as_str()]);
        let unlucky = Filter { code: Some("bad_luck".to_owned()), ..Filter::default() };
        let replayed = stage.engine.replay_all(unlucky, None).await.unwrap();
        let told: Vec<_> = replayed.iter().map(|one| one.letter.as_str()).collect();
        assert_eq!(told, [first.id.as_str()], "the other one is under way");
        let unknown = stage.engine.discard("nobody", None).await;
        assert!(matches!(unknown, Err(LetterError::Unknown(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_its_workers_left_again_and_again_is_a_letter() {
    for stage in Stage::each(&ALL).await {
        let run = stage.enqueue("well", Value::Null, Cause::Cli).await;
        let spoilt = store::Sql::Both("UPDATE job SET attempts = 10");
        stage.store.write(move |tx| tx.execute(&spoilt, &params![])).await.unwrap();
        stage.ended(&run).await;
        let letter = one(&stage, &run).await;
        assert_eq!((letter.error_class, &*letter.error_code), (FailureClass::Lost, "workers_lost"));
    }
}
