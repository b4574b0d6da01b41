//! Whether each pool that a step works in is sized, and in one place only.

use std::collections::BTreeMap;

use super::{Bond, Tie, Ties, Wrong, of};
use crate::script::suggest;

/// What is wrong with the pools: those that two pipelines size, and those that none does.
pub(super) fn wrong(ties: &Ties) -> Wrong {
    let mut wrong = Wrong::new();
    let mut sized: BTreeMap<&str, Vec<(&String, &Tie)>> = BTreeMap::new();
    for (name, tie) in of(ties, |bond| matches!(bond, Bond::Sizes(_))) {
        sized.entry(&tie.name).or_default().push((name, tie));
    }
    for (pool, places) in &sized {
        for (at, (name, tie)) in places.iter().enumerate() {
            // The next one, so that of two each names the other.
            let (_, other) = places[(at + 1) % places.len()];
            if places.len() > 1 {
                let message = format!("pool `{pool}` is sized in more than one place");
                let hint = Some(format!("another one is at {}; keep one of them", other.place()));
                wrong.entry((*name).clone()).or_default().push(tie.mistake("pool_twice", message, hint));
            }
        }
    }
    for (name, used) in of(ties, |bond| bond == Bond::Uses) {
        if !sized.contains_key(used.name.as_str()) {
            let message = format!("no pipeline sizes the pool `{}`", used.name);
            let add = || format!("add `pool(\"{}\", #{{ slots: 2 }});` to one pipeline", used.name);
            let hint = suggest::hint(&used.name, sized.keys().copied()).or_else(|| Some(add()));
            wrong.entry(name.clone()).or_default().push(used.mistake("unknown_pool", message, hint));
        }
    }
    wrong
}
