//! Webhooks: a hint is looked into, and nothing of it is believed.

use std::time::Duration;

use engine::step::StepError;
use fitness::records::strava::activity;
use fitness::records::strava::hint::{self, Hint};
use serde_json::Value;
use upstream::strava::ATHLETE;

use super::house::{House, NOW, ms};

const MINUTE: Duration = Duration::from_secs(61);

impl House {
    async fn hint(&self, object_id: i64, aspect: &'static str, event_s: i64) {
        let hint = Hint {
            owner_id: ATHLETE,
            object_type: "activity".to_owned(),
            object_id,
            aspect: aspect.to_owned(),
            event_s,
            is_deauthorization: false,
        };
        let now_ms = self.now_ms();
        self.write(move |tx| hint::put(tx, &hint, now_ms)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_are_collected_for_a_minute_and_each_id_is_asked_for_once() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.sync().await;
        house.strava().edit(ids[1], |run| run.name = "Named anew".to_owned());
        house.strava().delete(ids[0]);
        let late = house.strava().upload_late(ATHLETE, ms(NOW) - 400 * 86_400_000);
        for (id, aspect, at) in [
            (ids[1], "update", 1),
            (ids[1], "update", 2),
            (ids[1], "update", 2),
            (ids[0], "delete", 3),
            (late, "create", 4),
        ] {
            house.hint(id, aspect, at).await;
        }
        house.asked();
        assert!(matches!(house.hints().await, Err(StepError::Later { .. })));
        assert!(house.asked().is_empty());
        house.wait(MINUTE);
        house.hints().await.unwrap();
        let kept = house.read(move |tx| activity::one(tx, "me", late)).await.unwrap();
        let of_details = ["laps", "description", "device_name", "calories"];
        let summary: Value = serde_json::from_str(&kept.summary).unwrap();
        assert!(of_details.iter().all(|name| summary.get(name).is_none()), "{summary}");
        let mut wanted: Vec<String> =
            [ids[0], ids[1], late].map(|id| format!("GET api/v3/activities/{id}")).to_vec();
        wanted.sort_unstable();
        let mut asked = house.asked();
        asked.sort_unstable();
        assert_eq!(asked, wanted);
        house.streams().await.unwrap();
        house.truth().await;
        house.hints().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_deletion_deletes_nothing() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 2, ms(NOW));
        house.sync().await;
        house.hint(ids[0], "delete", 1).await;
        house.hint(999_999, "delete", 1).await;
        house.hint(888_888, "create", 1).await;
        house.wait(MINUTE);
        house.hints().await.unwrap();
        assert_eq!(house.kept().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_said_to_be_taken_back_is_asked_about_first() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        house.sync().await;
        let hint = Hint {
            owner_id: ATHLETE,
            object_type: "athlete".to_owned(),
            object_id: ATHLETE,
            aspect: "update".to_owned(),
            event_s: 1,
            is_deauthorization: true,
        };
        let again = Hint { event_s: 2, ..hint.clone() };
        house.write(move |tx| hint::put(tx, &hint, 0)).await;
        house.hints().await.unwrap();
        assert_eq!(house.kept().await.len(), 2);
        house.strava().deauthorize(ATHLETE);
        house.write(move |tx| hint::put(tx, &again, 0)).await;
        house.hints().await.unwrap_err();
        assert!(house.kept().await.is_empty());
    })
    .await;
}
