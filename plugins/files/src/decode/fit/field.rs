//! What both readers hand on: message and field numbers with raw values, as in Garmin's profile.

/// Global message numbers that are of use here.
pub(super) mod message {
    pub(in super::super) const FILE_ID: u16 = 0;
    pub(in super::super) const SPORT: u16 = 12;
    pub(in super::super) const SESSION: u16 = 18;
    pub(in super::super) const LAP: u16 = 19;
    pub(in super::super) const RECORD: u16 = 20;
    pub(in super::super) const ACTIVITY: u16 = 34;
}

/// The field that holds the time in every message that has one.
pub(super) const TIMESTAMP: u8 = 253;

/// A field's value as stored: scale and offset are not applied, and invalid numbers are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw<'a> {
    Number(f64),
    Bytes(&'a [u8]),
    Text(&'a str),
}

/// True for the fields that make a recording; all others are stepped over.
pub(super) const fn is_wanted(message: u16, field: u8) -> bool {
    match message {
        message::RECORD => matches!(field, 0..=8 | 13 | 53 | 73 | 78 | TIMESTAMP),
        message::FILE_ID | message::SPORT | message::SESSION | message::LAP | message::ACTIVITY => true,
        _ => false,
    }
}

/// Seconds of FIT (since 1989-12-31) as epoch milliseconds.
pub(super) fn epoch_ms(seconds: u32) -> i64 {
    (631_065_600 + i64::from(seconds)) * 1000
}

/// Below this, seconds count from when the device was switched on (FIT profile, `date_time`).
pub(super) const FIRST_WALL_CLOCK_MS: i64 = (631_065_600 + 0x1000_0000) * 1000;
