//! What is new, late, edited, hidden and gone.

use std::time::Duration;

use fitness::records::strava;
use serde_json::json;
use upstream::strava::{ATHLETE, Calls, Trap, Visibility};
use upstream::{Fault, Switch};

use super::house::{House, NOW, SCOPES, ms};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_with_nothing_new_costs_one_call() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 5, ms(NOW));
        house.sync().await;
        house.wait(HOUR);
        house.asked();
        house.sync().await;
        assert_eq!(house.asked(), ["GET api/v3/athlete/activities"]);
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn summaries_come_first_and_details_and_samples_follow_newest_first() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 3, ms(NOW));
        house.list().await.unwrap();
        assert_eq!(house.kept().await.len(), 3);
        house.asked();
        house.details().await.unwrap();
        let wanted: Vec<String> = ids.iter().rev().map(|id| format!("GET api/v3/activities/{id}")).collect();
        assert_eq!(house.asked(), wanted);
        house.streams().await.unwrap();
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_upload_is_found_by_the_list_or_else_by_the_sweep() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 30, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        house.strava().upload_late(ATHLETE, ms(NOW) - 3 * 86_400_000);
        let long_ago = house.strava().upload_late(ATHLETE, ms(NOW) - 900 * 86_400_000);
        house.sync().await;
        assert_eq!(house.kept().await.len(), 31);
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        assert!(house.kept().await.iter().any(|row| row.file.ends_with(&long_ago.to_string())));
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_asks_for_the_details_anew_and_for_samples_only_where_the_way_is_another() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 4, ms(NOW));
        house.sync().await;
        house.asked();
        house.strava().edit(ids[3], |run| run.name = "Named anew".to_owned());
        house.strava().edit(ids[2], |run| run.meters *= 0.9);
        house.sync().await;
        let wanted = [
            "GET api/v3/athlete/activities".to_owned(),
            format!("GET api/v3/activities/{}", ids[3]),
            format!("GET api/v3/activities/{}", ids[2]),
            format!("GET api/v3/activities/{}/streams", ids[2]),
        ];
        assert_eq!(house.asked(), wanted);
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_goes_with_all_that_hung_on_it_and_may_come_back() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 30, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        house.wait(DAY);
        let old = house.strava().activity(ids[7]).unwrap();
        house.strava().delete(ids[7]);
        let changes = house.sweep(json!({})).await.unwrap();
        assert!(changes.days.is_some());
        assert_eq!((house.kept().await.len(), house.counts().await.gone), (29, 1));
        house.truth().await;
        house.wait(DAY);
        house.strava().add_activity(old);
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        assert_eq!((house.kept().await.len(), house.counts().await.gone), (30, 0));
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_else_may_see_stays_the_athletes_own_where_that_was_granted() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 30, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        house.wait(DAY);
        house.strava().set_visibility(ids[20], Visibility::OnlyMe);
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.kept().await.len(), 30);
        house.wait(DAY);
        house.connect(&SCOPES[..1].iter().copied().chain(["activity:read"]).collect::<Vec<_>>()).await;
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.kept().await.len(), 29);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_shift_while_they_are_read_lose_nothing() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 450, ms(NOW) - 86_400_000);
        house.sweep(json!({})).await.unwrap();
        let late: Vec<_> =
            (0..2).map(|days| house.strava().new_activity(ATHLETE, ms(NOW) - days * 7_200_000)).collect();
        house.strava().arrive_between_pages(late);
        house.wait(DAY);
        house.sweep(json!({})).await.unwrap();
        house.list().await.unwrap();
        assert_eq!(house.kept().await.len(), 452);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn much_that_is_gone_at_once_waits_for_a_word() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 40, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.wait(DAY);
        for id in &ids[..10] {
            house.strava().delete(*id);
        }
        let refused = house.sweep(json!({})).await.unwrap_err();
        assert!(format!("{refused}").contains("10 of 40"), "{refused}");
        assert_eq!(house.kept().await.len(), 40);
        let held_back = house.read(|tx| strava::sync::get(tx, "me")).await.held_back.unwrap();
        assert_eq!((held_back.missing, held_back.of), (10, 40));
        house.sweep(json!({"confirm": true})).await.unwrap();
        assert_eq!(house.kept().await.len(), 30);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_odd_record_is_kept() {
    House::each(async |house| {
        let traps = house.strava().add_traps(ATHLETE, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.sync().await;
        assert_eq!(house.kept().await.len(), Trap::ALL.len(), "{traps:?}");
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_within_a_sweep_makes_nothing_look_gone() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW) - 2 * 86_400_000);
        house.sweep(json!({})).await.unwrap();
        house.wait(DAY);
        house.upstream.fail_times("strava.api", Fault::Status(503), 1);
        house.sweep(json!({})).await.unwrap_err();
        house.set_back(HOUR);
        house.asked();
        house.sweep_on().await.unwrap();
        assert_eq!(house.asked_for(), ["GET api/v3/athlete/activities"; 2]);
        assert_eq!(house.kept().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_few_a_single_one_may_go_without_a_word() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 4, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.wait(DAY);
        house.strava().delete(ids[0]);
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.kept().await.len(), 3);
        house.wait(DAY);
        house.strava().delete(ids[1]);
        house.strava().delete(ids[2]);
        house.sweep(json!({})).await.unwrap_err();
        assert_eq!(house.kept().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_cut_goes_on_counting_what_it_removed() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        let ids = house.strava().grow(ATHLETE, 200, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.wait(DAY);
        for id in &ids[..40] {
            house.strava().delete(*id);
        }
        // Twenty go at once, and it is cut at the first one after these.
        house.fails_at(ids[20]);
        house.sweep(json!({})).await.unwrap_err();
        house.upstream.mend();
        assert_eq!(house.kept().await.len(), 180);
        for id in &ids[40..50] {
            house.strava().delete(*id);
        }
        house.wait(HOUR);
        // Thirty of what is left would be no fifth.
        let refused = house.sweep(json!({})).await.unwrap_err();
        assert!(format!("{refused}").contains("30 of 180"), "{refused}");
        assert_eq!(house.kept().await.len(), 180);
        house.sweep(json!({ "confirm": true })).await.unwrap();
        assert_eq!(house.kept().await.len(), 150);
        house.wait(DAY);
        house.strava().delete(ids[50]);
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.kept().await.len(), 149);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_cut_in_the_middle_of_what_may_go_removes_the_rest() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        let ids = house.strava().grow(ATHLETE, 200, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.wait(DAY);
        for id in &ids[..40] {
            house.strava().delete(*id);
        }
        house.fails_at(ids[20]);
        house.sweep(json!({})).await.unwrap_err();
        house.upstream.mend();
        house.sweep_on().await.unwrap();
        assert_eq!(house.kept().await.len(), 160);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_cut_asks_for_none_again_that_it_looked_for() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        let ids = house.strava().grow(ATHLETE, 200, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.wait(DAY);
        for id in &ids[..30] {
            house.strava().delete(*id);
        }
        // Whether that one is gone Strava does not say.
        house.strava().switch(|switches| switches.poison = vec![ids[3]]);
        house.fails_at(ids[25]);
        house.sweep(json!({})).await.unwrap_err();
        house.upstream.mend();
        assert_eq!(house.kept().await.len(), 176);
        house.asked();
        house.sweep_on().await.unwrap();
        let wanted: Vec<_> = ids[25..30].iter().map(|id| format!("GET api/v3/activities/{id}")).collect();
        assert_eq!(house.asked_for(), wanted);
        assert_eq!(house.kept().await.len(), 171);
    })
    .await;
}

impl House {
    /// Fails once when that activity is asked for.
    fn fails_at(&self, strava_id: i64) {
        self.upstream.fail_where(Switch {
            service: "strava.api".to_owned(),
            path: Some(format!("/strava/api/v3/activities/{strava_id}")),
            fault: Fault::Status(503),
            times: Some(1),
        });
    }
}
