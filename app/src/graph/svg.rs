//! A graph as a picture: a column for each layer, from left to right.

use std::fmt::Write;

use super::Graph;
use crate::table::width;

/// Of a letter, in the units of the picture.
const LETTER: f64 = 7.3;
const LINE: f64 = 16.0;
/// Around the letters of a box.
const PADDING: f64 = 10.0;
const BETWEEN_LAYERS: f64 = 48.0;
const BETWEEN_STEPS: f64 = 18.0;
const BORDER: f64 = 12.0;
const STYLE: &str = "\
    svg{background:#fff;color:#1b1f24}\
    rect{fill:#f6f8fa;stroke:#57606a}\
    path{fill:none;stroke:#57606a}\
    text{font:12px ui-monospace,monospace;text-anchor:middle;fill:currentColor}\
    @media(prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}rect{fill:#161b22}}";

/// Where a step stands.
#[derive(Clone, Copy, Default)]
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Frame {
    fn right(self) -> f64 {
        self.left + self.width
    }

    fn middle(self) -> f64 {
        self.top + self.height / 2.0
    }
}

pub(super) fn draw(graph: &Graph) -> String {
    let (frames, (wide, high)) = placed(graph);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{wide:.0}\" \
         height=\"{high:.0}\">\n<title>{}</title>\n<style>{STYLE}</style>",
        escaped(&graph.name)
    );
    // Lines first, so that a box hides what passes behind it.
    for (node, to) in graph.nodes.iter().zip(&frames) {
        node.givers.iter().for_each(|giver| svg.push_str(&line(frames[*giver], *to)));
    }
    for (node, frame) in graph.nodes.iter().zip(&frames) {
        svg.push_str(&boxed(&node.lines(), *frame));
    }
    svg.push_str("\n</svg>");
    svg
}

/// The frames of all steps, and how large the picture is.
fn placed(graph: &Graph) -> (Vec<Frame>, (f64, f64)) {
    let sizes: Vec<(f64, f64)> = graph.nodes.iter().map(|node| size(&node.lines())).collect();
    let layers = graph.layers();
    let height = |layer: &Vec<usize>| {
        let boxes: f64 = layer.iter().map(|index| sizes[*index].1).sum();
        boxes + BETWEEN_STEPS * (layer.len() as f64 - 1.0).max(0.0)
    };
    let highest = layers.iter().map(height).fold(0.0, f64::max);
    let mut frames = vec![Frame::default(); graph.nodes.len()];
    let mut left = BORDER;
    for layer in &layers {
        let widest = layer.iter().map(|index| sizes[*index].0).fold(0.0, f64::max);
        let mut top = BORDER + (highest - height(layer)) / 2.0;
        for index in layer {
            let (_, height) = sizes[*index];
            frames[*index] = Frame { left, top, width: widest, height };
            top += height + BETWEEN_STEPS;
        }
        left += widest + BETWEEN_LAYERS;
    }
    let wide = (left - BETWEEN_LAYERS).max(BORDER) + BORDER;
    (frames, (wide, highest + 2.0 * BORDER))
}

fn size(lines: &[&str]) -> (f64, f64) {
    let longest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    (longest as f64 * LETTER + 2.0 * PADDING, lines.len() as f64 * LINE + PADDING)
}

fn line(from: Frame, to: Frame) -> String {
    let (start, end) = (from.right(), to.left);
    let bend = (start + end) / 2.0;
    let (high, low) = (from.middle(), to.middle());
    format!("\n<path d=\"M{start:.1} {high:.1}C{bend:.1} {high:.1} {bend:.1} {low:.1} {end:.1} {low:.1}\"/>")
}

fn boxed(lines: &[&str], frame: Frame) -> String {
    let Frame { left, top, width, height } = frame;
    let mut drawn = format!(
        "\n<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\"/>"
    );
    for (line, number) in lines.iter().zip(1_i32..) {
        let (across, down) = (left + width / 2.0, top + f64::from(number) * LINE);
        // Writing to a String cannot fail.
        let _ = write!(drawn, "\n<text x=\"{across:.1}\" y=\"{down:.1}\">{}</text>", escaped(line));
    }
    drawn
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{diamond, graph};
    use super::*;

    #[test]
    fn each_step_is_a_box_and_each_edge_a_line() {
        let svg = draw(&diamond());
        assert_eq!((svg.matches("<rect").count(), svg.matches("<path").count()), (4, 4));
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>"));
        assert!(svg.contains(">files.read</text>"), "{svg}");
    }

    #[test]
    fn boxes_stand_clear_of_each_other_within_the_picture() {
        let (frames, (wide, high)) = placed(&diamond());
        for (place, one) in frames.iter().enumerate() {
            assert!(one.right() <= wide && one.top >= 0.0 && one.top + one.height <= high);
            let clear = |other: &Frame| {
                one.right() <= other.left
                    || other.right() <= one.left
                    || one.top + one.height <= other.top
                    || other.top + other.height <= one.top
            };
            assert!(frames[place + 1..].iter().all(clear));
        }
    }

    #[test]
    fn a_name_is_text_and_no_markup() {
        let svg = draw(&graph(&["<script>&:"]));
        assert!(svg.contains("&lt;script&gt;&amp;</text>") && !svg.contains("<script"), "{svg}");
    }
}
