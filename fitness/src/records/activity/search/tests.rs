use jiff::civil::Date;

use super::*;
use crate::recording::Recording;
use crate::records::activity::{self, Activity, Origin};
use crate::records::export_row::{self, ExportRow};
use crate::records::tests::{ME, on_both};

const MARCH_MS: i64 = 1_709_251_200_000;
const DAY_MS: i64 = 86_400_000;

/// Keeps a run of a day as its file names it, and answers its id.
fn keep(tx: &mut Tx<'_>, day: i64, name: &str) -> Result<String> {
    let source_id = format!("run{day}");
    let origin = Origin {
        athlete: ME,
        provenance: "file",
        source_id: &source_id,
        file: "a.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let recording = Recording {
        sport: "running".to_owned(),
        name: Some(name.to_owned()),
        start_ms: Some(MARCH_MS + day * DAY_MS),
        ..Recording::default()
    };
    let activity = Activity::of(
        &recording,
        origin,
        Date::constant(2024, 3, 1).checked_add(jiff::Span::new().days(day)).ok(),
    );
    activity::upsert(tx, &activity, 1)?;
    Ok(activity.id)
}

/// Keeps what an export says of a run.
fn tell(tx: &mut Tx<'_>, (id, source_id): (&str, &str), figures: &serde_json::Value) -> Result<()> {
    let row = ExportRow {
        provenance: "bulk_export".to_owned(),
        source_id: source_id.to_owned(),
        archive: "export.zip".to_owned(),
        position: 1,
        file: None,
        activity_id: Some(id.to_owned()),
        figures: figures.to_string(),
        columns: "[]".to_owned(),
    };
    export_row::put(tx, ME, &row).map(drop)
}

/// The names of what is found, a page of so many after the other.
fn found(tx: &mut Tx<'_>, text: &str, limit: u32) -> Result<Vec<String>> {
    let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
    let (mut names, mut after) = (Vec::new(), PageKey::newest());
    loop {
        let page = search(tx, ME, &filter, &after, limit)?;
        let Some(last) = page.last() else { return Ok(names) };
        after = PageKey::of(last);
        names.extend(page.into_iter().filter_map(|row| row.name));
    }
}

#[tokio::test]
async fn a_text_is_looked_for_in_what_the_athlete_says() {
    on_both(|tx| {
        keep(tx, 0, "Über den Pass")?;
        let renamed = keep(tx, 1, "Lunch run")?;
        tell(tx, (&renamed, "1"), &serde_json::json!({"name": "Über die Brücke", "distance_m": 5000.0}))?;
        let told = keep(tx, 2, "Long run")?;
        tell(tx, (&told, "2"), &serde_json::json!({"description": "With \"Ada\" \\ über Land"}))?;
        tell(tx, (&told, "3"), &serde_json::json!({"name": "Another row, which does not count"}))?;
        for limit in [1, 2, 9] {
            assert_eq!(found(tx, "ÜBER", limit)?, ["Long run", "Über die Brücke", "Über den Pass"]);
            assert_eq!(found(tx, "\"ada\" \\", limit)?, ["Long run"]);
            assert_eq!(found(tx, "lunch", limit)?, Vec::<String>::new(), "the name in the export counts");
            assert_eq!(found(tx, "another row", limit)?, Vec::<String>::new());
            assert_eq!(found(tx, "distance", limit)?, Vec::<String>::new(), "names of figures are no text");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_text_is_found_behind_thousands_without_it() {
    on_both(|tx| {
        keep(tx, -1, "Needle")?;
        for day in 0..i64::from(CHUNK) + 5 {
            keep(tx, day, "Hay")?;
        }
        assert_eq!(found(tx, "needle", 5)?, ["Needle"]);
        assert_eq!(found(tx, "nowhere", 5)?, Vec::<String>::new());
        Ok(())
    })
    .await;
}
