//! One more activity in a history of five thousand.

use std::path::PathBuf;

use crate::cpu;
use crate::demo::Demo;
use crate::report::{Bar, Report};

const HISTORY: usize = 5_000;
const ROUNDS: usize = 9;

pub(crate) async fn one_more(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    let folder = demo.folder.path().join("history");
    std::fs::create_dir(&folder)?;
    for number in 0..HISTORY {
        std::fs::write(folder.join(format!("{number:05}.gpx")), ride(number as i64))?;
    }
    demo.import(std::slice::from_ref(&folder)).await?;
    report.add(
        "a rerun over 5,000 files that are all known",
        rerun(&demo, std::slice::from_ref(&folder), None).await?,
        "CPU ms",
        Bar::None,
    );
    let (mut alone, mut among) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let number = HISTORY + 2 * round;
        alone.push(rerun(&demo, &[folder.join(format!("{number:05}.gpx"))], Some(number)).await?);
        among.push(rerun(&demo, std::slice::from_ref(&folder), Some(number + 1)).await?);
    }
    report.add("one new file, history of 5,000: named", cpu::median(alone), "CPU ms", Bar::AtMost(50.0));
    report.add(
        "one new file, history of 5,000: found in its folder",
        cpu::median(among),
        "CPU ms",
        Bar::None,
    );
    Ok(())
}

/// CPU milliseconds of an import, after a new file was put into the folder.
async fn rerun(demo: &Demo, paths: &[PathBuf], new: Option<usize>) -> anyhow::Result<f64> {
    if let Some(number) = new {
        let name = format!("history/{number:05}.gpx");
        std::fs::write(demo.folder.path().join(name), ride(number as i64))?;
    }
    let (seconds, imported) = cpu::of(demo.import(paths)).await;
    imported?;
    Ok(seconds * 1e3)
}

/// A short ride with heart rate; every third day has two.
pub(crate) fn ride(number: i64) -> String {
    let start = 1_300_000_000 + number * 57_600 + number % 7;
    let point = |second: i64| {
        let time = jiff::Timestamp::from_second(start + second).unwrap_or_default();
        let (lat, hr) = (50.0 + second as f64 * 4e-5, 120 + (number + second / 60) % 50);
        format!(
            r#"<trkpt lat="{lat}" lon="8.0"><ele>100</ele><time>{time}</time><extensions><hr>{hr}</hr></extensions></trkpt>"#
        )
    };
    let points: String = (0..1_200).step_by(10).map(point).collect();
    format!(
        r#"<gpx version="1.1" creator="bench"><trk><type>cycling</type><trkseg>{points}</trkseg></trk></gpx>"#
    )
}
