//! Values on their way from a database: its own bytes, read by type.
//!
//! What JSON can say is said in JSON: truths, numbers that fit a double, texts, JSON itself, lists. Whole
//! numbers of eight bytes and decimal numbers are texts, as the common client in Node.js gives them, since
//! a double would change them. Days and times are texts of RFC 3339 in UTC, bytes are in base64; the
//! column's type says so.

use std::error::Error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use tokio_postgres::types::{FromSql, Kind, Type};
use uuid::Uuid;

use super::{interval, numeric};

type Fault = Box<dyn Error + Sync + Send>;

/// Microseconds from 1970 to 2000, which the database counts from.
const EPOCH: i64 = 946_684_800_000_000;
const DAY: i64 = 86_400_000_000;
/// What the database writes for days and times without end.
const ENDLESS: [(i64, &str); 2] = [(i64::MAX, "infinity"), (i64::MIN, "-infinity")];
const ENDLESS_DAYS: [(i32, &str); 2] = [(i32::MAX, "infinity"), (i32::MIN, "-infinity")];
/// How deep lists within lists may be; the database's own bound.
const DIMENSIONS: usize = 6;

/// One value.
pub(super) struct Cell(pub(super) Value<'static>);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        read(kind, raw).map(Cell)
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn read(kind: &Type, raw: &[u8]) -> Result<Value<'static>, Fault> {
    match kind.kind() {
        Kind::Array(of) => return list(of, raw),
        Kind::Domain(of) => return read(of, raw),
        Kind::Enum(_) => return text(raw),
        _ => {}
    }
    Ok(match *kind {
        Type::BOOL => (bytes::<1>(raw)? != [0]).into(),
        Type::INT2 => i64::from(i16::from_be_bytes(bytes(raw)?)).into(),
        Type::INT4 => i64::from(i32::from_be_bytes(bytes(raw)?)).into(),
        Type::OID => i64::from(u32::from_be_bytes(bytes(raw)?)).into(),
        Type::INT8 => i64::from_be_bytes(bytes(raw)?).to_string().into(),
        Type::FLOAT4 => {
            float(f64::from(f32::from_be_bytes(bytes(raw)?)), f32::from_be_bytes(bytes(raw)?))
        }
        Type::FLOAT8 => {
            let number = f64::from_be_bytes(bytes(raw)?);
            float(number, number)
        }
        Type::NUMERIC => numeric::read(raw).ok_or("a decimal number of no known form")?.into(),
        Type::UUID => Uuid::from_bytes(bytes(raw)?).to_string().into(),
        Type::JSON => json(raw)?,
        // The first byte is the version of the form.
        Type::JSONB => json(raw.get(1..).unwrap_or_default())?,
        Type::BYTEA => STANDARD.encode(raw).into(),
        Type::DATE => day(i32::from_be_bytes(bytes(raw)?))?,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => point(i64::from_be_bytes(bytes(raw)?))?,
        Type::TIME => time_of_day(i64::from_be_bytes(bytes(raw)?)).into(),
        Type::INTERVAL => interval::read(raw).ok_or("a span of time of no known form")?,
        Type::VOID => "".into(),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML => {
            text(raw)?
        }
        // Types of extensions that are texts, as `citext` is.
        _ if kind.name() == "citext" => text(raw)?,
        _ => {
            return Err(format!(
                "a column of the type `{}` cannot be read; write it as a text: `column::text`",
                kind.name()
            )
            .into());
        }
    })
}

fn bytes<const N: usize>(raw: &[u8]) -> Result<[u8; N], Fault> {
    Ok(raw.try_into()?)
}

fn text(raw: &[u8]) -> Result<Value<'static>, Fault> {
    Ok(std::str::from_utf8(raw)?.to_owned().into())
}

fn json(raw: &[u8]) -> Result<Value<'static>, Fault> {
    Ok(Value::parse(raw).map_err(|error| error.to_string())?.into_owned())
}

/// A number that JSON has, in its shortest form; what JSON has no number for is a text.
fn float(number: f64, shortest: impl std::fmt::Display) -> Value<'static> {
    if number.is_finite() {
        let written = shortest.to_string();
        return Value::number(written.clone()).unwrap_or_else(|| written.into());
    }
    let name = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    name.into()
}

fn day(days: i32) -> Result<Value<'static>, Fault> {
    if let Some((_, name)) = ENDLESS_DAYS.iter().find(|(end, _)| *end == days) {
        return Ok((*name).into());
    }
    point(i64::from(days).checked_mul(DAY).ok_or("a day beyond all days")?)
}

fn point(since_2000: i64) -> Result<Value<'static>, Fault> {
    if let Some((_, name)) = ENDLESS.iter().find(|(end, _)| *end == since_2000) {
        return Ok((*name).into());
    }
    let since_1970 = since_2000.checked_add(EPOCH).ok_or("a time beyond all times")?;
    Ok(Timestamp(since_1970).to_string().into())
}

/// `03:04:05`, with the part of a second where there is one.
fn time_of_day(microseconds: i64) -> String {
    let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let whole = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if rest == 0 { whole } else { format!("{whole}.{rest:06}").trim_end_matches('0').to_owned() }
}

/// A list: how many dimensions, whether it has holes, the type, then for each dimension its length and
/// where it begins, then the values with their lengths.
fn list(of: &Type, raw: &[u8]) -> Result<Value<'static>, Fault> {
    let mut rest = raw;
    let dimensions = usize::try_from(number(&mut rest)?)?;
    number(&mut rest)?;
    number(&mut rest)?;
    if dimensions > DIMENSIONS {
        return Err("a list of too many dimensions".into());
    }
    let mut lengths = Vec::with_capacity(dimensions);
    for _ in 0..dimensions {
        lengths.push(usize::try_from(number(&mut rest)?)?);
        number(&mut rest)?;
    }
    if lengths.is_empty() {
        return Ok(Value::from(Vec::new()));
    }
    nested(of, &lengths, &mut rest)
}

fn nested(of: &Type, lengths: &[usize], rest: &mut &[u8]) -> Result<Value<'static>, Fault> {
    let Some((length, inner)) = lengths.split_first() else { return item(of, rest) };
    let mut items = Vec::new();
    for _ in 0..*length {
        items.push(nested(of, inner, rest)?);
    }
    Ok(items.into())
}

fn item(of: &Type, rest: &mut &[u8]) -> Result<Value<'static>, Fault> {
    let length = number(rest)?;
    if length < 0 {
        return Ok(Value::Null);
    }
    let (raw, behind) =
        rest.split_at_checked(usize::try_from(length)?).ok_or("a list that is cut off")?;
    *rest = behind;
    read(of, raw)
}

fn number(rest: &mut &[u8]) -> Result<i32, Fault> {
    let (first, behind) = rest.split_at_checked(4).ok_or("a list that is cut off")?;
    *rest = behind;
    Ok(i32::from_be_bytes(bytes(first)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_write_them() {
        assert_eq!(time_of_day(0), "00:00:00");
        assert_eq!(time_of_day(11_045_000_000), "03:04:05");
        assert_eq!(time_of_day(11_045_120_000), "03:04:05.12");
        assert_eq!(point(0).unwrap().as_str(), Some("2000-01-01T00:00:00.000000Z"));
        assert_eq!(day(-1).unwrap().as_str(), Some("1999-12-31T00:00:00.000000Z"));
        assert_eq!(day(i32::MAX).unwrap().as_str(), Some("infinity"));
        assert_eq!(point(i64::MIN).unwrap().as_str(), Some("-infinity"));
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_no_panic() {
        for kind in
            [Type::INT4, Type::BOOL, Type::UUID, Type::INT4_ARRAY, Type::NUMERIC, Type::INTERVAL]
        {
            for length in 0..4 {
                assert!(
                    read(&kind, &[0; 3][..length.min(3)]).is_err() || kind == Type::BOOL,
                    "{kind}"
                );
            }
        }
        // One dimension of two items, of which one is there.
        let mut raw = Vec::new();
        for number in [1, 0, 23, 2, 1, 4, 7] {
            raw.extend_from_slice(&i32::to_be_bytes(number));
        }
        assert!(read(&Type::INT4_ARRAY, &raw).is_err());
    }
}
