//! Finds steps that wait for themselves.

use petgraph::Graph;
use petgraph::algo::tarjan_scc;

/// Each cycle once, as the steps on it in the order in which they would run.
pub(super) fn cycles(waits_for: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph = Graph::<(), ()>::new();
    let nodes: Vec<_> = waits_for.iter().map(|_| graph.add_node(())).collect();
    for (step, earlier) in waits_for.iter().enumerate() {
        for before in earlier {
            graph.add_edge(nodes[*before], nodes[step], ());
        }
    }
    let components =
        tarjan_scc(&graph).into_iter().map(|nodes| nodes.iter().map(|node| node.index()).collect());
    components.filter_map(|component: Vec<usize>| walk(&component, waits_for)).collect()
}

/// Follows what is waited for inside one component until a step comes again.
fn walk(component: &[usize], waits_for: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut path = vec![component.iter().copied().min()?];
    loop {
        let last = path.last().copied()?;
        let before = waits_for[last].iter().copied().find(|before| component.contains(before))?;
        if let Some(start) = path.iter().position(|step| *step == before) {
            let mut cycle = path.split_off(start);
            cycle.reverse();
            let first = cycle.iter().enumerate().min_by_key(|(_, step)| **step)?.0;
            cycle.rotate_left(first);
            return Some(cycle);
        }
        path.push(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_in_order_form_no_cycle() {
        assert!(cycles(&[vec![], vec![0], vec![0, 1]]).is_empty());
    }

    #[test]
    fn a_cycle_begins_with_its_first_step_and_runs_forward() {
        assert_eq!(cycles(&[vec![2], vec![0], vec![1], vec![0]]), [[0, 1, 2]]);
        assert_eq!(cycles(&[vec![0]]), [[0]]);
    }
}
