//! Gear with what is due of it, as its question answers and the API and the command line read it.

use serde::{Deserialize, Serialize};

use super::Gear;
use crate::gear::Due;

/// All gear with what is due of it, and why scripts are silent that should not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Care {
    pub items: Vec<Cared>,
    pub errors: Vec<Broken>,
}

/// Gear with what is due of it and of its components, the most urgent first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cared {
    #[serde(flatten)]
    pub gear: Gear,
    pub due: Vec<Due>,
}

/// What is wrong with a maintenance script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    pub path: String,
    pub code: String,
    pub message: String,
}

impl Cared {
    /// Whether it is the gear of an id, or that which a component of that id is mounted on.
    pub fn is(&self, item: &str) -> bool {
        self.gear.id == item || self.gear.components.iter().any(|component| component.id == item)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_answered_is_read_as_it_was() {
        let distance = json!({ "meters": 1000.0, "seconds": 300.5, "uses": 2 });
        let answer = json!({
            "items": [{
                "id": "a", "name": "Grey gravel", "kind": "bike", "sources": ["manual"],
                "meters": 1000.0, "seconds": 300.5, "uses": 2, "since": distance,
                "before_m": 0.0, "before_s": 0.0, "first": "2026-05-01", "last": "2026-05-02", "is_retired": false,
                "components": [{
                    "id": "b", "kind": "chain", "name": "", "meters": 1000.0, "seconds": 300.5, "uses": 2,
                    "since": distance, "services": [{ "date": "2026-05-01", "what": "waxed" }],
                }],
                "services": [],
                "due": [{
                    "item": "b", "script": "scripts/gear/chain.rhai", "version": "3f2a91c07d55",
                    "what": "replace", "urgency": "now", "why": "3012 km on this chain.",
                }],
            }],
            "errors": [{ "path": "scripts/gear/x.rhai", "code": "due_result", "message": "no" }],
        });
        let care: Care = serde_json::from_value(answer.clone()).unwrap();
        assert!(care.items[0].is("a") && care.items[0].is("b") && !care.items[0].is("c"));
        assert_eq!(serde_json::to_value(care).unwrap(), answer);
    }
}
