//! Trouble of Strava's: what is known stays, and the next run makes up for it.

use std::time::Duration;

use engine::step::StepError;
use fitness::export::Figures;
use fitness::recording::Lap;
use fitness::records::strava::connection::State;
use fitness::records::strava::{activity, connection, effort, item, sync};
use fitness::records::{export_row, lap};
use serde_json::json;
use store::{Sql, Tx, params};
use upstream::strava::{ATHLETE, Rotation};
use upstream::{Fault, Switch};

use super::house::{House, NOW, SCOPES, ms};

pub(super) fn code(error: &StepError) -> &'static str {
    match error {
        StepError::Failed(cause) | StepError::Hopeless(cause) | StepError::Later { source: cause, .. } => {
            cause.code
        }
        StepError::Cancelled => "cancelled",
    }
}

impl House {
    /// A fault of one call: the step fails so, what is known stays, and the next run finds all.
    async fn stumbles(&self, fault: Fault, wanted: &str) {
        self.upstream.fail_times("strava.api", fault.clone(), 1);
        let patience = match fault {
            Fault::Slow(_) | Fault::Silent | Fault::Stall => Duration::from_millis(300),
            _ => Duration::from_secs(30),
        };
        self.set_patience(Some(patience));
        let error = self.list().await.unwrap_err();
        self.set_patience(None);
        assert_eq!(code(&error), wanted, "{fault:?}");
        self.upstream.mend();
        self.sync().await;
        self.truth().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_on_the_way_the_next_run_makes_up_for_it() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        for (fault, wanted) in [
            (Fault::Status(500), "upstream_unavailable"),
            (Fault::Status(503), "upstream_unavailable"),
            (Fault::HtmlPage(502), "upstream_unavailable"),
            (Fault::HtmlPage(200), "upstream_unavailable"),
            (Fault::Slow(2_000), "upstream_slow"),
            (Fault::Silent, "upstream_slow"),
            (Fault::Stall, "upstream_slow"),
            (Fault::Reset, "upstream_broken_off"),
            (Fault::ResetMidBody, "upstream_broken_off"),
            (Fault::Truncated, "upstream_broken_off"),
            (Fault::WrongType, "upstream_unavailable"),
            (Fault::BrokenJson, "upstream_unreadable"),
            (Fault::Garbage, "upstream_unreadable"),
            (Fault::WrongShape, "upstream_unreadable"),
            (Fault::Empty, "upstream_unreadable"),
            (Fault::DeepJson(10_000), "upstream_unreadable"),
            (Fault::Huge(2 << 20), "upstream_too_large"),
        ] {
            house.stumbles(fault, wanted).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_shut_is_named() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        house.upstream.refuse();
        assert_eq!(code(&house.list().await.unwrap_err()), "upstream_unreachable");
        house.upstream.mend();
        house.sync().await;
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_activity_at_which_strava_fails_is_left_alone_after_three_tries() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().switch(|switches| switches.poison = vec![ids[1]]);
        house.sync().await;
        assert_eq!(house.counts().await.details_due, 1);
        house.sync().await;
        house.sync().await;
        let counts = house.counts().await;
        assert_eq!((counts.details_due, counts.streams_due, counts.faulty), (0, 0, 1), "{counts:?}");
        house.asked();
        house.sync().await;
        assert_eq!(house.asked(), ["GET api/v3/athlete/activities"]);
        house.strava().switch(|switches| switches.poison.clear());
        assert_eq!(house.write(|tx| activity::retry_faulty(tx, "me")).await, 1);
        house.sync().await;
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_and_not_found_is_gone() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().switch(|switches| switches.missing = vec![ids[1]]);
        house.list().await.unwrap();
        house.details().await.unwrap();
        assert_eq!((house.kept().await.len(), house.counts().await.gone), (2, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_that_ended_early_is_renewed_once() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        house.strava().switch(|switches| switches.rotation = Rotation::Always);
        house.strava().end_access(ATHLETE);
        house.list().await.unwrap();
        let wanted = ["GET api/v3/athlete/activities", "POST oauth/token", "GET api/v3/athlete/activities"];
        assert_eq!(house.asked(), wanted);
        assert_eq!(house.strava().stale_refreshes(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_retry_mends_is_a_state_with_what_to_do() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        house.strava().switch(|switches| switches.is_inactive = true);
        house.stops("strava_inactive", State::Inactive).await;
        house.strava().switch(|switches| switches.is_inactive = false);
        house.list().await.unwrap();
        let kept = house.read(|tx| connection::get(tx, "me")).await.unwrap();
        assert_eq!((kept.state, kept.reason), (State::Connected, None));
        house.connect(&["read"]).await;
        house.stops("strava_scope_missing", State::ScopeMissing).await;
        house.connect(&SCOPES).await;
        house.strava().deauthorize(ATHLETE);
        house.stops("strava_needs_reauth", State::NeedsReauth).await;
        house.asked();
        house.stops("strava_needs_reauth", State::NeedsReauth).await;
        assert!(house.asked().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_granted_of_one_thing_stops_no_other() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 2, ms(NOW));
        house.connect(&["activity:read_all"]).await;
        let (all, state) = (SCOPES.join(","), (State::Connected, None));
        house.write(move |tx| connection::identify(tx, "me", (ATHLETE, &all), state, 1)).await;
        house.asked();
        house.athlete().await.unwrap();
        house.segments().await.unwrap();
        let asked = house.asked();
        assert!(
            ["zones", "starred"].iter().all(|end| asked.iter().any(|asked| asked.ends_with(end))),
            "{asked:?}"
        );
        assert_eq!(house.read(|tx| connection::get(tx, "me")).await.unwrap().state, State::Connected);
        house.sync().await;
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_names_no_stream_says_that_there_are_none() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 2, ms(NOW));
        house.strava().switch(|switches| switches.bare_streams = vec![ids[1]]);
        house.sync().await;
        let counts = house.counts().await;
        assert_eq!((counts.streams_due, counts.faulty), (0, 0), "{counts:?}");
        house.asked();
        house.sync().await;
        assert_eq!(house.asked(), ["GET api/v3/athlete/activities"]);
    })
    .await;
}

impl House {
    async fn stops(&self, wanted: &str, state: State) {
        let error = self.list().await.unwrap_err();
        assert!(matches!(error, StepError::Hopeless(_)), "{error}");
        assert_eq!(code(&error), wanted);
        let connection = self.read(|tx| connection::get(tx, "me")).await.unwrap();
        assert_eq!(connection.state, state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_and_own_efforts_are_read_once_a_day() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().add_effort(1_109_718, ids[0], 60, 116);
        house.strava().add_effort(1_109_718, ids[1], 60, 109);
        house.segments().await.unwrap();
        let efforts = house.read(|tx| effort::of_segment(tx, "me", 1_109_718)).await;
        let times: Vec<_> = efforts.iter().map(|effort| effort.elapsed_s).collect();
        assert!([109.0, 116.0].into_iter().all(|seconds| times.contains(&Some(seconds))), "{times:?}");
        assert_eq!(house.read(|tx| item::list(tx, "me", "segment")).await.len(), 2);
        house.asked();
        house.segments().await.unwrap();
        assert!(house.asked().is_empty());
        house.wait(Duration::from_secs(25 * 3_600));
        house.segments().await.unwrap();
        assert_eq!(house.asked_for(), ["GET api/v3/segments/starred"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_athlete_without_a_right_to_efforts_is_not_asked_for_again() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().add_effort(1_109_718, ids[0], 60, 116);
        house.strava().switch(|switches| switches.is_paid_only = true);
        house.segments().await.unwrap();
        assert!(house.read(|tx| sync::get(tx, "me")).await.no_efforts_ms.is_some());
        house.wait(Duration::from_secs(25 * 3_600));
        house.asked();
        house.segments().await.unwrap();
        assert_eq!(house.asked_for(), ["GET api/v3/segments/starred"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_that_cannot_be_listed_stay_and_are_listed_again() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().add_effort(1_109_718, ids[0], 60, 116);
        house.segments().await.unwrap();
        house.wait(Duration::from_secs(25 * 3_600));
        for fault in [Fault::WrongShape, Fault::BrokenJson] {
            house.upstream.fail_times("strava.api", fault, 1);
            house.segments().await.unwrap();
            assert_eq!(house.read(|tx| item::list(tx, "me", "segment")).await.len(), 2);
        }
        house.asked();
        house.segments().await.unwrap();
        assert_eq!(house.asked_for(), ["GET api/v3/segments/starred"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn efforts_that_could_not_be_read_are_asked_for_again() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().add_effort(1_109_718, ids[0], 60, 116);
        house.upstream.fail_where(Switch {
            service: "strava.api".to_owned(),
            path: Some("/strava/api/v3/segment_efforts".to_owned()),
            fault: Fault::BrokenJson,
            times: Some(1),
        });
        house.segments().await.unwrap();
        house.wait(Duration::from_secs(25 * 3_600));
        for wanted in [1, 0] {
            house.asked();
            house.segments().await.unwrap();
            let asked = house.asked_for();
            let efforts = asked.iter().filter(|asked| asked.ends_with("segment_efforts"));
            assert_eq!(efforts.count(), wanted, "{asked:?}");
            house.wait(Duration::from_secs(25 * 3_600));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_zones_and_gear_are_read_once_a_day_as_far_as_granted() {
    House::each(async |house| {
        house.athlete().await.unwrap();
        let kinds = ["athlete", "zones", "gear"];
        for kind in kinds {
            assert!(!house.read(move |tx| item::list(tx, "me", kind)).await.is_empty(), "{kind}");
        }
        house.asked();
        house.athlete().await.unwrap();
        assert!(house.asked().is_empty());
        house.wait(Duration::from_secs(25 * 3_600));
        house.connect(&["read", "activity:read_all"]).await;
        house.athlete().await.unwrap();
        assert!(!house.asked().iter().any(|asked| asked.ends_with("zones")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_fetched_again_expires_and_only_after_a_sweep() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 20, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        // Nobody was there for ten days.
        house.wait(Duration::from_secs(10 * 86_400));
        house.expire().await.unwrap();
        assert_eq!(house.kept().await.len(), 20);
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        let rows = house.kept().await;
        assert_eq!(rows.len(), 20);
        assert!(rows.iter().all(|row| row.avg_hr.is_some()), "what was computed stays");
        let id = rows[0].id.clone();
        let columns = house.read(move |tx| fitness::records::activity_stream::columns(tx, &id)).await;
        assert!(columns.is_empty());
        for row in rows {
            let id = row.id.clone();
            let (laps, told, device) = house.read(move |tx| told(tx, &id)).await;
            assert!(laps.is_empty() && device.is_none(), "{device:?}");
            assert_eq!((told.gear, told.calories, told.description), (None, None, None));
            assert_eq!(told.name, row.name);
        }
        assert_eq!(house.counts().await.streams_due, 0);
    })
    .await;
}

/// What details say of an activity.
fn told(tx: &mut Tx<'_>, id: &str) -> store::Result<(Vec<Lap>, Figures, Option<String>)> {
    const DEVICE: Sql = Sql::Both("SELECT device FROM activity WHERE id = $1");
    let laps = lap::list(tx, id)?;
    let told = export_row::told(tx, "me", &[id.to_owned()])?.remove(id).unwrap();
    Ok((laps, told, tx.optional(&DEVICE, &params![id], |row| row.get(0))?.flatten()))
}

#[tokio::test(flavor = "multi_thread")]
async fn however_long_nobody_was_there_a_sweep_comes_before_expiry() {
    for days in [15, 60] {
        House::each(async |house| {
            house.strava().grow(ATHLETE, 3, ms(NOW));
            house.sweep(json!({})).await.unwrap();
            // It waited once, shortly before everybody left.
            house.wait(Duration::from_secs(8 * 86_400));
            house.expire().await.unwrap();
            house.wait(Duration::from_secs(days * 86_400));
            house.expire().await.unwrap();
            assert_eq!(house.kept().await.len(), 3);
            house.sweep(json!({})).await.unwrap();
            house.expire().await.unwrap();
            assert_eq!(house.kept().await.len(), 3);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_waits_no_longer_than_as_long_again_for_a_sweep_that_fails() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.upstream.fail("strava.api", Fault::Status(503));
        for day in 1..=16 {
            house.wait(Duration::from_secs(86_400));
            house.sweep(json!({})).await.unwrap_err();
            house.expire().await.unwrap();
            let wanted = if day < 16 { 3 } else { 0 };
            assert_eq!(house.kept().await.len(), wanted, "day {day}");
        }
    })
    .await;
}
