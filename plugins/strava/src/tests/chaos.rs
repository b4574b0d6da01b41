//! Whatever happens, in whatever order, and wherever the work is cut off: in the end the store holds what is true.

use std::time::Duration;

use fitness::records::strava::activity;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use upstream::Fault;
use upstream::strava::{ATHLETE, Visibility};

use super::house::{House, NOW, ms};

const DAY: Duration = Duration::from_secs(86_400);

impl House {
    /// Something that the athlete does at Strava.
    fn happens(&self, dice: &mut SmallRng) {
        let known: Vec<i64> = self.strava().truth().activities_of(ATHLETE).iter().map(|one| one.id).collect();
        let one = known[dice.random_range(0..known.len())];
        let ago_ms = dice.random_range(0..900_i64) * 86_400_000;
        match dice.random_range(0..6) {
            0 => drop(self.strava().upload_late(ATHLETE, self.now_ms() - ago_ms)),
            1 => drop(self.strava().edit(one, |run| run.name.push('!'))),
            2 => drop(self.strava().edit(one, |run| run.meters += 100.0)),
            3 if known.len() > 20 => drop(self.strava().delete(one)),
            4 => drop(self.strava().set_visibility(one, Visibility::OnlyMe)),
            _ => drop(self.strava().set_visibility(one, Visibility::Everyone)),
        }
    }

    /// Something that goes wrong on the way.
    fn fails(&self, dice: &mut SmallRng) {
        let fault = match dice.random_range(0..5) {
            0 => Fault::Status(503),
            1 => Fault::Reset,
            2 => Fault::Truncated,
            3 => Fault::HtmlPage(502),
            _ => Fault::BrokenJson,
        };
        self.upstream.fail_times("strava.api", fault, dice.random_range(1..4));
    }

    /// Works for a while and is cut off wherever it is then.
    async fn works_until_cut(&self, dice: &mut SmallRng) {
        let cut = Duration::from_millis(dice.random_range(5..400));
        let work = async {
            let _ = match dice.random_range(0..4) {
                0 => self.sweep(json!({ "confirm": true })).await,
                1 => self.list().await,
                2 => self.details().await,
                _ => self.streams().await,
            };
        };
        let _ = tokio::time::timeout(cut, work).await;
    }

    async fn chaos(&self, seed: u64) {
        let mut dice = SmallRng::seed_from_u64(seed);
        self.strava().set_limits(upstream::strava::Calls::without_end());
        self.strava().grow(ATHLETE, 40, ms(NOW));
        for _ in 0..12 {
            for _ in 0..dice.random_range(1..5) {
                self.happens(&mut dice);
            }
            if dice.random_range(0..3) == 0 {
                self.fails(&mut dice);
            }
            self.works_until_cut(&mut dice).await;
            self.wait(Duration::from_secs(dice.random_range(60..40_000)));
        }
        self.upstream.mend();
        self.wait(DAY);
        self.sweep(json!({ "confirm": true })).await.unwrap();
        self.write(|tx| activity::retry_faulty(tx, "me")).await;
        self.sync().await;
        // Details that were far ahead of the samples waited for them.
        self.details().await.unwrap();
        self.truth().await;
        assert_eq!(self.strava().stale_refreshes(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_holds_what_is_true_after_whatever_happened() {
    for seed in [1, 2] {
        House::each(async |house| house.chaos(seed).await).await;
    }
}
