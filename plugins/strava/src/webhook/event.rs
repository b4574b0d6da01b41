//! What a delivery says that happened: a hint at an id, kept for a run to look into.

use engine::registry::{Means, Verdict};
use fitness::records::strava::connection;
use fitness::records::strava::hint::{self, Hint};
use serde_json::{Value, json};
use store::Tx;
use tracing::{debug, info};

use crate::connection::is_alive;
use crate::wire::Fields;

/// Keeps a hint at something of an athlete who is connected here; anything else is taken and forgotten, because what is
/// refused comes again.
pub(super) async fn receive(
    means: &Means,
    subscription_id: Option<i64>,
    body: &[u8],
) -> store::Result<Verdict> {
    let taken = Verdict::Answer(json!({}));
    let Some((hint, told_id)) = serde_json::from_slice::<Value>(body).ok().as_ref().and_then(read) else {
        debug!("a webhook's event cannot be read");
        return Ok(taken);
    };
    if subscription_id.is_none() || subscription_id != told_id {
        debug!("a webhook's event is of another subscription");
        return Ok(taken);
    }
    let (asked, now_ms) = (hint.clone(), means.clock.now_ms());
    let keep = move |tx: &mut Tx<'_>| {
        let Some(athlete) = whose(tx, &hint)? else { return Ok(None) };
        // Not between the parts of a purge, after which nobody looks for it.
        if !connection::hold(tx, &athlete)? {
            return Ok(None);
        }
        hint::put(tx, &hint, now_ms).map(|_| Some(athlete))
    };
    // What is forged in masses holds up nobody who writes.
    let known = means.store.read(move |tx| whose(tx, &asked)).await?;
    let kept = if known.is_some() { means.store.write(keep).await? } else { None };
    let Some(athlete) = kept else {
        debug!("a webhook's event is of nobody who is connected");
        return Ok(taken);
    };
    // Of a hint that is known too: its run may have been lost, and one that waits stands for this one.
    info!("Strava hints at something new");
    Ok(Verdict::Enqueue { partition: Some(athlete), params: json!({}) })
}

/// Whose the account is, where that one can sync, or is said to have taken the grant back.
fn whose(tx: &mut Tx<'_>, hint: &Hint) -> store::Result<Option<String>> {
    let Some(athlete) = connection::of_account(tx, hint.owner_id)? else { return Ok(None) };
    let is_wanted = hint.is_deauthorization || is_alive(tx, &athlete)?;
    Ok(is_wanted.then_some(athlete))
}

/// The hint of an event and the subscription that it names.
fn read(event: &Value) -> Option<(Hint, Option<i64>)> {
    let fields = Fields::of(event).ok()?;
    let (object_type, aspect) = (fields.text("object_type")?, fields.text("aspect_type")?);
    let is_known =
        matches!(object_type, "activity" | "athlete") && matches!(aspect, "create" | "update" | "delete");
    // Strava writes it as a text.
    let authorized = fields.within("updates").and_then(|updates| updates.get("authorized"));
    let is_taken_back = authorized.is_some_and(|value| value == "false" || *value == Value::Bool(false));
    let hint = Hint {
        owner_id: fields.id("owner_id")?,
        object_type: object_type.to_owned(),
        object_id: fields.id("object_id")?,
        aspect: aspect.to_owned(),
        event_s: fields.id("event_time")?,
        is_deauthorization: object_type == "athlete" && is_taken_back,
    };
    is_known.then_some((hint, fields.id("subscription_id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(change: impl FnOnce(&mut Value)) -> Value {
        let mut event = json!({
            "aspect_type": "update", "event_time": 1_516_126_040, "object_id": 1_360_128_428_i64,
            "object_type": "activity", "owner_id": 134_815, "subscription_id": 120_475, "updates": {},
        });
        change(&mut event);
        event
    }

    #[test]
    fn an_event_is_a_hint_at_an_id() {
        let (hint, subscription) = read(&event(|_| ())).unwrap();
        assert_eq!((hint.owner_id, hint.object_id, hint.event_s), (134_815, 1_360_128_428, 1_516_126_040));
        assert_eq!((hint.is_deauthorization, subscription), (false, Some(120_475)));
    }

    #[test]
    fn a_grant_that_is_taken_back_is_said_of_an_athlete_alone() {
        for value in [json!("false"), json!(false)] {
            let of_athlete = event(|event| {
                event["object_type"] = json!("athlete");
                event["updates"] = json!({ "authorized": value });
            });
            assert!(read(&of_athlete).unwrap().0.is_deauthorization);
        }
        let of_activity = event(|event| event["updates"] = json!({ "authorized": "false" }));
        assert!(!read(&of_activity).unwrap().0.is_deauthorization);
    }

    #[test]
    fn what_is_no_event_is_none() {
        for (field, value) in [
            ("object_type", json!("club")),
            ("aspect_type", json!("explode")),
            ("object_id", json!(-1)),
            ("owner_id", json!(null)),
            ("event_time", json!("soon")),
        ] {
            assert_eq!(read(&event(|event| event[field] = value.clone())), None, "{field}");
        }
        assert_eq!(read(&json!([])), None);
    }
}
