//! What the store knows of the files that are about to be read.

use std::collections::HashMap;
use std::sync::Arc;

use engine::context::StepContext;
use engine::step::StepError;
use fitness::records::original::{self, Original};
use fitness::records::{athlete, source_file};
use jiff::tz::TimeZone;

use crate::sources::{Place, Source};

/// Files by their path as they were when last read, uploads by their hash, and the athlete's time zone.
#[derive(Clone)]
pub(crate) struct Known(Arc<Inner>);

struct Inner {
    files: HashMap<String, source_file::SourceFile>,
    uploads: HashMap<String, Original>,
    athlete: String,
    time_zone: TimeZone,
}

impl Known {
    pub(crate) async fn load(ctx: &StepContext, sources: &[Source]) -> Result<Self, StepError> {
        let paths: Vec<_> = sources.iter().map(|source| source.path.clone()).collect();
        let uploads: Vec<_> = sources.iter().filter_map(upload).collect();
        let athlete = ctx.run.partition.clone();
        let inner = ctx.read(move |tx| {
            let files = source_file::at(tx, &athlete, &paths)?;
            let mut kept = HashMap::new();
            for sha256 in &uploads {
                kept.extend(original::get(tx, sha256)?.map(|original| (sha256.clone(), original)));
            }
            let zone = athlete::get(tx, &athlete)?.map(|athlete| athlete.timezone).unwrap_or_default();
            Ok(Inner {
                files: files.into_iter().map(|file| (file.path.clone(), file)).collect(),
                uploads: kept,
                athlete: athlete.clone(),
                time_zone: fitness::day::time_zone(&zone).unwrap_or(TimeZone::UTC),
            })
        });
        Ok(Self(Arc::new(inner.await?)))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&source_file::SourceFile> {
        self.0.files.get(path)
    }

    pub(crate) fn upload(&self, sha256: &str) -> Option<&Original> {
        self.0.uploads.get(sha256)
    }

    pub(crate) fn athlete(&self) -> &str {
        &self.0.athlete
    }

    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0.time_zone
    }
}

fn upload(source: &Source) -> Option<String> {
    match &source.place {
        Place::Store { sha256 } => Some(sha256.clone()),
        Place::Disk { .. } | Place::Nowhere { .. } => None,
    }
}
