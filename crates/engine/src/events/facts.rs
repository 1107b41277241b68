//! The facts of an event, as they are kept with its deliveries: JSON that this file alone writes and
//! reads. What a later version does not find there it can do without.

use fieldpost_model::case::Case;
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{read_case, write_case};
use uuid::Uuid;

use crate::filing::{FiledForm, Touched};

/// Where a form lies that was taken in, and what its document does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormFacts {
    /// The submission that it is.
    pub(crate) submission: Uuid,
    /// Which version of it.
    pub(crate) version: i64,
    /// Its place among those of its message.
    pub(crate) place: usize,
    /// What its document is read as.
    pub(crate) dialect: Dialect,
    /// What it is called.
    pub(crate) id: String,
    /// The name of its form.
    pub(crate) form: String,
    /// The id of its form, as it was sent.
    pub(crate) form_id: Option<String>,
    /// The namespace of its form.
    pub(crate) xmlns: Option<String>,
    /// The application that it was filled in with.
    pub(crate) application: Option<String>,
    /// The build of it.
    pub(crate) build: Option<String>,
    /// When its first version came in.
    pub(crate) received_at: Timestamp,
    /// When this one did, where it is not the first.
    pub(crate) edited_at: Option<Timestamp>,
    /// The cases that it touches.
    pub(crate) case_ids: Vec<String>,
    /// Whether a device posted it.
    pub(crate) is_from_device: bool,
}

/// The state of a case after a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaseFacts {
    /// The state. Of the forms that touched it at most the first ones are named: they are those of its
    /// history, up to this one.
    pub(crate) case: Case,
    /// The form, by the id that histories have.
    pub(crate) form: String,
    /// Whether it made the case.
    pub(crate) is_new: bool,
}

/// An application that was saved or built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApplicationFacts {
    /// What is told: the id of the application, or of the build.
    pub(crate) id: String,
    /// The application.
    pub(crate) application: Option<String>,
    /// The build, where it was built.
    pub(crate) build: Option<String>,
    /// The name of the form that was saved.
    pub(crate) form: String,
    /// When.
    pub(crate) saved_at: Timestamp,
}

impl FormFacts {
    pub(crate) fn of(form: &FiledForm) -> Self {
        Self {
            submission: form.submission,
            version: form.version,
            place: form.place,
            dialect: form.dialect,
            id: form.id(),
            form: form.form.clone(),
            form_id: form.filled.form.id.clone(),
            xmlns: form.filled.form.xmlns.clone(),
            application: form.application.clone(),
            build: form.filled.form.build.clone(),
            received_at: form.received_at,
            edited_at: form.edited_at,
            case_ids: form.case_ids.clone(),
            is_from_device: form.is_from_device,
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let place = u64::try_from(self.place).unwrap_or(u64::MAX);
        let case_ids = self.case_ids.iter().map(|id| Value::from(id.as_str())).collect();
        Value::object([
            ("submission", Value::from(self.submission.to_string())),
            ("version", Value::from(self.version)),
            ("place", Value::from(place)),
            ("dialect", Value::from(self.dialect.name())),
            ("id", Value::from(self.id.as_str())),
            ("form", Value::from(self.form.as_str())),
            ("form_id", optional(self.form_id.as_deref())),
            ("xmlns", optional(self.xmlns.as_deref())),
            ("application", optional(self.application.as_deref())),
            ("build", optional(self.build.as_deref())),
            ("received_at", Value::from(self.received_at.0)),
            ("edited_at", self.edited_at.map_or(Value::Null, |at| Value::from(at.0))),
            ("case_ids", Value::Array(case_ids)),
            ("is_from_device", Value::from(self.is_from_device)),
        ])
        .to_json()
    }

    /// The error is a sentence.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let read = || {
            let value = Value::parse(text.as_bytes()).ok()?;
            let case_ids = value.get("case_ids")?.as_array()?.iter();
            Some(Self {
                submission: Uuid::try_parse(value.get("submission")?.as_str()?).ok()?,
                version: number(&value, "version")?,
                place: number(&value, "place")?,
                dialect: Dialect::from_name(value.get("dialect")?.as_str()?)?,
                id: text_of(&value, "id")?,
                form: text_of(&value, "form")?,
                form_id: text_of(&value, "form_id"),
                xmlns: text_of(&value, "xmlns"),
                application: text_of(&value, "application"),
                build: text_of(&value, "build"),
                received_at: Timestamp(number(&value, "received_at")?),
                edited_at: number(&value, "edited_at").map(Timestamp),
                case_ids: case_ids.filter_map(|id| Some(id.as_str()?.to_owned())).collect(),
                is_from_device: value.get("is_from_device")?.as_bool()?,
            })
        };
        read().ok_or_else(unreadable)
    }
}

impl CaseFacts {
    pub(crate) fn of(touched: &Touched, is_new: bool) -> Self {
        let case = Case { forms: Vec::new(), ..touched.case.clone() };
        Self { case, form: touched.form_id.clone(), is_new }
    }

    pub(crate) fn to_json(&self) -> String {
        Value::object([
            ("form", Value::from(self.form.as_str())),
            ("is_new", Value::from(self.is_new)),
            ("case", Value::from(write_case(&self.case))),
        ])
        .to_json()
    }

    /// The error is a sentence.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let read = || {
            let value = Value::parse(text.as_bytes()).ok()?;
            Some(Self {
                case: read_case(value.get("case")?.as_str()?).ok()?,
                form: text_of(&value, "form")?,
                is_new: value.get("is_new")?.as_bool()?,
            })
        };
        read().ok_or_else(unreadable)
    }
}

impl ApplicationFacts {
    /// What is told when a form is saved: the build that publishes it, else its application, else the
    /// form itself.
    pub(crate) fn saved(
        form: &str,
        form_id: Option<&str>,
        application: Option<&str>,
        build: Option<&str>,
        saved_at: Timestamp,
    ) -> Self {
        Self {
            id: build.or(application).or(form_id).unwrap_or(form).to_owned(),
            application: application.map(str::to_owned),
            build: build.map(str::to_owned),
            form: form.to_owned(),
            saved_at,
        }
    }

    /// The facts as filters see them.
    pub(crate) fn view(&self) -> Value<'_> {
        Value::object([
            ("id", Value::from(self.id.as_str())),
            ("application", optional(self.application.as_deref())),
            ("build", optional(self.build.as_deref())),
            ("form", Value::from(self.form.as_str())),
            ("saved_at", Value::from(self.saved_at.0)),
        ])
    }

    pub(crate) fn to_json(&self) -> String {
        self.view().to_json()
    }

    /// The error is a sentence.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let read = || {
            let value = Value::parse(text.as_bytes()).ok()?;
            Some(Self {
                id: text_of(&value, "id")?,
                application: text_of(&value, "application"),
                build: text_of(&value, "build"),
                form: text_of(&value, "form")?,
                saved_at: Timestamp(number(&value, "saved_at")?),
            })
        };
        read().ok_or_else(unreadable)
    }
}

fn unreadable() -> String {
    "What is kept of the event cannot be read: another version of Fieldpost wrote it. Replay its \
     message."
        .to_owned()
}

fn optional(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::from)
}

fn text_of(value: &Value<'_>, name: &str) -> Option<String> {
    Some(value.get(name)?.as_str()?.to_owned())
}

fn number<N: std::str::FromStr>(value: &Value<'_>, name: &str) -> Option<N> {
    value.get(name)?.as_number()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_they_were_written() {
        let form = FormFacts {
            submission: Uuid::from_u128(7),
            version: 3,
            place: 1,
            dialect: Dialect::Commcare,
            id: "uuid:1".to_owned(),
            form: "births".to_owned(),
            form_id: None,
            xmlns: Some("http://form".to_owned()),
            application: Some("app".to_owned()),
            build: None,
            received_at: Timestamp(1),
            edited_at: Some(Timestamp(2)),
            case_ids: vec!["c1".to_owned(), "c\"2".to_owned()],
            is_from_device: true,
        };
        assert_eq!(FormFacts::read(&form.to_json()), Ok(form.clone()));
        let first = FormFacts { edited_at: None, case_ids: Vec::new(), application: None, ..form };
        assert_eq!(FormFacts::read(&first.to_json()), Ok(first));
        let mut case = Case::new("c1");
        case.properties.insert("weight".to_owned(), "4.1".to_owned());
        let case = CaseFacts { case, form: "f1".to_owned(), is_new: true };
        assert_eq!(CaseFacts::read(&case.to_json()), Ok(case));
        let application = ApplicationFacts {
            id: "b1".to_owned(),
            application: Some("a1".to_owned()),
            build: Some("b1".to_owned()),
            form: "births".to_owned(),
            saved_at: Timestamp(5),
        };
        assert_eq!(ApplicationFacts::read(&application.to_json()), Ok(application));
        for text in ["", "{}", "[]", r#"{"case": "{}"}"#] {
            assert!(FormFacts::read(text).is_err());
            assert!(CaseFacts::read(text).is_err());
            assert!(ApplicationFacts::read(text).is_err());
        }
    }
}
