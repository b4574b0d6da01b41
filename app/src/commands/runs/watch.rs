//! A run that is followed while it happens: a line for each thing.

use engine::Engine;
use engine::live::{Cursor, Fact, Following, RunNews, StepNews};
use engine::run::{RunState, StepState};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{card, said};
use crate::cli::Form;
use crate::table::{width, wrapped};
use crate::{output, units};

/// Tells what happens to a run until its end, or until Ctrl-C, which only ends the looking. Answers how the run stood
/// when it was last told.
pub(super) async fn follow(
    engine: &Engine,
    run: &str,
    (form, zone): (Form, &TimeZone),
) -> anyhow::Result<Option<RunState>> {
    let Some(following) = engine.follow(run, Cursor::START).await? else { return Ok(None) };
    tokio::select! {
        told = tell(following, form, zone) => told,
        pressed = tokio::signal::ctrl_c() => {
            pressed?;
            Ok(None)
        }
    }
}

async fn tell(mut following: Following, form: Form, zone: &TimeZone) -> anyhow::Result<Option<RunState>> {
    let mut state = None;
    // Grows with the names that are met.
    let mut name_width = 0;
    while let Some((cursor, event)) = following.next().await? {
        if let Fact::Run(news) = &event.fact {
            state = Some(news.state);
        }
        if form.json {
            output::json(&object(cursor, &event.fact)?)?;
            continue;
        }
        if let Fact::Step(news) = &event.fact {
            name_width = name_width.max(width(&news.step));
        }
        if let Some(line) = line(&event.fact, name_width, zone) {
            output::line(line)?;
        }
    }
    Ok(state)
}

/// The fact as the API tells it, with its name and its id.
fn object(cursor: Cursor, fact: &Fact) -> serde_json::Result<Value> {
    let (event, data) = match fact {
        Fact::Run(news) => ("run", serde_json::to_value(news)?),
        Fact::Step(news) => ("step", serde_json::to_value(news)?),
        Fact::Line(line) => ("line", serde_json::to_value(line)?),
    };
    Ok(json!({ "event": event, "id": cursor.to_string(), "data": data }))
}

fn line(fact: &Fact, name_width: usize, zone: &TimeZone) -> Option<String> {
    match fact {
        Fact::Run(news) => Some(of_run(news, name_width, zone)),
        Fact::Step(news) => of_step(news, name_width, zone),
        Fact::Line(line) => Some(said::told(line, name_width, zone)),
    }
}

fn of_run(news: &RunNews, name_width: usize, zone: &TimeZone) -> String {
    let at_ms = news.finished_ms.or(news.started_ms);
    let took = news.started_ms.zip(news.finished_ms).map(|(from, to)| units::took(from, to));
    let after = took.map(|took| format!(" after {took}")).unwrap_or_default();
    let why = because(news.error.as_deref(), news.error_code.as_deref());
    let waits = news.waits.as_ref().map(|why| format!(", waits {}", card::waits(why, &[], zone)));
    let text = format!("{}{after}{why}{}", news.state.as_str(), waits.unwrap_or_default());
    under(at_ms, ("run", name_width), &text, zone)
}

/// What became of a step; one that waits for its turn is no news.
fn of_step(news: &StepNews, name_width: usize, zone: &TimeZone) -> Option<String> {
    let why = because(news.error.as_deref(), news.error_code.as_deref());
    let took = news.started_ms.zip(news.finished_ms).map(|(from, to)| units::took(from, to));
    let after = took.map(|took| format!(" after {took}")).unwrap_or_default();
    let text = match news.state {
        StepState::Pending => return None,
        StepState::Running => format!("running, attempt {}", news.attempts),
        StepState::Succeeded if news.reused_from.is_some() => "reused".to_owned(),
        StepState::Waiting | StepState::Skipped => format!("{}{why}", news.state.as_str()),
        _ => format!("{}{after}{why}", news.state.as_str()),
    };
    Some(under(news.finished_ms.or(news.attempt_ms), (&news.step, name_width), &text, zone))
}

fn because(error: Option<&str>, code: Option<&str>) -> String {
    let code = code.map(|code| format!(" [{code}]")).unwrap_or_default();
    error.map(|error| format!(": {error}{code}")).unwrap_or_default()
}

fn under(at_ms: Option<i64>, (name, name_width): (&str, usize), text: &str, zone: &TimeZone) -> String {
    let clock = at_ms.map(|at_ms| said::clock(at_ms, zone)).unwrap_or_default();
    let label = format!("{clock:<8}  {name:<name_width$}  ");
    wrapped(&label, text, width(&label))
}

#[cfg(test)]
mod tests {
    use engine::queue::Why;

    use super::*;

    const START_MS: i64 = 1_709_335_800_000;

    fn step(state: StepState) -> StepNews {
        StepNews {
            step: "days".to_owned(),
            kind: "rollup.days".to_owned(),
            state,
            attempts: 2,
            started_ms: Some(START_MS),
            attempt_ms: Some(START_MS + 1_000),
            finished_ms: Some(START_MS + 4_200),
            meters: Default::default(),
            error_code: None,
            error: None,
            reused_from: None,
        }
    }

    fn check(news: StepNews, wanted: Option<&str>) {
        assert_eq!(line(&Fact::Step(news), 6, &TimeZone::UTC).as_deref(), wanted);
    }

    #[test]
    fn a_step_says_what_became_of_it() {
        let running = StepNews { finished_ms: None, ..step(StepState::Running) };
        check(running, Some("23:30:01  days    running, attempt 2"));
        check(step(StepState::Succeeded), Some("23:30:04  days    succeeded after 4.2 s"));
        let failed = StepNews {
            error: Some("bad luck".to_owned()),
            error_code: Some("bad_luck".to_owned()),
            ..step(StepState::Failed)
        };
        check(failed, Some("23:30:04  days    failed after 4.2 s: bad luck [bad_luck]"));
        check(step(StepState::Pending), None);
    }

    #[test]
    fn a_run_says_how_it_ended() {
        let news = RunNews {
            run: "0199".to_owned(),
            state: RunState::Succeeded,
            started_ms: Some(START_MS),
            finished_ms: Some(START_MS + 900),
            error_code: None,
            error: None,
            waits: None,
        };
        let told = line(&Fact::Run(news.clone()), 4, &TimeZone::UTC);
        assert_eq!(told.as_deref(), Some("23:30:00  run   succeeded after 900 ms"));
        let waits = Some(Why::Locked { by: "0198".to_owned() });
        let queued = RunNews { state: RunState::Queued, started_ms: None, finished_ms: None, waits, ..news };
        let told = line(&Fact::Run(queued), 4, &TimeZone::UTC).unwrap();
        assert!(told.contains("queued, waits for run 0198"), "{told}");
    }
}
