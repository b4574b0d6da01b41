use store::Error;

use super::*;
use crate::prediction::Lack;
use crate::recording::Recording;
use crate::records::activity::{self, Activity, Origin};
use crate::records::session;
use crate::records::tests::{ME, on_both};
use crate::scope::STRAVA_API;

const MARCH: Date = Date::constant(2026, 3, 1);
const MAY: Date = Date::constant(2026, 5, 30);

fn effort(distance_m: f64, elapsed_s: f64) -> BestEffort {
    BestEffort { distance_m, elapsed_s, start_s: 7.5 }
}

/// Keeps an activity with these efforts, and answers its id.
fn keep(
    tx: &mut Tx<'_>,
    (sport, provenance): (&str, &str),
    day: Date,
    efforts: &[BestEffort],
) -> Result<String> {
    let source_id = format!("{sport}{provenance}{day}{}", efforts.len());
    let origin = Origin {
        athlete: ME,
        provenance,
        source_id: &source_id,
        file: "a.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let recording = Recording { sport: sport.to_owned(), ..Recording::default() };
    let activity = Activity::of(&recording, origin, Some(day));
    activity::upsert(tx, &activity, 1)?;
    replace(tx, &activity.id, efforts)?;
    Ok(activity.id)
}

fn days_and_meters(efforts: &[Effort]) -> Vec<(String, f64)> {
    efforts.iter().map(|effort| (effort.date.to_string(), effort.distance_m)).collect()
}

#[tokio::test]
async fn the_fastest_are_runs_whatever_was_walked_or_ridden() {
    on_both(|tx| {
        keep(tx, ("walking", "file"), MAY, &[effort(5000.0, 3000.0)])?;
        keep(tx, ("other", "file"), MAY, &[effort(5000.0, 600.0)])?;
        keep(tx, ("running", "file"), MAY, &[effort(5000.0, 1500.0), effort(400.0, 90.0)])?;
        let fastest = session::fastest(tx, ME, (MARCH, MAY))?;
        let times: Vec<_> = fastest.iter().map(|run| (run.distance_m, run.elapsed_s)).collect();
        assert_eq!(times, [(400.0, 90.0), (5000.0, 1500.0)]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn efforts_read_back_and_the_same_ones_are_not_written_twice() {
    on_both(|tx| {
        let efforts = [effort(400.0, 80.25), effort(5000.0, 1200.125)];
        let id = keep(tx, ("running", "file"), MAY, &efforts)?;
        assert_eq!(list(tx, &id)?, efforts);
        assert!(!replace(tx, &id, &efforts)?);
        assert!(replace(tx, &id, &efforts[..1])?);
        assert_eq!(list(tx, &id)?, efforts[..1]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn efforts_go_with_their_activity() {
    on_both(|tx| {
        let id = keep(tx, ("running", "file"), MAY, &[effort(5000.0, 1200.0)])?;
        activity::remove(tx, &id)?;
        assert_eq!(list(tx, &id)?, []);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_basis_is_of_runs_from_mile_to_marathon_of_210_seconds() {
    on_both(|tx| {
        let short = [effort(1000.0, 300.0), effort(1609.344, 209.9)];
        let long = [
            effort(5000.0, 1200.0),
            effort(21_097.5, 5400.0),
            effort(42_195.0, 12_000.0),
            effort(50_000.0, 16_000.0),
        ];
        keep(tx, ("running", "file"), MARCH, &short)?;
        keep(tx, ("running", "file"), MAY, &long)?;
        keep(tx, ("walking", "file"), MAY, &long)?;
        keep(tx, ("hiking", "file"), MAY, &long)?;
        let found = basis(tx, ME, Scope::All, MARCH, MAY)?;
        let day = || MAY.to_string();
        assert_eq!(days_and_meters(&found), [(day(), 5000.0), (day(), 21_097.5), (day(), 42_195.0)]);
        assert_eq!(runs(tx, ME, Scope::All, MARCH, MAY)?, 2);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn days_outside_of_the_range_do_not_count() {
    on_both(|tx| {
        for day in [MARCH, MAY] {
            keep(tx, ("running", "file"), day, &[effort(5000.0, 1200.0)])?;
        }
        let inside = basis(tx, ME, Scope::All, MARCH, MAY)?;
        assert_eq!(inside.len(), 2);
        let between = (MARCH.tomorrow().unwrap(), MAY.yesterday().unwrap());
        assert_eq!(basis(tx, ME, Scope::All, between.0, between.1)?, []);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_does_not_count() {
    const LINK: Sql = Sql::Both("UPDATE activity SET duplicate_of = $2 WHERE id = $1");
    on_both(|tx| {
        let first = keep(tx, ("running", "file"), MAY, &[effort(5000.0, 1200.0)])?;
        let again = keep(tx, ("running", "file"), MAY, &[effort(5000.0, 1100.0), effort(10_000.0, 2400.0)])?;
        tx.execute(&LINK, &params![&again, &first])?;
        let found = basis(tx, ME, Scope::All, MARCH, MAY)?;
        assert_eq!(found.iter().map(|effort| effort.seconds).collect::<Vec<_>>(), [1200.0]);
        assert_eq!(runs(tx, ME, Scope::All, MARCH, MAY)?, 1);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn what_is_shareable_leaves_the_strava_api_out() {
    on_both(|tx| {
        keep(tx, ("running", STRAVA_API), MAY, &[effort(5000.0, 1100.0)])?;
        keep(tx, ("running", "file"), MAY, &[effort(5000.0, 1200.0)])?;
        let found = basis(tx, ME, Scope::Shareable, MARCH, MAY)?;
        assert_eq!(found.iter().map(|effort| effort.seconds).collect::<Vec<_>>(), [1200.0]);
        assert_eq!(basis(tx, ME, Scope::All, MARCH, MAY)?.len(), 2);
        assert_eq!(runs(tx, ME, Scope::Shareable, MARCH, MAY)?, 1);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_run_without_an_effort_is_told_from_no_run() {
    on_both(|tx| {
        let lack = |tx: &mut Tx<'_>| {
            let predictions = predict(tx, ME, Scope::All, MAY, &Race::usual())?;
            Ok::<_, Error>(predictions.needs.map(|needs| needs.code))
        };
        assert_eq!(lack(tx)?, Some(Lack::NoRun));
        keep(tx, ("running", "file"), MAY, &[effort(1000.0, 300.0)])?;
        assert_eq!(lack(tx)?, Some(Lack::NoEffort));
        keep(tx, ("running", "file"), MARCH, &[effort(5000.0, 1200.0)])?;
        assert_eq!(lack(tx)?, None);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn heat_and_wind_of_the_weather_service_cost_an_effort_outdoors() {
    on_both(|tx| {
        const LEARNED: Sql = Sql::Both(
            "INSERT INTO activity_weather (activity_id, athlete, state, conditions, tries) \
             VALUES ($1, 'me', 'final', $2, 1)",
        );
        let conditions = r#"{"start":{"temperature_c":26.7,"dew_point_c":18.3},"wind_cost_percent":1.5}"#;
        let id = keep(tx, ("running", "file"), MAY, &[effort(5000.0, 1200.0)])?;
        tx.execute(&LEARNED, &params![&id, conditions])?;
        let found = basis(tx, ME, Scope::All, MARCH, MAY)?;
        let cost = found[0].cost;
        assert!((cost.heat_percent.unwrap() - 3.75).abs() < 0.02, "{cost:?}");
        assert_eq!(cost.wind_percent, Some(1.5));
        assert!(found[0].level_s() < 1200.0 / 1.05);
        Ok(())
    })
    .await;
}
