//! A graph on a terminal: a line for each step, and lanes on the left that lead from step to step.

use super::{Graph, mark};
use crate::table::{WIDTH, shortened, width};

/// Stands for a step that has no state.
const STEP: char = '●';
/// Lanes between more steps than these lead nobody anywhere, and are as wide as the steps are many.
const MOST: usize = 200;

/// What runs down on the left while the steps are listed.
struct Lanes {
    /// Whose result each one carries.
    lanes: Vec<Option<usize>>,
    /// How many steps still wait for each.
    wanted: Vec<usize>,
}

pub(super) fn draw(graph: &Graph) -> String {
    if graph.nodes.len() > MOST {
        return list(graph);
    }
    let mut lanes = Lanes { lanes: Vec::new(), wanted: graph.takers() };
    let mut rows: Vec<(String, Option<usize>)> = Vec::new();
    for index in graph.order() {
        let node = &graph.nodes[index];
        let (joint, column) = lanes.join(&node.givers);
        rows.extend(joint.map(|joint| (joint, None)));
        rows.push((lanes.pass(column, node.state.map_or(STEP, mark)), Some(index)));
        lanes.begin(column, index);
    }
    let lanes_width = rows.iter().map(|(lanes, _)| width(lanes)).max().unwrap_or(0);
    let name_width = graph.nodes.iter().map(|node| width(&node.name)).max().unwrap_or(0);
    let line = |(lanes, index): &(String, Option<usize>)| match index {
        None => lanes.clone(),
        Some(index) => {
            let (name, rest) = (&graph.nodes[*index].name, told(graph, *index));
            let line = format!("{lanes:<lanes_width$}  {name:<name_width$}  {rest}");
            shortened(line.trim_end(), WIDTH - 2)
        }
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The steps as the plan has them, each with what it waits for.
fn list(graph: &Graph) -> String {
    let name_width = graph.nodes.iter().map(|node| width(&node.name)).max().unwrap_or(0);
    let line = |index: usize| {
        let node = &graph.nodes[index];
        let (mark, name) = (node.state.map_or(STEP, mark), &node.name);
        shortened(format!("{mark}  {name:<name_width$}  {}", told(graph, index)).trim_end(), WIDTH - 2)
    };
    let head = format!("{} steps, too many to draw what leads from one to another", graph.nodes.len());
    std::iter::once(head).chain((0..graph.nodes.len()).map(line)).collect::<Vec<_>>().join("\n")
}

/// What stands behind the name: how it is, what it is, and what it waits for.
fn told(graph: &Graph, index: usize) -> String {
    let node = &graph.nodes[index];
    let names: Vec<&str> = node.givers.iter().map(|giver| graph.nodes[*giver].name.as_str()).collect();
    let words = [
        node.state.map(|state| state.as_str().to_owned()),
        (node.kind != node.name).then(|| node.kind.clone()),
        (!names.is_empty()).then(|| format!("← {}", names.join(", "))),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

impl Lanes {
    /// Leads what the givers carry to a column; a joint is drawn where that is not straight down.
    fn join(&mut self, givers: &[usize]) -> (Option<String>, usize) {
        givers.iter().for_each(|giver| self.wanted[*giver] -= 1);
        let from: Vec<usize> = self.places(|carried| givers.contains(&carried));
        let ending = from.iter().copied().find(|place| self.is_done(*place));
        let column = ending.unwrap_or_else(|| self.free());
        let joint = from.iter().any(|place| *place != column).then(|| self.joint(&from, column));
        for place in from {
            if self.is_done(place) {
                self.lanes[place] = None;
            }
        }
        (joint, column)
    }

    fn joint(&self, from: &[usize], column: usize) -> String {
        let ends = from.iter().copied().chain([column]);
        let (first, last) = ends.fold((column, column), |(first, last), at| (first.min(at), last.max(at)));
        let mut drawn = String::new();
        for place in 0..self.lanes.len() {
            let is_end = place == column || from.contains(&place);
            let (left, right) = (place > first && place <= last, place >= first && place < last);
            drawn.push(match (is_end, self.lanes[place].is_some()) {
                // A lane that only lies in between goes on before the line.
                (false, true) => '│',
                (false, false) => {
                    if left {
                        '─'
                    } else {
                        ' '
                    }
                }
                (true, up) => corner(up, place == column || !self.is_done(place), left, right),
            });
            drawn.push(if right { '─' } else { ' ' });
        }
        drawn.trim_end().to_owned()
    }

    /// The line of a step.
    fn pass(&self, column: usize, mark: char) -> String {
        let drawn = |place: usize| match self.lanes[place] {
            _ if place == column => mark,
            Some(_) => '│',
            None => ' ',
        };
        let cells: Vec<String> = (0..self.lanes.len()).map(|place| drawn(place).to_string()).collect();
        cells.join(" ").trim_end().to_owned()
    }

    /// What comes after a step: its result, if anybody waits for it.
    fn begin(&mut self, column: usize, index: usize) {
        self.lanes[column] = (self.wanted[index] > 0).then_some(index);
        while self.lanes.last().is_some_and(Option::is_none) {
            self.lanes.pop();
        }
    }

    fn places(&self, is_meant: impl Fn(usize) -> bool) -> Vec<usize> {
        let carried = self.lanes.iter().enumerate();
        carried.filter(|(_, lane)| lane.is_some_and(&is_meant)).map(|(place, _)| place).collect()
    }

    /// Nobody waits any more for what the lane carries.
    fn is_done(&self, place: usize) -> bool {
        self.lanes[place].is_some_and(|carried| self.wanted[carried] == 0)
    }

    fn free(&mut self) -> usize {
        self.lanes.iter().position(Option::is_none).unwrap_or_else(|| {
            self.lanes.push(None);
            self.lanes.len() - 1
        })
    }
}

fn corner(up: bool, down: bool, left: bool, right: bool) -> char {
    match (up, down, left, right) {
        (true, true, true, true) => '┼',
        (true, true, true, false) => '┤',
        (true, true, false, true) => '├',
        (true, true, false, false) => '│',
        (true, false, true, true) => '┴',
        (true, false, true, false) => '╯',
        (true, false, false, true) => '╰',
        (true, false, false, false) => '╵',
        (false, true, true, true) => '┬',
        (false, true, true, false) => '╮',
        (false, true, false, true) => '╭',
        (false, true, false, false) => '╷',
        (false, false, _, _) => '─',
    }
}

#[cfg(test)]
mod tests {
    use engine::run::StepState;

    use super::super::tests::{diamond, graph};
    use super::*;

    fn check(graph: &Graph, wanted: &[&str]) {
        let drawn = draw(graph);
        assert_eq!(drawn.lines().collect::<Vec<_>>(), wanted, "\n{drawn}");
    }

    #[test]
    fn steps_that_follow_each_other_stand_in_one_lane() {
        check(&graph(&["a:", "b:a", "c:b"]), &["●  a", "●  b  ← a", "●  c  ← b"]);
    }

    #[test]
    fn lanes_part_and_meet() {
        // The third step takes the lane of the first, which nobody else waits for.
        let wanted = [
            "●    read     files.read",
            "├─╮",
            "│ ●  loads    ← read",
            "● │  weather  ← read",
            "├─╯",
            "●    days     rollup.days  ← loads, weather",
        ];
        check(&diamond(), &wanted);
    }

    #[test]
    fn a_line_passes_behind_a_lane_that_it_has_nothing_to_do_with() {
        let wanted =
            ["●", "│ ●", "├─│─╮", "│ │ ●  c  ← a", "│ ├─╯", "│ ●    d  ← b, c", "├─╯", "●      e  ← a, d"];
        let drawn = draw(&graph(&["a:", "b:", "c:a", "d:b, c", "e:a, d"]));
        let begins = drawn.lines().zip(wanted).all(|(line, wanted)| line.starts_with(wanted));
        assert!(begins && drawn.lines().count() == wanted.len(), "\n{drawn}");
    }

    #[test]
    fn many_steps_are_listed_without_lanes() {
        let step = |number: usize| match number {
            0 => "s0:".to_owned(),
            number => format!("s{number}:s{}", number / 2),
        };
        let lines: Vec<String> = (0..=MOST).map(step).collect();
        let drawn = draw(&graph(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        let drawn: Vec<_> = drawn.lines().collect();
        assert_eq!(drawn[0], "201 steps, too many to draw what leads from one to another");
        assert_eq!((drawn.len(), drawn[1], drawn[4]), (202, "●  s0", "●  s3    ← s1"));
        assert!(drawn.iter().all(|line| width(line) <= WIDTH), "{drawn:#?}");
    }

    #[test]
    fn a_step_shows_its_state() {
        let graph = graph(&["a:", "b:a"]).with_states(|name| match name {
            "a" => Some(StepState::Succeeded),
            _ => Some(StepState::Running),
        });
        check(&graph, &["✓  a  succeeded", "▶  b  running  ← a"]);
    }
}
