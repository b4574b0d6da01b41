//! Which step stands before which, and how far from the beginning.

use std::collections::BTreeSet;

use super::Graph;

impl Graph {
    /// How many steps wait for each.
    pub(super) fn takers(&self) -> Vec<usize> {
        let mut takers = vec![0; self.nodes.len()];
        self.nodes.iter().flat_map(|node| &node.givers).for_each(|giver| takers[*giver] += 1);
        takers
    }

    /// All steps, each behind those that it waits for, else as the plan has them.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut waits: Vec<usize> = self.nodes.iter().map(|node| node.givers.len()).collect();
        let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|index| waits[*index] == 0).collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some(index) = ready.pop_first() {
            order.push(index);
            for (taker, node) in self.nodes.iter().enumerate() {
                if node.givers.contains(&index) {
                    waits[taker] -= 1;
                    if waits[taker] == 0 {
                        ready.insert(taker);
                    }
                }
            }
        }
        order
    }

    /// The steps by how many others are on the longest way to them, each layer so that lines cross little.
    pub(super) fn layers(&self) -> Vec<Vec<usize>> {
        let mut depths = vec![0; self.nodes.len()];
        let order = self.order();
        for index in &order {
            let givers = self.nodes[*index].givers.iter();
            depths[*index] = givers.map(|giver| depths[*giver] + 1).max().unwrap_or(0);
        }
        let count = order.iter().map(|index| depths[*index] + 1).max().unwrap_or(0);
        let mut layers = vec![Vec::new(); count];
        order.iter().for_each(|index| layers[depths[*index]].push(*index));
        self.untangle(&mut layers);
        layers
    }

    /// Puts each step at the mean height of those that it waits for.
    fn untangle(&self, layers: &mut [Vec<usize>]) {
        let mut heights = vec![0.0; self.nodes.len()];
        for layer in layers {
            let mean = |index: &usize| {
                let givers = &self.nodes[*index].givers;
                givers.iter().map(|giver| heights[*giver]).sum::<f64>() / givers.len().max(1) as f64
            };
            let mut placed: Vec<(f64, usize)> = layer.iter().map(|index| (mean(index), *index)).collect();
            placed.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            *layer = placed.into_iter().map(|(_, index)| index).collect();
            for (place, index) in layer.iter().enumerate() {
                heights[*index] = place as f64 - (layer.len() as f64 - 1.0) / 2.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{diamond, graph};

    #[test]
    fn a_step_stands_behind_what_it_waits_for_even_where_the_plan_names_it_before() {
        assert_eq!(graph(&["a:c", "b:", "c:b"]).order(), [1, 2, 0]);
    }

    #[test]
    fn a_layer_holds_what_is_equally_far() {
        assert_eq!(diamond().layers(), [vec![0], vec![1, 2], vec![3]]);
        assert_eq!(graph(&["a:", "b:a", "c:a, b"]).layers(), [[0], [1], [2]]);
    }

    #[test]
    fn lines_do_not_cross_where_they_need_not() {
        let crossed = graph(&["a:", "b:", "of_b:b", "of_a:a"]);
        assert_eq!(crossed.layers(), [[0, 1], [3, 2]]);
    }
}
