//! What an archive brings, in the order in which it is read: the rows of its table each with its file, files that no
//! row names, and lists.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::limits::Limits;
use super::member::{Member, folder};
use super::refused;
use super::told::{Lack, Told};
use crate::export::{self, ACTIVITIES, List, RefusedRow, Row, Table};
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

fn read(place: &Place) -> Result<Table, crate::decode::Refusal> {
    export::rows(&bytes_of(place, Limits::STANDARD.table_bytes)?)
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
        sources.push(refused(path.to_owned(), crate::decode::Refusal::new("archive_empty", reason)));
    }
    sources
}

fn file(path: &str, member: Member, told: Option<Arc<Told>>) -> Source {
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
        let refused_rows = table.refused.into_iter().map(|row| refused_row(&table_path, row));
        let refused_rows: Vec<_> = refused_rows.collect();
        let mut sources: Vec<_> = table.rows.into_iter().map(|row| self.row(&table_path, row)).collect();
        sources.extend(refused_rows);
        sources
    }

    /// A row with its file where the archive has it.
    fn row(&mut self, table_path: &str, row: Row) -> Source {
        if let Some(name) =
            row.file.as_deref().map(|name| format!("{}{}", self.root, name.replace('\\', "/")))
        {
            self.folders.insert(folder(&name).to_owned());
            if let Some(member) = self.file_of(&name) {
                let told = Told::new(self.path, table_path, row, None);
                return file(self.path, member, Some(Arc::new(told)));
            }
        }
        let lacks = match &row.file {
            Some(name) if self.taken.contains(&format!("{}{name}", self.root)) => Some(Lack::Taken),
            Some(_) => Some(Lack::Missing),
            None => row.file_lost.then_some(Lack::Lost),
        };
        let told = Told::new(self.path, table_path, row, lacks);
        Source { path: told.path.clone(), place: Place::Told, what: What::Row(Arc::new(told)) }
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
