//! What an export tells of an activity: a row of its table, found first and read when it is to be kept.

use std::sync::Arc;

use fitness::recording::Warning;
use fitness::records::export_row::ExportRow;

use crate::export::{self, PROVENANCE, Row, Table};

/// A table of activities and where it lies.
#[derive(Debug)]
pub(super) struct Export {
    pub archive: String,
    /// What the table is called in reports.
    pub path: String,
    pub table: Table,
}

/// Where an export tells of an activity: small, as an export may have a hundred thousand rows.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    export: Arc<Export>,
    row: export::Place,
    /// Why there is no file of it; nothing where there is one or the athlete typed it in.
    lacks: Option<Lack>,
}

impl Mention {
    pub(super) fn new(export: &Arc<Export>, row: export::Place, lacks: Option<Lack>) -> Self {
        Self { export: Arc::clone(export), row, lacks }
    }

    /// What the row is called in reports.
    pub(crate) fn path(&self) -> String {
        format!("{}#{}", self.export.path, self.row.id)
    }

    /// The source's own id of the activity.
    pub(crate) fn source_id(&self) -> String {
        self.row.id.to_string()
    }

    /// How many bytes of memory the row takes when it is read, about.
    pub(crate) fn weight(&self) -> u64 {
        self.export.table.weight(&self.row)
    }

    /// Reads the row, for a clock that says that nothing can have begun after `latest_ms`.
    pub(crate) fn read(&self, latest_ms: i64) -> Told {
        let row = self.export.table.row(&self.row, latest_ms);
        Told::new(&self.export.archive, self.path(), row, self.lacks)
    }
}

/// A row of an export.
#[derive(Debug)]
pub(crate) struct Told {
    /// What the row is called in reports.
    pub path: String,
    /// As it is kept; the activity is not known yet.
    pub record: ExportRow,
    /// As it was read, without its columns, which are in the record.
    pub row: Row,
    /// Why there is no file of it; nothing where there is one or the athlete typed it in.
    pub lacks: Option<Lack>,
}

/// Why a row stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// The source itself has lost the file.
    Lost,
    /// The archive does not have the file that the row names.
    Missing,
    /// A row above names the same file.
    Taken,
}

impl Told {
    /// What is wrong with a row that stands alone, besides what is wrong with the row itself.
    pub(crate) fn lack(&self) -> Option<Warning> {
        let name = self.row.file.as_deref().unwrap_or_default();
        let (code, detail) = match self.lacks? {
            Lack::Lost => {
                ("file_unreadable", "the export says that the file of this activity is lost".to_owned())
            }
            Lack::Missing => ("file_missing", format!("`{name}` is not in the export")),
            Lack::Taken => ("file_missing", format!("`{name}` belongs to a row above")),
        };
        Some(Warning { code: code.to_owned(), detail })
    }

    fn new(archive: &str, path: String, mut row: Row, lacks: Option<Lack>) -> Self {
        let columns = std::mem::take(&mut row.columns);
        let record = ExportRow {
            provenance: PROVENANCE.to_owned(),
            source_id: row.source_id.clone(),
            archive: archive.to_owned(),
            position: u32::try_from(row.line).unwrap_or(u32::MAX),
            file: row.file.clone(),
            activity_id: None,
            // A map of plain values and a list of texts can always be written.
            figures: serde_json::to_string(&row.figures).unwrap_or_default(),
            columns: serde_json::to_string(&columns).unwrap_or_default(),
        };
        Self { path, record, row, lacks }
    }
}
