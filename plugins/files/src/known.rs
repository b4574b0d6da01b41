//! What the store knows of the sources that are about to be read.

use std::collections::HashMap;
use std::sync::Arc;

use engine::context::StepContext;
use engine::step::StepError;
use fitness::identity;
use fitness::records::export_row::{self, ExportRow};
use fitness::records::import_file::ImportFile;
use fitness::records::original::{self, Original};
use fitness::records::source_file::SourceFile;
use fitness::records::{activity, athlete, source_file};
use jiff::tz::TimeZone;

use crate::archive::{Mention, Told};
use crate::export::PROVENANCE;
use crate::keep;
use crate::prepare::is_untouched;
use crate::sources::{Place, Source, What};

/// Files by their path as they were when last read, their activities, the rows of exports, and the athlete's
/// time zone.
#[derive(Clone)]
pub(crate) struct Known(Arc<Inner>);

struct Inner {
    files: HashMap<String, SourceFile>,
    /// Ids in the order of the file, by the hash of its content; of files that look as they did.
    activities: HashMap<String, Vec<String>>,
    rows: HashMap<String, ExportRow>,
    athlete: String,
    time_zone: TimeZone,
}

impl Known {
    /// Reads in one look what is known of all these sources.
    pub(crate) async fn load(ctx: &StepContext, sources: &[Source]) -> Result<Self, StepError> {
        let has_file = |source: &&Source| !matches!(source.place, Place::Told | Place::Nowhere { .. });
        let paths: Vec<_> = sources.iter().filter(has_file).map(|source| source.path.clone()).collect();
        let told = sources.iter().filter_map(Source::told);
        let rows: Vec<_> = told.map(Mention::source_id).collect();
        let places: HashMap<_, _> =
            sources.iter().map(|source| (source.path.clone(), source.place.clone())).collect();
        let athlete = ctx.run.partition.clone();
        let inner = ctx.read(move |tx| {
            let files = source_file::at(tx, &athlete, &paths)?;
            let is_same =
                |file: &&SourceFile| places.get(&file.path).is_some_and(|place| is_untouched(place, file));
            let contents: Vec<_> =
                files.iter().filter(is_same).map(|file| file.content_sha256.clone()).collect();
            let zone = athlete::get(tx, &athlete)?.map(|athlete| athlete.timezone).unwrap_or_default();
            let rows =
                if rows.is_empty() { Vec::new() } else { export_row::at(tx, &athlete, PROVENANCE, &rows)? };
            Ok(Inner {
                activities: by_content(activity::ids_by_content(tx, &athlete, &contents)?),
                files: files.into_iter().map(|file| (file.path.clone(), file)).collect(),
                rows: rows.into_iter().map(|row| (row.source_id.clone(), row)).collect(),
                athlete: athlete.clone(),
                time_zone: fitness::day::time_zone(&zone).unwrap_or(TimeZone::UTC),
            })
        });
        Ok(Self(Arc::new(inner.await?)))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.0.files.get(path)
    }

    pub(crate) fn athlete(&self) -> &str {
        &self.0.athlete
    }

    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0.time_zone
    }

    /// What becomes of a source of which nothing at all has changed; nothing where something has.
    pub(crate) fn unchanged(&self, source: &Source, latest_ms: i64) -> Option<ImportFile> {
        let (told, activities) = match &source.what {
            What::List(_) => (None, self.untouched(source).map(|_| Vec::new())?),
            What::BadRow => return None,
            What::File(None) => (None, self.of_content(self.untouched(source)?).to_vec()),
            What::File(Some(mention)) => {
                let activities = self.of_content(self.untouched(source)?);
                let (told, activity) = self.same_row(mention, latest_ms)?;
                (Some(told), (Some(activity) == activities.first()).then(|| activities.to_vec())?)
            }
            What::Row(mention) => {
                let (told, activity) = self.same_row(mention, latest_ms)?;
                (Some(told), vec![activity.clone()])
            }
        };
        Some(keep::unchanged(source, told.as_ref(), activities))
    }

    fn untouched(&self, source: &Source) -> Option<&SourceFile> {
        self.file(&source.path).filter(|file| is_untouched(&source.place, file))
    }

    fn of_content(&self, file: &SourceFile) -> &[String] {
        self.0.activities.get(&file.content_sha256).map_or(&[], Vec::as_slice)
    }

    /// A row that says what it said before, and its activity.
    fn same_row(&self, mention: &Mention, latest_ms: i64) -> Option<(Told, &String)> {
        let row = self.0.rows.get(&mention.source_id())?;
        let activity = row.activity_id.as_ref()?;
        let told = mention.read(latest_ms);
        let is_same = row.says_the_same(&told.record) && row.archive == told.record.archive;
        is_same.then_some((told, activity))
    }
}

/// The id of the activity that a row has by itself.
pub(crate) fn lone_id(athlete: &str, row: &ExportRow) -> String {
    identity::activity_id(athlete, &row.provenance, &row.source_id)
}

/// The ids of activities in the order of their file, by the hash of its content.
pub(crate) fn by_content(ids: Vec<(String, String)>) -> HashMap<String, Vec<String>> {
    let mut activities: HashMap<String, Vec<(u32, String)>> = HashMap::new();
    for (source_id, id) in ids {
        if let Some((content, part)) = source_id.rsplit_once('/') {
            activities.entry(content.to_owned()).or_default().push((part.parse().unwrap_or(0), id));
        }
    }
    let in_order = activities.into_iter().map(|(content, mut ids)| {
        ids.sort_unstable();
        (content, ids.into_iter().map(|(_, id)| id).collect())
    });
    in_order.collect()
}

/// Uploaded files by their hashes, as they are kept.
pub(crate) type Uploads = Arc<HashMap<String, Original>>;

/// Fetches the uploads among these sources.
pub(crate) async fn uploads(ctx: &StepContext, sources: &[Source]) -> Result<Uploads, StepError> {
    let hash = |source: &Source| match &source.place {
        Place::Store { sha256 } => Some(sha256.clone()),
        _ => None,
    };
    fetch(ctx, sources.iter().filter_map(hash).collect()).await
}

/// Fetches kept files by their hashes.
pub(crate) async fn fetch(ctx: &StepContext, hashes: Vec<String>) -> Result<Uploads, StepError> {
    if hashes.is_empty() {
        return Ok(Uploads::default());
    }
    let read = ctx.read(move |tx| {
        let mut kept = HashMap::new();
        for sha256 in &hashes {
            kept.extend(original::get(tx, sha256)?.map(|original| (sha256.clone(), original)));
        }
        Ok(kept)
    });
    Ok(Arc::new(read.await?))
}
