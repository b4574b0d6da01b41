//! A hundred FIT files with all their numbers, against the least that reading and keeping them can cost.

use std::path::PathBuf;

use fitness::records::original::Original;

use crate::cpu;
use crate::demo::Demo;
use crate::report::{Bar, Report};

const FILES: usize = 100;
const ROUNDS: usize = 5;

pub(crate) async fn hundred_files(report: &mut Report) -> anyhow::Result<()> {
    let (mut floors, mut ours) = (Vec::new(), Vec::new());
    let mut mebibytes = 0.0;
    for _ in 0..ROUNDS {
        let demo = Demo::new().await?;
        let paths = demo.files(FILES)?;
        mebibytes = paths.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum::<u64>()
            as f64
            / 1e6;
        floors.push(cpu::of(async { floor(&paths) }).await.0);
        let (seconds, imported) = cpu::of(demo.import(&paths)).await;
        imported?;
        ours.push(seconds);
    }
    let (floor, ours) = (cpu::median(floors), cpu::median(ours));
    report.add("import, 100 FIT files: size", mebibytes, "MB", Bar::None);
    report.add("import, 100 FIT files: decode + hash + compress", floor, "CPU s", Bar::None);
    report.add("import, 100 FIT files: ours, with all numbers", ours, "CPU s", Bar::AtMost(0.5));
    report.add("import, 100 FIT files: ratio", ours / floor, "x", Bar::AtMost(2.0));
    Ok(())
}

/// Decodes each file, hashes it and compresses it, and keeps nothing.
fn floor(paths: &[PathBuf]) {
    for path in paths {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let decoded = files::decode::decode("x.fit", &bytes, &files::decode::Limits::STANDARD);
        std::hint::black_box((decoded.map(|decoded| decoded.records).ok(), Original::pack(&bytes)));
    }
}
