//! What may be shared is the same with the Strava API as without it, to the last byte.

use fitness::curve::Kind;
use fitness::export::{Figures, Weather};
use fitness::prediction::{Predictions, Race};
use fitness::recording::{Channel, Recording, Samples, Totals};
use fitness::records::activity::{Activity, ActivityRow, Origin, PageKey};
use fitness::records::export_row::ExportRow;
use fitness::records::{self, activity_weather, athlete_setting, curve, volume};
use fitness::shareable::Shareable;
use fitness::week::DayFigures;
use fitness::{STRAVA_API, Scope};
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Sql, Tx, params};

use super::house::{self, House, day, noon_ms};

const TODAY: &str = "2024-03-20";
const RUNS: [(&str, f64); 5] =
    [("2024-02-27", 2.9), ("2024-03-01", 3.1), ("2024-03-05", 3.4), ("2024-03-12", 4.2), ("2024-03-17", 3.0)];

/// An athlete with a history of files.
async fn with_files(url: &str) -> House {
    let house = House::new(&house::store(url).await, "me").await;
    for (on, speed) in RUNS {
        house.recorded("running", on, speed).await;
    }
    house.rides(&house::days_from("2024-03-02", 3).map(|on| (on, 60)).collect::<Vec<_>>()).await;
    house.felt("2024-03-03", 4.0).await;
    house
}

/// The same activity as a run in a file, and another that no file has: faster, harder and hotter than anything else.
fn of_the_api(athlete: &str, on: Date, id: &str, hours: i64) -> Activity {
    let start_ms = noon_ms(on) + hours * 3_600_000;
    let recording = Recording {
        sport: "running".to_owned(),
        name: Some("Secret race".to_owned()),
        start_ms: Some(start_ms),
        totals: Totals {
            elapsed_s: Some(3600.0),
            max_hr: Some(211.0),
            distance_m: Some(14_000.0),
            ..Totals::default()
        },
        samples: Samples {
            time_ms: (0..=3600).map(|second| start_ms + second * 1000).collect(),
            channels: [
                (Channel::Distance, (0..=3600).map(|second| f64::from(second) * 5.5).collect()),
                (Channel::HeartRate, (0..=3600).map(|_| 205.0).collect()),
            ]
            .into(),
            breaks: Vec::new(),
        },
        ..Recording::default()
    };
    let sha256 = format!("strava {id}");
    let origin = Origin {
        athlete,
        provenance: STRAVA_API,
        source_id: id,
        file: &sha256,
        sha256: &sha256,
        part: 0,
        parts: 1,
    };
    Activity::of(&recording, origin, Some(on))
}

fn told(id: &str, activity_id: &str) -> ExportRow {
    let figures = Figures {
        name: Some("Secret race".to_owned()),
        gear: Some("Secret shoes".to_owned()),
        perceived_exertion: Some(10.0),
        competition: Some(true),
        start_hidden: true,
        weather: Some(Weather { temperature_c: Some(38.0), dew_point_c: Some(27.0), ..Weather::default() }),
        ..Figures::default()
    };
    ExportRow {
        provenance: STRAVA_API.to_owned(),
        source_id: id.to_owned(),
        archive: "strava.com".to_owned(),
        position: 0,
        file: None,
        activity_id: Some(activity_id.to_owned()),
        figures: serde_json::to_string(&figures).unwrap(),
        columns: "[]".to_owned(),
    }
}

/// What the API tells of: each run again, a race of another hour, and a row that hangs on a file's own activity.
fn connect(tx: &mut Tx<'_>, athlete: &str) -> store::Result<()> {
    let mut intake = records::intake::Intake::new(tx, athlete);
    for (number, (on, _)) in RUNS.into_iter().enumerate() {
        for (id, hours) in [(format!("1{number}"), 0), (format!("2{number}"), 5)] {
            let activity = of_the_api(athlete, day(on), &id, hours);
            let changed = intake.change()?;
            records::activity::upsert(intake.tx, &activity, changed)?;
            let efforts =
                [fitness::best_effort::BestEffort { distance_m: 5000.0, elapsed_s: 901.0, start_s: 0.0 }];
            records::best_effort::replace(intake.tx, &activity.id, &efforts)?;
            records::export_row::put(intake.tx, athlete, &told(&id, &activity.id))?;
            let file = fitness::identity::activity_id(athlete, "file", on);
            if hours == 0 {
                // The figures are too far apart to prove anything: the id does.
                let row = ExportRow {
                    provenance: "bulk_export".to_owned(),
                    figures: "{}".to_owned(),
                    ..told(&id, &file)
                };
                records::export_row::put(intake.tx, athlete, &row)?;
                records::export_row::put(intake.tx, athlete, &told(&format!("3{number}"), &file))?;
            }
            intake.look_around(activity.start_ms);
            intake.touch(Some(day(on)))?;
        }
    }
    intake.relink()?;
    intake.close().map(drop)
}

/// Rows of a file, by what they were called at their source.
const LOADS: Sql = Sql::Both(
    "SELECT a.source_id, l.load, l.load_method, l.session_rpe, l.hrtss, l.trimp, l.estimated \
     FROM activity a JOIN activity_load l ON l.activity_id = a.id \
     WHERE a.athlete = $1 AND a.provenance <> 'strava_api' ORDER BY a.source_id",
);

/// Everything that may be shared, as text.
async fn shared(house: &House) -> Value {
    house
        .write(|tx, athlete| {
            let all = (Date::ZERO, Date::MAX);
            let today = day(TODAY);
            let loads = tx.query(&LOADS, &params![athlete], |row| {
                let figures: [Option<f64>; 4] = [row.get(1)?, row.get(3)?, row.get(4)?, row.get(5)?];
                Ok(json!([row.text(0)?, figures, row.get::<Option<String>>(2)?, row.get::<bool>(6)?]))
            })?;
            let settings = athlete_setting::list(tx, athlete)?;
            let curves = [Kind::Pace, Kind::Power, Kind::HeartRate].map(|kind| {
                curve::curves(tx, athlete, Scope::Shareable, kind, all).map(|it| format!("{it:?}"))
            });
            let fallen = curve::records(tx, athlete, Scope::Shareable, Kind::Pace, "running")?;
            let days = Shareable::<Vec<DayFigures>>::days(tx, athlete, all)?;
            let predictions = Shareable::<Predictions>::predictions(tx, athlete, today, &Race::usual())?;
            let page = PageKey::newest();
            Ok(json!({
                "loads": loads,
                "settings": format!("{settings:?}"),
                "curves": curves.into_iter().collect::<store::Result<Vec<_>>>()?,
                "records": format!("{fallen:?}"),
                "volumes": format!("{:?}", volume::between(tx, athlete, Scope::Shareable, all, None)?),
                "days": format!("{:?}", *days),
                "predictions": serde_json::to_value(&predictions).map_err(store::Error::abort)?,
                "activities": Shareable::<Vec<ActivityRow>>::activities(tx, athlete, &page, 99)?,
                "weather": format!("{:?}", activity_weather::pending(tx, athlete, 99)?.len()),
            }))
        })
        .await
}

#[tokio::test]
async fn what_may_be_shared_does_not_know_that_the_api_exists() {
    for [plain, mixed] in
        [[support::sqlite_url(), support::sqlite_url()], [support::postgres_url(), support::postgres_url()]]
    {
        let plain = with_files(&plain).await;
        let mixed = with_files(&mixed).await;
        plain.write(bulk_rows).await;
        mixed.write(connect).await;
        plain.work(TODAY).await;
        mixed.work(TODAY).await;
        let (mut wanted, mut found) = (shared(&plain).await, shared(&mixed).await);
        // There is more to look at; none of it is asked for.
        (wanted["weather"], found["weather"]) = (Value::Null, Value::Null);
        for part in ["loads", "settings", "curves", "records", "volumes", "days", "predictions", "activities"]
        {
            assert_eq!(found[part], wanted[part], "{part}");
        }
        let text = found.to_string();
        assert!(!text.contains("Secret") && !text.contains("strava"), "{text}");
        // The athlete does see it: what the API alone knows is counted.
        let days = |house: House| async move { house.days(Scope::All).await };
        assert_ne!(days(plain).await, days(mixed.clone()).await);
        let shown =
            mixed.write(|tx, athlete| records::activity::list(tx, athlete, &PageKey::newest(), 99)).await;
        assert_eq!(shown.len(), 8 + RUNS.len(), "each run once, whoever told of it");
        let of_file = shown.iter().find(|row| row.provenance == "file" && row.sport == "running").unwrap();
        let told = (of_file.name.as_deref(), of_file.gear.as_deref(), of_file.competition);
        assert_eq!(told, (Some("Secret race"), Some("Secret shoes"), true));
    }
}

/// The rows of the athlete's own export, which both have.
fn bulk_rows(tx: &mut Tx<'_>, athlete: &str) -> store::Result<()> {
    for (number, (on, _)) in RUNS.into_iter().enumerate() {
        let file = fitness::identity::activity_id(athlete, "file", on);
        let id = format!("1{number}");
        let row =
            ExportRow { provenance: "bulk_export".to_owned(), figures: "{}".to_owned(), ..told(&id, &file) };
        records::export_row::put(tx, athlete, &row)?;
    }
    Ok(())
}
