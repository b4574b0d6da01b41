//! The steps of a pipeline and what each waits for, drawn: on a terminal, and in the languages that others draw.

mod dot;
mod mermaid;
mod order;
mod svg;
mod text;

use std::collections::HashMap;

use clap::ValueEnum;
use engine::StepInfo;
use engine::run::StepState;

/// What is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// Lines for a terminal
    Text,
    /// A flowchart, as Markdown of many sites shows it
    Mermaid,
    /// The language of Graphviz
    Dot,
    /// A picture
    Svg,
}

/// Steps and edges.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    name: String,
    nodes: Vec<Node>,
}

/// A step.
#[derive(Debug, Clone)]
struct Node {
    name: String,
    kind: String,
    /// The places of the steps that it waits for.
    givers: Vec<usize>,
    state: Option<StepState>,
}

impl Graph {
    /// The graph of a plan's steps.
    pub(crate) fn of(name: &str, steps: &[StepInfo]) -> Self {
        let places: HashMap<&str, usize> =
            steps.iter().enumerate().map(|(place, step)| (step.name.as_str(), place)).collect();
        let place = |giver: &String| places.get(giver.as_str()).copied();
        let node = |step: &StepInfo| {
            let mut givers: Vec<usize> = step.after.iter().filter_map(place).collect();
            givers.sort_unstable();
            givers.dedup();
            Node { name: step.name.clone(), kind: step.kind.clone(), givers, state: None }
        };
        Self { name: name.to_owned(), nodes: steps.iter().map(node).collect() }
    }

    /// The same with how each step stands.
    pub(crate) fn with_states(mut self, state: impl Fn(&str) -> Option<StepState>) -> Self {
        for node in &mut self.nodes {
            node.state = state(&node.name);
        }
        self
    }

    pub(crate) fn draw(&self, drawing: Drawing) -> String {
        match drawing {
            Drawing::Text => text::draw(self),
            Drawing::Mermaid => mermaid::draw(self),
            Drawing::Dot => dot::draw(self),
            Drawing::Svg => svg::draw(self),
        }
    }
}

impl Node {
    /// The lines that stand in its box: a kind that is the name is not said twice.
    fn lines(&self) -> Vec<&str> {
        let kind = Some(self.kind.as_str()).filter(|kind| *kind != self.name);
        std::iter::once(self.name.as_str()).chain(kind).collect()
    }
}

/// Stands for a state where there is room for one character.
pub(crate) fn mark(state: StepState) -> char {
    match state {
        StepState::Pending => '○',
        StepState::Running => '▶',
        StepState::Waiting => '…',
        StepState::Succeeded => '✓',
        StepState::Skipped => '–',
        StepState::Failed | StepState::Lost => '✕',
        StepState::Cancelled => '■',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name kind: giver, giver` in each line.
    pub(super) fn graph(lines: &[&str]) -> Graph {
        let step = |line: &&str| {
            let (step, after) = line.split_once(':').unwrap();
            let (name, kind) = step.split_once(' ').unwrap_or((step, step));
            let after = after.split(',').map(str::trim).filter(|giver| !giver.is_empty());
            StepInfo {
                name: name.to_owned(),
                kind: kind.to_owned(),
                after: after.map(str::to_owned).collect(),
            }
        };
        Graph::of("daily", &lines.iter().map(step).collect::<Vec<_>>())
    }

    /// One step, two beside each other, one that needs both.
    pub(super) fn diamond() -> Graph {
        graph(&["read files.read:", "loads:read", "weather:read", "days rollup.days:loads, weather"])
    }
}
