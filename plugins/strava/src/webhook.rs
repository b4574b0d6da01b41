//! What Strava sends by itself: the handshake of a subscription.

use engine::registry::{Delivery, Hook, Means, Verdict};
use engine::step::BoxFuture;
use serde_json::json;

use crate::subscription::{self, Known};
use crate::word;

/// Receives at an address that ends in a word which only Strava and the store know.
pub(crate) struct Webhook;

impl Hook for Webhook {
    fn name(&self) -> &'static str {
        "strava"
    }

    fn receive<'a>(
        &'a self,
        means: &'a Means,
        delivery: &'a Delivery,
    ) -> BoxFuture<'a, store::Result<Verdict>> {
        Box::pin(receive(means, delivery))
    }
}

async fn receive(means: &Means, delivery: &Delivery) -> store::Result<Verdict> {
    let Some(given) = &delivery.word else { return Ok(Verdict::Refuse) };
    let Some(known) = subscription::known(means, given).await? else { return Ok(Verdict::Refuse) };
    match delivery.method.as_str() {
        "GET" => Ok(shake(&known, delivery)),
        _ => Ok(Verdict::Refuse),
    }
}

/// Says the challenge back to who knows both words.
fn shake(known: &Known, delivery: &Delivery) -> Verdict {
    let of = |name: &str| delivery.query.get(name).map(String::as_str);
    let is_known =
        of("hub.verify_token").is_some_and(|token| word::hash(token) == word::hash(&known.verify_token));
    match of("hub.challenge") {
        Some(challenge) if is_known && of("hub.mode") == Some("subscribe") => {
            Verdict::Answer(json!({ "hub.challenge": challenge }))
        }
        _ => Verdict::Refuse,
    }
}
