//! Spans of time, as the common client in Node.js tells them: an object of the parts that are not zero.

use fieldpost_model::json::Value;

/// Reads microseconds, days and months.
pub(super) fn read(raw: &[u8]) -> Option<Value<'static>> {
    let (microseconds, rest) = raw.split_at_checked(8)?;
    let (days, months) = rest.split_at_checked(4)?;
    let microseconds = i64::from_be_bytes(microseconds.try_into().ok()?);
    let days = i64::from(i32::from_be_bytes(days.try_into().ok()?));
    let months = i64::from(i32::from_be_bytes(months.try_into().ok()?));
    let seconds = microseconds / 1_000_000;
    let parts = [
        ("years", months / 12),
        ("months", months % 12),
        ("days", days),
        ("hours", seconds / 3_600),
        ("minutes", seconds / 60 % 60),
        ("seconds", seconds % 60),
    ];
    let mut parts: Vec<(&str, Value<'static>)> = parts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(name, count)| (name, Value::from(count)))
        .collect();
    let rest = microseconds % 1_000_000;
    if rest != 0 {
        let (sign, rest) = (if rest < 0 { "-" } else { "" }, rest.unsigned_abs());
        let milliseconds = format!("{sign}{}.{:03}", rest / 1_000, rest % 1_000);
        let milliseconds = milliseconds.trim_end_matches('0').trim_end_matches('.').to_owned();
        parts.push(("milliseconds", Value::number(milliseconds)?));
    }
    Some(Value::object(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(microseconds: i64, days: i32, months: i32, expected: &str) {
        let mut raw = microseconds.to_be_bytes().to_vec();
        raw.extend_from_slice(&days.to_be_bytes());
        raw.extend_from_slice(&months.to_be_bytes());
        assert_eq!(read(&raw).unwrap().to_json(), expected);
    }

    #[test]
    fn parts_that_are_zero_are_left_out() {
        check(0, 0, 0, "{}");
        check(
            3_723_000_000,
            2,
            14,
            r#"{"years":1,"months":2,"days":2,"hours":1,"minutes":2,"seconds":3}"#,
        );
        check(1_500, 0, 0, r#"{"milliseconds":1.5}"#);
        check(-2_000_000, 0, -1, r#"{"months":-1,"seconds":-2}"#);
        assert_eq!(read(&[0; 15]), None);
    }
}
