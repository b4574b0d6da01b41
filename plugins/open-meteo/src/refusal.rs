//! What an answer without weather asks for.

use std::time::Duration;

use engine::http::Answer;
use fitness::records::weather_quota::Span;
use serde::Deserialize;

/// How long somebody else's request is waited for, where only one may run; no wait is shorter.
const CROWDED: Duration = Duration::from_secs(5);
/// The longest that a `Retry-After` is heeded.
const PATIENCE_MOST: Duration = Duration::from_secs(24 * 3600);

/// Why there is no weather, by what is to be done. The service's own words are not repeated: they may hold a place or a
/// key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The window of the quota is spent, by whoever shares the address.
    Spent(Span),
    /// Wait so long.
    Busy(Duration),
    /// Something in the question is wrong, and will be.
    Wrong,
    /// The key is not taken; with the answer's status.
    Key(u16),
    /// The service is in trouble, or something between it and us; with the answer's status.
    Trouble(u16),
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
        let reason = body.filter(|body| body.error || !body.reason.is_empty()).map(|body| body.reason);
        Some(match (answer.status, reason.as_deref()) {
            (200, None) => return None,
            (200, Some(_)) => Self::Trouble(200),
            (400, Some(reason)) if reason.to_lowercase().contains("api key") => Self::Key(400),
            (400, Some(_)) => Self::Wrong,
            (status @ (401 | 403), _) => Self::Key(status),
            (429, reason) => match reason.and_then(|reason| reason.split_whitespace().next()) {
                Some("Minutely") => Self::Spent(Span::Minute),
                Some("Hourly") => Self::Spent(Span::Hour),
                Some("Daily") => Self::Spent(Span::Day),
                _ => Self::busy(answer.retry_after.unwrap_or(CROWDED)),
            },
            (status, _) => answer.retry_after.map_or(Self::Trouble(status), Self::busy),
        })
    }

    /// A service that says to come back at once would be asked without end.
    fn busy(after: Duration) -> Self {
        Self::Busy(after.clamp(CROWDED, PATIENCE_MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, wanted: Option<&Refusal>) {
        let answer = Answer {
            status,
            content_type: "application/json".to_owned(),
            body: body.as_bytes().to_vec(),
            ..Answer::default()
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
    fn a_pause_that_is_asked_for_is_neither_none_nor_for_ever() {
        for status in [429, 503] {
            for (told_s, wanted) in
                [(0, CROWDED), (1, CROWDED), (90, Duration::from_secs(90)), (1 << 40, PATIENCE_MOST)]
            {
                let retry_after = Some(Duration::from_secs(told_s));
                let answer = Answer { status, retry_after, ..Answer::default() };
                assert_eq!(Refusal::of(&answer), Some(Refusal::Busy(wanted)), "{status} {told_s}");
            }
        }
    }

    #[test]
    fn a_wrong_question_is_not_asked_again_and_a_key_is_another_matter() {
        check(400, &error("Latitude must be in range"), Some(&Refusal::Wrong));
        check(400, &error("The supplied API key is invalid."), Some(&Refusal::Key(400)));
        check(403, "", Some(&Refusal::Key(403)));
        check(400, "<html>", Some(&Refusal::Trouble(400)));
    }

    #[test]
    fn everything_else_is_trouble() {
        for status in [301, 302, 404, 500, 502, 503] {
            check(status, "<html>", Some(&Refusal::Trouble(status)));
        }
        check(200, &error("oops"), Some(&Refusal::Trouble(200)));
        check(200, r#"{"latitude":1.0}"#, None);
    }
}
