//! Best efforts, from the file to the store.

use std::fmt::Write as _;

use fitness::recording::Channel;
use fitness::records::{activity_stream, best_effort};
use fitness::stream::{self, Column, StreamError};

use super::Bench;

/// A run of 4 m/s with a point a second.
fn run_of_minutes(minutes: u32) -> String {
    let mut text = String::from(
        r#"<?xml version="1.0"?><gpx version="1.1" creator="t"><trk><type>running</type><trkseg>"#,
    );
    for second in 0..=minutes * 60 {
        let lat = 50.0 + f64::from(second) * 4.0 / 111_195.08;
        let (minute, second) = (second / 60, second % 60);
        let time = format!("2024-05-01T10:{minute:02}:{second:02}Z");
        let _ = write!(text, r#"<trkpt lat="{lat:.8}" lon="8.0"><time>{time}</time></trkpt>"#);
    }
    text + "</trkseg></trk></gpx>"
}

impl Bench {
    /// Whole seconds of each best effort of the first activity, by its distance.
    async fn efforts(&self) -> Vec<(f64, f64)> {
        let id = self.activities().await.remove(0).id;
        let efforts = self.store.read(move |tx| best_effort::list(tx, &id)).await.unwrap();
        efforts.iter().map(|effort| (effort.distance_m, effort.elapsed_s.round())).collect()
    }

    async fn latitudes(&self) -> Result<Vec<f64>, StreamError> {
        let id = self.activities().await.remove(0).id;
        let latitude = Column::Channel(Channel::Latitude);
        let block = self.store.read(move |tx| activity_stream::get(tx, &id, latitude)).await.unwrap();
        stream::decode(Channel::Latitude, &block.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_comes_with_its_best_efforts() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", run_of_minutes(8));
    bench.import().await;
    assert_eq!(bench.efforts().await, [(400.0, 100.0), (804.672, 201.0), (1000.0, 250.0), (1609.344, 402.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_kept_in_an_older_form_are_kept_anew() {
    const AGE: store::Sql = store::Sql::Both("UPDATE activity_stream SET content = $1");
    const OLDER: store::Sql = store::Sql::Both("UPDATE source_file SET decoder = 1");
    let mut bench = Bench::new().await;
    bench.put("a.gpx", run_of_minutes(1));
    bench.import().await;
    let before = bench.latitudes().await.unwrap();
    assert_eq!(before.len(), 61);
    let aged = bench.store.write(|tx| {
        tx.execute(&AGE, &store::params![[1_u8, 0].as_slice()])?;
        tx.execute(&OLDER, &[])
    });
    aged.await.unwrap();
    assert!(bench.latitudes().await.is_err());
    bench.import().await;
    assert_eq!(bench.latitudes().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_read_before_efforts_were_known_gets_them() {
    const FORGET: store::Sql = store::Sql::Both("DELETE FROM best_effort");
    const OLDER: store::Sql = store::Sql::Both("UPDATE source_file SET decoder = 1");
    let mut bench = Bench::new().await;
    bench.put("a.gpx", run_of_minutes(5));
    bench.import().await;
    let efforts = bench.efforts().await;
    let older = bench.store.write(|tx| {
        tx.execute(&FORGET, &[])?;
        tx.execute(&OLDER, &[])
    });
    older.await.unwrap();
    assert_eq!(bench.outcomes().await, ["a.gpx updated"]);
    assert_eq!(bench.efforts().await, efforts);
    assert_eq!(bench.outcomes().await, ["a.gpx unchanged"]);
}
