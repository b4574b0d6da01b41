//! What a program is given on its stdin.

use std::collections::BTreeSet;
use std::io;

use engine::context::StepContext;
use engine::step::StepError;
use fitness::outside::Records;
use fitness::records::outside_record::{self, OutsideRecord, Place};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;

use crate::form::Form;
use crate::trouble::Trouble;

/// Records that are read at once: a MiB in most cases.
const PAGE: u32 = 1_000;

/// What a program is given.
pub(crate) enum Feed<'a> {
    /// Its stdin is empty.
    Nothing,
    /// These bytes, once and again.
    Bytes(&'a [u8], usize),
    Records(&'a StepContext, &'a [Records], Form),
}

/// The same records, each once, and no empty ranges: parts of a step are done beside each other, so that each of their
/// ranges has records of the others in it.
pub(crate) fn merged(given: &[Records]) -> Vec<Records> {
    let giver = |records: &Records| {
        let same = |other: &Records| (&other.pipeline, &other.step) == (&records.pipeline, &records.step);
        given.iter().position(same)
    };
    let mut sorted: Vec<&Records> = given.iter().filter(|records| !records.is_empty()).collect();
    sorted.sort_by_key(|records| (giver(records), records.from));
    let mut merged: Vec<Records> = Vec::new();
    for records in sorted {
        match merged.last_mut() {
            Some(last) if giver(&*last) == giver(records) && records.from <= last.to => {
                last.to = last.to.max(records.to);
                last.rows += records.rows;
            }
            _ => merged.push(records.clone()),
        }
    }
    merged
}

/// Why no more is written.
enum Stopped {
    /// The program reads no more, which is its right.
    Enough,
    Step(StepError),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Enough;
        }
        Self::Step(Trouble::Pipe(error).into())
    }
}

impl From<StepError> for Stopped {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl Feed<'_> {
    /// Writes all of it, and then closes the pipe.
    pub(crate) async fn through(self, mut stdin: Sender) -> Result<(), StepError> {
        let written = match self {
            Self::Nothing => Ok(()),
            Self::Bytes(bytes, times) => repeat(&mut stdin, bytes, times).await,
            Self::Records(ctx, given, form) => tell(ctx, given, form, &mut stdin).await,
        };
        match written {
            Ok(()) | Err(Stopped::Enough) => Ok(()),
            Err(Stopped::Step(error)) => Err(error),
        }
    }
}

async fn repeat(stdin: &mut Sender, bytes: &[u8], times: usize) -> Result<(), Stopped> {
    for _ in 0..times {
        stdin.write_all(bytes).await?;
    }
    Ok(())
}

async fn tell(ctx: &StepContext, given: &[Records], form: Form, stdin: &mut Sender) -> Result<(), Stopped> {
    let mut streams = BTreeSet::new();
    for records in given {
        let mut place = Place::before(records);
        loop {
            let page = page(ctx, records, place).await?;
            let Some((_, last)) = page.last() else { break };
            place = last.clone();
            let mut text = String::new();
            for (record, _) in &page {
                if !streams.contains(&record.stream) {
                    form.announce(&record.stream, &mut text);
                    streams.insert(record.stream.clone());
                }
                form.write(record, &mut text);
            }
            stdin.write_all(text.as_bytes()).await?;
            ctx.meter.rows_in(page.len() as u64);
        }
    }
    Ok(())
}

async fn page(
    ctx: &StepContext,
    records: &Records,
    place: Place,
) -> Result<Vec<(OutsideRecord, Place)>, StepError> {
    let (athlete, records) = (ctx.run.partition.clone(), records.clone());
    ctx.read(move |tx| outside_record::page(tx, &athlete, &records, &place, PAGE)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_overlap_or_meet_are_one() {
        let range = |step: &str, from: i64, to: i64| {
            let step = step.to_owned();
            Records { pipeline: "sheet".to_owned(), step, from, to, rows: 1 }
        };
        let given =
            [range("b", 4, 9), range("a", 3, 5), range("b", 1, 6), range("b", 9, 9), range("a", 5, 7)];
        let told: Vec<_> =
            merged(&given).into_iter().map(|one| (one.step, one.from, one.to, one.rows)).collect();
        assert_eq!(told, [("b".to_owned(), 1, 9, 2), ("a".to_owned(), 3, 7, 2)]);
        assert_eq!(merged(&[range("a", 1, 2), range("a", 3, 4)]).len(), 2);
    }
}
