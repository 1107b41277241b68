//! Durations as people write them in a project file: `50ms`, `1s`, `15m`, `6h`, `5d`.

use std::time::Duration;

/// The units, smallest first, with their length in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a whole number followed by one unit. Anything else is `None`; the caller names the value.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let (_, length) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let milliseconds = number.parse::<u64>().ok()?.checked_mul(*length)?;
    Some(Duration::from_millis(milliseconds))
}

/// Writes a duration in the largest unit that holds it exactly, so that it reads back equal.
pub fn format(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, length) = UNITS
        .iter()
        .rev()
        .find(|(_, length)| milliseconds >= *length && milliseconds.is_multiple_of(*length))
        .unwrap_or(&("ms", 1));
    format!("{}{unit}", milliseconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_people_write() {
        for (text, milliseconds) in
            [("50ms", 50), ("1s", 1_000), ("15m", 900_000), ("6h", 21_600_000), ("5d", 432_000_000)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(format(Duration::from_millis(milliseconds)), text);
        }
        assert_eq!(format(Duration::from_millis(1_500)), "1500ms");
        assert_eq!(format(Duration::ZERO), "0ms");
        for text in ["", "5", "s", "-1s", "1.5s", "1 fortnight", "99999999999999999999d", "5w"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
