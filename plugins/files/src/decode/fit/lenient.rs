//! Our own reader of the FIT frame: keeps everything up to the damage and says where that is.
//!
//! A definition tells the size of each message, so fields of odd sizes and unknown messages are stepped over;
//! only a data message without a definition or the end of the bytes stops it. Nothing is allocated by a header's word.

use super::field::{Raw, TIMESTAMP, is_wanted};
use super::sequence::Sequence;
use super::strict::Stopped;
use crate::decode::Limits;
use crate::decode::notes::Notes;

/// Reads as far as each sequence can be read; damage goes into the notes.
///
/// A file whose frame and checksum hold here has no damage, whatever stopped the strict reading:
/// `rustyfit` leaves the header out of the checksum even where the header has none of its own.
pub(super) fn read(bytes: &[u8], limits: &Limits, why: Stopped, notes: &mut Notes) -> Vec<Sequence> {
    match why {
        Stopped::Damaged | Stopped::OtherTypes => {}
        Stopped::Panicked => notes.add("fit_unreadable", || "read leniently: the decoder failed".to_owned()),
        Stopped::TooMuchWork => {
            notes.add("fit_unreadable", || "read leniently: more fields than its size explains".to_owned());
        }
    }
    let mut sequences = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let Some(frame) = Frame::at(bytes, start) else {
            notes.add("fit_trailing_bytes", || format!("no FIT header at byte {start}"));
            break;
        };
        let mut sequence = Sequence::new(limits.samples);
        let mut reader = Reader::new(bytes, &frame);
        let result = reader.run(&mut sequence);
        if let Some((at, size, base)) = reader.odd_size {
            notes.add("fit_bad_field_size", || format!("a field of {size} bytes for type {base} at byte {at}"));
        }
        report(bytes, &frame, result, &mut sequence, notes);
        sequences.push(sequence);
        start = frame.declared_end.saturating_add(2);
    }
    sequences
}

/// Notes what is wrong with the frame of a sequence.
fn report(
    bytes: &[u8],
    frame: &Frame,
    result: Result<(), Break>,
    sequence: &mut Sequence,
    notes: &mut Notes,
) {
    if frame.is_cut {
        notes.add("fit_truncated", || frame.cut_text(bytes.len()));
        sequence.columns.drop_torn_end();
    }
    match result {
        // The checksum of a file whose header promises too much looks like a message.
        Err(Break::NoDefinition { at, .. }) if frame.is_cut && at + 2 >= frame.end => {}
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

/// Where a sequence lies in the bytes.
struct Frame {
    header: usize,
    data: usize,
    /// End of the data that is really there.
    end: usize,
    declared_end: usize,
    is_cut: bool,
}

impl Frame {
    fn at(bytes: &[u8], start: usize) -> Option<Self> {
        let header = bytes.get(start..)?;
        let size = usize::from(*header.first()?);
        if size < 12 || header.get(8..12) != Some(b".FIT") {
            return None;
        }
        let declared = u32::from_le_bytes(header.get(4..8)?.try_into().ok()?);
        let data = (start + size).min(bytes.len());
        let declared_end = data.saturating_add(declared as usize);
        // A recorder that dies leaves the size at 0: the data then goes on to the end.
        let is_cut = declared == 0 || declared_end > bytes.len();
        let end = if is_cut { bytes.len() } else { declared_end };
        Some(Self { header: start, data, end, declared_end: declared_end.max(end), is_cut })
    }

    fn cut_text(&self, length: usize) -> String {
        let declared = self.declared_end - self.data;
        format!("the header promises {declared} bytes of data, {} are there", length - self.data)
    }

    fn crc_fault(&self, bytes: &[u8]) -> Option<String> {
        let Some(stored) = bytes.get(self.end..self.end + 2) else {
            return Some("the checksum is missing".to_owned());
        };
        let stored = u16::from_le_bytes([stored[0], stored[1]]);
        let header = &bytes[self.header..self.data];
        if let Some([low, high]) = header.get(12..14) {
            let (stored, computed) = (u16::from_le_bytes([*low, *high]), crc(&header[..12]));
            if stored != 0 && stored != computed {
                return Some(format!("checksum of the header {stored:#06x} stored, {computed:#06x} computed"));
            }
        }
        let computed = crc(&bytes[self.header..self.end]);
        (stored != computed).then(|| format!("checksum {stored:#06x} stored, {computed:#06x} computed"))
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
        Self {
            bytes,
            at: frame.data,
            end: frame.end,
            plans: Default::default(),
            time: 0,
            odd_size: None,
        }
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
        let mut plan = Plan { message, big_endian, size: 0, slots: Vec::new() };
        for field in fields.chunks_exact(3) {
            let (number, size, base) = (field[0], field[1], field[2]);
            let unit = unit(base);
            if unit == 0 || size == 0 || usize::from(size) % unit != 0 {
                self.odd_size.get_or_insert((at, size, base));
            } else if number == TIMESTAMP || is_wanted(message) {
                plan.slots.push(Slot { number, offset: plan.size, size: usize::from(size), base });
            }
            plan.size += usize::from(size);
        }
        if header & 0x20 != 0 {
            let count = usize::from(self.grab(1)?[0]);
            plan.size += self.grab(count * 3)?.chunks_exact(3).map(|field| usize::from(field[1])).sum::<usize>();
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
        let body = self.bytes[..self.end].get(self.at..self.at + plan.size).ok_or(Break::End { at: start })?;
        self.at += plan.size;
        let stamp = compressed.then(|| {
            self.time = self.time.wrapping_add(u32::from(header).wrapping_sub(self.time) & 0x1f);
            (TIMESTAMP, Raw::Number(f64::from(self.time)))
        });
        let fields = plan.slots.iter().filter_map(|slot| Some((slot.number, slot.read(body, plan.big_endian)?)));
        if !compressed {
            let time = fields.clone().find(|(number, _)| *number == TIMESTAMP);
            if let Some((_, Raw::Number(seconds))) = time {
                self.time = seconds as u32;
            }
        }
        if is_wanted(plan.message) {
            sequence.take(plan.message, stamp.into_iter().chain(fields));
        }
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
    let fold = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
    let word = if big_endian { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) };
    let bits = bytes.len() * 8;
    let largest = u64::MAX >> (64 - bits);
    match base & 0x1f {
        8 => finite(f64::from(f32::from_bits(word as u32))),
        9 => finite(f64::from_bits(word)),
        1 | 3 | 5 | 14 if word == largest >> 1 => None,
        1 | 3 | 5 | 14 => Some(((word << (64 - bits)) as i64 >> (64 - bits)) as f64),
        10..=12 | 16 if word == 0 => None,
        10..=12 | 16 => Some(word as f64),
        _ if word == largest => None,
        _ => Some(word as f64),
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The checksum of the FIT protocol: CRC-16 with the polynomial 0xA001, a nibble at a time.
fn crc(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 16] = [
        0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401, 0xa001, 0x6c00, 0x7800, 0xb401, 0x5000,
        0x9c01, 0x8801, 0x4400,
    ];
    let nibble = |crc: u16, value: u8| crc >> 4 ^ TABLE[usize::from(crc as u8 & 0x0f)] ^ TABLE[usize::from(value)];
    bytes.iter().fold(0, |crc, byte| nibble(nibble(crc, byte & 0x0f), byte >> 4))
}
