//! Which values of its arguments a script's text reads.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, Position};

use super::Shape;
use crate::script::locate::{self, Chain};

#[derive(Debug)]
pub(super) struct Inputs {
    /// Paths with the parameter's name before them, sorted.
    pub paths: Vec<String>,
    /// What the script calls each parameter, and what its kind does.
    parameters: BTreeMap<String, &'static str>,
    chains: Vec<(Chain, String)>,
    /// Parameters that are used otherwise than by their properties.
    pub passed: BTreeSet<&'static str>,
    functions: &'static [(&'static str, &'static [&'static str])],
}

impl Inputs {
    pub(super) fn of(tree: &AST, shape: &Shape) -> Self {
        let mut parameters = BTreeMap::new();
        for (name, meant) in shape.functions {
            let own = tree.iter_functions().find(|own| own.name == *name && own.params.len() == meant.len());
            let called = own.into_iter().flat_map(|own| own.params).map(str::to_owned);
            parameters.extend(called.zip(meant.iter().copied()));
        }
        let chains: Vec<_> = locate::chains(tree)
            .into_iter()
            .map(|chain| {
                let path = chain.path();
                (chain, path)
            })
            .collect();
        let mut paths = BTreeSet::new();
        let mut chained = BTreeSet::new();
        for (chain, path) in &chains {
            if let Some(parameter) = parameters.get(&chain.root) {
                chained.insert(*parameter);
                paths.insert(format!("{parameter}.{path}"));
            }
        }
        let used = locate::variables(tree).into_iter().filter_map(|name| parameters.get(&name).copied());
        let used: Vec<&'static str> = used.collect();
        let alone = used.iter().filter(|parameter| !chained.contains(*parameter));
        paths.extend(alone.map(|parameter| (*parameter).to_owned()));
        let passed = passed(&used, &parameters, &chains);
        Self { paths: paths.into_iter().collect(), parameters, chains, passed, functions: shape.functions }
    }

    /// The whole chain in which the property at that position stands: the parameter that it begins with, if it is
    /// one, and the path.
    pub(super) fn around(&self, position: Position) -> Option<(Option<&'static str>, &str)> {
        let here = |chain: &Chain| chain.properties.iter().any(|(_, at)| *at == position);
        let (chain, path) = self.chains.iter().find(|(chain, _)| here(chain))?;
        Some((self.parameters.get(&chain.root).copied(), path))
    }

    /// What the kind calls a parameter of a function.
    pub(super) fn parameter(&self, function: &str, place: usize) -> Option<&'static str> {
        let (_, parameters) = self.functions.iter().find(|(name, _)| *name == function)?;
        parameters.get(place).copied()
    }
}

/// The parameters that are used more often than properties are read of them.
fn passed(
    used: &[&'static str],
    parameters: &BTreeMap<String, &'static str>,
    chains: &[(Chain, String)],
) -> BTreeSet<&'static str> {
    let chained = chains.iter().filter_map(|(chain, _)| parameters.get(&chain.root).copied());
    let chained: Vec<&'static str> = chained.collect();
    used.iter().copied().filter(|one| times(used, one) > times(&chained, one)).collect()
}

fn times(among: &[&'static str], parameter: &str) -> usize {
    among.iter().filter(|one| **one == parameter).count()
}
