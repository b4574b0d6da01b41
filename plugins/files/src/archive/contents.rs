//! What an archive brings, in the order in which it is read: of each export in it the rows of its table each with its
//! file, then files that no row names, and lists.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::limits::Limits;
use super::member::{Member, folded, folder, is_table};
use super::refused;
use super::told::{Export, Lack, Mention};
use crate::decode::Refusal;
use crate::export::{ACTIVITIES, List, Listed, RefusedRow, Table};
use crate::prepare::bytes_of;
use crate::sources::{Place, Source, What, is_readable};

/// Everything of an archive that is to be read; `path` is what the archive is called.
pub(super) fn of(path: &str, members: Vec<Member>) -> Vec<Source> {
    let members: Vec<_> = members.into_iter().filter(|member| !member.is_hidden()).collect();
    let tables = tables_of(&members);
    if tables.is_empty() {
        return bag(path, members);
    }
    let roots = tables.iter().map(|tables| root_of(&tables[0])).collect();
    let mut contents = Contents::new(path, roots, members);
    let mut sources: Vec<_> = tables.iter().flat_map(|tables| contents.export(tables)).collect();
    sources.extend(contents.rest());
    sources
}

/// The rows of a table that came alone.
pub(super) fn rows_alone(path: &str, place: &Place) -> Vec<Source> {
    match read(place) {
        Ok(table) => {
            let mut contents = Contents::new(path, vec![String::new()], Vec::new());
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

/// The names of the tables, those of each folder together: first the one that is read, which is the one that is
/// written as Strava does.
fn tables_of(members: &[Member]) -> Vec<Vec<String>> {
    let mut folders: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for table in members.iter().filter(|member| is_table(member.file_name())) {
        folders.entry(table.folder()).or_default().push(table);
    }
    let names = |mut tables: Vec<&Member>| {
        tables.sort_by_key(|table| (table.file_name() != ACTIVITIES, &table.name));
        tables.into_iter().map(|table| table.name.clone()).collect()
    };
    folders.into_values().map(names).collect()
}

/// The folder of a name, with a slash at its end; empty at the root.
fn root_of(name: &str) -> String {
    let folder = folder(name);
    if folder.is_empty() { String::new() } else { format!("{folder}/") }
}

/// Files without a table: each by itself.
fn bag(path: &str, members: Vec<Member>) -> Vec<Source> {
    let files = members.into_iter().filter(|member| is_readable(member.file_name()) || member.is_nowhere());
    let mut sources: Vec<_> = files.map(|member| file(path, member, None)).collect();
    sources.sort_by(|one, other| one.path.cmp(&other.path));
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
    /// Folders of the exports, each with a slash at its end.
    roots: Vec<String>,
    /// By name; the first of those with the same name.
    files: HashMap<String, Member>,
    /// Names by how they are compared where none is the very same.
    alike: HashMap<String, Vec<String>>,
    /// Names in their order.
    order: Vec<String>,
    /// Names that rows had, as they are compared.
    taken: HashSet<String>,
    /// Folders that hold recordings.
    folders: HashSet<String>,
}

impl<'a> Contents<'a> {
    fn new(path: &'a str, roots: Vec<String>, members: Vec<Member>) -> Self {
        let mut files = HashMap::new();
        let mut alike: HashMap<String, Vec<String>> = HashMap::new();
        let mut order = Vec::new();
        for member in members {
            if !files.contains_key(&member.name) {
                order.push(member.name.clone());
                alike.entry(folded(&member.name)).or_default().push(member.name.clone());
                files.insert(member.name.clone(), member);
            }
        }
        order.sort();
        let of_root = |root: &String| {
            ["", "activities"].map(|name| format!("{root}{name}").trim_end_matches('/').to_owned())
        };
        let folders = roots.iter().flat_map(of_root).collect();
        Self { path, roots, files, alike, order, taken: HashSet::new(), folders }
    }

    /// The file of a name, or the only one whose name differs in nothing but case or the form of its accents.
    fn take(&mut self, name: &str) -> Option<Member> {
        let key = folded(name);
        let member = self.files.remove(name).or_else(|| match self.alike.get(&key)?.as_slice() {
            [only] => self.files.remove(only),
            _ => None,
        })?;
        self.taken.insert(key);
        Some(member)
    }

    /// An export by the names of its tables, of which the first is read.
    fn export(&mut self, tables: &[String]) -> Vec<Source> {
        let mut sources = Vec::new();
        for (number, inside) in tables.iter().enumerate() {
            let Some(table) = self.files.remove(inside) else { continue };
            let read = if number == 0 { read(&table.place) } else { Err(another(&tables[0])) };
            match read {
                Ok(table) => sources.extend(self.rows(inside, table)),
                Err(refusal) => sources.push(refused(named(self.path, inside), refusal)),
            }
        }
        sources
    }

    fn rows(&mut self, inside: &str, table: Table) -> Vec<Source> {
        let table_path = if inside.is_empty() { self.path.to_owned() } else { named(self.path, inside) };
        let export = Arc::new(Export { archive: self.path.to_owned(), path: table_path, table });
        let root = root_of(inside);
        let (mut sources, mut refused_rows) = (Vec::new(), Vec::new());
        let mut rows = export.table.rows();
        for row in rows.by_ref().take(Limits::STANDARD.rows) {
            match row {
                Ok(row) => sources.push(self.row(&root, &export, &row)),
                Err(row) => refused_rows.push(refused_row(&export.path, row)),
            }
        }
        if rows.next().is_some() {
            let reason = format!("more than {} rows; those below are not read", Limits::STANDARD.rows);
            refused_rows.push(refused(export.path.clone(), Refusal::new("export_too_many_rows", reason)));
        }
        sources.extend(refused_rows);
        if sources.is_empty() {
            let reason = "the table has a header and no activity";
            sources.push(refused(export.path.clone(), Refusal::new("export_empty", reason)));
        }
        sources
    }

    /// A row with its file where the archive has it.
    fn row(&mut self, root: &str, export: &Arc<Export>, row: &Listed) -> Source {
        let name = row.file.as_deref().map(|name| format!("{root}{}", name.replace('\\', "/")));
        if let Some(name) = &name {
            self.folders.insert(folder(name).to_owned());
            if let Some(member) = self.file_of(name) {
                self.folders.insert(member.folder().to_owned());
                return file(self.path, member, Some(Mention::new(export, row.place, None)));
            }
        }
        let lacks = match &name {
            Some(name) if self.taken.contains(&folded(name)) => Some(Lack::Taken),
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
            let is_at_root = self.roots.iter().any(|root| *root == root_of(&member.name));
            let is_in_export = self.roots.iter().any(|root| member.name.starts_with(root.as_str()));
            let is_recording = !is_in_export || self.folders.contains(member.folder());
            if member.is_nowhere() {
                files.push(file(self.path, member, None));
            } else if let Some(list) = List::of(member.file_name()).filter(|_| is_at_root) {
                let path = named(self.path, &member.name);
                lists.push(Source { path, place: member.place, what: What::List(list) });
            } else if is_recording && is_readable(member.file_name()) {
                files.push(file(self.path, member, None));
            }
        }
        files.extend(lists);
        files
    }
}

/// Two tables that nothing but the case of their names tells apart.
fn another(read: &str) -> Refusal {
    Refusal::new("export_table_twice", format!("`{read}` was read in its place; keep one of them there"))
}

fn refused_row(table_path: &str, row: RefusedRow) -> Source {
    let id = row.source_id.filter(|_| row.code != "row_duplicate");
    let at = id.map_or_else(|| format!("line-{}", row.line), |id| format!("{id}-line-{}", row.line));
    let reason = format!("line {}: {}", row.line, row.reason);
    let place = Place::Nowhere { code: row.code, reason };
    Source { path: format!("{table_path}#{}", at.replace(char::is_control, " ")), place, what: What::BadRow }
}
