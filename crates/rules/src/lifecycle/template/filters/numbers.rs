//! Filters that calculate, with decimals: `0.1` and `0.2` are `0.3`.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::{Datum, Surroundings};
use super::argument_text;

type Filtered = Result<Datum, String>;

/// The most digits behind the point.
const MAX_PLACES: u32 = 28;

/// A number as the filters give it back: whole where both sides were whole numbers, else a decimal.
fn number(result: Option<Decimal>, is_whole: bool) -> Datum {
    match result {
        Some(result) if is_whole && result.fract().is_zero() => {
            Datum::Number(result.normalize().to_string())
        }
        Some(result) => Datum::Decimal(result.normalize()),
        None => Datum::text(""),
    }
}

fn is_whole(datum: &Datum) -> bool {
    !matches!(datum, Datum::Decimal(_)) && datum.as_decimal().is_some_and(|it| it.fract().is_zero())
}

/// What both say, where nothing and the empty text count as zero, as w.c.s. has it.
fn both(left: &Datum, right: Option<&Datum>) -> Option<(Decimal, Decimal)> {
    let decimal = |datum: &Datum| match datum {
        Datum::Nothing => Some(Decimal::ZERO),
        Datum::Text(text) if text.is_empty() => Some(Decimal::ZERO),
        datum => datum.as_decimal(),
    };
    Some((decimal(left)?, decimal(right?)?))
}

fn calculate(
    left: &Datum,
    right: Option<&Datum>,
    operation: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Datum {
    let whole = is_whole(left) && right.is_some_and(is_whole);
    number(both(left, right).and_then(|(left, right)| operation(left, right)), whole)
}

/// The sum; texts that are no numbers and lists are put one behind the other.
pub(super) fn add(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let nothing = Datum::Nothing;
    let argument = argument.unwrap_or(&nothing);
    Ok(match (value, argument) {
        (Datum::List(left), Datum::List(right)) => {
            Datum::List(left.iter().chain(right).cloned().collect())
        }
        (Datum::Text(left), other) | (other, Datum::Text(left)) if left.is_empty() => other.clone(),
        (Datum::Nothing, other) | (other, Datum::Nothing) => other.clone(),
        _ if value.as_decimal().is_some() && argument.as_decimal().is_some() => {
            calculate(value, Some(argument), Decimal::checked_add)
        }
        (Datum::List(_) | Datum::Map(_), _) | (_, Datum::List(_) | Datum::Map(_)) => {
            Datum::text("")
        }
        _ => Datum::text(value.written() + &argument.written()),
    })
}

/// The difference.
pub(super) fn subtract(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(calculate(value, argument, Decimal::checked_sub))
}

/// The product.
pub(super) fn multiply(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(calculate(value, argument, Decimal::checked_mul))
}

/// The quotient; nothing where it is divided by zero.
pub(super) fn divide(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(calculate(value, argument, Decimal::checked_div))
}

/// The sum of a list; what is no number in it is left out.
pub(super) fn sum(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let Datum::List(elements) = value else { return Ok(Datum::text("")) };
    let whole = elements.iter().all(is_whole);
    let total =
        elements.iter().filter_map(Datum::as_decimal).try_fold(Decimal::ZERO, Decimal::checked_add);
    Ok(number(total, whole))
}

fn rounded(value: &Datum, round: fn(&Decimal) -> Decimal) -> Filtered {
    Ok(number(value.as_decimal().map(|decimal| round(&decimal)), true))
}

/// The next whole number.
pub(super) fn ceil(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    rounded(value, Decimal::ceil)
}

/// The whole number before it.
pub(super) fn floor(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    rounded(value, Decimal::floor)
}

/// The number without its sign.
pub(super) fn abs(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(number(value.as_decimal().map(|decimal| decimal.abs()), is_whole(value)))
}

/// A decimal, with so many digits behind the point where that is said.
pub(super) fn decimal(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let decimal = value.as_decimal().unwrap_or_default();
    Ok(Datum::Decimal(match places(argument)? {
        Some((places, _)) => half_up(decimal, places),
        None => decimal,
    }))
}

/// The nearest number with so many digits behind the point; none, unless that is said.
pub(super) fn round(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let (places, _) = places(argument)?.unwrap_or((0, false));
    Ok(number(value.as_decimal().map(|decimal| half_up(decimal, places)), places == 0))
}

/// The number as a text with so many digits behind the point; a negative count leaves them out where
/// they are all zero.
pub(super) fn floatformat(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let (places, only_if_needed) = places(argument)?.unwrap_or((1, true));
    let Some(decimal) = value.as_decimal() else { return Ok(Datum::text("")) };
    let places = if only_if_needed && decimal.fract().is_zero() { 0 } else { places };
    let mut decimal = half_up(decimal, places);
    decimal.rescale(places);
    Ok(Datum::text(decimal.to_string()))
}

fn half_up(decimal: Decimal, places: u32) -> Decimal {
    decimal.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

/// How many digits behind the point an argument says, and whether only where they are needed.
fn places(argument: Option<&Datum>) -> Result<Option<(u32, bool)>, String> {
    let Some(argument) = argument else { return Ok(None) };
    let text = argument_text(Some(argument));
    let places: i64 = text
        .trim_end_matches(['g', 'u'])
        .parse()
        .map_err(|_| "a count of digits is a whole number".to_owned())?;
    let digits = u32::try_from(places.unsigned_abs()).unwrap_or(u32::MAX);
    if digits > MAX_PLACES {
        return Err(format!("there are at most {MAX_PLACES} digits behind the point"));
    }
    Ok(Some((digits, places < 0)))
}
