//! What an archive brings, in the order in which it is read: the rows of its table each with its file, files that no
//! row names, and lists.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::limits::Limits;
use super::member::{Member, folder};
use super::refused;
use super::told::{Export, Lack, Mention};
use crate::decode::Refusal;
use crate::export::{ACTIVITIES, List, Listed, RefusedRow, Table};
use crate::prepare::bytes_of;
use crate::sources::{Place, Source, What, is_readable};

/// Everything of an archive that is to be read; `path` is what the archive is called.
pub(super) fn of(path: &str, members: Vec<Member>) -> Vec<Source> {
    let members: Vec<_> = members.into_iter().filter(|member| !member.is_hidden()).collect();
    let Some((root, inside)) = table_of(&members) else {
        return bag(path, members);
    };
    let mut contents = Contents::new(path, root, members);
    let Some(table) = contents.take(&inside) else { return Vec::new() };
    let mut sources = match read(&table.place) {
        Ok(table) => contents.rows(&inside, table),
        Err(refusal) => vec![refused(format!("{path}/{inside}"), refusal)],
    };
    sources.extend(contents.rest());
    sources
}

/// The rows of a table that came alone.
pub(super) fn rows_alone(path: &str, place: &Place) -> Vec<Source> {
    match read(place) {
        Ok(table) => {
            let mut contents = Contents::new(path, String::new(), Vec::new());
            contents.rows("", table)
        }
        Err(refusal) => vec![refused(path.to_owned(), refusal)],
    }
}

fn read(place: &Place) -> Result<Table, Refusal> {
    let bytes = match place {
        Place::Memory(bytes) => Arc::clone(bytes),
        _ => Arc::new(bytes_of(place, Limits::STANDARD.table_bytes)?),
    };
    Table::open(bytes)
}

/// Where the table lies, at the root, else one folder down, and its name.
fn table_of(members: &[Member]) -> Option<(String, String)> {
    let tables = members.iter().filter(|member| member.file_name().eq_ignore_ascii_case(ACTIVITIES));
    let near = tables.filter(|member| !member.folder().contains('/'));
    let first = near.min_by_key(|member| (!member.folder().is_empty(), &member.name))?;
    let folder = first.folder();
    let root = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    Some((root, first.name.clone()))
}

/// A zip archive without a table: each file by itself.
fn bag(path: &str, members: Vec<Member>) -> Vec<Source> {
    let files = members.into_iter().filter(|member| is_readable(member.file_name()));
    let mut sources: Vec<_> = files.map(|member| file(path, member, None)).collect();
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    if sources.is_empty() {
        let reason = "the archive has neither `activities.csv` nor a FIT, GPX or TCX file";
        sources.push(refused(path.to_owned(), Refusal::new("archive_empty", reason)));
    }
    sources
}

fn file(path: &str, member: Member, told: Option<Mention>) -> Source {
    Source { path: named(path, &member.name), place: member.place, what: What::File(told) }
}

/// What an entry is called in reports: a line without control characters.
fn named(path: &str, inside: &str) -> String {
    format!("{path}/{}", inside.replace(char::is_control, "\u{fffd}"))
}

/// The files of an export that nothing has asked for yet.
struct Contents<'a> {
    path: &'a str,
    root: String,
    /// By name; the first of those with the same name.
    files: HashMap<String, Member>,
    /// Names in the order of the archive.
    order: Vec<String>,
    taken: HashSet<String>,
    /// Folders that hold recordings.
    folders: HashSet<String>,
}

impl<'a> Contents<'a> {
    fn new(path: &'a str, root: String, members: Vec<Member>) -> Self {
        let mut files = HashMap::new();
        let mut order = Vec::new();
        for member in members {
            if !files.contains_key(&member.name) {
                order.push(member.name.clone());
                files.insert(member.name.clone(), member);
            }
        }
        order.sort();
        let folders = ["", "activities"].map(|name| format!("{root}{name}").trim_end_matches('/').to_owned());
        Self { path, root, files, order, taken: HashSet::new(), folders: folders.into() }
    }

    fn take(&mut self, name: &str) -> Option<Member> {
        let member = self.files.remove(name)?;
        self.taken.insert(member.name.clone());
        Some(member)
    }

    fn rows(&mut self, inside: &str, table: Table) -> Vec<Source> {
        let table_path = if inside.is_empty() { self.path.to_owned() } else { named(self.path, inside) };
        let export = Arc::new(Export { archive: self.path.to_owned(), path: table_path, table });
        let (mut sources, mut refused_rows) = (Vec::new(), Vec::new());
        let mut rows = export.table.rows();
        for row in rows.by_ref().take(Limits::STANDARD.rows) {
            match row {
                Ok(row) => sources.push(self.row(&export, &row)),
                Err(row) => refused_rows.push(refused_row(&export.path, row)),
            }
        }
        if rows.next().is_some() {
            let reason = format!("more than {} rows; those below are not read", Limits::STANDARD.rows);
            refused_rows.push(refused(export.path.clone(), Refusal::new("export_too_many_rows", reason)));
        }
        sources.extend(refused_rows);
        sources
    }

    /// A row with its file where the archive has it.
    fn row(&mut self, export: &Arc<Export>, row: &Listed) -> Source {
        if let Some(name) =
            row.file.as_deref().map(|name| format!("{}{}", self.root, name.replace('\\', "/")))
        {
            self.folders.insert(folder(&name).to_owned());
            if let Some(member) = self.file_of(&name) {
                return file(self.path, member, Some(Mention::new(export, row.place, None)));
            }
        }
        let lacks = match &row.file {
            Some(name) if self.taken.contains(&format!("{}{name}", self.root)) => Some(Lack::Taken),
            Some(_) => Some(Lack::Missing),
            None => row.file_lost.then_some(Lack::Lost),
        };
        let mention = Mention::new(export, row.place, lacks);
        Source { path: mention.path(), place: Place::Told, what: What::Row(mention) }
    }

    /// The file of a name, also where somebody packed or unpacked it.
    fn file_of(&mut self, name: &str) -> Option<Member> {
        let other = name.strip_suffix(".gz").map_or_else(|| format!("{name}.gz"), str::to_owned);
        self.take(name).or_else(|| self.take(&other))
    }

    /// Files that no row names, then the lists.
    fn rest(mut self) -> Vec<Source> {
        let (mut files, mut lists) = (Vec::new(), Vec::new());
        for name in std::mem::take(&mut self.order) {
            let Some(member) = self.files.remove(&name) else { continue };
            let is_at_root = member.folder() == self.root.trim_end_matches('/');
            if let Some(list) = List::of(member.file_name()).filter(|_| is_at_root) {
                let path = named(self.path, &member.name);
                lists.push(Source { path, place: member.place, what: What::List(list) });
            } else if self.folders.contains(member.folder()) && is_readable(member.file_name()) {
                files.push(file(self.path, member, None));
            }
        }
        files.extend(lists);
        files
    }
}

fn refused_row(table_path: &str, row: RefusedRow) -> Source {
    let id = row.source_id.filter(|_| row.code != "row_duplicate");
    let at = id.map_or_else(|| format!("line-{}", row.line), |id| format!("{id}-line-{}", row.line));
    let reason = format!("line {}: {}", row.line, row.reason);
    let place = Place::Nowhere { code: row.code, reason };
    Source { path: format!("{table_path}#{}", at.replace(char::is_control, " ")), place, what: What::BadRow }
}
