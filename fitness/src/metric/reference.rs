//! The page that tells of every number, made from their descriptions.

use std::fmt::Write;

use super::{Metric, Of, all};

const HEAD: &str = "\
# Metrics

Every number that Paceline computes, by the name that programs know it by.
This page is made from the descriptions in `fitness/src/metric`, which `paceline explain` tells too; a test fails where it is out of step.
How samples are cleaned, settings estimated and activities matched stands in [NUMBERS.md](NUMBERS.md).
";

/// The whole page, in Markdown.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    for of in Of::ALL {
        let mut metrics = all().filter(|metric| metric.of == of).peekable();
        if metrics.peek().is_some() {
            // Writing to a text cannot fail.
            let _ = write!(page, "\n## {}\n", heading(of));
            metrics.for_each(|metric| page.push_str(&entry(metric)));
        }
    }
    page
}

fn heading(of: Of) -> &'static str {
    match of {
        Of::Activity => "Of an activity",
        Of::Day => "Of a day",
        Of::Period => "Of a week, a month, a year, or all time",
        Of::Prediction => "Of a prediction",
    }
}

fn entry(metric: &Metric) -> String {
    let Metric { name, title, unit, formula, source, choices, inputs, .. } = metric;
    let unit = if unit.is_empty() { String::new() } else { format!(", in {unit}") };
    let mut entry =
        format!("\n### `{name}`\n\n{title}{unit}.\n\n* Formula: `{formula}`\n* Source: {source}.\n");
    for choice in *choices {
        let _ = writeln!(entry, "* {choice}");
    }
    if !inputs.is_empty() {
        let inputs: Vec<String> = inputs.iter().map(|input| format!("`{input}`")).collect();
        let _ = writeln!(entry, "* From {}.", inputs.join(", "));
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_page_is_in_step_with_the_descriptions() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/METRICS.md");
        let (wanted, fresh) = (reference(), path.with_extension("md.new"));
        if fs::read_to_string(&path).unwrap_or_default() == wanted {
            let _ = fs::remove_file(fresh);
            return;
        }
        fs::write(&fresh, wanted).unwrap();
        panic!("docs/METRICS.md is out of step: look at docs/METRICS.md.new and move it over it");
    }
}
