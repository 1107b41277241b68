//! Comparing one value with what a filter asks for.
//!
//! What looks like a number is compared as one, with any number of digits: 9 comes before 10, and
//! `4.00` is 4. A text that is no number is neither equal to a number nor different from it. All other
//! texts are compared character by character. Days are texts in ISO 8601, which sort by themselves.

use std::borrow::Cow;
use std::cmp::Ordering;

/// One value of a record, as a filter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'c> {
    /// Nothing.
    Nothing,
    /// A text, which may be empty; a day is one in ISO 8601, an item its id.
    Text(Cow<'c, str>),
    /// A number, as it was written.
    Number(Cow<'c, str>),
    /// Yes or no.
    Truth(bool),
}

/// What stands in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held<'c> {
    /// One value.
    One(Cell<'c>),
    /// Several: those of several items, and of the rows of a block.
    Many(Vec<Cell<'c>>),
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A text.
    Text(String),
    /// A number, as it was written.
    Number(String),
    /// Yes or no.
    Truth(bool),
}

/// What a filter asks of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Nothing is there, or an empty text.
    Absent,
    /// Something is there.
    Existing,
    /// It is equal.
    Equal(Operand),
    /// It is not, or nothing is there.
    NotEqual(Operand),
    /// It is less.
    Less(Operand),
    /// It is less or equal.
    LessOrEqual(Operand),
    /// It is greater.
    Greater(Operand),
    /// It is greater or equal.
    GreaterOrEqual(Operand),
    /// It is one of these.
    In(Vec<Operand>),
    /// It is there, and none of these; of several values none is one of them.
    NotIn(Vec<Operand>),
    /// It is at least the first, and less than the second.
    Within(Operand, Operand),
    /// It has this text in it; in lower case.
    Contains(String),
    /// It is this text; in lower case.
    Alike(String),
}

impl Cell<'_> {
    /// A text.
    pub fn text(text: &str) -> Cell<'_> {
        Cell::Text(Cow::Borrowed(text))
    }

    /// Whether it is nothing, or an empty text.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(text) | Self::Number(text) => text.is_empty(),
            Self::Truth(_) => false,
        }
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Nothing | Self::Truth(_) => None,
        }
    }
}

impl Operand {
    /// A text, as a number where it looks like one.
    pub fn of_text(text: &str) -> Self {
        if looks_like_number(text) {
            Self::Number(text.to_owned())
        } else {
            Self::Text(text.to_owned())
        }
    }

    /// It as a value that another is compared with.
    pub fn as_cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => Cell::text(text),
            Self::Number(number) => Cell::Number(Cow::Borrowed(number)),
            Self::Truth(truth) => Cell::Truth(*truth),
        }
    }

    /// How a value stands to it; `None` where they cannot be compared.
    pub fn compare(&self, cell: &Cell<'_>) -> Option<Ordering> {
        match (cell, self) {
            (Cell::Text(cell), Self::Text(text)) => Some(cell.as_ref().cmp(text.as_str())),
            (Cell::Text(cell), Self::Number(number)) => {
                let cell = looks_like_number(cell).then(|| Number::parse(cell))??;
                Some(cell.cmp(&Number::parse(number)?))
            }
            (Cell::Number(cell), Self::Number(number)) => {
                Some(Number::parse(cell)?.cmp(&Number::parse(number)?))
            }
            (Cell::Truth(cell), Self::Truth(truth)) => Some(cell.cmp(truth)),
            _ => None,
        }
    }
}

impl Test {
    /// Whether what a field holds is what is asked for.
    pub fn holds(&self, held: &Held<'_>) -> bool {
        match (held, self) {
            (Held::One(cell), _) => self.holds_of_one(cell),
            (Held::Many(cells), Self::Absent) => cells.iter().all(Cell::is_empty),
            (Held::Many(cells), Self::NotEqual(operand)) => {
                !cells.iter().any(|cell| is_equal(operand, cell))
            }
            (Held::Many(cells), Self::NotIn(operands)) => {
                !cells.iter().any(|cell| is_one_of(operands, cell))
            }
            (Held::Many(cells), _) => cells.iter().any(|cell| self.holds_of_one(cell)),
        }
    }

    fn holds_of_one(&self, cell: &Cell<'_>) -> bool {
        let ordered = |operand: &Operand, wanted: fn(Ordering) -> bool| {
            operand.compare(cell).is_some_and(wanted)
        };
        match self {
            Self::Absent => cell.is_empty(),
            Self::Existing => !cell.is_empty(),
            Self::Equal(operand) => is_equal(operand, cell),
            Self::NotEqual(operand) => *cell == Cell::Nothing || ordered(operand, Ordering::is_ne),
            Self::Less(operand) => ordered(operand, Ordering::is_lt),
            Self::LessOrEqual(operand) => ordered(operand, Ordering::is_le),
            Self::Greater(operand) => ordered(operand, Ordering::is_gt),
            Self::GreaterOrEqual(operand) => ordered(operand, Ordering::is_ge),
            Self::In(operands) => is_one_of(operands, cell),
            // With no comparable operand the answer is the same as with none that is equal.
            Self::NotIn(operands) => {
                let mut orders = operands.iter().map(|operand| operand.compare(cell));
                *cell != Cell::Nothing && orders.all(|order| order.is_some_and(Ordering::is_ne))
            }
            Self::Within(from, until) => {
                ordered(from, Ordering::is_ge) && ordered(until, Ordering::is_lt)
            }
            Self::Contains(part) => {
                cell.as_text().is_some_and(|text| text.to_lowercase().contains(part.as_str()))
            }
            Self::Alike(other) => cell.as_text().is_some_and(|text| text.to_lowercase() == *other),
        }
    }
}

fn is_equal(operand: &Operand, cell: &Cell<'_>) -> bool {
    operand.compare(cell).is_some_and(Ordering::is_eq)
}

fn is_one_of(operands: &[Operand], cell: &Cell<'_>) -> bool {
    operands.iter().any(|operand| is_equal(operand, cell))
}

/// Whether a text is digits, with a sign and a fraction at most.
pub fn looks_like_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

/// A number taken apart: `±0.DIGITS × 10^magnitude`. Equal numbers have equal parts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Number {
    negative: bool,
    /// Neither the first nor the last is a zero; zero has none.
    digits: String,
    magnitude: i64,
}

/// The longest exponent that is read, in digits: enough for everything that was ever counted.
const EXPONENT_DIGITS: usize = 9;

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let (coefficient, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        if !looks_like_number(coefficient) || exponent.len() > EXPONENT_DIGITS {
            return None;
        }
        let exponent: i64 = exponent.parse().ok()?;
        let negative = coefficient.starts_with('-');
        let coefficient = coefficient.trim_start_matches('-');
        let (whole, fraction) = coefficient.split_once('.').unwrap_or((coefficient, ""));
        let whole = whole.trim_start_matches('0');
        let all = format!("{whole}{fraction}");
        let without_front = all.trim_start_matches('0');
        let zeros = all.len() - without_front.len();
        let digits = without_front.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, magnitude: 0 });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        Some(Self { negative, digits, magnitude: point + exponent })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = || {
            let size = (self.magnitude, &self.digits).cmp(&(other.magnitude, &other.digits));
            if self.negative { size.reverse() } else { size }
        };
        sign(self).cmp(&sign(other)).then_with(size)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_compared_with_any_number_of_digits() {
        let ordered = [
            "-1000000000000000000000000000000000000001",
            "-10",
            "-9.5",
            "-0.001",
            "0",
            "0.0001",
            "0.001",
            "3.20",
            "4",
            "9",
            "10",
            "99999999999999999999999999999999999999.9",
            "100000000000000000000000000000000000000",
        ];
        for (place, number) in ordered.iter().enumerate() {
            for (other_place, other) in ordered.iter().enumerate() {
                let order = Operand::of_text(other).compare(&Cell::text(number));
                assert_eq!(order, Some(place.cmp(&other_place)), "{number} {other}");
            }
        }
        for (one, other) in [("4", "4.00"), ("-0", "0.0"), ("007", "7"), ("10", "10")] {
            let order = Operand::of_text(other).compare(&Cell::text(one));
            assert_eq!(order, Some(Ordering::Equal), "{one} {other}");
        }
        let written = Cell::Number(Cow::Borrowed("1.5e3"));
        assert_eq!(Operand::of_text("1500").compare(&written), Some(Ordering::Equal));
        assert_eq!(Operand::of_text("1500.1").compare(&written), Some(Ordering::Less));
    }

    #[test]
    fn what_is_no_number_is_not_compared_with_one() {
        for text in ["", "a", "1e3", "+1", "1.", ".5", "1 ", "１", "--1", "0x1"] {
            assert!(!looks_like_number(text), "{text}");
            assert_eq!(Operand::of_text("10").compare(&Cell::text(text)), None, "{text}");
        }
    }

    /// One to five values, the way `eq` and its kin are tried.
    fn any_cell() -> impl Strategy<Value = Cell<'static>> {
        prop_oneof![
            Just(Cell::Nothing),
            "[a-c]{0,2}|-?[0-9]{1,3}(\\.[0-9]{1,2})?".prop_map(|text| Cell::Text(text.into())),
        ]
    }

    fn any_held() -> impl Strategy<Value = Held<'static>> {
        prop_oneof![
            any_cell().prop_map(Held::One),
            prop::collection::vec(any_cell(), 0..4).prop_map(Held::Many),
        ]
    }

    fn any_operand() -> impl Strategy<Value = Operand> {
        "[a-c]{0,2}|-?[0-9]{1,3}(\\.[0-9]{1,2})?".prop_map(|text| Operand::of_text(&text))
    }

    proptest! {
        /// `absent` and `existing` share all records between them.
        #[test]
        fn what_is_not_absent_exists(held in any_held()) {
            prop_assert_ne!(Test::Absent.holds(&held), Test::Existing.holds(&held));
        }

        /// `ne` has all that `eq` has not, but for texts that are no numbers.
        #[test]
        fn ne_is_the_rest_of_eq(held in any_held(), operand in any_operand()) {
            let equal = Test::Equal(operand.clone()).holds(&held);
            let not_equal = Test::NotEqual(operand.clone()).holds(&held);
            prop_assert!(!(equal && not_equal));
            let can_be_compared = match &held {
                Held::One(Cell::Nothing) | Held::Many(_) => true,
                Held::One(cell) => operand.compare(cell).is_some(),
            };
            prop_assert_eq!(equal || not_equal, can_be_compared);
        }

        /// Less, equal or greater: one of the three, where values can be compared at all.
        #[test]
        fn values_are_in_one_order(cell in any_cell(), operand in any_operand()) {
            let one = Held::One(cell.clone());
            let less = Test::Less(operand.clone()).holds(&one);
            let equal = Test::Equal(operand.clone()).holds(&one);
            let greater = Test::Greater(operand.clone()).holds(&one);
            let count = [less, equal, greater].into_iter().filter(|it| *it).count();
            prop_assert_eq!(count, usize::from(operand.compare(&cell).is_some()));
            prop_assert_eq!(Test::LessOrEqual(operand.clone()).holds(&one), less || equal);
            prop_assert_eq!(Test::GreaterOrEqual(operand).holds(&one), greater || equal);
        }

        /// `in` is `eq` with any of them, and `not_in` has no record that `in` has.
        #[test]
        fn in_is_any_of_eq(held in any_held(), operands in prop::collection::vec(any_operand(), 0..4)) {
            let any = operands.iter().any(|it| Test::Equal(it.clone()).holds(&held));
            prop_assert_eq!(Test::In(operands.clone()).holds(&held), any);
            prop_assert!(!(any && Test::NotIn(operands).holds(&held)));
        }
    }
}
