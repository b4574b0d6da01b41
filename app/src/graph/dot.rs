//! A graph in the language of Graphviz.

use super::Graph;

pub(super) fn draw(graph: &Graph) -> String {
    let mut lines = vec![format!("digraph {} {{", quoted(&[graph.name.as_str()]))];
    lines.push("  rankdir=LR;".to_owned());
    lines.push("  node [shape=box];".to_owned());
    for (index, node) in graph.nodes.iter().enumerate() {
        lines.push(format!("  s{index} [label={}];", quoted(&node.lines())));
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        lines.extend(node.givers.iter().map(|giver| format!("  s{giver} -> s{index};")));
    }
    lines.push("}".to_owned());
    lines.join("\n")
}

fn quoted(lines: &[&str]) -> String {
    let escaped = |line: &&str| line.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{diamond, graph};
    use super::*;

    #[test]
    fn each_step_is_a_node_and_each_edge_an_arrow() {
        let wanted = r#"digraph "daily" {
  rankdir=LR;
  node [shape=box];
  s0 [label="read\nfiles.read"];
  s1 [label="loads"];
  s2 [label="weather"];
  s3 [label="days\nrollup.days"];
  s0 -> s1;
  s0 -> s2;
  s1 -> s3;
  s2 -> s3;
}"#;
        assert_eq!(draw(&diamond()), wanted);
    }

    #[test]
    fn a_name_cannot_end_its_text() {
        assert!(draw(&graph(&[r#"a"\:"#])).contains(r#"s0 [label="a\"\\"];"#));
    }
}
