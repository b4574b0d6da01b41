//! Pages of an athlete's activities.

use super::activity::Activity;
use super::refusal::Refusal;
use super::truth::Truth;

const USUAL: usize = 30;
const MOST: usize = 200;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    pub(super) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let number = |name, usual| match param(query, name) {
            None => Ok(usual),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(Refusal::bad(["Application", name, "invalid"])),
            },
        };
        let page = Self { number: number("page", 1)?, size: number("per_page", USUAL)? };
        if page.size > MOST {
            return Err(Refusal::bad(["Application", "per_page", "invalid"]));
        }
        Ok(page)
    }

    pub(super) fn of<T>(self, all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        all.skip((self.number - 1).saturating_mul(self.size)).take(self.size)
    }
}

/// The first value of a key.
pub(super) fn param<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Whether a key is there and says yes.
pub(super) fn is_set(query: &[(String, String)], name: &str) -> bool {
    matches!(param(query, name), Some("true" | "1"))
}

impl Truth {
    /// The activities that a list shows: the newest first, but the oldest first where only `after` is said.
    pub(super) fn listed(
        &self,
        athlete_id: i64,
        query: &[(String, String)],
        now_ms: i64,
        sees_private: bool,
    ) -> Result<Vec<&Activity>, Refusal> {
        let page = Page::read(query)?;
        let (after_s, before_s) = (seconds(query, "after")?, seconds(query, "before")?);
        if after_s.is_some_and(|after_s| after_s > now_ms.div_euclid(1000)) {
            return Err(Refusal::bad(["Application", "after", "future"]));
        }
        let mut activities = self.activities_of(athlete_id);
        if after_s.is_some() && before_s.is_none() {
            activities.reverse();
        }
        let is_within = |activity: &&Activity| {
            let start_s = activity.start_ms.div_euclid(1000);
            after_s.is_none_or(|after_s| start_s > after_s)
                && before_s.is_none_or(|before_s| start_s < before_s)
        };
        let shown = activities.into_iter().filter(is_within).filter(|a| sees_private || !a.is_private());
        Ok(page.of(shown).collect())
    }
}

fn seconds(query: &[(String, String)], name: &str) -> Result<Option<i64>, Refusal> {
    param(query, name)
        .map(|text| text.parse::<i64>().map_err(|_| Refusal::bad(["Application", name, "invalid"])))
        .transpose()
}
