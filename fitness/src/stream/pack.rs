//! Whole numbers in few bits: differences, and for each 128 of them the bits that the widest needs.
//!
//! What devices record changes little from one second to the next. An entropy coder takes three tenths less room, and
//! many times the time (`docs/decisions/0009-packed-samples.md`).

use bitpacking::{BitPacker, BitPacker4x};

const BLOCK: usize = BitPacker4x::BLOCK_LEN;
const WIDEST_BITS: u8 = 32;

/// How often differences are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The value stays where it is, more or less.
    First,
    /// The value goes on as it went.
    Second,
}

/// Appends the numbers to the block; their count is the caller's to keep.
pub(super) fn write(block: &mut Vec<u8>, values: &[i32], order: Order) {
    let packer = BitPacker4x::new();
    let mut last = seed(values, order);
    block.extend(last.value.to_le_bytes());
    block.extend(last.step.to_le_bytes());
    let mut differences = [0_u32; BLOCK];
    for chunk in values.chunks(BLOCK) {
        differences[chunk.len()..].fill(0);
        for (difference, value) in differences.iter_mut().zip(chunk) {
            *difference = last.take(*value, order);
        }
        let bits = packer.num_bits(&differences);
        block.push(bits);
        let begin = block.len();
        block.resize(begin + BitPacker4x::compressed_block_size(bits), 0);
        packer.compress(&differences, &mut block[begin..], bits);
    }
}

/// The numbers that [`write`] appended, or nothing where these are not they.
pub(super) fn read(mut rest: &[u8], count: usize, order: Order) -> Option<Vec<i32>> {
    let packer = BitPacker4x::new();
    let mut last = State { value: read_i32(&mut rest)?, step: read_i32(&mut rest)? };
    // Each block of numbers takes a byte at least, which bounds what a broken count can ask for.
    if count.div_ceil(BLOCK) > rest.len() {
        return None;
    }
    let mut values = Vec::with_capacity(count);
    let mut differences = [0_u32; BLOCK];
    while values.len() < count {
        let (bits, after) = rest.split_first()?;
        if *bits > WIDEST_BITS {
            return None;
        }
        let (packed, after) = after.split_at_checked(BitPacker4x::compressed_block_size(*bits))?;
        packer.decompress(packed, &mut differences, *bits);
        let wanted = (count - values.len()).min(BLOCK);
        values.extend(differences[..wanted].iter().map(|difference| last.give(*difference, order)));
        rest = after;
    }
    rest.is_empty().then_some(values)
}

/// Where the differences go on from.
struct State {
    value: i32,
    step: i32,
}

/// The state before the first value, chosen so that the first differences are small.
fn seed(values: &[i32], order: Order) -> State {
    let first = values.first().copied().unwrap_or(0);
    let step = match order {
        Order::First => 0,
        Order::Second => values.get(1).map_or(0, |second| second.wrapping_sub(first)),
    };
    State { value: first.wrapping_sub(step), step }
}

impl State {
    fn take(&mut self, value: i32, order: Order) -> u32 {
        let step = value.wrapping_sub(self.value);
        let difference = match order {
            Order::First => step,
            Order::Second => step.wrapping_sub(self.step),
        };
        (self.value, self.step) = (value, step);
        zigzag(difference)
    }

    fn give(&mut self, difference: u32, order: Order) -> i32 {
        let step = match order {
            Order::First => unzigzag(difference),
            Order::Second => unzigzag(difference).wrapping_add(self.step),
        };
        (self.value, self.step) = (self.value.wrapping_add(step), step);
        self.value
    }
}

/// Small numbers of either sign as small ones without.
fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)).cast_unsigned()
}

fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn read_i32(rest: &mut &[u8]) -> Option<i32> {
    let (bytes, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(i32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_back(values in prop::collection::vec(any::<i32>(), 0..400), is_second: bool) {
            let order = if is_second { Order::Second } else { Order::First };
            let mut block = Vec::new();
            write(&mut block, &values, order);
            prop_assert_eq!(read(&block, values.len(), order), Some(values));
        }

        #[test]
        fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), count in 0_usize..1000) {
            let read = read(&bytes, count, Order::Second);
            prop_assert!(read.is_none_or(|values| values.len() == count));
        }
    }

    #[test]
    fn a_steady_pace_costs_next_to_nothing() {
        let values: Vec<i32> = (0..3600).map(|second| second * 350).collect();
        let mut block = Vec::new();
        write(&mut block, &values, Order::Second);
        assert!(block.len() < 40, "{}", block.len());
    }
}
