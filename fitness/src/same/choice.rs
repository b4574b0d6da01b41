//! What a person said of records: that two are of one activity, or that they are not.

use std::collections::{BTreeMap, BTreeSet};

use super::Record;

/// What was said of pairs of records, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices(BTreeMap<(String, String), bool>);

impl Choices {
    /// Takes it that two records are of one activity, or that they are not, whatever was said before.
    pub fn say(&mut self, one: &str, other: &str, is_same: bool) {
        self.0.insert(pair(one, other), is_same);
    }

    /// The other records that a record was said to be the same as, directly or by way of others.
    pub fn kin<'a>(&'a self, id: &'a str) -> BTreeSet<&'a str> {
        let (mut kin, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(next) = open.pop() {
            for ((one, other), _) in self.0.iter().filter(|(_, is_same)| **is_same) {
                let partner = [(one, other), (other, one)].into_iter().find(|(of, _)| *of == next);
                if let Some((_, partner)) = partner
                    && kin.insert(partner.as_str())
                {
                    open.push(partner);
                }
            }
        }
        kin.remove(id);
        kin
    }

    pub(super) fn are_apart(&self, one: &str, other: &str) -> bool {
        !self.0.is_empty() && self.0.get(&pair(one, other)) == Some(&false)
    }

    /// For each record the class of those that were said to be the same, directly or by way of others, be they here or
    /// not; one of its own where nothing was said.
    pub(super) fn classes(&self, records: &[Record]) -> Vec<usize> {
        let mut class_of: BTreeMap<&str, usize> = BTreeMap::new();
        for ((one, other), _) in self.0.iter().filter(|(_, is_same)| **is_same) {
            let next = class_of.len();
            let kept = *class_of.entry(one).or_insert(next);
            let next = class_of.len();
            let gone = *class_of.entry(other).or_insert(next);
            class_of.values_mut().filter(|class| **class == gone).for_each(|class| *class = kept);
        }
        let own = class_of.len();
        let class = |(place, record): (usize, &Record)| {
            class_of.get(record.id.as_str()).copied().unwrap_or(own + place)
        };
        records.iter().enumerate().map(class).collect()
    }
}

/// The same pair however it is named.
pub fn pair(one: &str, other: &str) -> (String, String) {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    (low.to_owned(), high.to_owned())
}
