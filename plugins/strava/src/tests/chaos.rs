//! Whatever happens, in whatever order, and wherever the work is cut off: in the end the store holds what is true.
//!
//! `PACELINE_STRAVA_SEEDS` is how many such lives there are, `PACELINE_STRAVA_ROUNDS` how long each of them is.

use std::time::Duration;

use fitness::records::strava::activity;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use upstream::Fault;
use upstream::strava::{ATHLETE, Visibility};

use super::house::{House, NOW, ms};

const DAY: Duration = Duration::from_secs(86_400);
const USUAL_SEEDS: u64 = 2;
const USUAL_ROUNDS: u64 = 12;

/// What was done in all.
#[derive(Debug, Default)]
struct Ledger {
    happened: u64,
    faults: u64,
    /// Steps that were begun.
    runs: u64,
    /// Steps that were cut off in the midst.
    cuts: u64,
    compared: usize,
}

#[expect(clippy::disallowed_methods, reason = "the length of a test is the caller's")]
fn number_set(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

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
    fn fails(&self, dice: &mut SmallRng) -> u64 {
        let fault = match dice.random_range(0..5) {
            0 => Fault::Status(503),
            1 => Fault::Reset,
            2 => Fault::Truncated,
            3 => Fault::HtmlPage(502),
            _ => Fault::BrokenJson,
        };
        let times = dice.random_range(1..4);
        self.upstream.fail_times("strava.api", fault, times);
        u64::from(times)
    }

    /// Works for a while and is cut off wherever it is then; false where it came to its end.
    async fn works_until_cut(&self, dice: &mut SmallRng) -> bool {
        let cut = Duration::from_millis(dice.random_range(5..400));
        let work = async {
            let _ = match dice.random_range(0..4) {
                0 => self.sweep(json!({ "confirm": true })).await,
                1 => self.list().await,
                2 => self.details().await,
                _ => self.streams().await,
            };
        };
        tokio::time::timeout(cut, work).await.is_err()
    }

    async fn chaos(&self, seed: u64, ledger: &mut Ledger) {
        let mut dice = SmallRng::seed_from_u64(seed);
        self.strava().set_limits(upstream::strava::Calls::without_end());
        self.strava().grow(ATHLETE, 40, ms(NOW));
        for _ in 0..number_set("PACELINE_STRAVA_ROUNDS", USUAL_ROUNDS) {
            for _ in 0..dice.random_range(1..5) {
                self.happens(&mut dice);
                ledger.happened += 1;
            }
            if dice.random_range(0..3) == 0 {
                ledger.faults += self.fails(&mut dice);
            }
            ledger.runs += 1;
            ledger.cuts += u64::from(self.works_until_cut(&mut dice).await);
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
        ledger.compared += self.kept().await.len();
        assert_eq!(self.strava().stale_refreshes(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_holds_what_is_true_after_whatever_happened() {
    let mut ledger = Ledger::default();
    for seed in 1..=number_set("PACELINE_STRAVA_SEEDS", USUAL_SEEDS) {
        for url in support::databases() {
            House::new(&url).await.chaos(seed, &mut ledger).await;
        }
    }
    println!("{ledger:?}");
}
