//! What one attempt at a step says, held to its share.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Span};

use super::capture;
use super::line::Short;
use super::lines::Said;
use super::{Level, Lines, mask};
use crate::clock::Clock;
use crate::telemetry;

/// So many lines of an attempt are kept from its beginning on, and so many more of those that a person must see.
const MOST: u64 = 1_000;
const MOST_LOUD: u64 = 200;
/// And so many from its end.
const LAST: usize = 40;
/// Fields that only repeat where the line was said.
const KNOWN: [&str; 3] = ["run.id", "step", "attempt"];

/// One attempt's lines.
#[derive(Debug)]
pub(crate) struct Sheet {
    lines: Arc<Lines>,
    clock: Clock,
    position: i64,
    attempt: u32,
    said: AtomicU64,
    said_loud: AtomicU64,
    /// The last of those for which there was no room.
    last: Mutex<VecDeque<(Said, String)>>,
    lost: AtomicU64,
}

impl Sheet {
    /// Keeps what is said within the span from now on, or nothing where no layer listens.
    pub(crate) fn pin(
        span: &Span,
        lines: &Arc<Lines>,
        clock: &Clock,
        (position, attempt): (usize, u32),
    ) -> Option<Arc<Self>> {
        capture::pin(span, || {
            Arc::new(Self {
                lines: lines.clone(),
                clock: clock.clone(),
                position: position as i64,
                attempt,
                said: AtomicU64::new(0),
                said_loud: AtomicU64::new(0),
                last: Mutex::default(),
                lost: AtomicU64::new(0),
            })
        })
    }

    /// Keeps a line that came through `tracing`.
    pub(super) fn note(&self, event: &Event<'_>) {
        let level = Level::from(event.metadata().level());
        let mut spelling = Spelling { message: Short::new(), fields: Short::new() };
        event.record(&mut spelling);
        let (said, text) = (self.said(level), spelling.whole().finish());
        let refused = if self.has_room(level) { self.lines.put(said, text) } else { Some(text) };
        if let Some(text) = refused {
            self.hold(said, text);
        }
    }

    /// Ends the attempt: adds its last lines where there were too many, and what the engine says of its end.
    pub(crate) fn close(&self, end: Option<(Level, String)>) {
        let mut last = std::mem::take(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner));
        if self.lines.is_full() {
            let held = last.len();
            last.retain(|(said, _)| said.level.is_loud());
            (last.len()..held).for_each(|_| self.lose());
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let gap = (lost > 0).then(|| (self.said(Level::Warn), format!("{lost} lines were not kept here")));
        let end = end.map(|(level, text)| {
            let mut short = Short::new();
            // What is too long is cut.
            let _ = short.write_str(&text);
            (self.said(level), short.finish())
        });
        self.lines.put_all(gap.into_iter().chain(last).chain(end));
    }

    /// Whether one more line may be kept at once.
    fn has_room(&self, level: Level) -> bool {
        self.said.fetch_add(1, Ordering::Relaxed) < MOST
            || (level.is_loud() && self.said_loud.fetch_add(1, Ordering::Relaxed) < MOST_LOUD)
    }

    /// Holds a line for the end of the attempt, as long as not too many come after it.
    fn hold(&self, said: Said, text: String) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_back((said, text));
        if last.len() > LAST {
            last.pop_front();
            self.lose();
        }
    }

    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        telemetry::line_lost();
    }

    fn said(&self, level: Level) -> Said {
        Said { position: self.position, attempt: self.attempt, at_ms: self.clock.now_ms(), level }
    }
}

/// An attempt that is dropped at its work, because its run was stopped, leaves its last lines all the same.
impl Drop for Sheet {
    fn drop(&mut self) {
        self.close(None);
    }
}

/// Spells a line out: its message, then its fields.
struct Spelling {
    message: Short,
    fields: Short,
}

impl Spelling {
    fn whole(self) -> Short {
        let Self { mut message, fields } = self;
        // What is too long is cut.
        if message.is_empty() {
            return fields.trimmed();
        }
        let _ = message.write_str(fields.as_str());
        message
    }

    fn field(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        if name == "message" {
            let _ = self.message.write_fmt(value);
        } else if mask::is_secret_name(name) {
            let _ = write!(self.fields, " {name}={}", mask::MASK);
        } else if !KNOWN.contains(&name) {
            let _ = write!(self.fields, " {name}={value}");
        }
    }
}

impl Visit for Spelling {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field.name(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.field(field.name(), format_args!("{value:?}"));
    }
}
