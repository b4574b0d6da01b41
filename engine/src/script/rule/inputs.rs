//! Which values of the day a rule's text reads.

use std::collections::BTreeSet;

use rhai::{AST, Position};

use crate::script::locate::{self, Chain};

#[derive(Debug)]
pub(super) struct Inputs {
    /// Paths within the day, sorted.
    pub paths: Vec<String>,
    chains: Vec<(Chain, String)>,
}

impl Inputs {
    pub(super) fn of(tree: &AST) -> Self {
        let day = |function: &str| {
            let functions =
                tree.iter_functions().find(|known| known.name == function && known.params.len() == 1);
            functions.map(|known| known.params[0].to_owned())
        };
        let days: BTreeSet<_> = ["applies", "advise"].into_iter().filter_map(day).collect();
        let chains = locate::chains(tree).into_iter().map(|chain| {
            let path = chain.path();
            (chain, path)
        });
        let chains: Vec<_> = chains.collect();
        let read =
            chains.iter().filter(|(chain, _)| days.contains(&chain.root)).map(|(_, path)| path.clone());
        let paths: BTreeSet<_> = read.collect();
        Self { paths: paths.into_iter().collect(), chains }
    }

    /// The whole path of the chain in which the property at that position stands.
    pub(super) fn around(&self, position: Position) -> Option<&str> {
        let here = |chain: &Chain| chain.properties.iter().any(|(_, at)| *at == position);
        self.chains.iter().find(|(chain, _)| here(chain)).map(|(_, path)| path.as_str())
    }
}
