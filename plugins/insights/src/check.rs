//! The doctor's line about the advice of today.

use engine::registry::{Check, Checkup, Means};
use engine::step::BoxFuture;
use fitness::{Scope, records};
use store::Tx;

use crate::athlete;

/// Looks which athletes have today's advice.
pub(crate) struct LastInsight;

impl Check for LastInsight {
    fn name(&self) -> &'static str {
        "advice of today"
    }

    fn examine<'a>(&'a self, means: &'a Means) -> BoxFuture<'a, Vec<Checkup>> {
        Box::pin(async move {
            let now_ms = means.clock.now_ms();
            let (ok, detail) = match means.store.read(move |tx| advised(tx, now_ms)).await {
                // Yesterday's advice is no damage: it is a run that has not been asked for yet.
                Ok(athletes) => (true, describe(&athletes)),
                Err(error) => (false, error.to_string()),
            };
            vec![Checkup { name: self.name().to_owned(), ok, detail }]
        })
    }
}

/// Every athlete, and whether today's advice is there.
fn advised(tx: &mut Tx<'_>, now_ms: i64) -> store::Result<Vec<(String, bool)>> {
    let mut athletes = Vec::new();
    for athlete in records::athlete::list(tx)? {
        let day = athlete::today(tx, &athlete.id, now_ms)?.date;
        let is_there = records::insight::get(tx, &athlete.id, Scope::All, day)?.is_some();
        athletes.push((athlete.id, is_there));
    }
    Ok(athletes)
}

fn describe(athletes: &[(String, bool)]) -> String {
    let missing: Vec<&str> =
        athletes.iter().filter(|(_, is_there)| !is_there).map(|(athlete, _)| athlete.as_str()).collect();
    match (athletes.is_empty(), missing.is_empty()) {
        (true, _) => "no athlete yet".to_owned(),
        (_, true) => "there for every athlete".to_owned(),
        _ => format!("not there yet for {}; `paceline run daily` asks for it", missing.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(athletes: &[(&str, bool)], wanted: &str) {
        let athletes: Vec<_> = athletes.iter().map(|(id, is_there)| ((*id).to_owned(), *is_there)).collect();
        assert_eq!(describe(&athletes), wanted);
    }

    #[test]
    fn without_an_athlete_nothing_is_said_to_be_there() {
        check(&[], "no athlete yet");
    }

    #[test]
    fn advice_for_everyone_needs_no_name() {
        check(&[("me", true)], "there for every athlete");
    }

    #[test]
    fn an_athlete_without_advice_is_named() {
        check(&[("me", true), ("you", false)], "not there yet for you; `paceline run daily` asks for it");
    }
}
