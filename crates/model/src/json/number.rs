//! Numbers as decimals of any size.
//!
//! `1`, `1.0`, `1e0` and `10e-1` are one number, and `12345678901234567890.1` is not its float. A
//! number is compared as sign, digits and power of ten, read from its text without ever writing
//! the zeros out: `1e1000000000` costs as little as `1`.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// Whether a text is a number by RFC 8259, all of it.
pub fn is_number(text: &str) -> bool {
    !text.is_empty() && length(text.as_bytes()) == Ok(text.len())
}

/// Whether two numbers are the same decimal, whatever way they are written.
pub fn numbers_equal(left: &str, right: &str) -> bool {
    left == right || Decimal::of(left) == Decimal::of(right)
}

/// The one text of a number: digits without zeros at either end, and the power of ten where it is
/// not zero (`1500` is `15e2`).
pub fn canonical(text: &str) -> Cow<'_, str> {
    Decimal::of(text).canonical(text)
}

/// How many bytes the number takes that the text begins with. The error is the offset of the byte
/// that breaks it, where a digit had to stand.
pub(super) fn length(text: &[u8]) -> Result<usize, usize> {
    let digits = |start: usize| {
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if end == start { Err(start) } else { Ok(end) }
    };
    let minus = usize::from(text.first() == Some(&b'-'));
    // A zero stands alone: the grammar knows no `007`.
    let mut end = if text.get(minus) == Some(&b'0') { minus + 1 } else { digits(minus)? };
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let signed = matches!(text.get(end + 1), Some(b'+' | b'-'));
        end = digits(end + 1 + usize::from(signed))?;
    }
    Ok(end)
}

/// A number taken apart: `±0.DIGITS × 10^magnitude`. Equal numbers have equal parts.
///
/// Zero has no digits, no sign and the magnitude 0.
#[derive(Clone, Debug)]
pub struct Decimal<'a> {
    negative: bool,
    /// The digits before the point, without zeros in front.
    whole: &'a str,
    /// The digits behind it. The two together neither begin nor end with a zero.
    fraction: &'a str,
    magnitude: Magnitude,
}

/// A power of ten. Nearly all fit a machine integer; those that do not are compared as text, so
/// that no number is ever taken for another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Magnitude {
    Machine(i128),
    Beyond { negative: bool, digits: Vec<u8> },
}

/// The most digits of a written exponent that are read as a machine integer; 10^30 leaves room in
/// 128 bits for the length of any text.
const MACHINE_EXPONENT_DIGITS: usize = 30;

impl<'a> Decimal<'a> {
    /// Takes a number's text apart, which must be valid by RFC 8259.
    pub fn of(text: &'a str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (coefficient, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));

        let mut whole = whole.trim_start_matches('0');
        let mut fraction = fraction.trim_end_matches('0');
        let mut point = signed(whole.len());
        if whole.is_empty() {
            let significant = fraction.trim_start_matches('0');
            point = -signed(fraction.len() - significant.len());
            fraction = significant;
        }
        if fraction.is_empty() {
            whole = whole.trim_end_matches('0');
        }
        if whole.is_empty() && fraction.is_empty() {
            return Self { negative: false, whole, fraction, magnitude: Magnitude::Machine(0) };
        }
        Self { negative, whole, fraction, magnitude: Magnitude::of(exponent, point) }
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    fn canonical(&self, text: &'a str) -> Cow<'a, str> {
        let length = self.whole.len() + self.fraction.len();
        if length == 0 {
            return Cow::Borrowed("0");
        }
        let exponent = self.magnitude.plus(-signed(length));
        let sign = if self.negative { "-" } else { "" };
        let (whole, fraction) = (self.whole, self.fraction);
        match exponent {
            Magnitude::Machine(0) if text.len() == sign.len() + length => Cow::Borrowed(text),
            Magnitude::Machine(0) => Cow::Owned(format!("{sign}{whole}{fraction}")),
            Magnitude::Machine(exponent) => {
                Cow::Owned(format!("{sign}{whole}{fraction}e{exponent}"))
            }
            Magnitude::Beyond { negative, digits } => {
                let minus = if negative { "-" } else { "" };
                let exponent: String =
                    digits.iter().map(|digit| char::from(b'0' + digit)).collect();
                Cow::Owned(format!("{sign}{whole}{fraction}e{minus}{exponent}"))
            }
        }
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.negative == other.negative
            && self.magnitude == other.magnitude
            && self.digits().eq(other.digits())
    }
}

impl Eq for Decimal<'_> {}

impl Hash for Decimal<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.negative.hash(state);
        self.magnitude.hash(state);
        for digit in self.digits() {
            state.write_u8(digit);
        }
    }
}

impl Magnitude {
    /// The exponent as written, plus the place of the point.
    fn of(exponent: &str, point: i128) -> Self {
        let (negative, digits) = match exponent.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
        };
        let digits = digits.trim_start_matches('0');
        if digits.len() <= MACHINE_EXPONENT_DIGITS {
            let size: i128 = digits.parse().unwrap_or(0);
            return Self::Machine(if negative { point - size } else { point + size });
        }
        let digits = digits.bytes().map(|digit| digit - b'0').collect();
        Self::Beyond { negative, digits }.plus(point)
    }

    /// Adds the length of some text, which is nothing beside a power that is `Beyond`: its sign
    /// cannot change. It may shrink by a digit and stays `Beyond` then; as both sides of a
    /// comparison come here from their own text, the digits are brought to one form.
    fn plus(&self, addend: i128) -> Self {
        match self {
            Self::Machine(size) => Self::Machine(size + addend),
            Self::Beyond { negative, digits } => {
                let mut carry = if *negative { -addend } else { addend };
                let mut digits = digits.clone();
                for digit in digits.iter_mut().rev() {
                    let sum = i128::from(*digit) + carry;
                    *digit = u8::try_from(sum.rem_euclid(10)).unwrap_or(0);
                    carry = sum.div_euclid(10);
                }
                while carry > 0 {
                    digits.insert(0, u8::try_from(carry % 10).unwrap_or(0));
                    carry /= 10;
                }
                Self::Beyond { negative: *negative, digits }.settled()
            }
        }
    }

    /// One form for one power: a machine integer wherever it is short enough.
    fn settled(self) -> Self {
        let Self::Beyond { negative, digits } = self else { return self };
        let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
        if digits.len() > MACHINE_EXPONENT_DIGITS + 1 {
            return Self::Beyond { negative, digits };
        }
        let size = digits.iter().fold(0, |size, digit| size * 10 + i128::from(*digit));
        Self::Machine(if negative { -size } else { size })
    }
}

/// The length of a text as a signed number.
fn signed(length: usize) -> i128 {
    i128::try_from(length).unwrap_or(i128::MAX)
}
