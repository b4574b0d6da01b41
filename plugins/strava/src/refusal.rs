//! What an answer without facts asks for, by what is to be done.

use engine::http::Answer;
use serde_json::Value;

/// Whatever is longer is no error of Strava's.
const ERROR_BYTES: usize = 64 << 10;

/// Why nothing was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The token is not taken.
    Token,
    /// What was granted does not cover it.
    Scope,
    /// The application is switched off.
    Inactive,
    /// The application has as many athletes as it may.
    TooManyAthletes,
    NotEntitled,
    Gone,
    /// A window of the quota is spent.
    Spent,
    /// Strava fails at this one thing, and not at others.
    Faulty,
    /// The question is wrong, and will be.
    Wrong,
    /// Strava is in trouble, or something between it and us.
    Trouble,
}

impl Refusal {
    /// What an answer refuses; nothing where it may hold facts.
    pub(crate) fn of(answer: &Answer) -> Option<Self> {
        let is_json = answer.content_type == "application/json" || answer.content_type.ends_with("+json");
        let is_short = answer.status != 200 && answer.body.len() <= ERROR_BYTES;
        let body: Value =
            serde_json::from_slice(if is_short { &answer.body } else { &[] }).unwrap_or_default();
        // A proxy, or an address that is wrong, does not find anything either.
        let is_told = is_json && ["message", "errors"].iter().any(|name| body.get(name).is_some());
        let says = |resource: &str, code: &str| says(&body, resource, code);
        Some(match answer.status {
            // A page of a proxy is no answer of Strava's.
            200 if is_json => return None,
            200 => Self::Trouble,
            401 | 403 if says("AccessToken", "missing") => Self::Scope,
            401 => Self::Token,
            402 => Self::NotEntitled,
            403 if says("Application", "Inactive") => Self::Inactive,
            403 if told(&body).contains("connected athletes") => Self::TooManyAthletes,
            404 if is_told => Self::Gone,
            429 => Self::Spent,
            400 | 403 | 405..=428 | 430..=499 => Self::Wrong,
            500 if body.get("message").and_then(Value::as_str) == Some("error") => Self::Faulty,
            _ => Self::Trouble,
        })
    }
}

/// True where the body names that resource and that code.
fn says(body: &Value, resource: &str, code: &str) -> bool {
    let errors = body.get("errors").and_then(Value::as_array).into_iter().flatten();
    let is = |error: &Value, name: &str, wanted: &str| {
        error.get(name).and_then(Value::as_str).is_some_and(|word| word.eq_ignore_ascii_case(wanted))
    };
    errors.into_iter().any(|error| is(error, "resource", resource) && is(error, "code", code))
}

/// The message in small letters; `errors` may be a text too.
fn told(body: &Value) -> String {
    let texts = ["message", "errors"].into_iter().filter_map(|name| body.get(name).and_then(Value::as_str));
    texts.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, wanted: Option<Refusal>) {
        let content_type = if body.starts_with('<') { "text/html" } else { "application/json" };
        let (content_type, body) = (content_type.to_owned(), body.as_bytes().to_vec());
        let answer = Answer { status, content_type, body, ..Answer::default() };
        assert_eq!(Refusal::of(&answer), wanted, "{status}");
    }

    fn error(resource: &str, field: &str, code: &str) -> String {
        format!(
            r#"{{"message":"x","errors":[{{"resource":"{resource}","field":"{field}","code":"{code}"}}]}}"#
        )
    }

    #[test]
    fn what_is_to_be_done_follows_from_status_and_body() {
        check(200, "[]", None);
        check(401, &error("Athlete", "access_token", "invalid"), Some(Refusal::Token));
        for status in [401, 403] {
            let missing = error("AccessToken", "activity:read_permission", "missing");
            check(status, &missing, Some(Refusal::Scope));
        }
        check(402, "", Some(Refusal::NotEntitled));
        check(403, &error("Application", "Status", "Inactive"), Some(Refusal::Inactive));
        check(403, r#"{"message":"Limit of connected athletes exceeded"}"#, Some(Refusal::TooManyAthletes));
        check(404, &error("Activity", "id", "invalid"), Some(Refusal::Gone));
        check(400, &error("Application", "after", "future"), Some(Refusal::Wrong));
        let spent = r#"{"errors":"Rate Limit Exceeded","status":429,"message":"Too Many Requests"}"#;
        check(429, spent, Some(Refusal::Spent));
    }

    #[test]
    fn one_bad_thing_is_not_a_bad_service() {
        check(500, r#"{"message":"error"}"#, Some(Refusal::Faulty));
        check(500, "<html>", Some(Refusal::Trouble));
        check(404, "<html>", Some(Refusal::Trouble));
        check(404, "{}", Some(Refusal::Trouble));
        check(404, "", Some(Refusal::Trouble));
        check(404, &format!(r#"{{"message":"{}"}}"#, "x".repeat(ERROR_BYTES)), Some(Refusal::Trouble));
        check(502, "<html>", Some(Refusal::Trouble));
        check(200, "<html>", Some(Refusal::Trouble));
        check(302, "", Some(Refusal::Trouble));
    }
}
