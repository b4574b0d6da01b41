//! What a failed command says: one line, its code, and what to do next.

use std::fmt;
use std::io;

use engine::backfill::BackfillError;
use engine::dead_letter::LetterError;
use engine::pool::PoolError;
use engine::rerun::RerunError;
use engine::{EnqueueError, PauseError, PlanError};
use serde_json::{Value, json};

/// The command did what was asked.
pub(crate) const DONE: u8 = 0;
/// It failed.
pub(crate) const FAILED: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// A setting is wrong, or the database does not fit this program.
pub(crate) const CONFIG: u8 = 78;

/// A failure whose code and words are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) message: String,
    /// What the user can do about it.
    pub(crate) hint: Option<String>,
    pub(crate) exit: u8,
}

impl Problem {
    /// A failure with exit code 1 and no hint.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: None, exit: FAILED }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What an error of any kind says to the user.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(problem) = error.downcast_ref::<Self>() {
            return problem.clone();
        }
        if let Some(store) = error.chain().find_map(|cause| cause.downcast_ref::<store::Error>()) {
            return of_store(store, chain(error));
        }
        if let Some(plan) = error.chain().find_map(plan_error) {
            return of_plan(plan);
        }
        if let Some(note @ PauseError::Note) = error.chain().find_map(|cause| cause.downcast_ref()) {
            return Self { exit: USAGE, ..Self::new("invalid_parameter", note.to_string()) };
        }
        if let Some(key @ EnqueueError::Key) = error.chain().find_map(|cause| cause.downcast_ref()) {
            return Self { exit: USAGE, ..Self::new("invalid_parameter", key.to_string()) };
        }
        if let Some(EnqueueError::Params(message)) = error.chain().find_map(|cause| cause.downcast_ref()) {
            return Self { exit: USAGE, ..Self::new("invalid_parameter", message) };
        }
        if let Some(rerun) = error.downcast_ref::<RerunError>() {
            return of_rerun(rerun);
        }
        if let Some(code) = error.downcast_ref::<LetterError>().and_then(LetterError::code) {
            return Self::new(code, chain(error)).hint("`paceline dead-letters` lists those that are open");
        }
        if let Some(pool @ PoolError::Unknown { .. }) = error.downcast_ref::<PoolError>() {
            let problem = Problem { exit: USAGE, ..Self::new("pool_unknown", pool.to_string()) };
            return problem.hint("`paceline pools` lists them");
        }
        if let Some(backfill) = error.downcast_ref::<BackfillError>() {
            return of_backfill(backfill);
        }
        Self::new("failed", chain(error))
    }

    /// The object that a program reads on stdout.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "error": { "code": self.code, "message": self.message } })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.message.starts_with(&self.code) {
            write!(f, " [{}]", self.code)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// True where nobody reads the output any more, as behind `| head`.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref().map(io::Error::kind);
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}

fn plan_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a PlanError> {
    cause.downcast_ref().or_else(|| match cause.downcast_ref() {
        Some(EnqueueError::Plan(plan)) => Some(plan),
        _ => None,
    })
}

fn of_plan(error: &PlanError) -> Problem {
    let message = first_line(&error.to_string());
    match error {
        PlanError::Unknown { .. } => Problem { exit: USAGE, ..Problem::new("not_found", message) },
        PlanError::Invalid { .. } => Problem::new("pipeline_invalid", message)
            .hint("`paceline check` shows every mistake with its place"),
    }
}

fn of_rerun(error: &RerunError) -> Problem {
    let problem = Problem::new(error.code(), error.to_string());
    match error {
        RerunError::Unknown(_) => problem.hint("`paceline runs` lists them"),
        RerunError::Unfinished(run) => problem.hint(format!("`paceline runs cancel {run}` stops it")),
        RerunError::Part { parent, .. } => {
            problem.hint(format!("`paceline runs retry {parent}` runs again what failed of it"))
        }
        RerunError::Nothing(run) => {
            problem.hint(format!("`paceline runs rerun {run} --from STEP` runs a part of it again"))
        }
        RerunError::Step { .. } => Problem { exit: USAGE, ..problem },
        RerunError::Plan { .. } => problem.hint("`paceline run` starts the pipeline anew"),
        RerunError::Store(_) => problem,
    }
}

fn of_backfill(error: &BackfillError) -> Problem {
    let problem = Problem::new(error.code(), error.to_string());
    match error {
        BackfillError::Unknown(_) => problem.hint("`paceline backfill list` lists them"),
        BackfillError::Size(_) | BackfillError::Range { .. } | BackfillError::Item { .. } => {
            Problem { exit: USAGE, ..problem }
        }
        BackfillError::Over(_) | BackfillError::Store(_) => problem,
    }
}

fn of_store(error: &store::Error, message: String) -> Problem {
    use store::Error as E;
    let problem = Problem::new(error.code(), message);
    match error {
        E::SchemaNewer { found, know } => Problem {
            message: format!(
                "schema_newer (found {found}, know {know}): a newer Paceline has used this database"
            ),
            exit: CONFIG,
            ..problem.hint("install that version again, or restore a backup from before; nothing was changed")
        },
        E::ReadOnly(path) => Problem {
            message: format!("storage_read_only {path}"),
            exit: CONFIG,
            ..problem.hint("check the owner and the permissions of the data folder, FITNESS_DATA_DIR")
        },
        E::SchemaChanged { .. } | E::Config(_) => Problem { exit: CONFIG, ..problem },
        E::Unavailable { .. } => problem.hint("check FITNESS_DB_URL, and that the server runs"),
        E::Retry(_) => problem.hint("another process is writing; nothing was changed, so try again"),
        E::Full(_) => problem.hint("free some space; nothing is damaged"),
        E::Corrupt(_) => problem.hint("keep a copy; `paceline db check` says how far the damage goes"),
        _ => problem,
    }
}

/// All messages of a chain in one line; one that repeats its source counts once.
fn chain(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for message in error.chain().map(|cause| first_line(&cause.to_string())) {
        if line.ends_with(&message) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&message);
    }
    line
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn check(error: &anyhow::Error, exit: u8, wanted: &str) {
        let problem = Problem::of(error);
        assert_eq!((problem.exit, problem.to_string().as_str()), (exit, wanted));
    }

    #[test]
    fn a_newer_database_is_named_by_its_versions() {
        let error = anyhow!(store::Error::SchemaNewer { found: 12, know: 9 });
        check(&error, 78, "schema_newer (found 12, know 9): a newer Paceline has used this database");
    }

    #[test]
    fn a_read_only_folder_is_named() {
        let error = anyhow!(store::Error::ReadOnly("/srv/data".to_owned()));
        check(&error, 78, "storage_read_only /srv/data");
    }

    #[test]
    fn a_chain_is_one_line_with_the_code() {
        let error =
            Err::<(), _>(store::Error::Retry("worker 7".to_owned())).context("cannot list runs").unwrap_err();
        check(&error, 1, "cannot list runs: the database is busy: worker 7 [store_busy]");
    }

    #[test]
    fn a_message_that_repeats_its_source_counts_once() {
        let source = io::Error::other("no such thing");
        check(&anyhow!(store::Error::abort(source)), 1, "no such thing [store_aborted]");
    }

    #[test]
    fn an_unknown_pipeline_is_a_wrong_command_line() {
        let error = PlanError::Unknown { name: "x".to_owned(), known: "`daily`".to_owned() };
        check(&anyhow!(error), 2, "there is no pipeline `x`, only `daily` [not_found]");
    }

    #[test]
    fn a_program_reads_code_and_message() {
        let problem = Problem::new("store_busy", "later");
        assert_eq!(problem.to_json().to_string(), r#"{"error":{"code":"store_busy","message":"later"}}"#);
    }
}
