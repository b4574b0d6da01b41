//! The lines of starred segments: read in time, kept as long as they may be, and gone with all that follows them.

use std::time::Duration;

use fitness::records::segment::{self, Segment};
use fitness::records::strava::quota::{self, Bucket, Told};
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

    /// Leaves nothing of the day's quota to what can wait.
    async fn spend_what_the_past_may(&self) {
        let now_ms = self.now_ms();
        let told = Told { bucket: Bucket::Read, used: (0, 950), most: (100, 1_000) };
        self.write(move |tx| quota::learn(tx, &[told], (now_ms, now_ms))).await;
    }

    /// Which of these was asked for since the last look.
    fn asked_for_lines(&self) -> Vec<String> {
        let is_line =
            |asked: &String| asked.starts_with("GET api/v3/segments/") && !asked.ends_with("starred");
        self.asked_for().into_iter().filter(is_line).collect()
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

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_somebody_asks_for_reads_what_is_starred_now() {
    House::each(async |house| {
        house.lists(&json!([{ "id": 1_436_274, "name": "River Road" }]));
        house.segments().await.unwrap();
        assert_eq!(house.follow().await, None);
        house.lists(&json!([{ "id": 1_436_274, "name": "River Road" }, { "id": STARRED, "name": "Up" }]));
        house.segments().await.unwrap();
        assert_eq!(house.follow().await, None, "the night that follows would list them");
        house.segments_as_asked().await.unwrap();
        assert!(house.follow().await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_followed_is_read_in_time_while_the_past_is_fetched() {
    House::each(async |house| {
        house.segments().await.unwrap();
        house.follow().await.unwrap();
        house.wait(4 * DAY);
        house.spend_what_the_past_may().await;
        house.asked();
        house.segments().await.unwrap();
        assert_eq!(house.asked_for_lines(), [ASKED], "the other line waits for the past");
        house.wait(4 * DAY);
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        assert_eq!((house.lines().await, house.own().await.len()), (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_that_is_taken_back_counts_where_the_lines_of_others_must_wait() {
    House::each(async |house| {
        house.segments().await.unwrap();
        house.follow().await.unwrap();
        house.lists(&json!([{ "id": 1_436_274, "name": "River Road" }]));
        house.wait(4 * DAY);
        house.spend_what_the_past_may().await;
        house.asked();
        house.segments().await.unwrap();
        assert_eq!(house.asked_for_lines(), Vec::<String>::new());
        assert_eq!((house.lines().await, house.own().await.len()), (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_strava_does_not_know_is_left_alone_after_three_nights() {
    House::each(async |house| {
        house.lists(&json!([{ "id": 77, "name": "Gone" }, { "id": STARRED, "name": "Up" }]));
        let mut nights = Vec::new();
        for night in 0..=5 {
            house.asked();
            house.segments().await.unwrap();
            let asked = house.asked_for_lines();
            nights.extend(asked.iter().any(|asked| asked == "GET api/v3/segments/77").then_some(night));
            house.wait(DAY);
        }
        assert_eq!((nights, house.lines().await), (vec![0, 1, 2], 1));
        house.asked();
        house.segments_as_asked().await.unwrap();
        let again = house.asked_for_lines();
        assert!(again.iter().any(|asked| asked == "GET api/v3/segments/77"), "{again:?}");
        // The note of it is as old then as what Strava told may become.
        house.wait(8 * DAY);
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        house.asked();
        house.segments().await.unwrap();
        assert_eq!(house.asked_for_lines(), ["GET api/v3/segments/77", ASKED]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_right_to_lines_is_asked_for_no_other() {
    House::each(async |house| {
        for path in [STARRED, 1_436_274] {
            house.upstream.fail_where(Switch {
                service: "strava.api".to_owned(),
                path: Some(format!("/strava/api/v3/segments/{path}")),
                fault: Fault::Status(402),
                times: None,
            });
        }
        for wanted in [1, 1, 0] {
            house.asked();
            house.segments().await.unwrap();
            let asked = house.asked_for_lines();
            assert_eq!(asked.len(), wanted, "{asked:?}");
            house.wait(DAY);
        }
        house.upstream.mend();
        house.asked();
        house.segments_as_asked().await.unwrap();
        assert_eq!(house.asked_for_lines().len(), 2);
        assert_eq!(house.lines().await, 2);
    })
    .await;
}
