//! What is kept of what a step says, and how much.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;
use tracing::{Span, debug, dispatcher, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::line::{BEYOND, LONGEST};
use super::record::Which;
use super::*;
use crate::clock::Clock;
use crate::context::StepContext;
use crate::stage::Stage;
use crate::step::{Cause, ConfigError, Step, StepError};

/// Says something in the span of an attempt while a layer listens; answers what was kept.
fn kept(say: impl FnOnce(&Sheet)) -> Vec<Line> {
    let lines = Arc::new(Lines::from(7));
    let _listening = tracing::subscriber::set_default(registry().with(layer()));
    info!("before the attempt");
    let span = info_span!("step");
    let sheet = Sheet::pin(&span, &lines, &Clock::fixed(5), (3, 2)).unwrap();
    span.in_scope(|| say(&sheet));
    lines.take()
}

/// What was kept as `level text` lines.
fn check(say: impl FnOnce(), wanted: &[&str]) {
    let told: Vec<_> =
        kept(|_| say()).iter().map(|line| format!("{} {}", line.level.as_str(), line.text)).collect();
    assert_eq!(told, wanted);
}

#[test]
fn a_line_is_its_message_with_its_fields_behind_it() {
    check(|| info!("read {} rows", 3), &["info read 3 rows"]);
    check(|| info!(rows = 3, name = "a b", "read"), &["info read rows=3 name=a b"]);
    check(|| warn!(error = %"gone", "away"), &["warn away error=gone"]);
    check(|| info!(rows = 3), &["info rows=3"]);
    check(|| debug!("a detail"), &[]);
}

#[test]
fn where_a_line_was_said_is_not_said_again() {
    check(|| info!(run.id = "x", step = "s", attempt = 1, "read"), &["info read"]);
}

#[test]
fn a_line_stays_one_line() {
    check(|| info!("two\nlines\u{1b}[2J"), &["info two lines [2J"]);
}

#[test]
fn secrets_are_masked_in_messages_and_fields() {
    mask::learn("walnut-and-quince");
    check(|| info!(token = "abc", "asked"), &["info asked token=***"]);
    check(|| info!("opened by walnut-and-quince"), &["info opened by ***"]);
}

#[test]
fn a_line_knows_its_place() {
    let lines = kept(|_| {
        info!("first");
        info_span!("deeper").in_scope(|| info!("second"));
    });
    let places: Vec<_> =
        lines.iter().map(|line| (line.seq, line.position, line.attempt, line.at_ms)).collect();
    assert_eq!(places, [(7, 3, 2, 5), (8, 3, 2, 5)]);
}

#[test]
fn a_thread_that_carries_the_span_says_its_lines_too() {
    let lines = kept(|_| {
        let (span, dispatch) = (Span::current(), dispatcher::get_default(Clone::clone));
        let other = std::thread::spawn(move || {
            dispatcher::with_default(&dispatch, || span.in_scope(|| info!("from elsewhere")));
        });
        other.join().unwrap();
    });
    assert_eq!(lines[0].text, "from elsewhere");
}

#[test]
fn of_too_many_lines_the_first_and_the_last_are_kept_and_those_that_matter() {
    let lines = kept(|sheet| {
        (0..1_100).for_each(|number| info!("line {number}"));
        (0..3).for_each(|number| warn!("warning {number}"));
        sheet.close(Some((Level::Error, "gone".to_owned())));
    });
    let text = |place: usize| lines[place].text.as_str();
    assert_eq!([text(999), text(1_000), text(1_002)], ["line 999", "warning 0", "warning 2"]);
    assert_eq!([text(1_003), text(1_004)], ["60 lines were not kept here", "line 1060"]);
    assert_eq!([text(1_043), text(1_044)], ["line 1099", "gone"]);
    assert_eq!(lines.len(), 1_045);
}

#[test]
fn a_run_that_floods_holds_little_memory_until_it_is_written() {
    let lines = kept(|sheet| {
        let text = "x".repeat(LONGEST);
        (0..900).for_each(|_| info!("{text}"));
        sheet.close(None);
    });
    let bytes: usize = lines.iter().map(|line| line.text.len()).sum();
    assert!(bytes <= (1 << 20) + 41 * LONGEST, "{bytes}");
    assert!(lines.iter().any(|line| line.text.ends_with("lines were not kept here")));
}

#[test]
fn a_line_that_is_too_long_is_cut_at_a_character() {
    let lines = kept(|_| info!("{}", "é".repeat(5_000_000)));
    let text = &lines[0].text;
    assert!(text.len() <= LONGEST + '…'.len_utf8() && text.ends_with("é…"), "{}", text.len());
}

#[test]
fn a_secret_at_the_cut_is_masked() {
    mask::learn("S3cret-at-the-cut-0001");
    let lines = kept(|_| info!("{}S3cret-at-the-cut-0001{}", "x".repeat(LONGEST - 5), "y".repeat(9_000)));
    assert!(!lines[0].text.contains("S3c"), "{}", lines[0].text);
}

#[test]
fn a_secret_at_the_cut_is_masked_however_many_stand_before_it() {
    mask::learn("S3cret-before-cut-0002");
    let before = "S3cret-before-cut-0002 ".repeat(60);
    let filler = "x".repeat(LONGEST + BEYOND - before.len() - 10);
    let lines = kept(|_| info!("{before}{filler}S3cret-before-cut-0002"));
    assert!(!lines[0].text.contains("S3c"), "{}", lines[0].text);
    assert!(lines[0].text.starts_with("*** ***") && lines[0].text.ends_with("x…"), "{}", lines[0].text);
}

#[test]
fn the_value_of_a_field_that_names_a_secret_is_not_spelled() {
    check(
        || info!(access_token = ?["abc def", "ghi"], page = 2, "asked"),
        &["info asked access_token=*** page=2"],
    );
}

#[test]
fn an_attempt_that_is_dropped_leaves_its_last_lines() {
    let lines = Arc::new(Lines::from(0));
    {
        let _listening = tracing::subscriber::set_default(registry().with(layer()));
        let span = info_span!("step");
        let _sheet = Sheet::pin(&span, &lines, &Clock::fixed(5), (3, 2)).unwrap();
        span.in_scope(|| (0..1_100).for_each(|number| info!("line {number}")));
    }
    let lines = lines.take();
    assert_eq!(lines.last().map(|line| line.text.as_str()), Some("line 1099"));
}

#[test]
fn of_a_run_that_said_enough_only_what_matters_is_kept() {
    let lines = Arc::new(Lines::from(19_990));
    let _listening = tracing::subscriber::set_default(registry().with(layer()));
    let span = info_span!("step");
    let sheet = Sheet::pin(&span, &lines, &Clock::fixed(5), (0, 1)).unwrap();
    span.in_scope(|| {
        (0..30).for_each(|number| info!("line {number}"));
        warn!("a warning");
    });
    sheet.close(None);
    let told: Vec<_> = lines.take().into_iter().map(|line| line.text).collect();
    assert_eq!((told.len(), told[9].as_str()), (12, "line 9"));
    assert_eq!(told[10..], ["a warning", "20 lines were not kept here"]);
}

#[test]
fn without_a_layer_nothing_is_kept() {
    let _deaf = tracing::subscriber::set_default(registry());
    assert!(!is_captured());
    let sheet = Sheet::pin(&info_span!("step"), &Arc::default(), &Clock::fixed(5), (0, 1));
    assert!(sheet.is_none());
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct TalkConfig {
    /// So many calls fail before one succeeds.
    fail_first: u32,
    /// Speaks on other threads.
    elsewhere: bool,
}

/// Says how often it was called.
struct Talk {
    config: TalkConfig,
    calls: AtomicU32,
}

impl Step for Talk {
    const KIND: &'static str = "test.talk";
    const ABOUT: &'static str = "Says how often it was called.";
    type Config = TalkConfig;
    type Input = ();
    type Output = Nothing;

    fn build(config: TalkConfig) -> Result<Self, ConfigError> {
        Ok(Self { config, calls: AtomicU32::new(0) })
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Nothing, StepError> {
        if self.config.elsewhere {
            let said = tokio::task::spawn_blocking(carried(|| warn!("on a thread that may block")));
            said.await.map_err(|_| StepError::Failed(Cause::new("away", "away")))?;
            ctx.commit(|_, _| {
                warn!("in a commit");
                Ok(())
            })
            .await?;
            return Ok(Nothing {});
        }
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        info!(call, "called");
        if call < self.config.fail_first {
            return Err(StepError::Failed(Cause::new("bad_luck", "bad luck")));
        }
        Ok(Nothing {})
    }
}

const TALK: &str = "//! Talks.\npipeline(\"talk\", #{});\n\
    test::talk(#{ fail_first: 1 }).named(\"a\").retry(1, \"1s\");\n";

const ELSEWHERE: &str = "//! Talks.\npipeline(\"elsewhere\", #{});\n\
    test::talk(#{ elsewhere: true }).named(\"a\");\n";

async fn lines(stage: &Stage, run: &str, which: Which) -> Vec<String> {
    let run = run.to_owned();
    let lines = stage.store.read(move |tx| record::last_lines(tx, &run, &which)).await.unwrap();
    let told = |line: record::LineRecord| {
        format!("{} {} {} {}", line.step, line.attempt, line.level.as_str(), line.text)
    };
    lines.into_iter().map(told).collect()
}

fn all() -> Which {
    Which { step: None, attempt: None, least: Level::Debug, limit: 100 }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_says_lies_beside_its_attempts() {
    // Workers have threads of their own; another test may have set the same one.
    let _ = tracing::subscriber::set_global_default(registry().with(layer()));
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let register = |registry: &mut crate::registry::Registry| registry.step::<Talk>().unwrap();
        let stage = Stage::with(store, &[("talk", TALK)], register).await;
        let run = stage.run("talk").await.id;
        let wanted = ["a 1 info called call=0", "a 1 error bad luck [bad_luck]", "a 2 info called call=1"];
        assert_eq!(lines(&stage, &run, all()).await, wanted);
        let loud = Which { least: Level::Warn, ..all() };
        assert_eq!(lines(&stage, &run, loud).await, wanted[1..2]);
        let second = Which { attempt: Some(2), step: Some("a".to_owned()), ..all() };
        assert_eq!(lines(&stage, &run, second).await, wanted[2..]);
        let last = Which { limit: 1, ..all() };
        assert_eq!(lines(&stage, &run, last).await, wanted[2..]);
        // Whoever takes a run up goes on behind what was written.
        let next = stage.store.read(move |tx| record::next_seq(tx, &run)).await.unwrap();
        assert_eq!(next, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_says_on_other_threads_is_its_own_too() {
    // The threads of the store are nobody's in particular.
    let _ = tracing::subscriber::set_global_default(registry().with(layer()));
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let register = |registry: &mut crate::registry::Registry| registry.step::<Talk>().unwrap();
        let stage = Stage::with(store, &[("elsewhere", ELSEWHERE)], register).await;
        let run = stage.run("elsewhere").await.id;
        let wanted = ["a 1 warn on a thread that may block", "a 1 warn in a commit"];
        assert_eq!(lines(&stage, &run, all()).await, wanted);
    }
}
