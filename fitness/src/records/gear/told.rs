//! Gear as the lists of an export and the Strava API tell of it.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use store::{Error, Result, Tx};

use super::super::export_item::{self, ExportItem};
use super::super::strava::item;
use crate::gear::{self, Kind, Line};
use crate::scope::{STRAVA_API, Scope};

pub(super) const EXPORT: &str = "bulk_export";

/// Everything that is told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) items: Vec<Item>,
    pub(super) mounted: Vec<Mounted>,
    /// Keys of brand and model, and of what the API calls gear, by which activities may name it.
    aliases: HashMap<String, String>,
    /// What gear is called by its id at Strava.
    pub(super) called: HashMap<String, String>,
}

/// Gear of a list.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) brand: Option<String>,
    pub(super) model: Option<String>,
    pub(super) provenance: &'static str,
    pub(super) is_retired: bool,
}

/// A component of the list of components.
#[derive(Debug, Clone)]
pub(super) struct Mounted {
    /// What it is mounted on.
    pub(super) gear: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// What tells it from the others of its list, in this export and in the next.
    pub(super) source_id: String,
}

/// What the API tells of gear; the rest of it is not read.
#[derive(Deserialize)]
struct Body {
    id: String,
    name: Option<String>,
    nickname: Option<String>,
    brand_name: Option<String>,
    model_name: Option<String>,
    #[serde(default)]
    retired: bool,
}

/// Reads what belongs in a scope.
pub(super) fn read(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<Told> {
    let mut told = Told::default();
    let mut also: Vec<(String, String)> = Vec::new();
    for (list, kind) in [("bike", Kind::Bike), ("shoe", Kind::Shoes)] {
        for line in export_item::list(tx, athlete, (EXPORT, list))? {
            told.take_line(&cells(&line)?, kind, &mut also);
        }
    }
    if scope.includes(STRAVA_API) {
        for item in item::list(tx, athlete, "gear")? {
            // What has no such fields tells of nothing.
            let Ok(body) = serde_json::from_str::<Body>(&item.body) else { continue };
            told.take_body(body, &mut also);
        }
    }
    told.name_again(also);
    for line in export_item::list(tx, athlete, (EXPORT, "component"))? {
        told.mounted.extend(mounted(&cells(&line)?, line.source_id));
    }
    Ok(told)
}

impl Told {
    /// The key of the gear that is called so.
    pub(super) fn key(&self, name: &str) -> String {
        let key = gear::key(name);
        self.aliases.get(&key).cloned().unwrap_or(key)
    }

    /// Keys by which gear was known before a list named it otherwise, each with the one that it has now.
    pub(super) fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, key)| (alias.as_str(), key.as_str()))
    }

    fn take_line(&mut self, line: &Line, kind: Kind, also: &mut Vec<(String, String)>) {
        let full = line.full();
        let Some(name) = line.name.clone().or_else(|| full.clone()) else { return };
        also.extend(full.map(|full| (full, name.clone())));
        let (brand, model) = (line.brand.clone(), line.model.clone());
        self.items.push(Item { name, kind, brand, model, provenance: EXPORT, is_retired: false });
    }

    fn take_body(&mut self, body: Body, also: &mut Vec<(String, String)>) {
        let [name, nickname, brand, model] = [body.name, body.nickname, body.brand_name, body.model_name]
            .map(|text| text.filter(|text| !gear::key(text).is_empty()));
        let full = gear::full(brand.as_deref(), model.as_deref());
        let Some(called) = nickname.or_else(|| name.clone()).or_else(|| full.clone()) else { return };
        also.extend([name, full].into_iter().flatten().map(|other| (other, called.clone())));
        self.called.insert(body.id.clone(), called.clone());
        let kind = if body.id.starts_with('b') { Kind::Bike } else { Kind::Shoes };
        let is_retired = body.retired;
        self.items.push(Item { name: called, kind, brand, model, provenance: STRAVA_API, is_retired });
    }

    /// Two pairs of one model are told apart by their names alone, so that the model means neither.
    fn name_again(&mut self, also: Vec<(String, String)>) {
        let names: BTreeSet<String> = self.items.iter().map(|item| gear::key(&item.name)).collect();
        let mut meant: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (alias, name) in also {
            let alias = gear::key(&alias);
            if !names.contains(&alias) {
                meant.entry(alias).or_default().insert(gear::key(&name));
            }
        }
        let single = |(alias, keys): (String, BTreeSet<String>)| {
            if keys.len() == 1 { keys.into_iter().next().map(|key| (alias, key)) } else { None }
        };
        self.aliases = meant.into_iter().filter_map(single).collect();
    }
}

fn mounted(line: &Line, source_id: String) -> Option<Mounted> {
    let kind = line.part.as_deref().map_or_else(|| "component".to_owned(), str::to_lowercase);
    Some(Mounted { gear: line.name.clone()?, kind, name: line.full().unwrap_or_default(), source_id })
}

fn cells(item: &ExportItem) -> Result<Line> {
    let cells = serde_json::from_str::<Vec<(String, u32, String)>>(&item.columns);
    let cells = cells.map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok(Line::of(&cells))
}
