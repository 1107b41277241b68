//! What an unquoted YAML scalar means, by the core schema of YAML 1.2.

use fieldpost_model::json::Value;

/// The meaning of an unquoted scalar. `None` where it is a number that JSON does not have:
/// infinity, or a hexadecimal number beyond 128 bits.
pub(super) fn resolve(text: &str) -> Option<Value<'_>> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    // Nearly every number of YAML is one of JSON, and keeps its text.
    if let Some(number) = Value::number(text) {
        return Some(number);
    }
    if let Some((digits, radix)) = prefixed_digits(text) {
        return u128::from_str_radix(digits, radix)
            .ok()
            .and_then(|number| Value::number(number.to_string()));
    }
    if is_infinite(text) {
        return None;
    }
    Some(in_words_of_json(text).and_then(Value::number).unwrap_or_else(|| Value::string(text)))
}

/// The digits after `0x` or `0o`.
fn prefixed_digits(text: &str) -> Option<(&str, u32)> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text.strip_prefix("0o")?, 8),
    };
    let are_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    are_digits.then_some((digits, radix))
}

fn is_infinite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Rewrites the decimals that YAML has and JSON has not: `+1`, `.5`, `1.`, `1.e3`. `None` for what
/// is no decimal. Leading zeros stay, so that JSON still refuses them and they remain text.
fn in_words_of_json(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(index) => unsigned.split_at_checked(index)?,
        None => (unsigned, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}
