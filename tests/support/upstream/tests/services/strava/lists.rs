//! Pages of activities.

use upstream::strava::{ATHLETE, Visibility};

use super::client::{Client, refusal};
use crate::trial::NOW_MS;

const DAY_MS: i64 = 86_400_000;

async fn check_refused(query: &str, error: &str) {
    let client = Client::start().await;
    let got = client.get(&format!("/athlete/activities?{query}")).await;
    assert_eq!(got.error(), refusal(400, error), "{query}");
}

#[tokio::test]
async fn pages_go_from_the_newest_to_an_empty_one() {
    let client = Client::start().await;
    let mut ids = client.strava().grow(ATHLETE, 65, NOW_MS);
    ids.reverse();
    assert_eq!(client.get("/athlete/activities").await.ids(), ids[..30]);
    assert_eq!(client.get("/athlete/activities?page=3").await.ids(), ids[60..]);
    assert_eq!(client.get("/athlete/activities?per_page=200").await.ids(), ids);
    assert_eq!(client.get("/athlete/activities?per_page=13&page=5").await.ids(), ids[52..]);
    assert!(client.get("/athlete/activities?page=4").await.ids().is_empty());
}

#[tokio::test]
async fn a_window_is_by_the_start_and_after_alone_turns_the_order() {
    let client = Client::start().await;
    let ids = client.strava().grow(ATHLETE, 40, NOW_MS);
    let start_s = |id: i64| client.strava().activity(id).unwrap().start_ms / 1000;
    let get = async |query: String| client.get(&format!("/athlete/activities?{query}")).await.ids();
    assert_eq!(get(format!("after={}", start_s(ids[9]))).await, ids[10..]);
    let mut newest_first = ids[10..20].to_vec();
    newest_first.reverse();
    assert_eq!(get(format!("after={}&before={}", start_s(ids[9]), start_s(ids[20]))).await, newest_first);
    let mut before = ids[..20].to_vec();
    before.reverse();
    assert_eq!(get(format!("before={}", start_s(ids[20]))).await, before);
}

#[tokio::test]
async fn what_is_wrong_with_a_list_is_said() {
    check_refused(&format!("after={}", NOW_MS / 1000 + 1), "Application/after/future").await;
    check_refused(&format!("after={NOW_MS}"), "Application/after/future").await;
    check_refused("per_page=201", "Application/per_page/invalid").await;
    check_refused("page=0", "Application/page/invalid").await;
    check_refused("before=yesterday", "Application/before/invalid").await;
}

#[tokio::test]
async fn late_uploads_edits_and_deletions_show_only_in_what_is_listed() {
    let client = Client::start().await;
    let ids = client.strava().grow(ATHLETE, 10, NOW_MS);
    let late = client.strava().upload_late(ATHLETE, NOW_MS - 30 * DAY_MS);
    assert!(late > ids[9], "an id tells when it was uploaded");
    assert!(client.strava().delete(ids[3]) && !client.strava().delete(ids[3]));
    assert!(client.strava().edit(ids[5], |activity| activity.name = "Renamed".to_owned()));
    let got = client.get("/athlete/activities").await;
    let mut left = [&[late], &ids[..3], &ids[4..]].concat();
    left.reverse();
    assert_eq!(got.ids(), left);
    let renamed = got.body.as_array().unwrap().iter().find(|one| one["id"] == ids[5]).unwrap();
    assert_eq!(renamed["name"], "Renamed");
    assert_eq!(
        client.get(&format!("/activities/{}", ids[3])).await.error(),
        refusal(404, "Activity/id/invalid")
    );
}

#[tokio::test]
async fn private_ones_are_shown_only_to_those_who_may_read_all() {
    let all = Client::start().await;
    let ids = all.strava().grow(ATHLETE, 2, NOW_MS);
    all.strava().set_visibility(ids[1], Visibility::OnlyMe);
    let token = all.token.clone();
    let some = all.strava().connect(ATHLETE, &["read", "activity:read"]);
    assert_eq!(all.get("/athlete/activities").await.ids(), [ids[1], ids[0]]);
    assert_eq!(all.get(&format!("/activities/{}", ids[1])).await.body["visibility"], "only_me");
    let some = Client { token: some.access_token, ..all };
    assert_ne!(some.token, token);
    assert_eq!(some.get("/athlete/activities").await.ids(), [ids[0]]);
    assert_eq!(some.get(&format!("/activities/{}", ids[1])).await.status, 404);
}

#[tokio::test]
async fn pages_drift_while_new_ones_arrive() {
    let client = Client::start().await;
    let ids = client.strava().grow(ATHLETE, 6, NOW_MS - DAY_MS);
    let new = client.strava().new_activity(ATHLETE, NOW_MS - 7_200_000);
    let new_id = new.id;
    client.strava().arrive_between_pages([new]);
    assert_eq!(client.get("/athlete/activities?per_page=3").await.ids(), [ids[5], ids[4], ids[3]]);
    assert_eq!(client.get("/athlete/activities?per_page=3&page=2").await.ids(), [ids[3], ids[2], ids[1]]);
    assert_eq!(client.get("/athlete/activities?per_page=1").await.ids(), [new_id]);
}

#[tokio::test]
async fn ten_thousand_are_listed_in_fifty_pages() {
    let client = Client::start().await;
    let mut ids = client.strava().grow(ATHLETE, 10_000, NOW_MS);
    let mut listed = Vec::new();
    for page in 1..=51 {
        listed.extend(client.get(&format!("/athlete/activities?per_page=200&page={page}")).await.ids());
    }
    ids.reverse();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn one_athlete_does_not_see_the_activities_of_another() {
    let client = Client::start().await;
    client.strava().set_athlete(upstream::strava::Athlete::new(7));
    let theirs = client.strava().grow(7, 2, NOW_MS);
    assert!(client.get("/athlete/activities").await.ids().is_empty());
    assert_eq!(client.get(&format!("/activities/{}", theirs[0])).await.status, 404);
}
