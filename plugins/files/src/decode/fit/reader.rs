//! Reads the frame of FIT: keeps everything up to the damage and says where that is.
//!
//! A definition tells the size of each message, so unknown messages and fields of odd sizes are stepped over;
//! only a data message without a definition or the end of the bytes stops the reading.
//! Nothing is allocated by a header's word, and time grows with the bytes alone.

use super::field::{Raw, TIMESTAMP, is_wanted};
use super::frame::Frame;
use super::sequence::Sequence;
use crate::decode::Limits;
use crate::decode::notes::Notes;

/// Reads as far as each sequence can be read; damage goes into the notes.
pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Notes) -> Vec<Sequence> {
    let mut sequences = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        if sequences.len() > limits.recordings {
            let most = limits.recordings;
            notes.add("too_many_activities", || format!("only the first {most} activities are taken"));
            break;
        }
        let Some(frame) = Frame::at(bytes, start) else {
            notes.add("fit_trailing_bytes", || format!("no FIT header at byte {start}"));
            break;
        };
        let mut sequence = Sequence::new(limits, &sequences);
        let mut reader = Reader::new(bytes, &frame);
        let result = reader.run(&mut sequence);
        if let Some((at, size, base)) = reader.odd_size {
            notes.add("fit_bad_field_size", || {
                format!("a field of {size} bytes for type {base} at byte {at}")
            });
        }
        report(bytes, &frame, &result, &mut sequence, notes);
        sequences.push(sequence);
        start = frame.next();
    }
    sequences
}

/// Notes what is wrong with the frame of a sequence.
fn report(
    bytes: &[u8],
    frame: &Frame,
    result: &Result<(), Break>,
    sequence: &mut Sequence,
    notes: &mut Notes,
) {
    if frame.is_cut {
        notes.add("fit_truncated", || frame.cut_text(bytes.len()));
        sequence.columns.drop_torn_end();
    }
    match result {
        // The checksum of a file whose header promises too much looks like a message.
        Err(Break::NoDefinition { at, .. }) if frame.is_cut && *at + 2 >= frame.end => {}
        Err(Break::NoDefinition { at, local }) => {
            notes.add("fit_no_definition", || format!("local message {local} is not defined at byte {at}"));
            sequence.columns.drop_torn_end();
        }
        _ if frame.is_cut => {}
        Err(Break::End { at }) => {
            notes.add("fit_truncated", || format!("the message at byte {at} runs past the end of its data"));
        }
        Ok(()) => {
            if let Some(text) = frame.crc_fault(bytes) {
                notes.add("fit_bad_crc", || text);
            }
        }
    }
}

enum Break {
    NoDefinition { at: usize, local: u8 },
    End { at: usize },
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    plans: [Option<Plan>; 16],
    time: u32,
    odd_size: Option<(usize, u8, u8)>,
}

/// How to read the data messages of a definition.
struct Plan {
    message: u16,
    big_endian: bool,
    size: usize,
    slots: Vec<Slot>,
    /// Any message may set the time from which compressed ones count on.
    time: Option<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    number: u8,
    offset: usize,
    size: usize,
    base: u8,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], frame: &Frame) -> Self {
        Self { bytes, at: frame.data, end: frame.end, plans: Default::default(), time: 0, odd_size: None }
    }

    fn run(&mut self, sequence: &mut Sequence) -> Result<(), Break> {
        while self.at < self.end {
            let start = self.at;
            let header = self.bytes[start];
            self.at += 1;
            if header & 0xc0 == 0x40 {
                self.define(header).ok_or(Break::End { at: start })?;
            } else {
                self.data(start, header, sequence)?;
            }
        }
        Ok(())
    }

    fn define(&mut self, header: u8) -> Option<()> {
        let at = self.at - 1;
        let fixed = self.grab(5)?;
        let big_endian = fixed[1] != 0;
        let message = if big_endian {
            u16::from_be_bytes([fixed[2], fixed[3]])
        } else {
            u16::from_le_bytes([fixed[2], fixed[3]])
        };
        let fields = self.grab(usize::from(fixed[4]) * 3)?;
        let mut plan = Plan { message, big_endian, size: 0, slots: Vec::new(), time: None };
        for field in fields.chunks_exact(3) {
            let (number, size, base) = (field[0], field[1], field[2]);
            let unit = unit(base);
            if unit == 0 || size == 0 || usize::from(size) % unit != 0 {
                self.odd_size.get_or_insert((at, size, base));
            } else {
                let slot = Slot { number, offset: plan.size, size: usize::from(size), base };
                plan.time = plan.time.or((number == TIMESTAMP).then_some(slot));
                plan.slots.extend(is_wanted(message, number).then_some(slot));
            }
            plan.size += usize::from(size);
        }
        if header & 0x20 != 0 {
            let count = usize::from(self.grab(1)?[0]);
            plan.size +=
                self.grab(count * 3)?.chunks_exact(3).map(|field| usize::from(field[1])).sum::<usize>();
        }
        self.plans[usize::from(header & 0x0f)] = Some(plan);
        Some(())
    }

    fn data(&mut self, start: usize, header: u8, sequence: &mut Sequence) -> Result<(), Break> {
        let compressed = header & 0x80 != 0;
        let local = if compressed { header >> 5 & 0x03 } else { header & 0x0f };
        let Some(plan) = &self.plans[usize::from(local)] else {
            return Err(Break::NoDefinition { at: start, local });
        };
        let body =
            self.bytes[..self.end].get(self.at..self.at + plan.size).ok_or(Break::End { at: start })?;
        self.at += plan.size;
        let stamp = compressed.then(|| {
            self.time = self.time.wrapping_add(u32::from(header).wrapping_sub(self.time) & 0x1f);
            (TIMESTAMP, Raw::Number(f64::from(self.time)))
        });
        let fields =
            plan.slots.iter().filter_map(|slot| Some((slot.number, slot.read(body, plan.big_endian)?)));
        if let Some(stamp) = stamp {
            sequence.take(plan.message, std::iter::once(stamp).chain(fields));
            return Ok(());
        }
        if let Some(Raw::Number(seconds)) = plan.time.and_then(|slot| slot.read(body, plan.big_endian)) {
            self.time = seconds as u32;
        }
        sequence.take(plan.message, fields);
        Ok(())
    }

    fn grab(&mut self, count: usize) -> Option<&'a [u8]> {
        let bytes: &'a [u8] = self.bytes;
        let piece = bytes[..self.end].get(self.at..self.at + count)?;
        self.at += count;
        Some(piece)
    }
}

impl Slot {
    fn read<'a>(&self, body: &'a [u8], big_endian: bool) -> Option<Raw<'a>> {
        let bytes = &body[self.offset..self.offset + self.size];
        if self.base == base::STRING {
            let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            return std::str::from_utf8(&bytes[..length]).ok().map(Raw::Text);
        }
        if self.base == base::BYTE && self.size > 1 {
            return Some(Raw::Bytes(bytes));
        }
        number(&bytes[..unit(self.base)], self.base, big_endian).map(Raw::Number)
    }
}

/// Base types as they stand in a definition.
mod base {
    pub(super) const STRING: u8 = 7;
    pub(super) const BYTE: u8 = 13;
}

/// Bytes of one value of a base type, 0 if there is no such type.
const fn unit(base: u8) -> usize {
    match base & 0x1f {
        0..=2 | 7 | 10 | 13 => 1,
        3 | 4 | 11 => 2,
        5 | 6 | 8 | 12 => 4,
        9 | 14..=16 => 8,
        _ => 0,
    }
}

fn number(bytes: &[u8], base: u8, big_endian: bool) -> Option<f64> {
    let word = match *bytes {
        [a] => u64::from(a),
        [a, b] if big_endian => u16::from_be_bytes([a, b]).into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] if big_endian => u32::from_be_bytes([a, b, c, d]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] if big_endian => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => return None,
    };
    let unused = 64 - bytes.len() * 8;
    let largest = u64::MAX >> unused;
    match base & 0x1f {
        8 => finite(f64::from(f32::from_bits(word as u32))),
        9 => finite(f64::from_bits(word)),
        1 | 3 | 5 | 14 if word == largest >> 1 => None,
        1 | 3 | 5 | 14 => Some(((word << unused) as i64 >> unused) as f64),
        10..=12 | 16 if word == 0 => None,
        10..=12 | 16 => Some(word as f64),
        _ if word == largest => None,
        _ => Some(word as f64),
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
