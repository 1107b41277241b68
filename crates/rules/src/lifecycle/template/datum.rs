//! What names in templates stand for, and what filters make of it.
//!
//! The values of Django's templates, as far as forms have them. A decimal is not a number here: the answer
//! of a numeric field leaves the hub as a text (`"5.5"`), and is still compared and added as a number.

use chrono::{DateTime, NaiveDate, SecondsFormat};
use chrono_tz::Tz;
use fieldpost_model::json::{Value as Json, number};
use fieldpost_model::progress::FILE_DIGEST;
use rust_decimal::Decimal;

/// A value of templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// Nothing: what Django calls `None`, and what is not there.
    Nothing,
    /// Yes or no.
    Truth(bool),
    /// A number, as JSON writes it.
    Number(String),
    /// A number that leaves as a text.
    Decimal(Decimal),
    /// A text.
    Text(String),
    /// A day.
    Day(NaiveDate),
    /// A moment, in the time zone of the project.
    Moment(DateTime<Tz>),
    /// A file.
    File(FileDatum),
    /// A list.
    List(Vec<Datum>),
    /// Named values, in their order.
    Map(Vec<(String, Datum)>),
}

/// A file of a submission. Its bytes are not here: whoever writes a request puts them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDatum {
    /// What people call it.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// The SHA-256 of its bytes in hexadecimal, where they are here.
    pub sha256: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
}

impl Datum {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn whole(number: impl Into<i128>) -> Self {
        Self::Number(number.into().to_string())
    }

    /// The value that JSON says.
    pub fn from_json(json: &Json<'_>) -> Self {
        match json {
            Json::Null => Self::Nothing,
            Json::Bool(truth) => Self::Truth(*truth),
            Json::Number(text) => Self::Number(text.to_string()),
            Json::String(text) => Self::Text(text.to_string()),
            Json::Array(elements) => Self::List(elements.iter().map(Self::from_json).collect()),
            Json::Object(_) if json.get(FILE_DIGEST).is_some() => {
                let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
                Self::File(FileDatum {
                    filename: text("filename").unwrap_or_default(),
                    content_type: text("content_type").unwrap_or_default(),
                    sha256: text(FILE_DIGEST),
                    url: None,
                })
            }
            Json::Object(members) => Self::Map(
                members
                    .iter()
                    .map(|(name, value)| (name.to_string(), Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// The value as JSON; `file` says what a file becomes.
    pub fn to_json(&self, file: &mut impl FnMut(&FileDatum) -> Json<'static>) -> Json<'static> {
        match self {
            Self::Nothing => Json::Null,
            Self::Truth(truth) => Json::Bool(*truth),
            Self::Number(text) => {
                Json::number(text.clone()).unwrap_or_else(|| Json::from(text.clone()))
            }
            Self::File(reference) => file(reference),
            Self::List(elements) => {
                Json::Array(elements.iter().map(|element| element.to_json(file)).collect())
            }
            Self::Map(members) => Json::object(
                members.iter().map(|(name, value)| (name.clone(), value.to_json(file))),
            ),
            Self::Moment(moment) => Json::from(moment.to_rfc3339_opts(SecondsFormat::Secs, false)),
            Self::Decimal(_) | Self::Text(_) | Self::Day(_) => Json::from(self.written()),
        }
    }

    /// How it stands in a text: as Django writes it, and nothing for nothing.
    pub fn written(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Truth(true) => "True".to_owned(),
            Self::Truth(false) => "False".to_owned(),
            Self::Number(text) | Self::Text(text) => text.clone(),
            Self::Decimal(decimal) => decimal.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Moment(moment) => moment.format("%Y-%m-%d %H:%M").to_string(),
            Self::File(file) => file.filename.clone(),
            Self::List(_) | Self::Map(_) => {
                self.to_json(&mut |file| Json::from(file.filename.clone())).to_json()
            }
        }
    }

    /// Whether it counts as true, as Python sees it.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Truth(truth) => *truth,
            Self::Number(text) => number::canonical(text) != "0",
            Self::Decimal(decimal) => !decimal.is_zero(),
            Self::Text(text) => !text.is_empty(),
            Self::Day(_) | Self::Moment(_) | Self::File(_) => true,
            Self::List(elements) => !elements.is_empty(),
            Self::Map(members) => !members.is_empty(),
        }
    }

    /// The number that it is, or that its text says.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Truth(truth) => Some(Decimal::from(u8::from(*truth))),
            Self::Decimal(decimal) => Some(*decimal),
            Self::Number(text) | Self::Text(text) => decimal_of(text),
            _ => None,
        }
    }

    /// What stands under a name or at a place: Django's `value.name`.
    pub fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Map(members) => {
                members.iter().find(|(member, _)| member == name).map(|(_, value)| value.clone())
            }
            Self::List(elements) => elements.get(name.parse::<usize>().ok()?).cloned(),
            Self::Text(text) => {
                let letter = text.chars().nth(name.parse::<usize>().ok()?)?;
                Some(Self::text(letter))
            }
            Self::File(file) => match name {
                "filename" | "base_filename" => Some(Self::text(&file.filename)),
                "content_type" => Some(Self::text(&file.content_type)),
                "url" => file.url.as_ref().map(Self::text),
                _ => None,
            },
            Self::Day(day) => calendar(name, &day.format("%Y-%m-%d").to_string()),
            Self::Moment(moment) => calendar(name, &moment.format("%Y-%m-%d").to_string()),
            _ => None,
        }
    }

    /// About how many bytes it takes, the inside of lists included.
    pub(super) fn size(&self) -> usize {
        const ENTRY: usize = 32;
        ENTRY
            + match self {
                Self::Number(text) | Self::Text(text) => text.len(),
                Self::List(elements) => elements.iter().map(Self::size).sum(),
                Self::Map(members) => {
                    members.iter().map(|(name, value)| name.len() + value.size()).sum()
                }
                _ => 0,
            }
    }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The number that a text says: digits with at most one point or comma, blanks around them.
pub(super) fn decimal_of(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let is_plain = text.bytes().any(|byte| byte.is_ascii_digit());
    if !is_plain || text.contains('_') {
        return None;
    }
    let text = text.replace(',', ".");
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

/// The year, month or day of a date in ISO 8601.
fn calendar(name: &str, date: &str) -> Option<Datum> {
    let mut parts = date.splitn(3, '-');
    let place = ["year", "month", "day"].iter().position(|part| *part == name)?;
    let part: i128 = parts.nth(place)?.parse().ok()?;
    Some(Datum::whole(part))
}
