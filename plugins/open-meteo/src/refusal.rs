//! What an answer without weather asks for.

use std::time::Duration;

use engine::http::Answer;
use fitness::records::weather_quota::Span;
use serde::Deserialize;

/// The longest reason that is repeated.
const REASON_CHARACTERS: usize = 200;
/// How long somebody else's request is waited for, where only one may run.
const CROWDED: Duration = Duration::from_secs(5);
/// The longest that a `Retry-After` is heeded.
const PATIENCE_MOST: Duration = Duration::from_secs(24 * 3600);

/// Why there is no weather, by what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The window of the quota is spent, by whoever shares the address.
    Spent(Span),
    /// Wait so long.
    Busy(Duration),
    /// Something in the question is wrong, and will be.
    Wrong(String),
    /// The key is not taken.
    Key(String),
    /// The service is in trouble, or something between it and us.
    Trouble(String),
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    error: bool,
    #[serde(default)]
    reason: String,
}

impl Refusal {
    /// What an answer refuses; nothing where it may hold weather.
    pub(crate) fn of(answer: &Answer) -> Option<Self> {
        let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
        let reason = body.as_ref().filter(|body| body.error || !body.reason.is_empty()).map(|body| {
            let text: String = body.reason.chars().filter(|letter| !letter.is_control()).collect();
            text.chars().take(REASON_CHARACTERS).collect::<String>()
        });
        let told = reason.clone().unwrap_or_else(|| format!("status {}", answer.status));
        Some(match answer.status {
            200 if reason.is_none() => return None,
            200 => Self::Trouble(told),
            400 if reason.as_deref().is_some_and(|reason| reason.to_lowercase().contains("api key")) => {
                Self::Key(told)
            }
            400 if reason.is_some() => Self::Wrong(told),
            401 | 403 => Self::Key(told),
            429 => match told.split_whitespace().next() {
                Some("Minutely") => Self::Spent(Span::Minute),
                Some("Hourly") => Self::Spent(Span::Hour),
                Some("Daily") => Self::Spent(Span::Day),
                _ => Self::Busy(answer.retry_after.unwrap_or(CROWDED).min(PATIENCE_MOST)),
            },
            _ => match answer.retry_after {
                Some(after) => Self::Busy(after.min(PATIENCE_MOST)),
                None => Self::Trouble(told),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, wanted: Option<&Refusal>) {
        let answer = Answer {
            status,
            content_type: "application/json".to_owned(),
            retry_after: None,
            body: body.as_bytes().to_vec(),
        };
        assert_eq!(Refusal::of(&answer).as_ref(), wanted, "{status} {body}");
    }

    fn error(reason: &str) -> String {
        format!(r#"{{"error":true,"reason":"{reason}"}}"#)
    }

    #[test]
    fn each_window_is_told_by_its_first_word() {
        for (word, span) in [("Minutely", Span::Minute), ("Hourly", Span::Hour), ("Daily", Span::Day)] {
            check(429, &error(&format!("{word} API request limit exceeded.")), Some(&Refusal::Spent(span)));
        }
        check(429, &error("Too many concurrent requests"), Some(&Refusal::Busy(CROWDED)));
        check(429, "<html>slow down</html>", Some(&Refusal::Busy(CROWDED)));
    }

    #[test]
    fn a_wrong_question_is_not_asked_again_and_a_key_is_another_matter() {
        check(
            400,
            &error("Latitude must be in range"),
            Some(&Refusal::Wrong("Latitude must be in range".to_owned())),
        );
        check(
            400,
            &error("The supplied API key is invalid."),
            Some(&Refusal::Key("The supplied API key is invalid.".to_owned())),
        );
        check(403, "", Some(&Refusal::Key("status 403".to_owned())));
        check(400, "<html>", Some(&Refusal::Trouble("status 400".to_owned())));
    }

    #[test]
    fn everything_else_is_trouble() {
        for status in [301, 302, 404, 500, 502, 503] {
            check(status, "<html>", Some(&Refusal::Trouble(format!("status {status}"))));
        }
        check(200, &error("oops"), Some(&Refusal::Trouble("oops".to_owned())));
        check(200, r#"{"latitude":1.0}"#, None);
    }

    #[test]
    fn a_reason_is_repeated_on_one_line_and_not_for_ever() {
        let long = format!("a\\nb{}", "x".repeat(1000));
        let Some(Refusal::Wrong(reason)) = Refusal::of(&Answer {
            status: 400,
            content_type: String::new(),
            retry_after: None,
            body: error(&long).into_bytes(),
        }) else {
            panic!("it is wrong");
        };
        assert!(reason.starts_with("abx") && reason.len() == REASON_CHARACTERS);
    }
}
