//! Reads intact files with `rustyfit`, as a stream.
//!
//! That crate takes a field's type from its profile, not from the file, and looks developer fields up one
//! by one. So definitions whose sizes differ from the profile, and files made to cost time, are left to [`super::lenient`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustyfit::profile::lookup;
use rustyfit::profile::typedef::{FitBaseType, MesgNum};
use rustyfit::proto::{Field, Message, MessageDefinition, Value};
use rustyfit::{Decoder, DecoderEvent, StreamingIterator};

use super::field::{Raw, is_wanted};
use super::sequence::Sequence;
use crate::decode::Limits;

/// Why the strict reading was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The decoder found damage, or what it takes for it.
    Damaged,
    /// The file uses types other than the profile's, which is allowed.
    OtherTypes,
    /// The decoder panicked.
    Panicked,
    /// The file asks for far more work than its size explains.
    TooMuchWork,
}

/// Reads all sequences, or says why not; nothing is kept of a file that stops half-way.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Sequence>, Stopped> {
    catch_unwind(AssertUnwindSafe(|| stream(bytes, limits))).unwrap_or(Err(Stopped::Panicked))
}

fn stream(bytes: &[u8], limits: &Limits) -> Result<Vec<Sequence>, Stopped> {
    let mut decoder = Decoder::builder().expand_components(false).build();
    let mut events = decoder.stream(bytes);
    let mut sequences = Vec::new();
    let mut work = Work::allowed_for(bytes.len());
    while let Some(event) = events.next() {
        match event.map_err(|_| Stopped::Damaged)? {
            DecoderEvent::FileHeader(_) => sequences.push(Sequence::new(limits.samples)),
            DecoderEvent::MessageDefinition(definition) => check(definition)?,
            DecoderEvent::Message(message) => {
                work.spend(message)?;
                if let Some(sequence) = sequences.last_mut().filter(|_| is_wanted(message.num.0)) {
                    sequence.take(message.num.0, message.fields.iter().filter_map(number_or_text));
                }
            }
            DecoderEvent::Crc(_) => {}
        }
    }
    Ok(sequences)
}

/// Refuses definitions that the decoder would read by another type than the file's.
fn check(definition: &MessageDefinition) -> Result<(), Stopped> {
    for field in &definition.field_definitions {
        let size = field.base_type.size();
        if field.size == 0 || size == 0 || field.size % size != 0 {
            return Err(Stopped::Damaged);
        }
        let profile = lookup::field_reference(definition.mesg_num, field.num);
        let differs = profile.is_some_and(|profile| profile.base_type().size() != size);
        if differs && is_wanted(definition.mesg_num.0) {
            return Err(Stopped::OtherTypes);
        }
    }
    Ok(())
}

/// A budget of field look-ups, so that a small file cannot keep the decoder busy for hours.
struct Work {
    left: usize,
    descriptions: usize,
}

impl Work {
    fn allowed_for(bytes: usize) -> Self {
        Self { left: bytes.saturating_mul(8).saturating_add(1_000_000), descriptions: 0 }
    }

    fn spend(&mut self, message: &Message) -> Result<(), Stopped> {
        if message.num == MesgNum::FIELD_DESCRIPTION {
            self.descriptions += 1;
        }
        let cost = 1 + message.fields.len() + message.developer_fields.len() * self.descriptions;
        self.left = self.left.checked_sub(cost).ok_or(Stopped::TooMuchWork)?;
        Ok(())
    }
}

fn number_or_text(field: &Field) -> Option<(u8, Raw<'_>)> {
    Some((field.num, raw(&field.value, field.base_type)?))
}

fn raw(value: &Value, base: FitBaseType) -> Option<Raw<'_>> {
    let number = match value {
        Value::Uint8(value) => valid(*value, u8::MAX, base == FitBaseType::UINT8Z)?.into(),
        Value::Int8(value) => valid(*value, i8::MAX, false)?.into(),
        Value::Uint16(value) => valid(*value, u16::MAX, base == FitBaseType::UINT16Z)?.into(),
        Value::Int16(value) => valid(*value, i16::MAX, false)?.into(),
        Value::Uint32(value) => valid(*value, u32::MAX, base == FitBaseType::UINT32Z)?.into(),
        Value::Int32(value) => valid(*value, i32::MAX, false)?.into(),
        Value::Float32(value) => f64::from(*value),
        Value::Float64(value) => *value,
        Value::String(text) => return Some(Raw::Text(text)),
        Value::ArrayUint8(bytes) => return Some(Raw::Bytes(bytes)),
        _ => return None,
    };
    number.is_finite().then_some(Raw::Number(number))
}

fn valid<T: PartialEq + Default>(value: T, invalid: T, zero_is_invalid: bool) -> Option<T> {
    let bad = if zero_is_invalid { T::default() } else { invalid };
    (value != bad).then_some(value)
}
