//! Deliveries of webhooks: who knows the word and names what is known leaves a hint, and nobody else does.

use engine::registry::{Delivery, Hook, Verdict};
use fitness::records::strava::connection::{self, State};
use fitness::records::strava::subscription::{self, Subscription};
use serde_json::{Value, json};
use upstream::strava::ATHLETE;

use super::house::House;
use crate::webhook::Webhook;

const WORD: &str = "a word that nobody guesses";
const ID: i64 = 120_475;

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// It is not answered well, and leaves nothing.
    Refused,
    /// It is answered well, so that it does not come again, and leaves nothing.
    Forgotten,
    /// It leaves a hint and a run.
    Kept,
}

fn event(object_type: &str, object_id: i64, updates: &Value) -> Value {
    json!({
        "aspect_type": "update", "event_time": 1_516_126_040, "object_id": object_id,
        "object_type": object_type, "owner_id": ATHLETE, "subscription_id": ID, "updates": updates,
    })
}

fn of_activity() -> Value {
    event("activity", 17, &json!({ "title": "Named anew" }))
}

fn deauthorization() -> Value {
    event("athlete", ATHLETE, &json!({ "authorized": "false" }))
}

fn with(field: &str, value: Value) -> Value {
    let mut event = of_activity();
    event[field] = value;
    event
}

impl House {
    async fn subscribed(&self) {
        let means = self.means();
        let callback = "https://runs.example.org/hook".to_owned();
        let seal = |column, word| means.secrets.seal(crate::subscription::place(&callback, column), word);
        let row = Subscription {
            subscription_id: Some(ID),
            path_word: seal("path_word", WORD).unwrap(),
            verify_token: seal("verify_token", "token").unwrap(),
            callback: callback.clone(),
            changed_ms: 1,
        };
        self.write(move |tx| subscription::put(tx, &row)).await;
    }

    async fn check(&self, word: Option<&str>, body: &Value, wanted: Wanted) {
        let before = self.waiting().await;
        let delivery = Delivery {
            method: "POST".to_owned(),
            word: word.map(str::to_owned),
            query: [].into(),
            headers: [].into(),
            body: body.to_string().into_bytes(),
        };
        let found = match Webhook.receive(&self.means(), &delivery).await.unwrap() {
            Verdict::Refuse => Wanted::Refused,
            Verdict::Answer(_) => Wanted::Forgotten,
            Verdict::Enqueue { partition, .. } => {
                assert_eq!(partition.as_deref(), Some("me"));
                Wanted::Kept
            }
        };
        let more = usize::from(wanted == Wanted::Kept);
        assert_eq!((found, self.waiting().await - before), (wanted, more), "{word:?} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_of_who_does_not_know_the_word_the_subscription_and_the_owner() {
    House::each(async |house| {
        house.check(Some(WORD), &of_activity(), Wanted::Refused).await;
        house.subscribed().await;
        for word in [None, Some(""), Some("another word")] {
            house.check(word, &of_activity(), Wanted::Refused).await;
            house.check(word, &deauthorization(), Wanted::Refused).await;
        }
        for forged in [
            with("subscription_id", json!(ID + 1)),
            with("subscription_id", json!(null)),
            with("owner_id", json!(ATHLETE + 1)),
            with("owner_id", json!(null)),
            with("object_type", json!("club")),
            json!([]),
        ] {
            house.check(Some(WORD), &forged, Wanted::Forgotten).await;
        }
        house.check(Some(WORD), &of_activity(), Wanted::Kept).await;
        house.check(Some(WORD), &deauthorization(), Wanted::Kept).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dead_is_told_of_its_end_alone_and_one_that_is_deleted_of_nothing() {
    House::each(async |house| {
        house.subscribed().await;
        for state in [State::NeedsReauth, State::ScopeMissing] {
            house.write(move |tx| connection::note(tx, "me", 1, (state, None), 1)).await;
            house.check(Some(WORD), &of_activity(), Wanted::Forgotten).await;
        }
        house.check(Some(WORD), &deauthorization(), Wanted::Kept).await;
        house.write(|tx| connection::leave(tx, "me", 1)).await;
        let mut later = deauthorization();
        later["event_time"] = json!(1_516_126_041);
        for event in [of_activity(), later] {
            house.check(Some(WORD), &event, Wanted::Forgotten).await;
        }
    })
    .await;
}
