//! Who did something, and the way that a submission took, as JSON and back: for everything that keeps them beside
//! something else. What is empty is left out; what is wrong is not read at all.

use super::{Channel, Origin, Parent};
use crate::json::Value;
use crate::person::UserReference;

impl UserReference {
    /// An object with all that is known of them.
    pub fn to_value(&self) -> Value<'static> {
        let names = self.name_ids.iter().map(|id| Value::from(id.clone())).collect();
        of_members([
            ("number", (self.number != 0).then(|| Value::from(self.number))),
            ("name", (!self.name.is_empty()).then(|| Value::from(self.name.clone()))),
            ("email", self.email.clone().map(Value::from)),
            ("name_ids", (!self.name_ids.is_empty()).then_some(Value::Array(names))),
        ])
    }

    /// Reads what [`to_value`](Self::to_value) wrote; `None` where it is something else.
    pub fn from_value(value: &Value<'_>) -> Option<Self> {
        value.as_object()?;
        let ids = member(value, "name_ids").map_or(Some(&[][..]), Value::as_array)?;
        Some(Self {
            number: number(value, "number").ok()?,
            name: text(value, "name").ok()?.unwrap_or_default(),
            email: text(value, "email").ok()?,
            name_ids: ids.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        })
    }
}

impl Origin {
    /// An object with all that is known of it.
    pub fn to_value(&self) -> Value<'static> {
        let parent = |parent: &Parent| {
            of_members([
                ("form", Some(Value::from(parent.form.clone()))),
                ("number", (parent.number != 0).then(|| Value::from(parent.number))),
            ])
        };
        of_members([
            ("channel", Some(Value::from(self.channel.name()))),
            ("is_backoffice", self.is_backoffice.then_some(Value::Bool(true))),
            ("agent", self.agent.as_ref().map(UserReference::to_value)),
            ("parent", self.parent.as_ref().map(parent)),
            ("context", self.context.clone()),
        ])
    }

    /// Reads what [`to_value`](Self::to_value) wrote; `None` where it is something else.
    pub fn from_value(value: &Value<'_>) -> Option<Self> {
        let parent = |parent: &Value<'_>| {
            let number = number(parent, "number").ok()?;
            Some(Parent { form: text(parent, "form").ok()??, number })
        };
        Some(Self {
            channel: Channel::from_name(value.get("channel")?.as_str()?)?,
            is_backoffice: member(value, "is_backoffice").map_or(Some(false), Value::as_bool)?,
            agent: optional(value, "agent", UserReference::from_value).ok()?,
            parent: optional(value, "parent", parent).ok()?,
            context: member(value, "context").map(|context| context.clone().into_owned()),
        })
    }
}

fn of_members<const COUNT: usize>(
    members: [(&'static str, Option<Value<'static>>); COUNT],
) -> Value<'static> {
    let members = members.into_iter();
    Value::Object(members.filter_map(|(name, value)| Some((name.into(), value?))).collect())
}

/// What is there; `null` is not.
fn member<'v, 'a>(value: &'v Value<'a>, name: &str) -> Option<&'v Value<'a>> {
    value.get(name).filter(|value| !value.is_null())
}

/// What is there is not what was written.
#[derive(Debug)]
struct Wrong;

/// What may be there.
fn optional<T>(
    value: &Value<'_>,
    name: &str,
    read: impl Fn(&Value<'_>) -> Option<T>,
) -> Result<Option<T>, Wrong> {
    member(value, name).map(|value| read(value).ok_or(Wrong)).transpose()
}

fn text(value: &Value<'_>, name: &str) -> Result<Option<String>, Wrong> {
    optional(value, name, |text| text.as_str().map(str::to_owned))
}

fn number(value: &Value<'_>, name: &str) -> Result<u64, Wrong> {
    Ok(optional(value, name, |number| number.as_number()?.parse().ok())?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let somebody = UserReference {
            number: 7,
            name: "Ada".to_owned(),
            email: Some(String::new()),
            name_ids: vec!["0123".to_owned()],
        };
        let whole = Origin {
            channel: Channel::Phone,
            is_backoffice: true,
            agent: Some(somebody),
            parent: Some(Parent { form: "request".to_owned(), number: 3 }),
            context: Some(Value::object([("comments", "x")])),
        };
        let nobody = Origin { agent: Some(UserReference::default()), ..Origin::default() };
        for (origin, text) in [
            (Origin::default(), r#"{"channel":"web"}"#),
            (nobody, r#"{"channel":"web","agent":{}}"#),
            (
                whole,
                r#"{"channel":"phone","is_backoffice":true,"agent":{"number":7,"name":"Ada","email":"","name_ids":["0123"]},"parent":{"form":"request","number":3},"context":{"comments":"x"}}"#,
            ),
        ] {
            assert_eq!(origin.to_value().to_json(), text);
            let value = Value::parse(text.as_bytes()).unwrap();
            assert_eq!(Origin::from_value(&value), Some(origin));
        }
        for text in [
            "{}",
            r#"{"channel":"dream"}"#,
            r#"{"channel":"web","agent":"Ada"}"#,
            r#"{"channel":"web","agent":{"number":"7"}}"#,
            r#"{"channel":"web","agent":{"name_ids":[1]}}"#,
            r#"{"channel":"web","parent":{"number":3}}"#,
            r#"{"channel":"web","is_backoffice":1}"#,
        ] {
            let value = Value::parse(text.as_bytes()).unwrap();
            assert_eq!(Origin::from_value(&value), None, "{text}");
        }
    }
}
