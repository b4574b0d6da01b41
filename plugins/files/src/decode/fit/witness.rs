//! The same messages as `rustyfit` reads them, to hold our reader against.

use rustyfit::profile::lookup;
use rustyfit::profile::typedef::FitBaseType;
use rustyfit::proto::{Field, MessageDefinition, Value};
use rustyfit::{Decoder, DecoderEvent, StreamingIterator};

use super::field::{Raw, is_wanted};
use super::sequence::Sequence;
use crate::decode::Limits;

/// All sequences of an intact file; nothing where `rustyfit` stops or would read by other types than the file's.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Option<Vec<Sequence>> {
    let mut decoder = Decoder::builder().expand_components(false).build();
    let mut events = decoder.stream(bytes);
    let mut sequences = Vec::new();
    while let Some(event) = events.next() {
        match event.ok()? {
            DecoderEvent::FileHeader(_) => sequences.push(Sequence::new(limits, &sequences)),
            DecoderEvent::MessageDefinition(definition) if !is_readable(definition) => return None,
            DecoderEvent::Message(message) => {
                let fields = message.fields.iter().filter_map(number_or_text);
                sequences.last_mut()?.take(message.num.0, fields);
            }
            DecoderEvent::MessageDefinition(_) | DecoderEvent::Crc(_) => {}
        }
    }
    Some(sequences)
}

fn is_readable(definition: &MessageDefinition) -> bool {
    definition.field_definitions.iter().all(|field| {
        let size = field.base_type.size();
        let profile = lookup::field_reference(definition.mesg_num, field.num);
        let agrees = profile.is_none_or(|profile| profile.base_type().size() == size);
        agrees || !is_wanted(definition.mesg_num.0, field.num)
    })
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
