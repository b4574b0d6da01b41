//! What is left of what may be kept no longer, and of what is gone.

use std::time::Duration;

use fitness::Scope;
use fitness::export::Figures;
use fitness::records::strava::hint::{self, Hint};
use fitness::records::{best_effort, export_row, gear, lap};
use serde_json::json;
use store::{Sql, Tx, params};
use upstream::strava::{ATHLETE, Athlete, Gear};

use super::house::{House, NOW, ms};
use crate::decode;

const DAY: Duration = Duration::from_secs(86_400);
const SUMMED_UP: Sql = Sql::Both(
    "SELECT samples, moving_s, avg_hr, max_hr, avg_cadence, hr_seconds FROM activity WHERE id = $1",
);
const COLUMNS: Sql = Sql::Both("SELECT COUNT(*) FROM activity_stream WHERE activity_id = $1");
const TOMBSTONE: Sql =
    Sql::Both("SELECT start_ms, summary_sha256 FROM strava_activity WHERE strava_id = $1 AND gone_ms > 0");

/// What samples told of an activity.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    figures: [Option<f64>; 5],
    hr_seconds: Option<String>,
    efforts: Vec<f64>,
}

impl House {
    async fn told(&self, strava_id: i64) -> Told {
        let id = decode::activity_id("me", strava_id);
        let read = move |tx: &mut Tx<'_>| {
            let efforts = best_effort::list(tx, &id)?.iter().map(|effort| effort.elapsed_s).collect();
            let told = tx.optional(&SUMMED_UP, &params![&id], |row| {
                let samples = row.get::<i64>(0)? as f64;
                let figures = [Some(samples), row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((figures, row.get(5)?))
            })?;
            let (figures, hr_seconds) = told.unwrap();
            Ok(Told { figures, hr_seconds, efforts })
        };
        self.read(read).await
    }

    async fn has_columns(&self, strava_id: i64) -> bool {
        let id = decode::activity_id("me", strava_id);
        let count = self.read(move |tx| tx.optional(&COLUMNS, &params![&id], |row| row.get::<i64>(0)));
        count.await != Some(0)
    }

    /// When it began, and whether something of what was listed is left; nothing where it is not gone.
    async fn tombstone(&self, strava_id: i64) -> Option<(i64, bool)> {
        let read = |row: &store::Row<'_>| Ok((row.get(0)?, !row.get::<String>(1)?.is_empty()));
        self.read(move |tx| tx.optional(&TOMBSTONE, &params![strava_id], read)).await
    }

    /// An activity whose samples have expired, and what they told.
    async fn expired(&self) -> (i64, Told) {
        let ids = self.strava().grow(ATHLETE, 5, ms(NOW));
        self.sync().await;
        let mut known = None;
        for id in &ids {
            let told = self.told(*id).await;
            if told.hr_seconds.is_some() && !told.efforts.is_empty() {
                known = Some((*id, told));
            }
        }
        self.wait(10 * DAY);
        known.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_that_come_after_the_samples_have_expired_take_no_number_away() {
    House::each(async |house| {
        let (id, before) = house.expired().await;
        house.strava().edit(id, |run| run.name = "Named anew".to_owned());
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        assert!(!house.has_columns(id).await);
        house.details().await.unwrap();
        assert_eq!(house.told(id).await, before);
        let laps = house.read(move |tx| lap::list(tx, &decode::activity_id("me", id))).await;
        assert!(!laps.is_empty());
        assert!(house.kept().await.iter().any(|row| row.name.as_deref() == Some("Named anew")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_asks_for_expired_samples_anew_and_leaves_their_numbers_until_they_come() {
    House::each(async |house| {
        let (id, before) = house.expired().await;
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        house.strava().edit(id, |run| run.name = "Named anew".to_owned());
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.told(id).await, before);
        house.details().await.unwrap();
        assert_eq!(house.told(id).await, before);
        house.streams().await.unwrap();
        assert_eq!((house.told(id).await, house.has_columns(id).await), (before, true));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_way_leaves_no_number_of_samples_that_have_expired() {
    House::each(async |house| {
        let (id, _) = house.expired().await;
        house.sweep(json!({})).await.unwrap();
        house.expire().await.unwrap();
        house.strava().edit(id, |run| run.meters += 500.0);
        house.sweep(json!({})).await.unwrap();
        house.details().await.unwrap();
        let told = house.told(id).await;
        assert_eq!((told.figures[0], told.hr_seconds, told.efforts), (Some(0.0), None, Vec::new()));
    })
    .await;
}

impl House {
    /// Gear by its name, each with how many activities were done with it.
    async fn worn(&self) -> Vec<(String, u32, bool)> {
        let gear = self.read(|tx| gear::overview(tx, "me", Scope::All)).await;
        gear.into_iter().map(|gear| (gear.name, gear.totals.uses, gear.is_retired)).collect()
    }

    /// Activities done with a pair of shoes that the profile does not list any more, and nothing of the details kept.
    async fn worn_and_expired(&self) -> Vec<i64> {
        let old = Gear {
            is_retired: true,
            is_unlisted: true,
            ..Gear::new("g99".to_owned(), "Old blue ones", "Stride", "Nine")
        };
        let athlete = Athlete { shoes: vec![old], bikes: Vec::new(), ..Athlete::new(ATHLETE) };
        self.strava().set_athlete(athlete);
        let ids = self.strava().grow(ATHLETE, 3, ms(NOW));
        for id in &ids {
            self.strava().edit(*id, |run| run.gear_id = Some("g99".to_owned()));
        }
        self.sync().await;
        self.athlete().await.unwrap();
        assert_eq!(self.worn().await, [("Old blue ones".to_owned(), 3, true)]);
        self.wait(10 * DAY);
        self.sweep(json!({})).await.unwrap();
        self.expire().await.unwrap();
        self.athlete().await.unwrap();
        ids
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_activity_was_done_with_is_known_for_as_long_as_its_summary() {
    House::each(async |house| {
        let ids = house.worn_and_expired().await;
        assert_eq!(house.worn().await, [("Old blue ones".to_owned(), 3, true)]);
        let rows = house.kept().await;
        assert!(rows.iter().all(|row| row.gear.as_deref() == Some("Old blue ones")), "{rows:?}");
        house.strava().edit(ids[0], |run| run.gear_id = None);
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.worn().await, [("Old blue ones".to_owned(), 2, true)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_written_without_the_gear_have_it_after_the_next_list() {
    House::each(async |house| {
        let ids = house.worn_and_expired().await;
        let sources: Vec<String> = ids.iter().map(i64::to_string).collect();
        house
            .write(move |tx| {
                for row in export_row::at(tx, "me", "strava_api", &sources)? {
                    let figures: Figures = serde_json::from_str(&row.figures).unwrap();
                    let figures = serde_json::to_string(&Figures { gear_id: None, ..figures }).unwrap();
                    export_row::put(tx, "me", &export_row::ExportRow { figures, ..row })?;
                }
                Ok(())
            })
            .await;
        assert_eq!(house.worn().await, [("Old blue ones".to_owned(), 0, true)]);
        house.asked();
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.worn().await, [("Old blue ones".to_owned(), 3, true)]);
        assert!(!house.asked_for().iter().any(|asked| asked.contains("activities/")), "no detail is due");
        assert_eq!(house.counts().await.details_due, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_gone_its_id_stays_and_nothing_else() {
    House::each(async |house| {
        let ids = house.strava().grow(ATHLETE, 12, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        house.strava().switch(|switches| switches.missing = vec![ids[1]]);
        house.details().await.unwrap();
        // A list may show it for a while, and must not bring it back.
        assert_eq!(house.tombstone(ids[1]).await, Some((0, true)));
        house.strava().delete(ids[0]);
        house.strava().delete(ids[1]);
        house.wait(DAY);
        house.sweep(json!({})).await.unwrap();
        for id in &ids[..2] {
            assert_eq!(house.tombstone(*id).await, Some((0, false)));
        }
        assert_eq!(house.tombstone(ids[2]).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_of_the_future_stays_for_as_long_as_strava_has_it() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        let future = house.strava().new_activity(ATHLETE, ms(NOW) + 400 * 86_400_000);
        let id = house.strava().add_activity(future);
        let hint = Hint {
            owner_id: ATHLETE,
            object_type: "activity".to_owned(),
            object_id: id,
            aspect: "create".to_owned(),
            event_s: 1,
            is_deauthorization: false,
        };
        house.write(move |tx| hint::put(tx, &hint, 0)).await;
        house.hints().await.unwrap();
        for _ in 0..9 {
            house.wait(DAY);
            house.sweep(json!({})).await.unwrap();
            house.expire().await.unwrap();
            assert_eq!(house.kept().await.len(), 4);
        }
        house.strava().delete(id);
        house.wait(DAY);
        house.sweep(json!({})).await.unwrap();
        assert_eq!(house.kept().await.len(), 3);
    })
    .await;
}
