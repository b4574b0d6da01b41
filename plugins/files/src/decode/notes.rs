//! Collects what was odd while reading, one entry per code.

use fitness::recording::Warning;

/// Oddities in the order in which their codes first came up.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

#[derive(Debug)]
struct Note {
    code: &'static str,
    detail: String,
    more: u64,
}

impl Notes {
    /// Counts an oddity; only the first of a code is described.
    pub(super) fn add(&mut self, code: &'static str, detail: impl FnOnce() -> String) {
        match self.0.iter_mut().find(|note| note.code == code) {
            Some(note) => note.more += 1,
            None => self.0.push(Note { code, detail: detail(), more: 0 }),
        }
    }

    /// The first of the given codes that came up, with its text.
    pub(super) fn first_of(&self, codes: &[&str]) -> Option<(&'static str, String)> {
        self.0.iter().find(|note| codes.contains(&note.code)).map(|note| (note.code, note.text()))
    }

    pub(super) fn append(&mut self, other: Self) {
        for note in other.0 {
            match self.0.iter_mut().find(|known| known.code == note.code) {
                Some(known) => known.more += note.more + 1,
                None => self.0.push(note),
            }
        }
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.0.iter().map(|note| Warning { code: note.code.to_owned(), detail: note.text() }).collect()
    }
}

impl Note {
    fn text(&self) -> String {
        if self.more == 0 { self.detail.clone() } else { format!("{} (and {} more)", self.detail, self.more) }
    }
}
