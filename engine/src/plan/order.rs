//! Who waits for whom: computed once for a plan, because each run of it asks again.

use super::PlannedStep;

/// For each step how many it waits for, and which wait for it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    waits_for: Vec<usize>,
    /// Where the successors of each step begin in the list of all of them.
    begins: Vec<usize>,
    successors: Vec<usize>,
    is_taken: Vec<bool>,
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
        let mut is_taken = vec![false; steps.len()];
        steps.iter().flat_map(|step| step.inputs.iter().flatten()).for_each(|giver| is_taken[*giver] = true);
        let mut waits_for = vec![0; steps.len()];
        let mut begins = vec![0; steps.len() + 1];
        for (giver, step) in &edges {
            waits_for[*step] += 1;
            begins[giver + 1] += 1;
        }
        for index in 0..steps.len() {
            begins[index + 1] += begins[index];
        }
        let successors = edges.into_iter().map(|(_, step)| step).collect();
        Self { waits_for, begins, successors, is_taken }
    }

    pub(crate) fn waits_for(&self, step: usize) -> usize {
        self.waits_for[step]
    }

    /// Whether another step takes what this one gives.
    pub(crate) fn is_taken(&self, step: usize) -> bool {
        self.is_taken[step]
    }

    pub(crate) fn successors(&self, step: usize) -> &[usize] {
        &self.successors[self.begins[step]..self.begins[step + 1]]
    }
}
