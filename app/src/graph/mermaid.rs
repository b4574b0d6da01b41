//! A graph as a flowchart of Mermaid.

use super::{Graph, Node};

pub(super) fn draw(graph: &Graph) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for (index, node) in graph.nodes.iter().enumerate() {
        lines.push(format!("  s{index}[\"{}\"]", label(node)));
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        lines.extend(node.givers.iter().map(|giver| format!("  s{giver} --> s{index}")));
    }
    lines.join("\n")
}

fn label(node: &Node) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "#quot;");
    node.lines().into_iter().map(escaped).collect::<Vec<_>>().join("<br/>")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{diamond, graph};
    use super::*;

    #[test]
    fn each_step_is_a_box_and_each_edge_an_arrow() {
        let wanted = "flowchart LR
  s0[\"read<br/>files.read\"]
  s1[\"loads\"]
  s2[\"weather\"]
  s3[\"days<br/>rollup.days\"]
  s0 --> s1
  s0 --> s2
  s1 --> s3
  s2 --> s3";
        assert_eq!(draw(&diamond()), wanted);
    }

    #[test]
    fn a_name_cannot_end_its_box() {
        assert!(draw(&graph(&["a\"]<b>:"])).contains("s0[\"a#quot;]&lt;b>\"]"));
    }
}
