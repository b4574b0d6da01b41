//! A hundred FIT files with all their numbers, against what reading and keeping them costs whoever
//! takes a decoder from the shelf (docs/decisions/0011).

use std::path::PathBuf;

use fitness::records::original::Original;

use crate::cpu;
use crate::demo::Demo;
use crate::report::{Bar, Report};

const FILES: usize = 100;
const ROUNDS: usize = 5;

pub(crate) async fn hundred_files(report: &mut Report) -> anyhow::Result<()> {
    let (mut floors, mut libraries, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    let mut mebibytes = 0.0;
    for _ in 0..ROUNDS {
        let demo = Demo::new().await?;
        let paths = demo.files(FILES)?;
        mebibytes = paths.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum::<u64>()
            as f64
            / 1e6;
        floors.push(cpu::of(async { floor(&paths, our_decoder) }).await.0);
        libraries.push(cpu::of(async { floor(&paths, library_decoder) }).await.0);
        let (seconds, imported) = cpu::of(demo.import(&paths)).await;
        imported?;
        ours.push(seconds);
    }
    let (floor, library, ours) = (cpu::median(floors), cpu::median(libraries), cpu::median(ours));
    report.add("import, 100 FIT files: size", mebibytes, "MB", Bar::None);
    let what = "import, 100 FIT files: decode (rustyfit) + hash + compress";
    report.add(what, library, "CPU s", Bar::None);
    let what = "import, 100 FIT files: the same with our faster decoder";
    report.add(what, floor, "CPU s", Bar::None);
    report.add("import, 100 FIT files: ours, with all numbers", ours, "CPU s", Bar::AtMost(0.5));
    report.add("import, 100 FIT files: ratio", ours / library, "x", Bar::AtMost(2.0));
    report.add("import, 100 FIT files: ratio with our faster decoder", ours / floor, "x", Bar::None);
    Ok(())
}

/// Decodes each file, hashes it and compresses it, and keeps nothing. Answers how many messages there were.
fn floor(paths: &[PathBuf], decode: fn(&[u8]) -> usize) -> usize {
    let contents = paths.iter().filter_map(|path| std::fs::read(path).ok());
    contents.map(|bytes| std::hint::black_box((decode(&bytes), Original::pack(&bytes))).0).sum()
}

fn our_decoder(bytes: &[u8]) -> usize {
    let decoded = files::decode::decode("x.fit", bytes, &files::decode::Limits::STANDARD);
    decoded.map_or(0, |decoded| std::hint::black_box(decoded).records as usize)
}

/// As its documentation decodes: all messages of the file, scaled by nobody yet.
fn library_decoder(bytes: &[u8]) -> usize {
    let mut decoder = rustyfit::Decoder::builder().expand_components(false).build();
    let mut events = decoder.stream(bytes);
    let mut messages = 0;
    while let Some(event) = rustyfit::StreamingIterator::next(&mut events) {
        if let Ok(rustyfit::DecoderEvent::Message(message)) = event {
            messages += std::hint::black_box(message).fields.len().min(1);
        }
    }
    messages
}
