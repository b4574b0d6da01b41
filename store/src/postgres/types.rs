//! Values on the wire.

use std::error::Error as StdError;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::{Error, Result, Value};

type Refusal = Box<dyn StdError + Sync + Send>;

/// A parameter, written as the type that the statement wants.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Refusal> {
        match (self.0, wanted) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(int), _) => write_int(int, wanted, out),
            (Value::Real(real), &Type::FLOAT8) => real.to_sql(wanted, out),
            #[expect(clippy::cast_possible_truncation, reason = "the column holds no more")]
            (Value::Real(real), &Type::FLOAT4) => (real as f32).to_sql(wanted, out),
            (Value::Bool(bool), &Type::BOOL) => bool.to_sql(wanted, out),
            (Value::Text(text), ty) if <&str as ToSql>::accepts(ty) => text.to_sql(wanted, out),
            (Value::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(wanted, out),
            (Value::Ints(ints), &Type::INT8_ARRAY) => ints.to_sql(wanted, out),
            (Value::Texts(texts), &Type::TEXT_ARRAY) => texts.to_sql(wanted, out),
            (value, _) => Err(refusal(value, wanted)),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn write_int(int: i64, wanted: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Refusal> {
    match *wanted {
        Type::INT8 => int.to_sql(wanted, out),
        Type::INT4 => i32::try_from(int)?.to_sql(wanted, out),
        Type::INT2 => i16::try_from(int)?.to_sql(wanted, out),
        #[expect(clippy::cast_precision_loss, reason = "SQLite widens integers the same way")]
        Type::FLOAT8 => (int as f64).to_sql(wanted, out),
        _ => Err(refusal(Value::Int(int), wanted)),
    }
}

fn refusal(value: Value<'_>, wanted: &Type) -> Refusal {
    format!("{} was given where the statement wants {wanted}; CAST the parameter", value.kind()).into()
}

struct Column<'a>(Value<'a>);

impl<'a> FromSql<'a> for Column<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> std::result::Result<Self, Refusal> {
        let value = match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::BYTEA => Value::Bytes(raw),
            _ if <&str as FromSql<'_>>::accepts(ty) => Value::Text(<&str>::from_sql(ty, raw)?),
            _ => return Err(format!("the column is {ty}; CAST it").into()),
        };
        Ok(Column(value))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Refusal> {
        Ok(Column(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a column in place.
pub(crate) fn column(row: &tokio_postgres::Row, index: usize) -> Result<Value<'_>> {
    row.try_get::<_, Column<'_>>(index).map(|column| column.0).map_err(|error| {
        let source = StdError::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Error::Other(format!("{error}{source}"))
    })
}
