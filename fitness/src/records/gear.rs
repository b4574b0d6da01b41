//! Shoes, bicycles and what is mounted on them, as sources and the athlete tell.
//!
//! Only what the athlete says is stored. What each was used for is read from the activities that count.

mod alias;
mod care;
mod choice;
mod overview;
mod own;
mod told;
mod uses;

use std::collections::HashMap;
use std::slice;

use jiff::civil::Date;
use store::{Result, Tx};

use alias::Aliases;
pub use care::{Broken, Care, Cared};
pub use choice::inherit;
pub use overview::{Component, Gear, overview};
use own::{Own, Part};
pub use own::{Service, Standing};

use crate::gear::{self, Kind, Span};
use crate::identity::{gear_component_id, gear_id};
use crate::scope::Scope;

const NAME_MOST: usize = 100;
const WORD_MOST: usize = 40;
/// Nobody has gone farther on anything.
const BEFORE_MOST_M: f64 = 1e9;
const BEFORE_MOST_S: f64 = 1e9;

/// Why something cannot be said of gear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GearError {
    #[error("the name must have 1 to {NAME_MOST} characters")]
    Name,
    #[error("the kind of a component must have 1 to {WORD_MOST} characters")]
    Word,
    #[error("what was done must have 1 to {NAME_MOST} characters")]
    What,
    #[error("what it had done before must be a distance and a time, neither of them negative")]
    Before,
    #[error("it would end on {to}, before it begins on {from}")]
    Order { from: Date, to: Date },
    #[error(
        "that component was mounted and ended on {0}; another one needs another first day or another name"
    )]
    Ended(Date),
    #[error("there is no gear `{0}`")]
    Unknown(String),
    #[error("there is no component `{0}`")]
    UnknownComponent(String),
    #[error("there is no gear or component `{0}`")]
    UnknownItem(String),
    #[error("there is no activity `{0}`")]
    UnknownActivity(String),
}

impl GearError {
    /// The stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name | Self::Word | Self::What | Self::Before | Self::Order { .. } | Self::Ended(_) => {
                "gear_invalid"
            }
            Self::Unknown(_) | Self::UnknownItem(_) => "gear_unknown",
            Self::UnknownComponent(_) => "gear_component_unknown",
            Self::UnknownActivity(_) => "not_found",
        }
    }
}

/// What comes of what is said.
pub type Said<T> = std::result::Result<T, GearError>;

/// Gear that no source tells of, or whose name one does.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    name: String,
    kind: Option<Kind>,
    before_m: Option<f64>,
    before_s: Option<f64>,
}

impl New {
    /// Checks what was given; metres and seconds are what it had done before the first activity here.
    pub fn of(
        name: &str,
        kind: Option<Kind>,
        (before_m, before_s): (Option<f64>, Option<f64>),
    ) -> Said<Self> {
        Ok(Self {
            name: checked(name, NAME_MOST).ok_or(GearError::Name)?,
            kind,
            before_m: before_m.map(|meters| before(meters, BEFORE_MOST_M)).transpose()?,
            before_s: before_s.map(|seconds| before(seconds, BEFORE_MOST_S)).transpose()?,
        })
    }
}

/// What is to be otherwise; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    pub kind: Option<Kind>,
    pub before_m: Option<f64>,
    pub before_s: Option<f64>,
    pub standing: Option<Standing>,
}

/// A component to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComponent {
    kind: String,
    name: String,
    from: Option<Date>,
}

impl NewComponent {
    /// Checks what was given; the name may be empty, and without a day it was there from the first use on.
    pub fn of(kind: &str, name: &str, from: Option<Date>) -> Said<Self> {
        Ok(Self { kind: word(kind)?, name: component_name(name)?, from })
    }
}

/// What is to be otherwise of a component; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComponentChange {
    pub kind: Option<String>,
    pub name: Option<String>,
    pub from: Option<Date>,
    /// The last day counts as the one on which it was retired.
    pub standing: Option<Standing>,
}

/// What an activity was done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// By its id.
    Gear(String),
    Nothing,
    /// What its sources say.
    AsTold,
}

/// Adds gear and answers its id; what a source calls so is the same, and is only told more of.
pub fn add(tx: &mut Tx<'_>, athlete: &str, new: &New, now_ms: i64) -> Result<String> {
    let told = told::read(tx, athlete, Scope::All)?;
    let aliases = Aliases::of(athlete, &told);
    let mut known = own::known(tx, athlete, &aliases)?;
    let key = gear::key(&new.name);
    let is_called_so = |own: &&Own| own.name.as_deref().is_some_and(|name| gear::key(name) == key);
    let called_so = known.values().find(is_called_so).map(|own| own.id.clone());
    let id = called_so.unwrap_or_else(|| gear_id(athlete, &told.key(&new.name)));
    let own = known.remove(&id).unwrap_or_else(|| Own::silent(&id));
    let own = Own {
        name: Some(new.name.clone()),
        kind: new.kind.or(own.kind),
        before_m: new.before_m.unwrap_or(own.before_m),
        before_s: new.before_s.unwrap_or(own.before_s),
        ..own
    };
    put(tx, athlete, &aliases, &own, now_ms)?;
    Ok(id)
}

/// Changes what the athlete says of gear.
pub fn change(tx: &mut Tx<'_>, athlete: &str, id: &str, change: &Change, now_ms: i64) -> Result<Said<()>> {
    if !overview(tx, athlete, Scope::All)?.iter().any(|gear| gear.id == id) {
        return Ok(Err(GearError::Unknown(id.to_owned())));
    }
    let aliases = aliases(tx, athlete)?;
    let said = own::known(tx, athlete, &aliases)?.remove(id).unwrap_or_else(|| Own::silent(id));
    let changed = match changed(said, change) {
        Ok(changed) => changed,
        Err(refused) => return Ok(Err(refused)),
    };
    put(tx, athlete, &aliases, &changed, now_ms)?;
    Ok(Ok(()))
}

/// Mounts a component on gear and answers its id; the same on the same day is one, and is refused where it has ended.
pub fn mount(
    tx: &mut Tx<'_>,
    athlete: &str,
    gear: &str,
    new: &NewComponent,
    now_ms: i64,
) -> Result<Said<String>> {
    if !overview(tx, athlete, Scope::All)?.iter().any(|known| known.id == gear) {
        return Ok(Err(GearError::Unknown(gear.to_owned())));
    }
    let NewComponent { kind, name, from } = new.clone();
    let day = from.map(|day| day.to_string()).unwrap_or_default();
    let id_on = |gear: &str| gear_component_id(athlete, gear, &format!("{kind}\n{name}\n{day}"));
    let (id, known) = (id_on(gear), aliases(tx, athlete)?.all(gear));
    let is_it = |part: &Part| known.iter().any(|gear| part.id == id_on(gear));
    if let Some(part) = own::parts(tx, athlete)?.into_iter().find(is_it) {
        return Ok(part.span.to.map_or(Ok(part.id), |to| Err(GearError::Ended(to))));
    }
    let span = Span { from, to: None };
    own::put_part(tx, athlete, &Part { id: id.clone(), gear_id: gear.to_owned(), kind, name, span }, now_ms)?;
    Ok(Ok(id))
}

/// Changes a component, one that an export tells of too.
pub fn change_component(
    tx: &mut Tx<'_>,
    athlete: &str,
    id: &str,
    change: &ComponentChange,
    now_ms: i64,
) -> Result<Said<()>> {
    let gear = overview(tx, athlete, Scope::All)?;
    let found = gear.iter().find_map(|gear| {
        let component = gear.components.iter().find(|component| component.id == id)?;
        Some((gear.id.clone(), component))
    });
    let Some((gear_id, component)) = found else {
        return Ok(Err(GearError::UnknownComponent(id.to_owned())));
    };
    let part = match changed_component(gear_id, component, change) {
        Ok(part) => part,
        Err(refused) => return Ok(Err(refused)),
    };
    own::put_part(tx, athlete, &part, now_ms)?;
    Ok(Ok(()))
}

/// Notes what was done on a day to gear or to a component.
pub fn service(tx: &mut Tx<'_>, athlete: &str, item: &str, date: Date, what: &str) -> Result<Said<()>> {
    let Some(what) = checked(what, NAME_MOST) else { return Ok(Err(GearError::What)) };
    let is_there =
        |gear: &Gear| gear.id == item || gear.components.iter().any(|component| component.id == item);
    if !overview(tx, athlete, Scope::All)?.iter().any(is_there) {
        return Ok(Err(GearError::UnknownItem(item.to_owned())));
    }
    own::serve(tx, athlete, item, &Service { date, what })?;
    Ok(Ok(()))
}

/// Forgets what was done on a day to gear or to a component; false where nothing was.
pub fn take_back_service(tx: &mut Tx<'_>, athlete: &str, item: &str, date: Date) -> Result<bool> {
    let mut rows = 0;
    for id in aliases(tx, athlete)?.all(item) {
        rows += own::take_back(tx, athlete, &id, date)?;
    }
    Ok(rows > 0)
}

/// Forgets all that the athlete said of gear and of what is mounted on it; false where nothing was said. What sources
/// tell stays, and so does a component whose id is given as that of gear.
pub fn forget(tx: &mut Tx<'_>, athlete: &str, gear: &str) -> Result<bool> {
    let all = overview(tx, athlete, Scope::All)?;
    if all.iter().flat_map(|known| &known.components).any(|component| component.id == gear) {
        return Ok(false);
    }
    let shown = all.iter().find(|known| known.id == gear);
    let listed = shown.into_iter().flat_map(|gear| &gear.components).map(|component| component.id.as_str());
    let aliases = aliases(tx, athlete)?;
    let mut rows = 0;
    for component in listed {
        for id in aliases.all(component) {
            rows += own::forget_component(tx, athlete, &id)?;
        }
    }
    for id in aliases.all(gear) {
        rows += own::forget(tx, athlete, &id)? + choice::forget_gear(tx, athlete, &id)?;
    }
    Ok(rows > 0)
}

/// Forgets what the athlete said of a component, and its services; false where nothing was said, and of gear.
pub fn forget_component(tx: &mut Tx<'_>, athlete: &str, component: &str) -> Result<bool> {
    let all = overview(tx, athlete, Scope::All)?;
    if !all.iter().flat_map(|gear| &gear.components).any(|known| known.id == component) {
        return Ok(false);
    }
    let mut rows = 0;
    for id in aliases(tx, athlete)?.all(component) {
        rows += own::forget_component(tx, athlete, &id)?;
    }
    Ok(rows > 0)
}

/// Keeps what an activity was done with, of all its records, through every later import.
pub fn choose(tx: &mut Tx<'_>, athlete: &str, activity: &str, choice: &Choice) -> Result<Said<()>> {
    choose_all(tx, athlete, slice::from_ref(&activity.to_owned()), choice)
}

/// The same of several activities; where one of them cannot be, nothing is kept of any.
pub fn choose_all(
    tx: &mut Tx<'_>,
    athlete: &str,
    activities: &[String],
    choice: &Choice,
) -> Result<Said<()>> {
    for activity in activities {
        if !choice::is_theirs(tx, athlete, activity)? {
            return Ok(Err(GearError::UnknownActivity(activity.clone())));
        }
    }
    if let Choice::Gear(gear) = choice
        && !overview(tx, athlete, Scope::All)?.iter().any(|known| known.id == *gear)
    {
        return Ok(Err(GearError::Unknown(gear.clone())));
    }
    let gear = match choice {
        Choice::AsTold => None,
        Choice::Nothing => Some(""),
        Choice::Gear(gear) => Some(gear.as_str()),
    };
    for activity in activities {
        choice::forget(tx, athlete, activity)?;
        if let Some(gear) = gear {
            choice::say(tx, athlete, activity, gear)?;
        }
    }
    Ok(Ok(()))
}

/// The name of what each of these records was done with where the athlete says so, and none where it was nothing or is
/// not to be told in a scope. A record is left out whose gear is there no more: what its source says holds.
pub fn chosen(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    records: &[String],
) -> Result<HashMap<String, Option<String>>> {
    let said = choice::of(tx, athlete, records)?;
    if said.is_empty() {
        return Ok(HashMap::new());
    }
    let told = told::read(tx, athlete, scope)?;
    let aliases = Aliases::of(athlete, &told);
    let said: HashMap<String, String> =
        said.into_iter().map(|(record, gear)| (record, aliases.now(&gear).to_owned())).collect();
    let listed = told.items.iter().map(|item| (gear_id(athlete, &told.key(&item.name)), item.name.clone()));
    let own = own::known(tx, athlete, &aliases)?.into_iter().filter_map(|(id, own)| Some((id, own.name?)));
    // The athlete's own name outweighs, and of the lists the first.
    let mut names: HashMap<String, String> = listed.rev().chain(own).collect();
    if said.values().any(|gear| !gear.is_empty() && !names.contains_key(gear)) {
        // Activities alone name it, all of which must be read.
        let all = overview(tx, athlete, scope)?;
        names.extend(all.into_iter().map(|gear| (gear.id, gear.name)));
    }
    let named = said.into_iter().filter_map(|(record, gear)| match names.get(&gear) {
        Some(name) => Some((record, Some(name.clone()))),
        None if gear.is_empty() || scope == Scope::Shareable => Some((record, None)),
        None => None,
    });
    Ok(named.collect())
}

/// What Strava calls gear, by its ids there; for the athlete's eyes alone.
pub fn called(tx: &mut Tx<'_>, athlete: &str) -> Result<HashMap<String, String>> {
    Ok(told::read(tx, athlete, Scope::All)?.called)
}

/// The ids that gear had before.
fn aliases(tx: &mut Tx<'_>, athlete: &str) -> Result<Aliases> {
    Ok(Aliases::of(athlete, &told::read(tx, athlete, Scope::All)?))
}

/// Keeps what is said of gear, and says it anew where it was said under another id.
fn put(tx: &mut Tx<'_>, athlete: &str, aliases: &Aliases, own: &Own, now_ms: i64) -> Result<()> {
    let before = own::list(tx, athlete)?.into_iter().map(|own| own.id);
    let before: Vec<String> = before.filter(|id| *id != own.id && aliases.now(id) == own.id).collect();
    for id in before.into_iter().chain([own.id.clone()]) {
        own::put(tx, athlete, &Own { id, ..own.clone() }, now_ms)?;
    }
    Ok(())
}

fn changed(own: Own, change: &Change) -> Said<Own> {
    let name = match &change.name {
        Some(name) => Some(checked(name, NAME_MOST).ok_or(GearError::Name)?),
        None => own.name,
    };
    Ok(Own {
        id: own.id,
        name,
        kind: change.kind.or(own.kind),
        before_m: before(change.before_m.unwrap_or(own.before_m), BEFORE_MOST_M)?,
        before_s: before(change.before_s.unwrap_or(own.before_s), BEFORE_MOST_S)?,
        standing: change.standing.or(own.standing),
    })
}

fn changed_component(gear_id: String, known: &Component, change: &ComponentChange) -> Said<Part> {
    let from = change.from.or(known.from);
    let to = change.standing.map_or(known.to, Standing::day);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(GearError::Order { from, to });
    }
    Ok(Part {
        id: known.id.clone(),
        gear_id,
        kind: change.kind.as_deref().map_or_else(|| Ok(known.kind.clone()), word)?,
        name: change.name.as_deref().map_or_else(|| Ok(known.name.clone()), component_name)?,
        span: Span { from, to },
    })
}

/// A text in one line without blanks around it; nothing where it is empty or too long.
fn checked(text: &str, most: usize) -> Option<String> {
    let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
    let text = text.trim();
    (!gear::key(text).is_empty() && text.chars().count() <= most).then(|| text.to_owned())
}

/// The kind of a component, in small letters, so that a rule finds it however it was typed.
fn word(kind: &str) -> Said<String> {
    Ok(checked(kind, WORD_MOST).ok_or(GearError::Word)?.to_lowercase())
}

fn component_name(name: &str) -> Said<String> {
    if name.trim().is_empty() {
        return Ok(String::new());
    }
    checked(name, NAME_MOST).ok_or(GearError::Name)
}

fn before(value: f64, most: f64) -> Said<f64> {
    if (0.0..=most).contains(&value) { Ok(value) } else { Err(GearError::Before) }
}

#[cfg(test)]
pub(crate) const QUERIES: &[&[store::Sql]] = &[own::QUERIES, choice::QUERIES, uses::QUERIES];
