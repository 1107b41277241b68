//! What is sent to the API: submissions, edits, imports of cards, what triggers and hooks are given.
//!
//! w.c.s. takes nearly everything and says nothing: unknown keys are dropped, what cannot be read
//! becomes nothing, what is required is not asked for. Here the same is taken, and each such mercy is a
//! [`Warning`]. Who wants to be told calls strictly, and is refused where there is one.

mod answers;
mod cards;
mod case_rows;
mod csv;
mod files;
mod scalars;
mod sent;
mod submit;
mod typed;

use fieldpost_model::json::Value;
use fieldpost_model::submission::{AnswerValue, Position};

pub use cards::{Card, Cards, cards_csv, cards_json};
pub use case_rows::{CaseRow, CaseRows, case_rows_csv, case_rows_json};
pub use files::SentFile;
pub use sent::{Sent, hook, put_file, trigger};
pub use submit::{BadBody, Edited, Submitted, UserClaim, check_content_type, edit, submit};
pub use typed::typed;

pub(crate) use files::{Names, base_name};
pub(crate) use submit::{answers, claim};

/// A position as it is sent: an object, or `lat;lon` of old.
pub(crate) fn position(value: &Value<'_>) -> Option<Position> {
    let (scalars::Read::Plain(answer) | scalars::Read::Converted(answer)) =
        scalars::position(value)
    else {
        return None;
    };
    match answer.value {
        AnswerValue::Geometry(place) => place.positions.into_iter().next(),
        _ => None,
    }
}

/// How many warnings one body has at most.
const MOST_WARNINGS: usize = 100;
/// How much of a wrong value a warning shows, in characters.
const MOST_SHOWN: usize = 60;

fieldpost_model::names! {
    /// What was amiss with something that was taken all the same.
    pub enum WarningCode {
        /// The form has no field of that name; what stands there is dropped.
        UnknownKey = "unknown-key",
        /// Cases have a tie or a file of that name, which no import brings; what stands there is dropped.
        TieOrFile = "tie-or-file",
        /// An answer is required, and there is none.
        Required = "required",
        /// It was written in an unusual way, and understood.
        Converted = "converted",
        /// It is no text; dropped.
        NotAText = "not-a-text",
        /// It is neither true nor false; dropped.
        NotABoolean = "not-a-boolean",
        /// It is no number; dropped.
        NotANumber = "not-a-number",
        /// It is no day; dropped.
        NotADate = "not-a-date",
        /// It is no mail address; kept.
        NotAnAddress = "not-an-address",
        /// It is no position on earth; dropped.
        NotAPosition = "not-a-position",
        /// It is no id of an item; dropped.
        NotAChoice = "not-a-choice",
        /// It is no list; dropped.
        NotAList = "not-a-list",
        /// The list of the field has no such item; kept.
        UnknownItem = "unknown-item",
        /// It is no file; dropped.
        NotAFile = "not-a-file",
        /// The content of the file is no Base64; dropped.
        BadBase64 = "bad-base64",
        /// The file has no content; dropped, or left as it is.
        FileWithoutContent = "file-without-content",
        /// Another file of the submission has the name already; the file has a new one.
        FileRenamed = "file-renamed",
        /// It is no list of objects; dropped.
        NotABlock = "not-a-block",
        /// It is no list of rows; dropped.
        NotATable = "not-a-table",
        /// There is no such channel; it counts as sent by the web.
        UnknownChannel = "unknown-channel",
    }
}

/// Something that was amiss and was taken all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What was amiss.
    pub code: WarningCode,
    /// Where: a key, `people[0].first` inside a block.
    pub field: String,
    /// The beginning of what stood there, where that is a plain value.
    pub value: Option<String>,
}

impl Warning {
    /// A sentence for whoever sent it.
    pub fn text(&self) -> String {
        let field = &self.field;
        match self.code {
            WarningCode::UnknownKey => {
                format!("The form has no field {field}; what was sent under it is not kept.")
            }
            WarningCode::TieOrFile => format!(
                "So far {field} is a tie to other cases or a file: forms and the API of cases bring these, and what \
                 was sent is not kept. A property needs another name."
            ),
            WarningCode::Required => format!("The field {field} is required and has no answer."),
            WarningCode::Converted => {
                format!("The field {field} was written in an unusual way; it was converted.")
            }
            WarningCode::NotAText => self.dropped("a text"),
            WarningCode::NotABoolean => self.dropped("true or false"),
            WarningCode::NotANumber => self.dropped("a number"),
            WarningCode::NotADate => self.dropped("a day such as 2026-11-23"),
            WarningCode::NotAnAddress => {
                format!("The field {field} wants a mail address; what was sent is kept.")
            }
            WarningCode::NotAPosition => {
                self.dropped("a position such as {\"lat\": 48.85, \"lon\": 2.35}")
            }
            WarningCode::NotAChoice => self.dropped("the id of an item"),
            WarningCode::NotAList => self.dropped("a list of ids"),
            WarningCode::UnknownItem => {
                format!("The field {field} has no such item; what was sent is kept.")
            }
            WarningCode::NotAFile => self.dropped("a file: {\"filename\": …, \"content\": …}"),
            WarningCode::BadBase64 => self.dropped("a file whose content is Base64"),
            WarningCode::FileWithoutContent => {
                format!("The file of the field {field} has no content; it is not kept.")
            }
            WarningCode::FileRenamed => format!(
                "The file of the field {field} has the name of another one; it was given a new name."
            ),
            WarningCode::NotABlock => self.dropped("a list of objects"),
            WarningCode::NotATable => self.dropped("a list of rows"),
            WarningCode::UnknownChannel => {
                format!("There is no channel of the name that stands in {field}; web is taken.")
            }
        }
    }

    fn dropped(&self, wanted: &str) -> String {
        format!("The field {} wants {wanted}; what was sent is not kept.", self.field)
    }

    /// The warning as an answer has it.
    pub fn to_value(&self) -> Value<'static> {
        let value = self.value.clone().map(|value| ("value", Value::from(value)));
        Value::object(
            [
                ("code", Value::from(self.code.name())),
                ("field", Value::from(self.field.clone())),
                ("text", Value::from(self.text())),
            ]
            .into_iter()
            .chain(value),
        )
    }
}

/// Warnings as an answer has them.
pub fn warnings_value(warnings: &[Warning]) -> Value<'static> {
    Value::Array(warnings.iter().map(Warning::to_value).collect())
}

/// Warnings under way.
#[derive(Debug, Default)]
struct Warnings(Vec<Warning>);

impl Warnings {
    fn add(&mut self, code: WarningCode, field: &str, value: Option<&Value<'_>>) {
        if self.0.len() < MOST_WARNINGS {
            let value = value.and_then(shown);
            self.0.push(Warning { code, field: field.to_owned(), value });
        }
    }
}

fn shown(value: &Value<'_>) -> Option<String> {
    let text = match value {
        Value::String(text) => text.to_string(),
        Value::Number(_) | Value::Bool(_) => value.to_json(),
        _ => return None,
    };
    match text.char_indices().nth(MOST_SHOWN) {
        Some((place, _)) => Some(format!("{}…", text.get(..place).unwrap_or_default())),
        None => Some(text),
    }
}
