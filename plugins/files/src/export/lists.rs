//! The lists around the activities: gear, segments, routes, goals, media, profile.

use std::collections::HashMap;

use csv::ByteRecord;

use super::header::{self, Column};
use super::{cells, first_record, names, reader, unreadable, without_mark};
use crate::decode::Refusal;

/// A list that is read. What is not here is never opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum List {
    Profile,
    Bikes,
    Shoes,
    Components,
    Goals,
    Segments,
    StarredSegments,
    LocalLegendSegments,
    Routes,
    StarredRoutes,
    Media,
    GlobalChallenges,
    GroupChallenges,
    MonthlyRecapAchievements,
}

/// List, kind of its items, names of its file without the extension.
const LISTS: [(List, &str, &[&str]); 14] = [
    (List::Profile, "profile", &["profile", "profil"]),
    (List::Bikes, "bike", &["bikes", "fahrräder", "vélos"]),
    (List::Shoes, "shoe", &["shoes", "schuhe", "chaussures"]),
    (List::Components, "component", &["components", "komponenten", "composants"]),
    (List::Goals, "goal", &["goals", "ziele", "objectifs"]),
    (List::Segments, "segment", &["segments", "segmente"]),
    (List::StarredSegments, "starred_segment", &["starred_segments"]),
    (List::LocalLegendSegments, "local_legend_segment", &["local_legend_segments"]),
    (List::Routes, "route", &["routes", "routen", "itinéraires"]),
    (List::StarredRoutes, "starred_route", &["starred_routes"]),
    (List::Media, "media", &["media", "medien", "médias"]),
    (List::GlobalChallenges, "global_challenge", &["global_challenges"]),
    (List::GroupChallenges, "group_challenge", &["group_challenges"]),
    (List::MonthlyRecapAchievements, "monthly_recap_achievement", &["monthly_recap_achievements"]),
];

/// Columns, [`names::plain`], that name an item by themselves.
fn key_columns(list: List) -> &'static [&'static str] {
    match list {
        List::StarredSegments | List::LocalLegendSegments => &["segment id", "segment-id", "id du segment"],
        List::StarredRoutes => &["route id", "routen-id", "id de l'itinéraire"],
        List::Routes => &["route filename", "filename"],
        List::Media => &["media filename", "filename"],
        _ => &[],
    }
}

/// Columns that are filled later.
const ENDS: [&str; 3] = ["end date", "enddatum", "date de fin"];

/// Columns of an address to write to, which is nobody's business here and is not kept.
const ADDRESS: [&str; 5] = ["email", "email address", "e-mail", "e-mail-adresse", "adresse e-mail"];

/// Most lines of a list, which is kept as a whole; the longest real one has a few thousand.
const LONGEST: usize = 100_000;

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Unique within its list, and the same in the next export as long as the line is the same.
    pub source_id: String,
    /// What is filled, in order: name without markup, which of that name (from 1), text as it stands.
    pub columns: Vec<(String, u32, String)>,
}

impl List {
    /// The list of a file at the root of an export, by its name.
    pub(crate) fn of(file_name: &str) -> Option<Self> {
        let name = file_name.to_lowercase();
        let stem = name.strip_suffix(".csv")?;
        LISTS.iter().find(|(.., names)| names.contains(&stem)).map(|(list, ..)| *list)
    }

    /// The kind of the list's items, in the singular.
    pub(crate) fn kind(self) -> &'static str {
        LISTS.iter().find(|(list, ..)| *list == self).map_or("item", |(_, kind, _)| kind)
    }
}

/// Reads a list; empty lines are no items.
pub(crate) fn items(list: List, bytes: &[u8]) -> Result<Vec<Item>, Refusal> {
    let mut reader = reader(without_mark(bytes));
    let header = header::columns(&first_record(&mut reader)?);
    let mut record = ByteRecord::new();
    let mut items = Vec::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    while reader.read_byte_record(&mut record).map_err(|error| unreadable(&error))? {
        let columns = kept(list, &header, &record);
        if columns.is_empty() {
            continue;
        }
        if items.len() == LONGEST {
            let reason = format!("at most {LONGEST} lines of a list are read");
            return Err(Refusal::new("export_too_many_rows", reason));
        }
        let key = key(list, &columns);
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        // The same line twice is two things, such as two pairs of the same shoes.
        let source_id = if *count == 1 { key } else { format!("{key}#{count}") };
        items.push(Item { source_id, columns });
    }
    Ok(items)
}

fn kept(list: List, header: &[Column], record: &ByteRecord) -> Vec<(String, u32, String)> {
    let mut columns = cells::filled(header, record);
    if list == List::Profile {
        columns.retain(|(name, ..)| !ADDRESS.contains(&names::plain(name).as_str()));
    }
    columns
}

/// The list's own id of an item, or all that is said of it.
fn key(list: List, columns: &[(String, u32, String)]) -> String {
    if list == List::Profile {
        return "profile".to_owned();
    }
    let own = key_columns(list);
    let named = columns.iter().find(|(name, ..)| own.contains(&names::plain(name).as_str()));
    // A goal is the same goal when it has ended.
    let lasts = |(name, ..): &&(String, u32, String)| !ENDS.contains(&names::plain(name).as_str());
    match named {
        Some((.., text)) => text.clone(),
        None => columns.iter().filter(lasts).map(|(.., text)| text.as_str()).collect::<Vec<_>>().join(" / "),
    }
}
