//! What maintenance scripts are given: gear or a component, as far as it went. What is unknown is absent.

use engine::script::rule::Subject;
use fitness::gear::Totals;
use fitness::records::gear::{Component, Gear, Service};
use jiff::civil::Date;
use serde_json::{Value, json};

const SECONDS_PER_HOUR: f64 = 3600.0;

/// Something that scripts are asked about.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    /// Where its gear stands among all.
    pub(super) place: usize,
    pub(super) given: Subject,
}

/// What is told of an item.
struct Told<'a> {
    gear: &'a Gear,
    kind: &'a str,
    name: &'a str,
    totals: Totals,
    since: Totals,
    /// The first day.
    begun: Option<Date>,
    services: &'a [Service],
}

/// What is told of gear.
#[cfg(test)]
pub(super) fn of_gear(gear: &Gear, today: Date) -> Value {
    Told::of_gear(gear).value(today)
}

/// Gear that is in use, each followed by the components that are mounted on it.
pub(super) fn in_use(gear: &[Gear], today: Date) -> Vec<Item> {
    let mut items = Vec::new();
    for (place, gear) in gear.iter().enumerate().filter(|(_, gear)| !gear.is_retired) {
        let item = |id: &str, told: &Told<'_>| Item {
            id: id.to_owned(),
            place,
            given: Subject::new(&told.value(today)),
        };
        items.push(item(&gear.id, &Told::of_gear(gear)));
        let mounted = gear.components.iter().filter(|part| part.to.is_none_or(|last| last > today));
        items.extend(mounted.map(|part| item(&part.id, &Told::of_component(gear, part))));
    }
    items
}

impl<'a> Told<'a> {
    fn of_gear(gear: &'a Gear) -> Self {
        Self {
            gear,
            kind: gear.kind.as_str(),
            name: &gear.name,
            totals: gear.totals,
            since: gear.since,
            begun: gear.first,
            services: &gear.services,
        }
    }

    fn of_component(gear: &'a Gear, part: &'a Component) -> Self {
        Self {
            gear,
            kind: &part.kind,
            name: &part.name,
            totals: part.totals,
            since: part.since,
            begun: part.from.or(gear.first),
            services: &part.services,
        }
    }

    fn value(&self, today: Date) -> Value {
        let serviced = self.services.iter().map(|service| service.date).max();
        let mut item = distance(self.totals, days(self.begun, today));
        item["kind"] = json!(self.kind);
        item["name"] = json!(self.name);
        item["gear"] = json!({ "name": self.gear.name, "kind": self.gear.kind });
        item["since"] = distance(self.since, days(serviced.or(self.begun), today));
        item
    }
}

fn distance(totals: Totals, days: Option<i32>) -> Value {
    let hours = totals.seconds / SECONDS_PER_HOUR;
    json!({ "meters": totals.meters, "hours": hours, "uses": totals.uses, "days": days })
}

/// How many days ago a day was; none where it is yet to come.
fn days(from: Option<Date>, today: Date) -> Option<i32> {
    let days = today.since(from?).ok()?.get_days();
    Some(days.max(0))
}
