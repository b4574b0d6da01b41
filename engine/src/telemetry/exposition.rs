//! Writes gauges as Prometheus reads them.

use std::fmt::Write;

/// Gauges of one name.
pub(super) struct Family {
    text: String,
    name: &'static str,
}

impl Family {
    pub(super) fn new(name: &'static str, help: &str) -> Self {
        Self { text: format!("# HELP {name} {help}\n# TYPE {name} gauge\n"), name }
    }

    /// Adds a series.
    pub(super) fn with(mut self, labels: &[(&str, &str)], value: f64) -> Self {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
        self
    }

    /// The lines, with an empty one after them, as the library that writes the others has it.
    pub(super) fn text(self) -> String {
        self.text + "\n"
    }
}

/// A gauge that stands alone.
pub(super) fn gauge(name: &'static str, help: &str, value: f64) -> String {
    Family::new(name, help).with(&[], value).text()
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_says_what_it_is_and_escapes_its_labels() {
        let family =
            Family::new("paceline_queue_runs", "Runs.").with(&[("why", "a\"b\\c\nd"), ("p", "x")], 2.5);
        let wanted = "# HELP paceline_queue_runs Runs.\n# TYPE paceline_queue_runs gauge\n\
                      paceline_queue_runs{why=\"a\\\"b\\\\c\\nd\",p=\"x\"} 2.5\n\n";
        assert_eq!(family.text(), wanted);
        assert!(gauge("paceline_workers", "Workers.", 3.0).ends_with("\npaceline_workers 3\n\n"));
    }
}
