//! Webhooks: a hint is looked into, and nothing of it is believed.

use std::time::Duration;

use engine::step::StepError;
use fitness::records::purge_receipt;
use fitness::records::strava::connection::{self, State};
use fitness::records::strava::hint::{self, Hint};
use fitness::records::strava::{activity, purge, sync};
use serde_json::Value;
use upstream::Fault;
use upstream::strava::{ATHLETE, Calls, Windows};

use super::house::{House, NOW, ms};

const MINUTE: Duration = Duration::from_secs(61);

impl House {
    pub(super) async fn hint(&self, object_id: i64, aspect: &'static str, event_s: i64) {
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

    /// Says that the athlete has taken the grant back.
    async fn taken_back(&self, event_s: i64) {
        let hint = Hint {
            owner_id: ATHLETE,
            object_type: "athlete".to_owned(),
            object_id: ATHLETE,
            aspect: "update".to_owned(),
            event_s,
            is_deauthorization: true,
        };
        self.write(move |tx| hint::put(tx, &hint, 0)).await;
    }

    /// How many hints wait.
    pub(super) async fn waiting(&self) -> usize {
        self.read(|tx| hint::list(tx, ATHLETE, 1_000)).await.len()
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
        house.taken_back(1).await;
        house.hints().await.unwrap();
        assert_eq!(house.kept().await.len(), 2);
        house.strava().deauthorize(ATHLETE);
        house.taken_back(2).await;
        let changes = house.hints().await.unwrap();
        assert!(changes.days.is_some(), "what rests on them is computed anew: {changes:?}");
        assert!(house.kept().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_a_disconnect_is_not_written() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        house.asked();
        house.upstream.fail_times("strava.api", Fault::Slow(300), 1);
        let leaving = async {
            while house.upstream.calls().is_empty() {
                tokio::task::yield_now().await;
            }
            house.write(|tx| connection::leave(tx, "me", 1).and_then(|_| connection::remove(tx, "me"))).await
        };
        let (listed, removed) = tokio::join!(house.list(), leaving);
        assert_eq!(removed, 1);
        assert!(matches!(listed, Err(StepError::Hopeless(cause)) if cause.code == "strava_not_connected"));
        assert_eq!(house.counts().await.activities, 0);
        assert_eq!(house.read(|tx| sync::get(tx, "me")).await, sync::Sync::default());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_was_cut_is_ended_by_whoever_comes_next() {
    for is_daily in [false, true] {
        House::each(async |house| {
            house.strava().grow(ATHLETE, 30, ms(NOW));
            house.list().await.unwrap();
            house
                .write(|tx| {
                    connection::leave(tx, "me", 1)?;
                    let mut receipt = purge_receipt::begin(tx, "me", purge::PROVENANCE, 1)?;
                    receipt.deleted = purge::some(tx, "me")?;
                    purge_receipt::put(tx, "me", purge::PROVENANCE, &receipt)
                })
                .await;
            if is_daily {
                house.expire().await.unwrap()
            } else {
                house.hints().await.unwrap()
            };
            let left = house.read(|tx| Ok((connection::get(tx, "me")?, activity::counts(tx, "me")?))).await;
            assert_eq!(left, (None, activity::Counts::default()));
            let receipt = house.read(|tx| purge_receipt::last(tx, "me", purge::PROVENANCE)).await.unwrap();
            assert_eq!((receipt.asked_ms, receipt.done_ms), (1, Some(ms(NOW))));
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_connection_that_is_dead_already_the_last_token_says_whether_the_grant_is_over() {
    for state in [State::NeedsReauth, State::ScopeMissing] {
        House::each(async |house| {
            house.strava().grow(ATHLETE, 2, ms(NOW));
            house.sync().await;
            house.write(move |tx| connection::note(tx, "me", 1, (state, None), 1)).await;
            house.taken_back(1).await;
            house.upstream.fail_times("strava.api", Fault::Reset, 1);
            house.hints().await.unwrap_err();
            assert_eq!((house.kept().await.len(), house.waiting().await), (2, 1), "nothing is known");
            house.hints().await.unwrap();
            assert_eq!((house.kept().await.len(), house.waiting().await), (2, 0), "Strava takes the token");
            house.strava().deauthorize(ATHLETE);
            house.asked();
            house.taken_back(2).await;
            assert!(house.hints().await.unwrap().days.is_some());
            assert_eq!((house.kept().await.len(), house.waiting().await), (0, 0));
            assert_eq!(house.asked(), ["GET api/v3/athlete"]);
            assert_eq!(house.read(|tx| connection::get(tx, "me")).await, None);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_could_not_be_asked_about_is_asked_about_by_the_daily_run() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        house.sync().await;
        house.write(|tx| connection::note(tx, "me", 1, (State::NeedsReauth, None), 1)).await;
        house.asked();
        house.expire().await.unwrap();
        assert!(house.asked().is_empty(), "nobody has said so");
        house.strava().deauthorize(ATHLETE);
        house.taken_back(1).await;
        house.upstream.fail_times("strava.api", Fault::Reset, 1);
        house.expire().await.unwrap();
        assert_eq!((house.kept().await.len(), house.waiting().await), (2, 1));
        assert!(house.expire().await.unwrap().days.is_some());
        assert_eq!((house.kept().await.len(), house.waiting().await), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_that_a_spent_quota_cuts_go_on_where_they_were() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 8, ms(NOW));
        let windows = Windows { quarter: 5, day: 1_000 };
        house.strava().set_limits(Calls { overall: windows, read: windows });
        for (at, id) in ids.iter().enumerate() {
            house.hint(*id, "create", i64::try_from(at).unwrap()).await;
        }
        house.wait(MINUTE);
        assert!(matches!(house.hints().await, Err(StepError::Later { .. })));
        assert_eq!((house.kept().await.len(), house.waiting().await), (5, 3));
        house.asked();
        house.wait(Duration::from_secs(900));
        house.hints().await.unwrap();
        assert_eq!((house.asked().len(), house.kept().await.len(), house.waiting().await), (3, 8, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hint_waits_for_others_for_more_than_five_minutes_whatever_the_clock_does() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 1, ms(NOW));
        let mut waited = 0;
        loop {
            house.hint(ids[0], "update", waited).await;
            if house.hints().await.is_ok() {
                break;
            }
            house.wait(Duration::from_secs(30));
            waited += 1;
        }
        assert_eq!(waited, 10);
        assert_eq!(house.kept().await.len(), 1);
        house.hint(ids[0], "update", 100).await;
        house.set_back(Duration::from_secs(3_600));
        house.hints().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_hints_is_not_kept_but_what_ends_a_connection_is() {
    House::each(async |house| {
        let hint = Hint {
            owner_id: ATHLETE,
            object_type: "activity".to_owned(),
            object_id: 1,
            aspect: "update".to_owned(),
            event_s: 0,
            is_deauthorization: false,
        };
        let news = house.write(move |tx| {
            let flood = (0..1_001).map(|event_s| Hint { event_s, ..hint.clone() });
            let end = Hint { is_deauthorization: true, event_s: 2_000, ..hint.clone() };
            flood.chain([end]).map(|hint| hint::put(tx, &hint, 0)).collect::<store::Result<Vec<_>>>()
        });
        assert_eq!(news.await[999..], [true, false, true]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_at_an_activity_that_always_fails_holds_up_no_other_one() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.sync().await;
        for id in &ids {
            house.strava().edit(*id, |run| run.name = "Named anew".to_owned());
            house.hint(*id, "update", 1).await;
        }
        house.always_fails(ids[0], &Fault::Status(503));
        house.wait(MINUTE);
        for attempt in [1, 2] {
            house.hints_at(attempt).await.unwrap_err();
        }
        house.hints_at(3).await.unwrap();
        assert!(house.read(|tx| hint::list(tx, ATHLETE, 10)).await.is_empty());
        let named = house.kept().await.into_iter().filter(|row| row.name.as_deref() == Some("Named anew"));
        assert_eq!(named.count(), 2);
        // The list tells of it too, once it can be read.
        house.upstream.mend();
        house.sync().await;
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_keeps_every_hint() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 1, ms(NOW));
        house.hint(ids[0], "create", 1).await;
        house.wait(MINUTE);
        house.upstream.fail("strava.api", Fault::Status(503));
        for attempt in 1..6 {
            house.hints_at(attempt).await.unwrap_err();
        }
        assert_eq!(house.read(|tx| hint::list(tx, ATHLETE, 10)).await.len(), 1);
        house.upstream.mend();
        house.hints_at(6).await.unwrap();
        assert_eq!(house.kept().await.len(), 1);
    })
    .await;
}
