//! `paceline data export`: everything that is kept of an athlete, in one archive.

mod archive;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use engine::clock::Clock;
use engine::context::{Report, Watcher};
use fitness::recording::Samples;
use fitness::records::kept::{removal, takeout};
use fitness::records::{activity_stream, original};
use fitness::stream::Column;
use serde_json::{Map, Value, json};
use store::{Store, Tx};

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::Problem;
use crate::progress::Progress;
use crate::{error, output, program, units};
use archive::Archive;

const AFTER_HELP: &str = "\
Examples:
  paceline data export mine.zip
  paceline data export mine.zip --json     prints the manifest

The archive is yours: it has what Strava's API told too, which nobody else may be given. Its
manifest.json says what is in it: tables as JSON lines, samples as CSV, files as they came.";

/// Ids of activities and files that are read at once.
const IDS: u32 = 100;

/// Takes everything out that is kept of you
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Export {
    /// The archive to write; it must not be there yet
    #[arg(value_name = "FILE.zip")]
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Export {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        if self.file.exists() {
            let message = format!("`{}` is there already", self.file.display());
            return Err(Problem::new("file_exists", message).hint("name another file").into());
        }
        let progress = Progress::new(self.form.json);
        let manifest = Export::write(&store, &self.whose.athlete, &self.file, progress.watcher()).await;
        progress.end();
        let manifest = manifest?;
        if self.form.json {
            output::json(&manifest)?;
        } else {
            let rows = manifest["rows"].as_object().into_iter().flatten();
            let rows = rows.map(|(name, rows)| format!("  {name}: {rows}")).collect::<Vec<_>>().join("\n");
            output::line(format!("{}:\n{rows}", self.file.display()))?;
        }
        Ok(error::DONE)
    }

    /// Writes what is kept at one moment, whatever is written meanwhile; beside the name first, so that a file of that
    /// name is always whole.
    async fn write(
        store: &Store,
        athlete: &str,
        file: &Path,
        watcher: Option<Watcher>,
    ) -> anyhow::Result<Value> {
        let (athlete, file) = (athlete.to_owned(), file.to_owned());
        let write = move |tx: &mut Tx<'_>| match Writing::all(tx, &athlete, &file, watcher.clone()) {
            Ok(manifest) => Ok(Ok(manifest)),
            // Where the database was away as it began it is begun anew; what else went wrong is no trouble of the
            // database's.
            Err(error) => match error.downcast::<store::Error>() {
                Ok(of_store) => Err(of_store),
                Err(other) => Ok(Err(other)),
            },
        };
        store.read_slowly(write).await?
    }
}

/// An archive that is being written.
struct Writing<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    athlete: &'a str,
    archive: Archive,
    watcher: Option<Watcher>,
    began_ms: i64,
    /// How many of each there are.
    rows: Map<String, Value>,
}

impl<'a, 'tx> Writing<'a, 'tx> {
    fn all(
        tx: &'a mut Tx<'tx>,
        athlete: &'a str,
        file: &Path,
        watcher: Option<Watcher>,
    ) -> anyhow::Result<Value> {
        let (archive, began_ms) = (Archive::begin(file)?, Clock::system().now_ms());
        let mut writing = Self { tx, athlete, archive, watcher, began_ms, rows: Map::new() };
        for part in takeout::PARTS {
            writing.table(part)?;
        }
        writing.samples()?;
        writing.files()?;
        writing.close()
    }

    fn table(&mut self, part: &'static takeout::Part) -> anyhow::Result<()> {
        let (mut count, page): (u64, u32) = (0, part.rows_at_once());
        self.archive.entry(&format!("{}.jsonl", part.name))?;
        loop {
            let rows = takeout::page(self.tx, self.athlete, part, (page, count))?;
            for row in &rows {
                self.archive.line(&serde_json::to_string(row)?)?;
            }
            count += rows.len() as u64;
            if rows.len() < page as usize {
                break;
            }
            self.tell(part.name, count, count);
        }
        self.rows.insert(part.name.to_owned(), count.into());
        Ok(())
    }

    /// A table of samples for each activity that has any.
    fn samples(&mut self) -> anyhow::Result<()> {
        let total = self.total("activity")?;
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let ids = takeout::with_samples(self.tx, self.athlete, &after, IDS)?;
            for id in &ids {
                let columns = activity_stream::all(self.tx, id)?;
                self.archive.entry(&format!("samples/{id}.csv"))?;
                csv(&Samples::unpack(&columns)).try_for_each(|line| self.archive.line(&line))?;
                count += 1;
                self.tell("samples", count, total);
            }
            let Some(last) = ids.last().filter(|_| ids.len() == IDS as usize) else { break };
            after.clone_from(last);
        }
        self.rows.insert("samples".to_owned(), count.into());
        Ok(())
    }

    /// Each file as it came, by the hash that `files.jsonl` names.
    fn files(&mut self) -> anyhow::Result<()> {
        let total = self.total("source_file")?;
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let hashes = takeout::hashes(self.tx, self.athlete, &after, IDS)?;
            for sha256 in &hashes {
                let Some(original) = original::get(self.tx, sha256)? else { continue };
                self.archive.entry(&format!("originals/{sha256}"))?;
                self.archive.bytes(&original.unpack()?)?;
                count += 1;
                self.tell("originals", count, total);
            }
            let Some(last) = hashes.last().filter(|_| hashes.len() == IDS as usize) else { break };
            after.clone_from(last);
        }
        self.rows.insert("originals".to_owned(), count.into());
        Ok(())
    }

    fn total(&mut self, table: &str) -> anyhow::Result<u64> {
        let rows = removal::preview(self.tx, self.athlete, removal::What::All)?;
        Ok(rows.get(table).copied().unwrap_or_default())
    }

    fn close(mut self) -> anyhow::Result<Value> {
        let manifest = json!({
            "program": format!("paceline {}", env!("CARGO_PKG_VERSION")),
            "format": 1,
            "athlete": self.athlete,
            "exported_ms": self.began_ms,
            "rows": self.rows,
            "about": {
                "*.jsonl": "one JSON object a line; moments in epoch milliseconds, quantities in SI units",
                "samples/ID.csv": "the samples of an activity; an empty cell was not recorded",
                "originals/SHA256": "a file as it came; files.jsonl tells its name and format",
                "strava_*.jsonl": "what Strava's API told; its terms forbid to hand it on",
            },
        });
        self.archive.entry("manifest.json")?;
        self.archive.line(&serde_json::to_string_pretty(&manifest)?)?;
        self.archive.close()?;
        Ok(manifest)
    }

    fn tell(&self, step: &str, done: u64, total: u64) {
        let Some(tell) = &self.watcher else { return };
        let (step, item) = (Arc::from(step), units::count(usize::try_from(done).unwrap_or(0), "row", "rows"));
        tell(Report { run: String::new(), step, done, total: total.max(done), item });
    }
}

/// The lines of samples, the head first.
fn csv(samples: &Samples) -> impl Iterator<Item = String> {
    let head = samples.channels.keys().map(|channel| Column::Channel(*channel).as_str());
    let head = ["time_ms"].into_iter().chain(head).collect::<Vec<_>>().join(",");
    let cell = |value: &f64| if value.is_finite() { value.to_string() } else { String::new() };
    let line = move |(place, time_ms): (usize, &i64)| {
        let cells = samples.channels.values().map(|values| values.get(place).map(cell).unwrap_or_default());
        [time_ms.to_string()].into_iter().chain(cells).collect::<Vec<_>>().join(",")
    };
    [head].into_iter().chain(samples.time_ms.iter().enumerate().map(line))
}

#[cfg(test)]
mod tests {
    use fitness::recording::Channel;

    use super::*;

    #[test]
    fn samples_are_a_table_with_holes() {
        let channels =
            [(Channel::HeartRate, vec![120.0, f64::NAN]), (Channel::Power, vec![0.5, 200.0])].into();
        let samples = Samples { time_ms: vec![1000, 2000], channels, breaks: Vec::new() };
        let lines: Vec<String> = csv(&samples).collect();
        assert_eq!(lines, ["time_ms,heart_rate,power", "1000,120,0.5", "2000,,200"]);
    }
}
