//! What an athlete lets the application see.

use std::collections::BTreeSet;
use std::fmt;

use engine::registry::Missing;

const PUBLIC: &str = "read";
const ACTIVITIES: &str = "activity:read";
const ALL_ACTIVITIES: &str = "activity:read_all";
const PROFILE: &str = "profile:read_all";

/// What is asked for, with what there is not without it.
const ASKED: [Missing; 3] = [
    Missing { scope: PUBLIC, without: "your gear and your starred segments" },
    Missing { scope: ALL_ACTIVITIES, without: "activities that only you may see" },
    Missing { scope: PROFILE, without: "your heart rate and power zones" },
];
const NO_ACTIVITIES: Missing =
    Missing { scope: ALL_ACTIVITIES, without: "your activities, so nothing is synced" };

/// Scopes that were granted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a list with commas or blanks.
    pub(crate) fn parse(text: &str) -> Self {
        let scopes = text.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty());
        Self(scopes.map(str::to_owned).collect())
    }

    /// What an athlete is asked for, with commas.
    pub(crate) fn asked() -> String {
        ASKED.map(|asked| asked.scope).join(",")
    }

    /// Whether it was granted.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether activities can be seen at all.
    pub(crate) fn see_activities(&self) -> bool {
        self.has(ACTIVITIES) || self.has(ALL_ACTIVITIES)
    }

    /// Whether the zones can be seen.
    pub(crate) fn see_zones(&self) -> bool {
        self.has(PROFILE)
    }

    /// What was asked for and not granted.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let missing = ASKED.into_iter().filter(|asked| !self.has(asked.scope));
        let told = |asked: Missing| {
            if asked.scope == ALL_ACTIVITIES && !self.see_activities() { NO_ACTIVITIES } else { asked }
        };
        missing.map(told).collect()
    }

    /// The scopes by name.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }

    /// What can be seen where these were answered: Strava tells no scopes of a grant from before.
    pub(crate) fn seen(segments: bool, activities: bool, zones: bool) -> Self {
        let seen = [(PUBLIC, segments), (ALL_ACTIVITIES, activities), (PROFILE, zones)];
        Self(seen.into_iter().filter(|(_, is_seen)| *is_seen).map(|(scope, _)| scope.to_owned()).collect())
    }
}

/// With commas, as it is stored.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(granted: &str, missing: &[&str], see_activities: bool) {
        let scopes = Scopes::parse(granted);
        let found: Vec<&str> = scopes.missing().iter().map(|missing| missing.without).collect();
        assert_eq!((found.as_slice(), scopes.see_activities()), (missing, see_activities), "{granted}");
    }

    #[test]
    fn what_was_not_ticked_is_told_by_what_there_will_not_be() {
        let [gear, private, zones] = ASKED.map(|asked| asked.without);
        check("read,activity:read_all,profile:read_all", &[], true);
        check("read activity:read profile:read_all", &[private], true);
        check("read,activity:read_all", &[zones], true);
        check("read", &[NO_ACTIVITIES.without, zones], false);
        check("", &[gear, NO_ACTIVITIES.without, zones], false);
        check("activity:write,,", &[gear, NO_ACTIVITIES.without, zones], false);
    }

    #[test]
    fn scopes_are_stored_in_one_order() {
        let scopes = Scopes::parse("profile:read_all,read");
        assert_eq!(scopes.to_string(), "profile:read_all,read");
        assert_eq!(Scopes::parse(&scopes.to_string()), scopes);
    }
}
