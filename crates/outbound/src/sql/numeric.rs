//! Decimal numbers of any size, as PostgreSQL sends them: digits to the base of ten thousand.

use std::fmt::Write as _;

/// What the sign says where the number is none.
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;
const NEGATIVE: u16 = 0x4000;
/// Decimal digits of one digit.
const WIDTH: usize = 4;

/// Writes the number as people do, with all digits that it has behind the point.
pub(super) fn read(raw: &[u8]) -> Option<String> {
    let mut words = raw.chunks(2).map(|word| Some(u16::from_be_bytes(word.try_into().ok()?)));
    let mut word = || words.next().flatten();
    let (count, weight, sign, scale) = (word()?, word()?.cast_signed(), word()?, word()?);
    match sign {
        NOT_A_NUMBER => return Some("NaN".to_owned()),
        INFINITY => return Some("Infinity".to_owned()),
        MINUS_INFINITY => return Some("-Infinity".to_owned()),
        _ => {}
    }
    let digits = (0..count).map(|_| word()).collect::<Option<Vec<u16>>>()?;
    let at = |place: i32| {
        let digit = usize::try_from(place).ok().and_then(|place| digits.get(place));
        digit.copied().unwrap_or_default()
    };
    let weight = i32::from(weight);
    let mut written = if sign == NEGATIVE { "-".to_owned() } else { String::new() };
    if weight < 0 {
        written.push('0');
    }
    for place in 0..=weight {
        let digit = at(place);
        // The first has no zeros before it.
        let width = if place == 0 { 0 } else { WIDTH };
        write!(written, "{digit:0width$}").ok()?;
    }
    let scale = usize::from(scale);
    if scale > 0 {
        let mut behind = String::new();
        let mut place = weight + 1;
        while behind.len() < scale {
            write!(behind, "{:0WIDTH$}", at(place)).ok()?;
            place += 1;
        }
        behind.truncate(scale);
        written.push('.');
        written.push_str(&behind);
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[u16], expected: Option<&str>) {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(read(&raw).as_deref(), expected);
    }

    #[test]
    fn every_digit_is_there() {
        check(&[0, 0, 0, 0], Some("0"));
        check(&[0, 0, 0, 2], Some("0.00"));
        check(&[1, 0, 0, 0, 42], Some("42"));
        check(&[2, 1, NEGATIVE, 0, 1, 5], Some("-10005"));
        check(&[2, 0, 0, 2, 1, 5_000], Some("1.50"));
        check(&[1, 0xFFFF, 0, 3, 120], Some("0.012"));
        check(&[1, 0xFFFE, 0, 8, 1], Some("0.00000001"));
        check(&[1, 2, 0, 0, 3], Some("300000000"));
        check(&[0, 0, NOT_A_NUMBER, 0], Some("NaN"));
        check(&[0, 0, MINUS_INFINITY, 0], Some("-Infinity"));
        check(&[3, 0, 0, 0, 1], None);
        check(&[1], None);
    }
}
