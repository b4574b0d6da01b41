//! What is bound to a parameter and what comes back in a column.

use crate::{Error, Result};

/// One parameter or one column, borrowed from its owner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `DOUBLE PRECISION`; not-a-number is refused, because SQLite would store NULL.
    Real(f64),
    /// `BOOLEAN`; SQLite keeps 0 or 1.
    Bool(bool),
    /// `TEXT`; a NUL character is refused, because PostgreSQL cannot store it.
    Text(&'a str),
    /// `BYTEA`.
    Bytes(&'a [u8]),
    /// A list for `= ANY($n)`; on SQLite JSON text for `json_each($n)`.
    Ints(&'a [i64]),
    /// A list for `= ANY($n)`; on SQLite JSON text for `json_each($n)`.
    Texts(&'a [String]),
}

impl Value<'_> {
    /// Refuses what the two databases would store differently.
    pub(crate) fn portable(&self, number: usize) -> Result<()> {
        let has_nul = match self {
            Value::Real(real) if real.is_nan() => {
                return Err(Error::Other(format!("parameter ${number} is not a number")));
            }
            Value::Text(text) => text.contains('\0'),
            Value::Texts(texts) => texts.iter().any(|text| text.contains('\0')),
            _ => false,
        };
        if has_nul {
            return Err(Error::Other(format!("parameter ${number} holds a NUL character")));
        }
        Ok(())
    }

    /// Names the kind of value for error messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Int(_) => "an integer",
            Value::Real(_) => "a real number",
            Value::Bool(_) => "a boolean",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Ints(_) => "a list of integers",
            Value::Texts(_) => "a list of texts",
        }
    }
}

/// Builds the parameters of a statement: `&params![id, name, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// Answers nothing where the column holds another kind of value.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Int(int) => Some(int),
            _ => None,
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Real(real) => Some(real),
            #[expect(clippy::cast_precision_loss, reason = "both databases widen integers the same way")]
            Value::Int(int) => Some(int as f64),
            _ => None,
        }
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bool(bool) => Some(bool),
            // SQLite has no booleans: it hands 0 and 1 back.
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

macro_rules! from_ints {
    ($($int:ty),*) => {
        $(
            impl From<$int> for Value<'_> {
                fn from(int: $int) -> Self {
                    Value::Int(i64::from(int))
                }
            }
            impl From<&$int> for Value<'_> {
                fn from(int: &$int) -> Self {
                    Value::Int(i64::from(*int))
                }
            }
        )*
    };
}

from_ints!(i64, i32, i16, i8, u32, u16, u8);

impl From<usize> for Value<'_> {
    /// Counts beyond `i64::MAX` do not exist in memory; they would be cut to it.
    fn from(count: usize) -> Self {
        Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value<'_> {
    fn from(real: f64) -> Self {
        Value::Real(real)
    }
}

impl From<&f64> for Value<'_> {
    fn from(real: &f64) -> Self {
        Value::Real(*real)
    }
}

impl From<bool> for Value<'_> {
    fn from(bool: bool) -> Self {
        Value::Bool(bool)
    }
}

impl From<&bool> for Value<'_> {
    fn from(bool: &bool) -> Self {
        Value::Bool(*bool)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Value::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Value::Bytes(bytes)
    }
}

impl<'a> From<&'a [i64]> for Value<'a> {
    fn from(ints: &'a [i64]) -> Self {
        Value::Ints(ints)
    }
}

impl<'a> From<&'a Vec<i64>> for Value<'a> {
    fn from(ints: &'a Vec<i64>) -> Self {
        Value::Ints(ints)
    }
}

impl<'a> From<&'a [String]> for Value<'a> {
    fn from(texts: &'a [String]) -> Self {
        Value::Texts(texts)
    }
}

impl<'a> From<&'a Vec<String>> for Value<'a> {
    fn from(texts: &'a Vec<String>) -> Self {
        Value::Texts(texts)
    }
}

impl<'a, T> From<Option<T>> for Value<'a>
where
    Value<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Value::from)
    }
}

macro_rules! from_borrowed_options {
    ($($inner:ty),*) => {
        $(
            impl<'a> From<&'a Option<$inner>> for Value<'a> {
                fn from(value: &'a Option<$inner>) -> Self {
                    value.as_ref().map_or(Value::Null, Value::from)
                }
            }
        )*
    };
}

from_borrowed_options!(i64, f64, bool, String, Vec<u8>);
