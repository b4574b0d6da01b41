//! An export of 2,000 activities, against the least that reading and keeping it can cost.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use files::decode::{Limits, decode};
use files::demo::{Export, Language};
use fitness::records::original::Original;
use fitness::stream;

use crate::cpu;
use crate::demo::Demo;
use crate::report::{Bar, Report};

/// What the program is called with to write the archive in a process of its own, whose memory is not ours.
pub(crate) const WRITE: &str = "write-archive";
/// 2,000 recordings, each second of each: about 7 million samples.
const DAYS: u32 = 3_475;

pub(crate) async fn whole_export(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    let path = demo.folder.path().join("export.zip");
    let written = Command::new(std::env::current_exe()?).arg(WRITE).arg(&path).status()?;
    ensure!(written.success(), "the archive could not be written");
    cpu::forget_peak()?;

    let paths = [path.clone()];
    let began = Instant::now();
    let (spent, imported) = cpu::of(demo.import(&paths)).await;
    let first = began.elapsed().as_secs_f64();
    imported?;
    let peak = cpu::peak_rss_mib()?;
    let began = Instant::now();
    demo.import(&paths).await?;
    let again = began.elapsed().as_secs_f64();
    let (floor, counted) = cpu::of(async { floor(&path) }).await;
    let Counted { activities, samples } = counted?;

    let name = |what: &str| format!("a whole export: {what}");
    report.add(&name("recordings"), f64::from(activities), "", Bar::None);
    report.add(&name("samples"), samples as f64 / 1e6, "million", Bar::None);
    report.add(&name("first import"), f64::from(activities) / first, "per s", Bar::AtLeast(150.0));
    report.add(&name("peak RSS"), peak, "MiB", Bar::AtMost(150.0));
    report.add(&name("inflate + decode + hash + compress"), floor, "CPU s", Bar::None);
    report.add(&name("ours, with all numbers and advice"), spent, "CPU s", Bar::None);
    report.add(&name("ratio"), spent / floor, "x", Bar::AtMost(2.0));
    report.add(&name("again, unchanged"), again, "s", Bar::None);
    report.add(&name("how much faster that is"), first / again, "x", Bar::AtLeast(10.0));
    Ok(())
}

/// Writes the archive.
pub(crate) fn write(path: &Path) -> anyhow::Result<()> {
    let wanted = Export {
        seed: 1,
        last_day: jiff::civil::date(2026, 10, 31),
        days: DAYS,
        language: Language::English,
        every_second: true,
    };
    files::demo::export(path, &wanted).map(drop).context("cannot write the archive")
}

#[derive(Default)]
struct Counted {
    activities: u32,
    samples: u64,
}

/// Inflates each recording, decodes it, hashes and packs the original, compresses the samples, and keeps nothing.
fn floor(path: &PathBuf) -> anyhow::Result<Counted> {
    let mut archive = zip::ZipArchive::new(File::open(path)?)?;
    let mut counted = Counted::default();
    let mut bytes = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        bytes.clear();
        entry.read_to_end(&mut bytes)?;
        std::hint::black_box(Original::pack(&bytes));
        if !name.starts_with("activities/") {
            continue;
        }
        let Ok(decoded) = decode(&name, &bytes, &Limits::STANDARD) else { continue };
        for recording in decoded.recordings {
            counted.activities += 1;
            counted.samples += recording.samples.time_ms.len() as u64;
            std::hint::black_box(stream::encode_times(&recording.samples.time_ms));
            for (channel, values) in &recording.samples.channels {
                std::hint::black_box(stream::encode(*channel, values));
            }
        }
    }
    Ok(counted)
}
