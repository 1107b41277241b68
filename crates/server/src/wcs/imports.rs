//! Imports of cards: `PUT /api/cards/<slug>/import-csv` and `…/import-json`.
//!
//! ```text
//!   body ──► rows ──► of a form: a submission each        ──► what became of it ──► the audit log
//!                 └─► of cases: one form of the hub's own                             (`/api/jobs/<id>/`)
//! ```
//!
//! What is imported is taken in as messages are: when this answers, it is committed, and forwarders and workflows
//! see it. So an import that is asked for with `async=on` is done when its job is named. Rows that are there already
//! as they are change nothing, so an import that broke off can be sent again.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fieldpost_dialects::wcs::read::{Warning, WarningCode, warnings_value};
use fieldpost_engine::Note;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_rules::wcs::caller::{ActsFor, Proof};
use fieldpost_rules::wcs::{Parameters, Refusal};
use fieldpost_store::Who;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer::{Turned, json};
use super::endpoint::ImportFormat;
use super::{Asked, cards, forms, import_cases, import_forms, submit};
use crate::client_address::ClientAddress;

/// What the audit log calls an import.
pub(super) const IMPORTED: &str = "cards.imported";
/// Rows that were refused, and warnings, which are told of one by one; of the others only how many there were.
const MOST_TOLD: usize = 20;
/// Who may bring cases, for somebody who may not.
const WHO_BRINGS_CASES: &str = "cards that are cases are brought by a signed address whose key has no roles and whose \
                                query names nobody (neither email= nor NameID=), or by a session or token of somebody \
                                who may administer the project; roles do not suffice";
/// Who may bring submissions of a form, for somebody who may not.
const WHO_BRINGS_SUBMISSIONS: &str = "cards of a form are brought by who has one of its submission_roles, by a signed \
                                      address whose key has no roles and whose query names nobody, or by a session or \
                                      token of somebody who may administer the project";

/// What is done with cards that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modes {
    /// Whether those that the import names are changed.
    pub(super) updates: bool,
    /// Whether those that it does not name go.
    pub(super) deletes: bool,
}

impl Modes {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let mode = |name: &str, [no, yes]: [&str; 2], usual: bool| {
            let said = parameters.one(name)?.filter(|said| !said.is_empty());
            match said {
                None => Ok(usual),
                Some(said) if said == no => Ok(false),
                Some(said) if said == yes => Ok(true),
                Some(said) => {
                    Err(Refusal::invalid(format!("Invalid value \"{said}\" for \"{name}\".")))
                }
            }
        };
        Ok(Self {
            updates: mode("update-mode", ["skip", "update"], true)?,
            deletes: mode("delete-mode", ["keep", "delete"], false)?,
        })
    }
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Imported {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) skipped: usize,
    pub(super) deleted: usize,
    /// The rows that were not taken.
    pub(super) refused: Vec<RefusedRow>,
    /// What was amiss; of much the beginning.
    pub(super) warnings: Vec<Warning>,
    /// How much was amiss.
    pub(super) warned: usize,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RefusedRow {
    /// Its place, counted from 1.
    pub(super) row: usize,
    /// The reason, for programs.
    pub(super) code: &'static str,
    /// The reason, for people. It may say what was answered.
    pub(super) text: String,
}

impl Imported {
    /// What whoever sent it is told.
    fn to_value(&self) -> Value<'static> {
        let warnings = self.warnings.get(..MOST_TOLD).unwrap_or(&self.warnings);
        let refused = |refused: &RefusedRow| {
            let text = Value::from(refused.text.clone());
            Value::object([("row", number(refused.row)), ("text", text)])
        };
        self.told(refused, warnings_value(warnings))
    }

    /// What is kept of it, and told by its job: nothing that was answered. What stands in the place of a field that
    /// there is not may be an answer too, in a sheet without headings.
    fn to_note(&self) -> Value<'static> {
        let warning = |warning: &Warning| {
            let is_known = warning.code != WarningCode::UnknownKey;
            let field = is_known.then(|| ("field", Value::from(warning.field.clone())));
            Value::object(std::iter::once(("code", Value::from(warning.code.name()))).chain(field))
        };
        let refused = |refused: &RefusedRow| {
            Value::object([("row", number(refused.row)), ("code", Value::from(refused.code))])
        };
        let warnings = self.warnings.iter().take(MOST_TOLD).map(warning);
        self.told(refused, Value::Array(warnings.collect()))
    }

    fn told(
        &self,
        refused: impl Fn(&RefusedRow) -> Value<'static>,
        warnings: Value<'static>,
    ) -> Value<'static> {
        let mut members = vec![
            ("created", number(self.created)),
            ("updated", number(self.updated)),
            ("skipped", number(self.skipped)),
            ("deleted", number(self.deleted)),
        ];
        if !self.refused.is_empty() {
            let told = self.refused.iter().take(MOST_TOLD).map(refused).collect();
            members.push(("refused", Value::Array(told)));
        }
        if self.warned > 0 {
            members.extend([("warned", number(self.warned)), ("warnings", warnings)]);
        }
        Value::object(members)
    }
}

fn number(count: usize) -> Value<'static> {
    Value::from(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Takes in an import.
pub(super) async fn answer(
    asked: &Asked,
    form: &str,
    format: ImportFormat,
    sent: Body,
) -> Result<Response, Turned> {
    forms::require_somebody(&asked.admitted.caller())?;
    let parameters = &asked.admitted.parameters;
    let modes = Modes::read(parameters)?;
    let kind = cards::find_or_new(asked, form).await?;
    may_import(asked, kind.is_tracked.then_some(&*kind.definition))?;
    let bytes = content(submit::bytes(asked, sent).await?)?;
    check_format(format, &bytes)?;
    let imported = if kind.is_tracked {
        import_forms::run(asked, &kind, format, &bytes, modes).await?
    } else {
        import_cases::run(asked, &kind.definition, format, &bytes, modes).await?
    };
    let job = note(asked, form, &imported).await;
    if !parameters.switch("async", false) {
        return Ok(json(&good(imported.to_value())));
    }
    let id = job.ok_or_else(|| {
        fieldpost_store::StoreError::Unavailable(
            "the import is done, but could not be noted as a job".to_owned(),
        )
    })?;
    let project = utf8_percent_encode(asked.project(), NON_ALPHANUMERIC);
    let url = asked.app.link(&format!("/p/{project}/api/jobs/{id}/"));
    let job = Value::object([("id", Value::from(id.to_string())), ("url", Value::from(url))]);
    Ok(json(&good(Value::object([("job", job)]))))
}

fn good(data: Value<'static>) -> Value<'static> {
    Value::object([("err", Value::from(0_i64)), ("data", data)])
}

/// Whether the caller may bring cards: who runs the project may, and a key that signs for nobody in particular. Cards
/// of a form can be brought by those who may fill it in for others as well; cases have no form that says who they are.
pub(super) fn may_import(
    asked: &Asked,
    definition: Option<&FormDefinition>,
) -> Result<(), Refusal> {
    let caller = asked.admitted.caller();
    caller.require_unrestricted()?;
    if definition.is_some_and(|definition| definition.disabled) {
        return Err(Refusal::denied("Disabled form."));
    }
    let is_trusted =
        caller.acts_for == ActsFor::Itself && matches!(caller.proof, Proof::Signature(_));
    let roles = definition.map_or(&[][..], |definition| &definition.submission_roles);
    if is_trusted
        || caller.is_administrator()
        || caller.has_one_of(roles.iter().map(String::as_str))
    {
        return Ok(());
    }
    let text = match caller.acts_for {
        ActsFor::Itself | ActsFor::Unknown => "User not authenticated.",
        _ => "Unsufficient roles.",
    };
    let hint = if definition.is_some() { WHO_BRINGS_SUBMISSIONS } else { WHO_BRINGS_CASES };
    Err(Refusal::denied(text).hint(hint))
}

/// What is imported: the body, or the file that stands in it as Base64.
fn content(body: Bytes) -> Result<Bytes, Refusal> {
    let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let Some(value) = is_object.then(|| Value::parse(&body).ok()).flatten() else {
        return Ok(body);
    };
    let Some(file) = value.get("file") else { return Ok(body) };
    let text = file.get("content").and_then(Value::as_str);
    let text: Option<String> = text.map(|text| text.split_whitespace().collect());
    let decoded = text.and_then(|text| STANDARD.decode(text).ok());
    let bad = || Refusal::invalid_format("The file has no content in Base64.");
    Ok(decoded.ok_or_else(bad)?.into())
}

/// Refuses the one format at the address of the other: what is read as the wrong one would say something else.
fn check_format(format: ImportFormat, bytes: &[u8]) -> Result<(), Refusal> {
    let begins_as_json =
        bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|it| b"{[".contains(it));
    match format {
        ImportFormat::Csv if begins_as_json && Value::parse(bytes).is_ok() => {
            Err(Refusal::invalid("This is JSON: import-csv takes CSV, import-json takes JSON."))
        }
        ImportFormat::Json if !begins_as_json => Err(Refusal::invalid(
            "This is no JSON object: import-json takes {\"data\": [document, …]}, import-csv takes CSV.",
        )),
        ImportFormat::Csv | ImportFormat::Json => Ok(()),
    }
}

/// The JSON of an import.
pub(super) fn parsed(bytes: &[u8]) -> Result<Value<'_>, Refusal> {
    Value::parse(bytes).map_err(|error| Refusal::invalid_format(format!("Invalid JSON: {error}.")))
}

/// The text of an import.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes)
        .map_err(|_| Refusal::invalid_format("Invalid CSV: it is no text in UTF-8."))
}

/// Refuses an import that has no rows, or more than are taken.
pub(super) fn check_rows(asked: &Asked, rows: usize) -> Result<(), Refusal> {
    let most = asked.app.settings.max_imported_cards;
    match rows {
        0 => Err(Refusal::invalid_format("There are no rows.")),
        rows if rows > most => Err(Refusal::invalid_format(format!(
            "There are {rows} rows: up to {most} are taken at once."
        ))),
        _ => Ok(()),
    }
}

/// Whom the call is from, as jobs remember it: nobody else may ask for them.
pub(super) fn owner(asked: &Asked) -> String {
    let caller = asked.admitted.caller();
    match (caller.key(), caller.user()) {
        (_, Some(user)) => format!("user:{}", user.id),
        (Some(key), None) => format!("key:{}", key.name),
        (None, None) => String::new(),
    }
}

/// Whom the call is from, for people.
pub(super) fn who(asked: &Asked) -> Who {
    let caller = asked.admitted.caller();
    let (kind, name) = match (caller.user(), caller.key()) {
        (Some(user), _) => ("user", user.name.clone()),
        (None, Some(key)) => ("key", key.name.clone()),
        (None, None) => ("nobody", String::new()),
    };
    Who { kind: kind.to_owned(), name, id: None }
}

/// Writes the import into the audit log, which is all that is kept of a job.
async fn note(asked: &Asked, form: &str, imported: &Imported) -> Option<uuid::Uuid> {
    let detail = Value::object([
        ("owner", Value::from(owner(asked))),
        ("result", imported.to_note()),
        ("refused", number(imported.refused.len())),
    ]);
    let note = Note {
        project: Some(asked.project().to_owned()),
        who: who(asked),
        action: IMPORTED.to_owned(),
        target: Some(form.to_owned()),
        detail: detail.to_json(),
        address: asked.parts.extensions.get::<ClientAddress>().map(|client| client.0),
    };
    asked.app.hub.note(note).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_can_stand_in_the_body() {
        let read = |body: &str| content(Bytes::from(body.to_owned()));
        assert_eq!(read("a,b\n1,2\n").unwrap(), "a,b\n1,2\n");
        assert_eq!(read(r#"{"data": []}"#).unwrap(), r#"{"data": []}"#);
        assert_eq!(read(r#"{"file": {"content": "YSxiCg=="}}"#).unwrap(), "a,b\n");
        for wrong in [r#"{"file": {}}"#, r#"{"file": {"content": "%"}}"#, r#"{"file": "YQ=="}"#] {
            assert_eq!(read(wrong).unwrap_err().code, "invalid-format", "{wrong}");
        }
    }

    #[test]
    fn modes_are_named() {
        let read = |query: &str| Modes::read(&Parameters::of_query(query));
        let modes = |updates, deletes| Ok(Modes { updates, deletes });
        assert_eq!(read(""), modes(true, false));
        assert_eq!(read("update-mode=skip&delete-mode=delete"), modes(false, true));
        assert_eq!(read("update-mode=update&delete-mode=keep"), modes(true, false));
        let refusal = read("delete-mode=all").unwrap_err();
        assert_eq!(refusal.description, "Invalid value \"all\" for \"delete-mode\".");
    }
}
