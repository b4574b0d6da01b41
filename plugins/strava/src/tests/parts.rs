//! Details and samples: no answer that is spoilt takes anything away, and no activity holds up another.

use std::time::Duration;

use fitness::records::strava::{activity, effort, item};
use serde_json::json;
use upstream::strava::{ATHLETE, Calls};
use upstream::{Fault, Switch};

use super::faults::code;
use super::house::{House, NOW, ms};

/// All that can go wrong with one answer.
fn faults() -> Vec<Fault> {
    let pages = [500, 503].map(Fault::Status).into_iter().chain([404, 502, 200].map(Fault::HtmlPage));
    let others = [
        Fault::Slow(2_000),
        Fault::Reset,
        Fault::Truncated,
        Fault::WrongType,
        Fault::BrokenJson,
        Fault::Garbage,
        Fault::WrongShape,
        Fault::Empty,
        Fault::Huge(2 << 20),
    ];
    pages.chain(others).collect()
}

impl House {
    /// Fails at one call below a path.
    fn spoil(&self, path: &str, fault: &Fault) {
        let patience = if matches!(fault, Fault::Slow(_)) { 300 } else { 30_000 };
        self.set_patience(Some(Duration::from_millis(patience)));
        self.upstream.fail_where(Switch {
            service: "strava.api".to_owned(),
            path: Some(format!("/strava/api/v3/{path}")),
            fault: fault.clone(),
            times: Some(1),
        });
    }

    fn mend(&self) {
        self.upstream.mend();
        self.set_patience(None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_spoilt_takes_nothing_of_an_activity() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        let ids = house.strava().grow(ATHLETE, 2, ms(NOW));
        house.sync().await;
        for fault in faults() {
            for part in ["", "/streams"] {
                house.strava().edit(ids[1], |run| run.meters += 100.0);
                house.list().await.unwrap();
                house.spoil(&format!("activities/{}{part}", ids[1]), &fault);
                let _ = house.details().await;
                let _ = house.streams().await;
                house.mend();
                house.sync().await;
                house.truth().await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_spoilt_takes_nothing_of_an_athlete() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        house.athlete().await.unwrap();
        let kept = house.items().await;
        for fault in faults() {
            for path in ["athlete", "athlete/zones", "gear/"] {
                house.wait(Duration::from_secs(25 * 3_600));
                house.spoil(path, &fault);
                let _ = house.athlete().await;
                house.mend();
                assert_eq!(house.items().await, kept, "{path} {fault:?}");
                house.wait(Duration::from_secs(25 * 3_600));
                house.athlete().await.unwrap();
                assert_eq!(house.items().await, kept, "the next run reads it all");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_spoilt_takes_nothing_of_segments_and_efforts() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().add_effort(STARRED, ids[0], 60, 126);
        house.segments().await.unwrap();
        for (better, fault) in (1..).zip(faults()) {
            for (path, half) in [("segments/starred", 0), ("segment_efforts", 1)] {
                let kept = house.segments_kept().await;
                // A better time, so that the efforts on it are asked for.
                let seconds = 126 - 2 * better - half;
                house.strava().add_effort(STARRED, ids[1], 60, seconds);
                house.wait(Duration::from_secs(25 * 3_600));
                house.spoil(path, &fault);
                let _ = house.segments().await;
                house.mend();
                let left = house.segments_kept().await;
                let is_left = |one: &(String, String)| left.iter().any(|other| one.0 == other.0);
                assert!(kept.iter().all(is_left), "{path} {fault:?}: {kept:?} {left:?}");
                house.wait(Duration::from_secs(25 * 3_600));
                house.segments().await.unwrap();
                let efforts = house.read(|tx| effort::of_segment(tx, "me", STARRED)).await;
                let is_best = efforts[0].elapsed_s == Some(seconds as f64) && efforts[0].avg_hr.is_some();
                assert!(
                    is_best,
                    "{path} {fault:?}: the next run finds the effort and all of it: {efforts:?}"
                );
            }
        }
    })
    .await;
}

/// One that the athlete of the stand-in has starred.
const STARRED: i64 = 1_109_718;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_segments_of_which_one_cannot_be_read_unstars_none() {
    House::each(async |house| {
        house.segments().await.unwrap();
        let kept = house.segments_kept().await;
        for body in [json!([null]), json!([{ "name": "no id" }]), json!([[]])] {
            let folder = tempfile::tempdir().unwrap();
            let exchange = json!({
                "request": { "method": "GET", "uri": "https://www.strava.com/api/v3/segments/starred" },
                "response": { "status": 200, "headers": {}, "body": body },
            });
            std::fs::write(folder.path().join("starred.json"), exchange.to_string()).unwrap();
            house.upstream.replay(folder.path()).unwrap();
            house.wait(Duration::from_secs(25 * 3_600));
            house.segments().await.unwrap();
            assert_eq!(house.segments_kept().await, kept, "{body}");
        }
    })
    .await;
}

impl House {
    async fn items(&self) -> Vec<(String, String)> {
        self.items_of(&["athlete", "zones", "gear"]).await
    }

    /// Segments, and which best effort their efforts were read for.
    async fn segments_kept(&self) -> Vec<(String, String)> {
        self.items_of(&["segment", "segment_efforts"]).await
    }

    async fn items_of(&self, kinds: &[&'static str]) -> Vec<(String, String)> {
        let mut items = Vec::new();
        for &kind in kinds {
            let kept = self.read(move |tx| item::list(tx, "me", kind)).await;
            items.extend(kept.into_iter().map(|item| (format!("{kind} {}", item.item_id), item.body)));
        }
        items
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_activity_that_is_never_answered_holds_up_no_other() {
    for fault in [Fault::Huge(2 << 20), Fault::Status(400), Fault::Status(503), Fault::HtmlPage(404)] {
        House::each(async |house| {
            let ids = house.strava().grow(ATHLETE, 5, ms(NOW));
            house.list().await.unwrap();
            house.set_patience(Some(Duration::from_secs(30)));
            house.upstream.fail_where(Switch {
                service: "strava.api".to_owned(),
                path: Some(format!("/strava/api/v3/activities/{}", ids[4])),
                fault: fault.clone(),
                times: None,
            });
            house.details().await.unwrap();
            house.streams().await.unwrap();
            let counts = house.counts().await;
            assert_eq!((counts.details_due, counts.streams_due), (1, 1), "{fault:?}");
            house.mend();
            house.sync().await;
            house.truth().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_all_activities_is_the_fault_of_none() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 5, ms(NOW));
        house.list().await.unwrap();
        house.upstream.fail("strava.api", Fault::Status(503));
        for _ in 0..4 {
            house.asked();
            assert_eq!(code(&house.details().await.unwrap_err()), "upstream_unavailable");
            // Three of them, and the athlete, to see whether there is an answer to anything.
            assert_eq!(house.asked().len(), 4);
        }
        house.mend();
        let counts = house.counts().await;
        assert_eq!((counts.details_due, counts.faulty), (5, 0));
    })
    .await;
}

impl House {
    /// Fails at all that is asked of an activity, again and again.
    pub(super) fn always_fails(&self, id: i64, fault: &Fault) {
        self.upstream.fail_where(Switch {
            service: "strava.api".to_owned(),
            path: Some(format!("/strava/api/v3/activities/{id}")),
            fault: fault.clone(),
            times: None,
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_that_always_fails_is_left_alone_though_nothing_else_is_asked_for() {
    for fault in [Fault::Status(503), Fault::Status(500), Fault::WrongShape] {
        House::each(async |house| {
            let ids = house.strava().grow(ATHLETE, 2, ms(NOW));
            house.sync().await;
            house.strava().edit(ids[1], |run| run.meters += 500.0);
            house.always_fails(ids[1], &fault);
            for _ in 0..3 {
                assert_eq!(house.counts().await.faulty, 0, "{fault:?}");
                house.sync().await;
            }
            let counts = house.counts().await;
            let left = (counts.details_due, counts.streams_due, counts.faulty);
            assert_eq!(left, (0, 0, 1), "{fault:?}");
            house.asked();
            house.sync().await;
            assert_eq!(house.asked(), ["GET api/v3/athlete/activities"]);
            house.mend();
            house.write(|tx| activity::retry_faulty(tx, "me")).await;
            house.sync().await;
            house.truth().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_activity_of_all_is_left_alone_where_strava_answers_to_the_athlete() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 1, ms(NOW));
        house.always_fails(ids[0], &Fault::Status(503));
        for _ in 0..3 {
            house.sync().await;
        }
        let counts = house.counts().await;
        assert_eq!((counts.details_due, counts.streams_due, counts.faulty), (0, 0, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_gives_nothing_up_however_few_are_asked_for() {
    for (fault, alone) in [(Fault::Status(503), 1), (Fault::Status(500), 2), (Fault::Reset, 3)] {
        House::each(async |house| {
            let ids = house.strava().grow(ATHLETE, 4, ms(NOW));
            house.sync().await;
            for id in &ids[..alone] {
                house.strava().edit(*id, |run| run.meters += 500.0);
            }
            house.list().await.unwrap();
            house.upstream.fail("strava.api", fault.clone());
            for _ in 0..4 {
                house.details().await.unwrap_err();
                house.streams().await.unwrap_err();
            }
            house.mend();
            assert_eq!(house.counts().await.faulty, 0, "{fault:?}");
            house.sync().await;
            house.truth().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_ones_that_always_fail_hold_up_no_older_one() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 8, ms(NOW));
        for id in &ids[5..] {
            house.always_fails(*id, &Fault::Status(503));
        }
        house.sync().await;
        let counts = house.counts().await;
        assert_eq!((counts.details_due, counts.streams_due, counts.faulty), (3, 3, 0));
        house.sync().await;
        house.sync().await;
        assert_eq!(house.counts().await.faulty, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_strava_answers_to_no_activity_but_one_not_all_are_given_up() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 1, ms(NOW) - 40 * 3_600_000);
        house.sync().await;
        let more = house.strava().grow(ATHLETE, 20, ms(NOW));
        for id in &more {
            house.always_fails(*id, &Fault::Status(503));
        }
        for _ in 0..3 {
            house.sync().await;
        }
        assert_eq!(house.counts().await.faulty, 3, "{ids:?}");
        house.mend();
        house.sync().await;
        assert_eq!(house.counts().await.details_due, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_proxy_that_finds_nothing_removes_nothing() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        house.list().await.unwrap();
        house.upstream.fail("strava.api", Fault::HtmlPage(404));
        assert_eq!(code(&house.details().await.unwrap_err()), "upstream_unavailable");
        assert_eq!(code(&house.streams().await.unwrap_err()), "upstream_unavailable");
        house.upstream.mend();
        let counts = house.counts().await;
        assert_eq!((counts.gone, counts.details_due, counts.streams_due), (0, 3, 3), "{counts:?}");
        house.sync().await;
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_and_not_found_comes_back_with_another_summary_or_a_sweep() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().switch(|switches| switches.missing = vec![ids[1]]);
        house.sync().await;
        house.asked();
        house.sync().await;
        assert_eq!(house.asked(), ["GET api/v3/athlete/activities"]);
        house.strava().switch(|switches| switches.missing.clear());
        house.strava().edit(ids[1], |run| run.name = "Named anew".to_owned());
        house.sync().await;
        house.truth().await;
        house.strava().switch(|switches| switches.missing = vec![ids[0]]);
        house.strava().edit(ids[0], |run| run.name = "Named anew".to_owned());
        house.sync().await;
        assert_eq!(house.counts().await.gone, 1);
        house.strava().switch(|switches| switches.missing.clear());
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_asked_for_again_once_it_changes_or_somebody_asks() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.sync().await;
        // Another way asks for both parts, of which one is kept as it was before.
        house.strava().edit(ids[1], |run| run.meters += 500.0);
        house.gives_up(ids[1]).await;
        assert_eq!(house.write(|tx| activity::retry_faulty(tx, "me")).await, 1);
        house.sync().await;
        house.truth().await;
        house.strava().edit(ids[1], |run| run.meters += 500.0);
        house.gives_up(ids[1]).await;
        house.strava().edit(ids[1], |run| run.name = "Named anew".to_owned());
        house.sync().await;
        house.truth().await;
    })
    .await;
}

impl House {
    async fn gives_up(&self, id: i64) {
        self.strava().switch(|switches| switches.poison = vec![id]);
        for _ in 0..3 {
            self.sync().await;
        }
        let counts = self.counts().await;
        assert_eq!((counts.details_due, counts.streams_due, counts.faulty), (0, 0, 1), "{counts:?}");
        self.strava().switch(|switches| switches.poison.clear());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn much_that_is_listed_and_not_found_stops_the_step() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 40, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.wait(Duration::from_secs(60));
        house.strava().switch(|switches| switches.missing = ids.clone());
        assert_eq!(code(&house.details().await.unwrap_err()), "strava_much_gone");
        assert_eq!((house.kept().await.len(), house.counts().await.gone), (32, 8));
        // The next runs begin to count where this one ended.
        house.wait(Duration::from_secs(3_600));
        for _ in 0..2 {
            assert_eq!(code(&house.details().await.unwrap_err()), "strava_much_gone");
            assert_eq!((house.kept().await.len(), house.counts().await.gone), (32, 8));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_that_come_after_their_activity_is_gone_are_dropped() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 1, ms(NOW));
        house.list().await.unwrap();
        let path = format!("/strava/api/v3/activities/{}", ids[0]);
        for (path, fault) in [(format!("{path}/streams"), Fault::Slow(500)), (path, Fault::Status(404))] {
            let service = "strava.api".to_owned();
            house.upstream.fail_where(Switch { service, path: Some(path), fault, times: Some(1) });
        }
        let removed = async {
            while !house.upstream.calls().iter().any(|call| call.path.ends_with("streams")) {
                tokio::task::yield_now().await;
            }
            house.details_on().await.unwrap();
        };
        let (samples, ()) = tokio::join!(house.streams_on(), removed);
        samples.unwrap();
        let counts = house.counts().await;
        assert_eq!((house.kept().await.len(), counts.gone, counts.faulty), (0, 1, 0), "{counts:?}");
    })
    .await;
}
