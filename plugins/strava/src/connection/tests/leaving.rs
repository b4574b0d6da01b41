//! The end of a connection: what goes, what stays, and what is told.

use engine::registry::Connection as _;
use fitness::entry::Entry;
use fitness::recording::{Recording, Totals};
use fitness::records::activity::{Activity, Origin};
use fitness::records::intake::Intake;
use fitness::records::{purge_receipt, stale_day};
use jiff::tz::TimeZone;
use store::{Sql, Tx, params};
use upstream::Fault;
use upstream::strava::ATHLETE;

use super::house::{House, NOW_MS};
use crate::connection::{Asked, disconnect};
use crate::token::Wanted;

const HOUR_MS: i64 = 3_600_000;
const COUNTED: Sql = Sql::Both(
    "SELECT provenance, duplicate_of FROM activity WHERE athlete = 'me' ORDER BY provenance, start_ms",
);
const ITEM: Sql = Sql::Both(
    "INSERT INTO strava_item (athlete, kind, item_id, body, fetched_ms) VALUES ('me', 'gear', $1, '{}', 1)",
);

fn ride(provenance: &str, number: i64, hours: i64) -> Activity {
    let start_ms = NOW_MS + hours * HOUR_MS;
    let recording = Recording {
        sport: "cycling".to_owned(),
        start_ms: Some(start_ms),
        totals: Totals {
            timer_s: Some(3600.0),
            elapsed_s: Some(3600.0),
            distance_m: Some(30_000.0),
            ..Totals::default()
        },
        ..Recording::default()
    };
    let source_id = format!("{provenance}-{number}");
    let origin = Origin {
        athlete: "me",
        provenance,
        source_id: &source_id,
        file: &source_id,
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    Activity::of(&recording, origin, fitness::day::local_date(start_ms, None, &TimeZone::UTC))
}

/// A few dozen from Strava, of which one was recorded in a file too.
fn fill(tx: &mut Tx<'_>) -> store::Result<()> {
    let own = (0..45).map(|number| ride("strava_api", number, number * 3));
    let mut intake = Intake::new(tx, "me");
    for activity in own.chain([ride("file", 0, 6)]) {
        intake.write(&Entry::bare(activity))?;
    }
    intake.relink()?;
    intake.close()?;
    for number in 0..3 {
        tx.execute(&ITEM, &params![&format!("g{number}")])?;
    }
    stale_day::take(tx, "me").map(drop)
}

async fn counted(house: &House) -> Vec<(String, bool)> {
    let read = |row: &store::Row<'_>| Ok((row.get(0)?, row.get::<Option<String>>(1)?.is_some()));
    house.write(move |tx| tx.query(&COUNTED, &[], read)).await
}

#[tokio::test]
async fn what_came_from_strava_goes_and_a_file_counts_again() {
    for house in House::each().await {
        house.connect().await;
        house.write(fill).await;
        assert_eq!(counted(&house).await.len(), 46);
        house.upstream.clock().advance(std::time::Duration::from_secs(1));
        let receipt = house.strava.disconnect(&house.means, "me").await.unwrap();
        assert_eq!((receipt.revoked, receipt.not_revoked, receipt.then), (true, None, Some("daily")));
        assert_eq!((receipt.asked_ms, receipt.done_ms), (NOW_MS + 1000, NOW_MS + 1000));
        let deleted: Vec<(&str, u64)> =
            receipt.deleted.iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
        assert_eq!(deleted, [("activity", 45), ("strava_connection", 1), ("strava_item", 3)]);
        assert_eq!(counted(&house).await, [("file".to_owned(), false)]);
        let stale = house.write(|tx| stale_day::peek(tx, "me")).await;
        assert_eq!(stale.unwrap().to_string(), "2026-11-22", "days are computed anew from the first on");
        assert_eq!(house.upstream.strava().tokens(ATHLETE), None, "Strava has ended the access");
        let status = house.strava.status(&house.means, "me").await.unwrap();
        assert_eq!((status.state, status.receipt.unwrap().deleted), ("not_connected", receipt.deleted));
        let again = house.strava.disconnect(&house.means, "me").await.unwrap_err();
        assert_eq!(again.code, "strava_not_connected");
        house.connect().await;
    }
}

#[tokio::test]
async fn strava_in_trouble_stops_nothing_and_is_told() {
    let house = House::one().await;
    house.connect().await;
    house.write(fill).await;
    house.upstream.fail("strava", Fault::Status(500));
    let receipt = house.strava.disconnect(&house.means, "me").await.unwrap();
    assert_eq!(receipt.not_revoked.as_deref(), Some("Strava is in trouble (status 500)"));
    assert!(!receipt.revoked && receipt.deleted["activity"] == 45);
    assert_eq!(house.kept().await, None);
}

#[tokio::test]
async fn one_that_was_cut_off_goes_on_with_the_same_receipt() {
    let house = House::one().await;
    house.connect().await;
    house.write(fill).await;
    house
        .write(|tx| {
            fitness::records::strava::connection::leave(tx, "me", NOW_MS)?;
            let mut receipt = purge_receipt::begin(tx, "me", "strava_api", NOW_MS)?;
            receipt.deleted = fitness::records::strava::purge::some(tx, "me")?;
            purge_receipt::put(tx, "me", "strava_api", &receipt)
        })
        .await;
    let error = house.find(Wanted::Lasting).await.unwrap_err().to_string();
    assert!(error.contains("not connected"), "no token is given out any more: {error}");
    let begun = house.returned().await;
    assert_eq!(house.finish(&begun).await.unwrap_err().code, "strava_disconnecting");
    assert_eq!(house.upstream.strava().tokens(ATHLETE), None, "what is not kept is given back");
    house.upstream.clock().advance(std::time::Duration::from_secs(60));
    let receipt = house.strava.disconnect(&house.means, "me").await.unwrap();
    assert_eq!((receipt.asked_ms, receipt.done_ms), (NOW_MS, NOW_MS + 60_000));
    assert_eq!(receipt.deleted["activity"], 45);
}

#[tokio::test]
async fn whoever_took_the_permission_back_at_strava_is_not_sent_there_again() {
    let house = House::one().await;
    house.connect().await;
    house.upstream.strava().deauthorize(ATHLETE);
    let receipt = disconnect(&house.means, &house.strava.options, "me", Asked::AtStrava).await.unwrap();
    assert!(receipt.revoked && receipt.not_revoked.is_none());
    assert_eq!(house.upstream.calls().len(), 0);
}
