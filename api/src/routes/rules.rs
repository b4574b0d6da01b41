//! Rules: which there are, what they were before, and what one would have said.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::script::rule::{self, Listed};
use engine::script::version::{self, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::body;
use crate::diagnostic::{self, Diagnostic};
use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::Segment;
use crate::query::Params;
use crate::routes::insights::{self, DraftRule};
use crate::state::Shared;

const BACKTEST: &str = "insights.backtest";
const PATTERN: &str = "rules/*.rhai";

/// A rule that is in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    name: String,
    /// The first line of its file.
    about: String,
    path: String,
    /// Which text of it is in force.
    version: String,
    /// Where its advice begins; absent where it does not compile.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// The figures of a day that it reads.
    inputs: Vec<String>,
    /// What is wrong with the file as it lies. Where an earlier text was in order, that one is in force.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Diagnostic>,
}

/// A text that a rule had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleVersion {
    version: String,
    /// From when on it was in force, in epoch milliseconds.
    since_ms: i64,
    lines: usize,
    text: String,
}

/// Lists the rules in force.
#[utoipa::path(
    get, path = "/rules", tag = "athlete", operation_id = "list_rules",
    responses(
        (status = 200, description = "The rules, by name", body = Page<Rule>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Page<Rule>>, Error> {
    let engine = &shared.state.engine;
    let (library, mistakes) = (engine.library(), engine.script_errors());
    // A rule is compiled by script code: not on a worker of the runtime.
    let listed = tokio::task::spawn_blocking(move || rule::listed(&library, PATTERN)).await;
    let listed = listed.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Json(Page::whole(listed.into_iter().map(|rule| Rule::of(rule, &mistakes)).collect())))
}

/// Lists every text that a rule had while it was in force, the newest first.
#[utoipa::path(
    get, path = "/rules/{name}/versions", tag = "athlete", operation_id = "list_rule_versions",
    params(("name" = String, Path, description = "The name of its file without ending")),
    responses(
        (status = 200, description = "Its versions", body = Page<RuleVersion>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn versions(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    _: Params<()>,
) -> Result<Json<Page<RuleVersion>>, Error> {
    let path = version::rule_path(&name);
    let versions = shared.store().read(move |tx| version::list(tx, &path)).await?;
    if versions.is_empty() {
        return Err(Error::NotFound(format!("version of a rule `{name}`")));
    }
    Ok(Json(Page::whole(versions.into_iter().map(RuleVersion::from).collect())))
}

/// Which rule to test, and on which days.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backtest {
    /// The name of a rule in force; this or a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// A rule that is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<DraftRule>,
    /// As `2024-01-01`; the first day that is known, if not given. At most 3,660 days are tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    from: Option<String>,
    /// As `2026-07-31`; today, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    to: Option<String>,
    /// The version to tell the difference from; of a draft the rule in force, else the former one, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    against: Option<String>,
}

/// Tells on which past days a rule would speak, whom it would outweigh, and what followed. Nothing is kept.
#[utoipa::path(
    post, path = "/rules/backtest", tag = "athlete", operation_id = "backtest_rule",
    request_body(content = Backtest),
    responses(
        (status = 200, description = "The days, the difference, what followed, and the conflicts", body = Object),
        (status = 422, description = "The draft has mistakes: the first as code and message, all as details", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn backtest(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(asked): body::Json<Backtest>,
) -> Result<Json<Value>, Error> {
    let params = serde_json::to_value(asked).map_err(|error| Error::Internal(error.to_string()))?;
    // A test keeps a core busy.
    let permit = Arc::clone(&shared.checks).acquire_owned().await;
    let permit = permit.map_err(|closed| Error::Internal(closed.to_string()))?;
    // It goes on where the one who asked has gone, and so does its permit.
    let asked = tokio::spawn(async move {
        let _permit = permit;
        insights::answer(&shared, BACKTEST, params).await
    });
    asked.await.map_err(|error| Error::Internal(error.to_string()))?.map(Json)
}

impl Rule {
    fn of(listed: Listed, mistakes: &[engine::script::Diagnostic]) -> Self {
        let Listed { id, about, path, version, line, inputs, errors } = listed;
        let lying: Vec<_> = mistakes.iter().filter(|mistake| mistake.path == path).cloned().collect();
        let errors = diagnostic::all(if lying.is_empty() { &errors } else { &lying });
        Self { name: id, about, path, version, line, inputs, errors }
    }
}

impl From<Version> for RuleVersion {
    fn from(Version { since_ms, hash, text }: Version) -> Self {
        Self { version: version::short(&hash).to_owned(), since_ms, lines: text.lines().count(), text }
    }
}
