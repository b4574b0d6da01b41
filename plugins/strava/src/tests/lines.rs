//! The lines of starred segments: read in time, kept as long as they may be, and gone with all that follows them.

use std::time::Duration;

use fitness::records::segment::{self, Segment};
use fitness::records::strava::{item, line};
use serde_json::{Value, json};
use upstream::{Fault, Switch};

use super::house::House;

const DAY: Duration = Duration::from_secs(86_400);
/// One that the athlete of the stand-in has starred.
const STARRED: i64 = 1_109_718;
const ASKED: &str = "GET api/v3/segments/1109718";

impl House {
    async fn follow(&self) -> Option<String> {
        let defined = self.write(|tx| segment::define_starred(tx, "me", None, STARRED, 5)).await;
        defined.ok()
    }

    async fn own(&self) -> Vec<Segment> {
        self.read(|tx| segment::all(tx, "me")).await
    }

    async fn lines(&self) -> usize {
        self.read(|tx| item::list(tx, "me", line::KIND)).await.len()
    }

    /// Whether the next run asks for the line once more.
    async fn asks_for_the_line(&self) -> bool {
        self.asked();
        self.segments().await.unwrap();
        self.asked_for().iter().any(|asked| asked == ASKED)
    }

    /// Answers with that list of starred segments from now on.
    fn lists(&self, body: &Value) {
        let folder = tempfile::tempdir().unwrap();
        let exchange = json!({
            "request": { "method": "GET", "uri": "https://www.strava.com/api/v3/segments/starred" },
            "response": { "status": 200, "headers": {}, "body": body },
        });
        std::fs::write(folder.path().join("starred.json"), exchange.to_string()).unwrap();
        self.upstream.replay(folder.path()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_read_and_read_again_before_it_is_too_old() {
    House::each(async |house| {
        assert!(house.asks_for_the_line().await);
        assert_eq!(house.lines().await, 2);
        house.follow().await.unwrap();
        let mut days = Vec::new();
        for day in 1..=10 {
            house.wait(DAY);
            house.sweep(json!({})).await.unwrap();
            house.expire().await.unwrap();
            days.extend(house.asks_for_the_line().await.then_some(day));
            assert_eq!((house.lines().await, house.own().await.len()), (2, 1), "day {day}");
        }
        assert_eq!(days, [4, 8], "half of the seven days that it may be kept");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_line_is_the_apis_and_goes_where_the_line_is_not_read_again() {
    House::each(async |house| {
        assert_eq!(house.follow().await, None, "nothing was read yet");
        house.segments().await.unwrap();
        house.follow().await.unwrap();
        let own = house.own().await;
        let told = (own[0].name.as_str(), own[0].source.as_str(), own[0].provenance.as_str());
        assert_eq!(told, ("Tower Climb", "strava", "strava_api"));
        assert_eq!((own[0].sports.as_str(), own[0].source_id.as_deref()), ("on foot", Some("1109718")));
        assert!((own[0].meters - 447.0).abs() < 5.0, "{}", own[0].meters);
        house.wait(8 * DAY);
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        assert_eq!((house.lines().await, house.own().await.len()), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_starred_no_more_takes_along_what_follows_it() {
    House::each(async |house| {
        house.segments().await.unwrap();
        house.follow().await.unwrap();
        house.lists(&json!([{ "id": 1_436_274, "name": "River Road" }]));
        house.wait(DAY + DAY / 24);
        house.segments().await.unwrap();
        assert_eq!((house.lines().await, house.own().await.len()), (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_cannot_be_read_takes_nothing_and_is_asked_for_again() {
    for fault in [Fault::HtmlPage(404), Fault::WrongShape, Fault::BrokenJson, Fault::Empty] {
        House::each(async |house| {
            house.segments().await.unwrap();
            house.follow().await.unwrap();
            let own = house.own().await;
            house.wait(4 * DAY);
            house.upstream.fail_where(Switch {
                service: "strava.api".to_owned(),
                path: Some(format!("/strava/api/v3/segments/{STARRED}")),
                fault: fault.clone(),
                times: Some(1),
            });
            let _ = house.segments().await;
            house.upstream.mend();
            assert_eq!((house.lines().await, house.own().await), (2, own), "{fault:?}");
            house.wait(DAY + DAY / 24);
            assert!(house.asks_for_the_line().await, "{fault:?}");
        })
        .await;
    }
}
