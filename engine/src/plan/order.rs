//! Who waits for whom: computed once for a plan, because each run of it asks again.

use super::PlannedStep;

/// For each step how many it waits for, and which wait for it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    waits_for: Vec<usize>,
    /// Where the successors of each step begin in the list of all of them.
    begins: Vec<usize>,
    successors: Vec<usize>,
}

impl Order {
    pub(super) fn of(steps: &[PlannedStep]) -> Self {
        let mut edges = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            edges.extend(step.inputs.iter().flatten().chain(&step.after).map(|giver| (*giver, index)));
        }
        // A step may take and follow the same one, which is one edge.
        edges.sort_unstable();
        edges.dedup();
        let mut waits_for = vec![0; steps.len()];
        let mut begins = vec![0; steps.len() + 1];
        for (giver, step) in &edges {
            waits_for[*step] += 1;
            begins[giver + 1] += 1;
        }
        for index in 0..steps.len() {
            begins[index + 1] += begins[index];
        }
        Self { waits_for, begins, successors: edges.into_iter().map(|(_, step)| step).collect() }
    }

    pub(crate) fn waits_for(&self, step: usize) -> usize {
        self.waits_for[step]
    }

    pub(crate) fn successors(&self, step: usize) -> &[usize] {
        &self.successors[self.begins[step]..self.begins[step + 1]]
    }
}
