//! What the athlete says of gear, its components and its services.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Result, Row, Sql, Tx, params};

use super::super::{date, optional_date, sortable, stored};
use super::alias::Aliases;
use crate::gear::{Kind, Span};

/// Whether gear or a component is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Whatever a source says.
    InUse,
    /// Up to that day.
    Retired(Date),
}

/// What was said of gear; what was not is as the sources have it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Own {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) kind: Option<Kind>,
    /// What it had done before the first activity that is known here.
    pub(super) before_m: f64,
    pub(super) before_s: f64,
    pub(super) standing: Option<Standing>,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) gear_id: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) span: Span,
}

/// What was done to gear or to a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub date: Date,
    pub what: String,
}

impl Own {
    /// Of gear that nothing was said of.
    pub(super) fn silent(id: &str) -> Self {
        Self { id: id.to_owned(), name: None, kind: None, before_m: 0.0, before_s: 0.0, standing: None }
    }

    /// With what was said of the same gear under another id, where nothing is said under this one.
    fn or(self, other: Self) -> Self {
        let said = |one: f64, other: f64| if one > 0.0 { one } else { other };
        Self {
            id: self.id,
            name: self.name.or(other.name),
            kind: self.kind.or(other.kind),
            before_m: said(self.before_m, other.before_m),
            before_s: said(self.before_s, other.before_s),
            standing: self.standing.or(other.standing),
        }
    }
}

impl Standing {
    /// The last day in use.
    pub(super) fn day(self) -> Option<Date> {
        match self {
            Self::InUse => None,
            Self::Retired(day) => Some(day),
        }
    }
}

const LIST: Sql = Sql::Both(
    "SELECT id, name, kind, before_m, before_s, retired_on FROM gear WHERE athlete = $1 ORDER BY id",
);
const PUT: Sql = Sql::Both(
    "INSERT INTO gear (id, athlete, name, kind, before_m, before_s, retired_on, changed_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
     kind = excluded.kind, before_m = excluded.before_m, before_s = excluded.before_s, \
     retired_on = excluded.retired_on, changed_ms = excluded.changed_ms",
);
const PARTS: Sql = Sql::Both(
    "SELECT id, gear_id, kind, name, from_date, to_date FROM gear_component WHERE athlete = $1 ORDER BY id",
);
const PUT_PART: Sql = Sql::Both(
    "INSERT INTO gear_component (id, athlete, gear_id, kind, name, from_date, to_date, changed_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, \
     name = excluded.name, from_date = excluded.from_date, to_date = excluded.to_date, \
     changed_ms = excluded.changed_ms",
);
const SERVICES: Sql = Sql::Both(
    "SELECT item_id, done_on, what FROM gear_service WHERE athlete = $1 ORDER BY item_id, done_on, what",
);
const SERVE: Sql = Sql::Both(
    "INSERT INTO gear_service (athlete, item_id, done_on, what) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (athlete, item_id, done_on, what) DO NOTHING",
);
const TAKE_BACK: Sql =
    Sql::Both("DELETE FROM gear_service WHERE athlete = $1 AND item_id = $2 AND done_on = $3");
const FORGET_SERVICES: Sql = Sql::Both(
    "DELETE FROM gear_service WHERE athlete = $1 AND (item_id = $2 \
     OR item_id IN (SELECT id FROM gear_component WHERE athlete = $1 AND gear_id = $2))",
);
const FORGET_PARTS: Sql =
    Sql::Both("DELETE FROM gear_component WHERE athlete = $1 AND (id = $2 OR gear_id = $2)");
const FORGET: Sql = Sql::Both("DELETE FROM gear WHERE athlete = $1 AND id = $2");

/// All gear that something was said of, by the ids under which it was, whatever they are now.
pub(super) fn list(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Own>> {
    tx.query(&LIST, &params![athlete], read)
}

/// All gear that something was said of, by its id of now.
pub(super) fn known(tx: &mut Tx<'_>, athlete: &str, aliases: &Aliases) -> Result<BTreeMap<String, Own>> {
    let (now, before): (Vec<Own>, Vec<Own>) =
        list(tx, athlete)?.into_iter().partition(|own| aliases.now(&own.id) == own.id);
    let mut known: BTreeMap<String, Own> = now.into_iter().map(|own| (own.id.clone(), own)).collect();
    for own in before {
        let id = aliases.now(&own.id).to_owned();
        let said = known.remove(&id).unwrap_or_else(|| Own::silent(&id));
        known.insert(id, said.or(own));
    }
    Ok(known)
}

/// Keeps what was said.
pub(super) fn put(tx: &mut Tx<'_>, athlete: &str, own: &Own, now_ms: i64) -> Result<()> {
    let retired_on = own.standing.map(|standing| match standing {
        Standing::InUse => String::new(),
        Standing::Retired(day) => sortable(day),
    });
    let params = params![
        &own.id,
        athlete,
        own.name.as_deref(),
        own.kind.map(Kind::as_str),
        own.before_m,
        own.before_s,
        retired_on.as_deref(),
        now_ms
    ];
    tx.execute(&PUT, &params).map(drop)
}

/// All components that the athlete mounted or changed, by id.
pub(super) fn parts(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Part>> {
    tx.query(&PARTS, &params![athlete], |row| {
        let span = Span { from: optional_date(row, 4)?, to: optional_date(row, 5)? };
        Ok(Part { id: row.get(0)?, gear_id: row.get(1)?, kind: row.get(2)?, name: row.get(3)?, span })
    })
}

/// Keeps a component.
pub(super) fn put_part(tx: &mut Tx<'_>, athlete: &str, part: &Part, now_ms: i64) -> Result<()> {
    let (from, to) = (part.span.from.map(sortable), part.span.to.map(sortable));
    let params = params![
        &part.id,
        athlete,
        &part.gear_id,
        &part.kind,
        &part.name,
        from.as_deref(),
        to.as_deref(),
        now_ms
    ];
    tx.execute(&PUT_PART, &params).map(drop)
}

/// All services by the id of now of what they were done to, the oldest first.
pub(super) fn services(
    tx: &mut Tx<'_>,
    athlete: &str,
    aliases: &Aliases,
) -> Result<HashMap<String, Vec<Service>>> {
    let mut services: HashMap<String, Vec<Service>> = HashMap::new();
    tx.query(&SERVICES, &params![athlete], |row| {
        let service = Service { date: date(row, 1)?, what: row.get(2)? };
        services.entry(aliases.now(row.text(0)?).to_owned()).or_default().push(service);
        Ok(())
    })?;
    for done in services.values_mut() {
        done.sort_by(|one, other| (one.date, &one.what).cmp(&(other.date, &other.what)));
        done.dedup();
    }
    Ok(services)
}

/// Notes a service; the same again changes nothing.
pub(super) fn serve(tx: &mut Tx<'_>, athlete: &str, item: &str, service: &Service) -> Result<()> {
    tx.execute(&SERVE, &params![athlete, item, &sortable(service.date), &service.what]).map(drop)
}

/// Forgets the services of a day, and says how many they were.
pub(super) fn take_back(tx: &mut Tx<'_>, athlete: &str, item: &str, day: Date) -> Result<u64> {
    tx.execute(&TAKE_BACK, &params![athlete, item, &sortable(day)])
}

/// Forgets all that was said of gear and of the components that the athlete mounted, and says how many rows that were.
pub(super) fn forget(tx: &mut Tx<'_>, athlete: &str, item: &str) -> Result<u64> {
    let mut rows = 0;
    for sql in [&FORGET_SERVICES, &FORGET_PARTS, &FORGET] {
        rows += tx.execute(sql, &params![athlete, item])?;
    }
    Ok(rows)
}

/// The same of a component.
pub(super) fn forget_component(tx: &mut Tx<'_>, athlete: &str, component: &str) -> Result<u64> {
    let mut rows = 0;
    for sql in [&FORGET_SERVICES, &FORGET_PARTS] {
        rows += tx.execute(sql, &params![athlete, component])?;
    }
    Ok(rows)
}

fn read(row: &Row<'_>) -> Result<Own> {
    let (kind, retired_on): (Option<String>, Option<String>) = (row.get(2)?, row.get(5)?);
    let standing = |text: &str| {
        if text.is_empty() {
            return Some(Standing::InUse);
        }
        text.parse().ok().map(Standing::Retired)
    };
    Ok(Own {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: kind.map(|word| stored(&word, Kind::parse)).transpose()?,
        before_m: row.get(3)?,
        before_s: row.get(4)?,
        standing: retired_on.map(|text| stored(&text, standing)).transpose()?,
    })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] =
    &[LIST, PUT, PARTS, PUT_PART, SERVICES, SERVE, TAKE_BACK, FORGET_SERVICES, FORGET_PARTS, FORGET];
