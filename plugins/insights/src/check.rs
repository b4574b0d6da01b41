//! The doctor's line about the advice of today.

use engine::clock::Clock;
use engine::registry::{Check, Checkup};
use engine::step::BoxFuture;
use fitness::{Scope, records};
use store::{Store, Tx};

use crate::athlete;

/// Looks which athletes have today's advice.
pub(crate) struct LastInsight;

impl Check for LastInsight {
    fn name(&self) -> &'static str {
        "advice of today"
    }

    fn examine<'a>(&'a self, store: &'a Store, clock: &'a Clock) -> BoxFuture<'a, Checkup> {
        Box::pin(async move {
            let now_ms = clock.now_ms();
            let (ok, detail) = match store.read(move |tx| without_advice(tx, now_ms)).await {
                Ok(athletes) if athletes.is_empty() => (true, "there for every athlete".to_owned()),
                // Yesterday's advice is no damage: it is a run that has not been asked for yet.
                Ok(athletes) => (
                    true,
                    format!("not there yet for {}; `paceline run daily` asks for it", athletes.join(", ")),
                ),
                Err(error) => (false, error.to_string()),
            };
            Checkup { name: self.name().to_owned(), ok, detail }
        })
    }
}

fn without_advice(tx: &mut Tx<'_>, now_ms: i64) -> store::Result<Vec<String>> {
    let mut missing = Vec::new();
    for athlete in records::athlete::list(tx)? {
        let day = athlete::today(tx, &athlete.id, now_ms)?.date;
        if records::insight::get(tx, &athlete.id, Scope::All, day)?.is_none() {
            missing.push(athlete.id);
        }
    }
    Ok(missing)
}
