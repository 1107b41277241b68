//! Sizes as people write them: `10MB`, `64KiB`, `512B`.

/// The units of sizes, with their length in bytes. Those that end in `iB` are powers of 1024.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// Reads a whole number followed by one unit, or by none, which are bytes. Anything else is `None`;
/// the caller names the value.
pub fn parse(text: &str) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim();
    let length = if unit.is_empty() {
        1
    } else {
        UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1
    };
    number.parse::<u64>().ok()?.checked_mul(length)
}

/// Writes a size in the largest unit that holds it exactly, so that it reads back equal.
pub fn format(bytes: u64) -> String {
    let whole = |(_, length): &&(&str, u64)| bytes >= *length && bytes.is_multiple_of(*length);
    let (unit, length) = UNITS.iter().find(whole).unwrap_or(&("B", 1));
    format!("{}{unit}", bytes / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, written) in [
            ("10MB", 10_000_000, "10MB"),
            ("10MiB", 10_485_760, "10MiB"),
            ("64 kib", 65_536, "64KiB"),
            ("1024", 1_024, "1KiB"),
            ("999B", 999, "999B"),
            ("0", 0, "0B"),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
            assert_eq!(format(bytes), written);
        }
        for text in ["", "MB", "-1", "1.5MB", "10MX", "99999999999TB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
