//! What a person sees while steps work: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::context::{Report, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output;
use crate::table::shortened_path;
use crate::units;

const BAR: &str = "{prefix:>12} [{bar:28}] {pos}/{len}  {eta} left  {msg}";
/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(5);
const ITEM_WIDTH: usize = 30;

/// Shows how far running steps are.
#[derive(Clone)]
pub(crate) enum Progress {
    Bar(ProgressBar),
    Lines(Arc<Mutex<Lines>>),
    Quiet,
}

/// What was said last, and when.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    step: String,
    began: Option<Instant>,
    said: Option<Instant>,
}

impl Progress {
    /// Quiet where stdout is for a program.
    pub(crate) fn new(for_programs: bool) -> Self {
        if for_programs {
            return Self::Quiet;
        }
        if !stderr().is_terminal() {
            return Self::Lines(Arc::default());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self::Bar(bar)
    }

    /// What the engine tells of running steps.
    pub(crate) fn watcher(&self) -> Option<Watcher> {
        match self.clone() {
            Self::Quiet => None,
            Self::Bar(bar) => Some(Arc::new(move |report| draw(&bar, &report))),
            Self::Lines(lines) => Some(Arc::new(move |report| {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(line) = lines.next(&report, Instant::now()) {
                    output::note(line);
                }
            })),
        }
    }

    /// Says something beside the bar.
    pub(crate) fn say(&self, text: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| output::note(text)),
            Self::Lines(_) => output::note(text),
            Self::Quiet => {}
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, report: &Report) {
    if bar.prefix() != *report.step {
        bar.reset();
        bar.set_prefix(report.step.to_string());
    }
    match report.total {
        // Nobody knows how many there will be.
        0 => bar.unset_length(),
        total => bar.set_length(total),
    }
    bar.set_position(report.done);
    bar.set_message(shortened_path(&report.item.replace(char::is_control, "\u{fffd}"), ITEM_WIDTH));
}

impl Lines {
    fn next(&mut self, report: &Report, now: Instant) -> Option<String> {
        if self.step != *report.step {
            *self = Self { step: report.step.to_string(), began: Some(now), said: Some(now) };
            return None;
        }
        let pause = self.said.map_or(PAUSE, |said| now.duration_since(said));
        if pause < PAUSE {
            return None;
        }
        self.said = Some(now);
        let left =
            self.began.map(|began| seconds_left(report, now.duration_since(began))).unwrap_or_default();
        let of_all = if report.total == 0 { String::new() } else { format!(" of {}", report.total) };
        Some(format!("{}: {}{of_all}{left}", report.step, report.done))
    }
}

fn seconds_left(report: &Report, since: Duration) -> String {
    if report.done == 0 || report.done >= report.total {
        return String::new();
    }
    let left = since.as_secs_f64() * (report.total - report.done) as f64 / report.done as f64;
    format!(", about {} left", units::duration(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(done: u64) -> Report {
        Report { run: "r".to_owned(), step: "files".into(), done, total: 100, item: "a.fit".to_owned() }
    }

    #[test]
    fn a_line_comes_every_few_seconds_with_the_time_left() {
        let (mut lines, start) = (Lines::default(), Instant::now());
        assert_eq!(lines.next(&report(0), start), None);
        assert_eq!(lines.next(&report(10), start + Duration::from_secs(4)), None);
        let line = lines.next(&report(25), start + Duration::from_secs(10));
        assert_eq!(line.as_deref(), Some("files: 25 of 100, about 0:30 left"));
        assert_eq!(lines.next(&report(26), start + Duration::from_secs(11)), None);
        let endless = Report { total: 0, ..report(30) };
        let line = lines.next(&endless, start + Duration::from_secs(60));
        assert_eq!(line.as_deref(), Some("files: 30"), "of nobody knows how many");
    }
}
