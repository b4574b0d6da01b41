//! The table that is printed in the end.

use crate::cpu;

/// What a figure is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
    /// Shown for comparison only.
    None,
}

#[derive(Default)]
pub(crate) struct Report(Vec<String>);

#[expect(clippy::print_stderr, reason = "progress of a long program")]
impl Report {
    pub(crate) fn add(&mut self, what: &str, figure: f64, unit: &str, bar: Bar) {
        let verdict = match bar {
            Bar::AtMost(most) if figure <= most => format!("at most {most:>7.2}  within"),
            Bar::AtMost(most) => format!("at most {most:>7.2}  OVER"),
            Bar::AtLeast(least) if figure >= least => format!("at least {least:>6.2}  within"),
            Bar::AtLeast(least) => format!("at least {least:>6.2}  UNDER"),
            Bar::None => String::new(),
        };
        let line = format!("{what:<62} {figure:>9.3} {unit:<10} {verdict}");
        eprintln!("{}", line.trim_end());
        self.0.push(line);
    }

    /// The median of several measurements, with the least and the greatest of them beside it.
    pub(crate) fn spread(&mut self, what: &str, figures: Vec<f64>, unit: &str, bar: Bar) {
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.add(&format!("{what} ({least:.2} to {most:.2})"), cpu::median(figures), unit, bar);
    }

    /// A line that was not measured here.
    pub(crate) fn tell(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    /// Something that could not be measured here.
    pub(crate) fn missing(&mut self, what: &str, why: &str) {
        let line = format!("{what:<62} not measured: {why}");
        eprintln!("{line}");
        self.0.push(line);
    }

    #[expect(clippy::print_stdout, reason = "the table is what the program is for")]
    pub(crate) fn print(&self) {
        println!("\n{}", self.0.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n"));
    }
}
