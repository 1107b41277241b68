//! What a lifecycle is to be told: written with the submission in one transaction, read by whoever goes on
//! from there. JSON that this file alone writes and reads.

use fieldpost_model::json::Value;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::Origin;
use fieldpost_rules::lifecycle::Caller;
use uuid::Uuid;

/// What happened to a submission, of which its lifecycle does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It came in.
    Came(Box<Came>),
    /// Its answers were changed.
    Edited {
        /// Who did it.
        caller: Caller,
        /// The action that allows it; `None`: the first that does, or whatever another system sends.
        action: Option<String>,
        /// What was said of the lifecycle's own fields, as the API was sent it: those that it does not name stay as
        /// they are when it is told, whatever has happened until then.
        backoffice_values: Option<Value<'static>>,
    },
}

/// How a submission came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    /// The stable id that documents name it by; made where it is empty.
    pub(crate) uuid: Option<Uuid>,
    /// Whether it is only begun.
    pub(crate) is_draft: bool,
    /// Who sent it.
    pub(crate) caller: Caller,
    /// Whose it is.
    pub(crate) user: Option<UserReference>,
    /// The way that it took.
    pub(crate) origin: Origin,
    /// What was sent for the lifecycle's own fields.
    pub(crate) backoffice_values: Option<Value<'static>>,
}

impl Told {
    /// What any other system sends: nobody is known, and it is as if the web had been filled in.
    pub(crate) fn by_another_system(is_edit: bool) -> Self {
        if is_edit {
            Self::Edited { caller: Caller::nobody(), action: None, backoffice_values: None }
        } else {
            Self::Came(Box::default())
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let value = match self {
            Self::Came(came) => Value::object([
                ("kind", Value::from("came")),
                ("uuid", came.uuid.map_or(Value::Null, |uuid| Value::from(uuid.to_string()))),
                ("is_draft", Value::Bool(came.is_draft)),
                ("caller", caller_value(&came.caller)),
                ("user", came.user.as_ref().map_or(Value::Null, UserReference::to_value)),
                ("origin", came.origin.to_value()),
                ("backoffice_values", came.backoffice_values.clone().unwrap_or(Value::Null)),
            ]),
            Self::Edited { caller, action, backoffice_values } => Value::object([
                ("kind", Value::from("edited")),
                ("caller", caller_value(caller)),
                ("action", action.clone().map_or(Value::Null, Value::from)),
                ("backoffice_values", backoffice_values.clone().unwrap_or(Value::Null)),
            ]),
        };
        value.to_json()
    }

    /// What a later version wrote and this one does not know counts as sent by another system.
    pub(crate) fn read(text: &str, is_edit: bool) -> Self {
        let read = || {
            let value = Value::parse(text.as_bytes()).ok()?;
            let caller = read_caller(value.get("caller")?)?;
            let backoffice_values = given(value.get("backoffice_values"));
            match value.get("kind")?.as_str()? {
                "came" => Some(Self::Came(Box::new(Came {
                    uuid: text_of(&value, "uuid").and_then(|uuid| Uuid::try_parse(&uuid).ok()),
                    is_draft: value.get("is_draft")?.as_bool()?,
                    caller,
                    user: value.get("user").and_then(UserReference::from_value),
                    origin: Origin::from_value(value.get("origin")?)?,
                    backoffice_values,
                }))),
                "edited" => Some(Self::Edited {
                    caller,
                    action: text_of(&value, "action"),
                    backoffice_values,
                }),
                _ => None,
            }
        };
        read().unwrap_or_else(|| Self::by_another_system(is_edit))
    }
}

fn given(value: Option<&Value<'_>>) -> Option<Value<'static>> {
    value.filter(|value| !value.is_null()).map(|value| value.clone().into_owned())
}

fn text_of(value: &Value<'_>, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn texts(texts: &[String]) -> Value<'static> {
    Value::Array(texts.iter().map(|text| Value::from(text.clone())).collect())
}

fn read_texts(value: Option<&Value<'_>>) -> Vec<String> {
    let values = value.and_then(Value::as_array).unwrap_or_default().iter();
    values.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn caller_value(caller: &Caller) -> Value<'static> {
    Value::object([
        ("user", caller.user.as_ref().map_or(Value::Null, UserReference::to_value)),
        ("roles", texts(&caller.roles)),
        ("is_signed", Value::Bool(caller.is_signed)),
        ("is_submitter", Value::Bool(caller.is_submitter)),
    ])
}

fn read_caller(value: &Value<'_>) -> Option<Caller> {
    Some(Caller {
        user: value.get("user").and_then(UserReference::from_value),
        roles: read_texts(value.get("roles")),
        is_signed: value.get("is_signed")?.as_bool()?,
        is_submitter: value.get("is_submitter")?.as_bool()?,
    })
}

#[cfg(test)]
mod tests {
    use fieldpost_model::progress::{Channel, Parent};

    use super::*;

    fn somebody() -> UserReference {
        UserReference {
            number: 7,
            name: "Ada".to_owned(),
            email: Some("ada@example.org".to_owned()),
            name_ids: vec!["0123".to_owned()],
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let caller = Caller {
            user: Some(somebody()),
            roles: vec!["agents".to_owned()],
            is_signed: true,
            is_submitter: false,
        };
        let came = Came {
            uuid: Some(Uuid::from_u128(5)),
            is_draft: true,
            caller: caller.clone(),
            user: Some(UserReference { email: None, ..somebody() }),
            origin: Origin {
                channel: Channel::Phone,
                is_backoffice: true,
                agent: Some(somebody()),
                parent: Some(Parent { form: "request".to_owned(), number: 3 }),
                context: Some(Value::object([("comments", Value::from("x"))])),
            },
            backoffice_values: Some(Value::object([("note", Value::from("y"))])),
        };
        for told in [
            Told::Came(Box::new(came)),
            Told::Came(Box::default()),
            Told::Edited { caller, action: Some("3".to_owned()), backoffice_values: None },
            Told::by_another_system(true),
        ] {
            assert_eq!(Told::read(&told.to_json(), false), told);
        }
    }

    #[test]
    fn what_nobody_knows_counts_as_sent_by_another_system() {
        for text in
            ["", "{}", r#"{"kind":"dreamt","caller":{"is_signed":true,"is_submitter":true}}"#]
        {
            for is_edit in [false, true] {
                assert_eq!(Told::read(text, is_edit), Told::by_another_system(is_edit), "{text}");
            }
        }
    }
}
