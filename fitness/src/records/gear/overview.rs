//! All gear with what was done on it, added up when it is asked for: what is merged, split, deleted or purged is
//! right at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Result, Tx};

use super::alias::Aliases;
use super::own::{self, Own, Part, Service, Standing};
use super::told::{self, Item};
use super::uses::{self, Outing};
use crate::gear::{self, Kind, Span, Totals, Use};
use crate::identity::{gear_component_id, gear_id};
use crate::scope::Scope;

/// A pair of shoes, a bicycle or something else; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gear {
    pub id: String,
    /// As the athlete calls it, else as a source does.
    pub name: String,
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Provenances of what tells of it; `manual` where the athlete says something of it.
    pub sources: Vec<String>,
    /// In all, with what it had done before.
    #[serde(flatten)]
    pub totals: Totals,
    /// Since the day of the last service; in all where there was none.
    pub since: Totals,
    pub before_m: f64,
    pub before_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Date>,
    pub is_retired: bool,
    /// As the athlete says; sources do not tell the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_on: Option<Date>,
    pub components: Vec<Component>,
    pub services: Vec<Service>,
}

/// What is mounted on gear, or was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    pub id: String,
    /// Such as `chain`.
    pub kind: String,
    /// Empty where it has none.
    pub name: String,
    /// The first day; absent from the first use on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day; absent while it is mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    #[serde(flatten)]
    pub totals: Totals,
    /// Since the day of the last service; in all where there was none.
    pub since: Totals,
    pub services: Vec<Service>,
}

/// What was found of gear so far.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    kind: Option<Kind>,
    /// What the sport of its first use is usually done with.
    usual: Option<Kind>,
    brand: Option<String>,
    model: Option<String>,
    sources: BTreeSet<String>,
    uses: Vec<Use>,
    is_retired: bool,
    parts: BTreeMap<String, Part>,
    own: Option<Own>,
}

/// All gear of a scope: what is in use first, then by name.
pub fn overview(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<Vec<Gear>> {
    let told = told::read(tx, athlete, scope)?;
    let aliases = Aliases::of(athlete, &told);
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    let id_of = |name: &str| gear_id(athlete, &told.key(name));
    for item in &told.items {
        drafts.entry(id_of(&item.name)).or_default().take_item(item);
    }
    let outings = uses::outings(tx, athlete, scope, &told)?;
    let (chosen, as_told): (Vec<_>, Vec<_>) = outings.into_iter().partition(|outing| outing.chosen.is_some());
    for outing in as_told {
        take_told(&mut drafts, id_of, &outing);
    }
    for mounted in &told.mounted {
        let gear_id = id_of(&mounted.gear);
        let id = gear_component_id(athlete, &gear_id, &mounted.source_id);
        let (kind, name) = (mounted.kind.clone(), mounted.name.clone());
        let part = Part { id: id.clone(), gear_id: gear_id.clone(), kind, name, span: Span::default() };
        drafts.entry(gear_id).or_default().take_part(id, part, &mounted.gear);
    }
    for (id, own) in own::known(tx, athlete, &aliases)? {
        drafts.entry(id).or_default().own = Some(own);
    }
    let mut parts = own::parts(tx, athlete)?;
    // What is said of it under its id of now outweighs.
    parts.sort_by_key(|part| aliases.now(&part.id) == part.id);
    for part in parts {
        let (gear, id) = (aliases.now(&part.gear_id).to_owned(), aliases.now(&part.id).to_owned());
        drafts.entry(gear).or_default().parts.insert(id.clone(), Part { id, ..part });
    }
    for outing in chosen {
        let id = outing.chosen.as_deref().map(|id| aliases.now(id).to_owned()).unwrap_or_default();
        match drafts.get_mut(&id).filter(|draft| draft.has_name()) {
            Some(draft) => draft.take_use(&outing),
            // What was chosen is there no more, so that the source's word is all that is left. Who may not see what the
            // Strava API tells cannot know whether it is.
            None if scope == Scope::All => take_told(&mut drafts, id_of, &outing),
            None => {}
        }
    }
    let mut services = own::services(tx, athlete, &aliases)?;
    // What nobody has a name for is not there: its source may have been deleted.
    let shown = drafts.into_iter().filter_map(|(id, draft)| draft.shown(id, &mut services));
    let mut shown: Vec<Gear> = shown.collect();
    shown.sort_by_cached_key(|gear| (gear.is_retired, gear::key(&gear.name), gear.id.clone()));
    Ok(shown)
}

fn take_told(drafts: &mut BTreeMap<String, Draft>, id_of: impl Fn(&str) -> String, outing: &Outing) {
    let Some(said) = &outing.told else { return };
    let draft = drafts.entry(id_of(&said.name)).or_default();
    draft.take_use(outing);
    draft.sources.insert(said.provenance.clone());
    draft.name.get_or_insert_with(|| said.name.clone());
}

impl Draft {
    fn has_name(&self) -> bool {
        self.name.is_some() || self.own.as_ref().is_some_and(|own| own.name.is_some())
    }

    fn take_item(&mut self, item: &Item) {
        self.name.get_or_insert_with(|| item.name.clone());
        self.kind = self.kind.or(Some(item.kind));
        self.brand = self.brand.take().or_else(|| item.brand.clone());
        self.model = self.model.take().or_else(|| item.model.clone());
        self.sources.insert(item.provenance.to_owned());
        self.is_retired |= item.is_retired;
    }

    /// Lists name components of bicycles alone.
    fn take_part(&mut self, id: String, part: Part, name: &str) {
        self.name.get_or_insert_with(|| name.to_owned());
        self.kind = self.kind.or(Some(Kind::Bike));
        self.sources.insert(told::EXPORT.to_owned());
        self.parts.insert(id, part);
    }

    fn take_use(&mut self, outing: &Outing) {
        self.usual = self.usual.or(Some(outing.usual));
        self.uses.push(outing.used);
    }

    fn shown(mut self, id: String, services: &mut HashMap<String, Vec<Service>>) -> Option<Gear> {
        self.uses.sort_by_key(|one| one.date);
        let own = self.own.unwrap_or_else(|| Own::silent(&id));
        let mut sources = self.sources;
        if own != Own::silent(&id) {
            sources.insert("manual".to_owned());
        }
        let name = own.name.or(self.name)?;
        let done = services.remove(&id).unwrap_or_default();
        let (before_m, before_s) = (own.before_m, own.before_s);
        let mut totals = gear::sum(&self.uses, Span::default());
        totals.meters += before_m;
        totals.seconds += before_s;
        let since = if done.is_empty() { totals } else { since(&self.uses, Span::default(), &done) };
        let mut components: Vec<Component> =
            self.parts.into_values().map(|part| component(part, &self.uses, services)).collect();
        components.sort_by_cached_key(|of| (of.from, of.kind.clone(), of.name.clone()));
        Some(Gear {
            name,
            kind: own.kind.or(self.kind).or(self.usual).unwrap_or(Kind::Other),
            brand: self.brand,
            model: self.model,
            sources: sources.into_iter().collect(),
            totals,
            since,
            before_m,
            before_s,
            first: self.uses.first().map(|one| one.date),
            last: self.uses.last().map(|one| one.date),
            is_retired: own.standing.map_or(self.is_retired, |standing| standing != Standing::InUse),
            retired_on: own.standing.and_then(Standing::day),
            components,
            services: done,
            id,
        })
    }
}

fn component(part: Part, uses: &[Use], services: &mut HashMap<String, Vec<Service>>) -> Component {
    let Part { id, kind, name, span, .. } = part;
    let services = services.remove(&id).unwrap_or_default();
    let (totals, since) = (gear::sum(uses, span), since(uses, span, &services));
    Component { id, kind, name, from: span.from, to: span.to, totals, since, services }
}

/// What was done behind the last service.
fn since(uses: &[Use], span: Span, services: &[Service]) -> Totals {
    gear::sum(uses, span.behind(services.iter().map(|service| service.date).max()))
}
