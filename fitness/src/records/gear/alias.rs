//! Gear whose id was another before a source named it otherwise: what was said of it then holds on.

use std::collections::HashMap;

use super::told::Told;
use crate::gear::key;
use crate::identity::{gear_component_id, gear_id};

/// Ids as they were, each with the one of now.
#[derive(Debug, Default)]
pub(super) struct Aliases(HashMap<String, String>);

impl Aliases {
    /// Of gear, and of the components that an export mounts on it.
    pub(super) fn of(athlete: &str, told: &Told) -> Self {
        let gear = told.aliases().map(|(alias, key)| (gear_id(athlete, alias), gear_id(athlete, key)));
        let mounted = told.mounted.iter().map(|mounted| {
            let [before, now] = [key(&mounted.gear), told.key(&mounted.gear)]
                .map(|key| gear_component_id(athlete, &gear_id(athlete, &key), &mounted.source_id));
            (before, now)
        });
        Self(gear.chain(mounted).filter(|(before, now)| before != now).collect())
    }

    /// The id that something has now.
    pub(super) fn now<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    /// Every id that something has or had, that of now first.
    pub(super) fn all(&self, id: &str) -> Vec<String> {
        let now = self.now(id);
        let mut before: Vec<String> =
            self.0.iter().filter(|(_, is)| *is == now).map(|(was, _)| was.clone()).collect();
        before.sort_unstable();
        [now.to_owned()].into_iter().chain(before).collect()
    }
}
