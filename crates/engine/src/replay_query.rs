//! Which messages a replay of many matches again: those of a time range, and of these, where it is
//! asked for, those whose content has something in it.
//!
//! What is asked of the content is kept with the action as it was written. No index knows it: each
//! message of the range is looked into when its turn comes, as it is to be matched anyway, and what
//! has it not is passed over.

use std::borrow::Cow;

use fieldpost_model::json::Value;
use fieldpost_rules::field_path::FieldCondition;
use fieldpost_store::{MessageQuery, StoreError};

use crate::looking::ContentQuery;

/// Which messages are matched again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayQuery {
    /// What the store knows of them.
    pub messages: MessageQuery,
    /// What fields of their content must be, each as `form.age=42`.
    pub values: Vec<String>,
    /// JSON that their content must contain, as text.
    pub matches: Option<String>,
}

impl ReplayQuery {
    /// What is asked of the content; the text that is no condition, where one is none.
    pub fn content(&self) -> Result<ContentQuery, &str> {
        let fields = self.values.iter().map(|text| FieldCondition::parse(text).ok_or(&**text));
        let matches = self.matches.as_deref().map(|text| match Value::parse(text.as_bytes()) {
            Ok(value) => Ok(value.into_owned()),
            Err(_) => Err(text),
        });
        Ok(ContentQuery {
            text: None,
            fields: fields.collect::<Result<_, _>>()?,
            matches: matches.transpose()?,
        })
    }

    /// The query as JSON text, by the names that the API gives its members.
    pub(crate) fn to_json(&self) -> String {
        let messages = self.messages.to_json();
        let mut members = match Value::parse(messages.as_bytes()) {
            Ok(Value::Object(members)) => members,
            _ => Vec::new(),
        };
        if !self.values.is_empty() {
            let values = self.values.iter().cloned().map(Value::from).collect();
            members.push((Cow::Borrowed("value"), Value::Array(values)));
        }
        members
            .extend(self.matches.clone().map(|text| (Cow::Borrowed("match"), Value::from(text))));
        Value::Object(members).to_json()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub(crate) fn from_json(text: &str) -> Result<Self, StoreError> {
        let messages = MessageQuery::from_json(text)?;
        let value = Value::parse(text.as_bytes()).unwrap_or(Value::Null);
        let values = value.get("value").and_then(Value::as_array).unwrap_or_default().iter();
        Ok(Self {
            messages,
            values: values.filter_map(Value::as_str).map(str::to_owned).collect(),
            matches: value.get("match").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_back_as_it_was() {
        let source = Some("kobo".to_owned());
        let query = ReplayQuery {
            messages: MessageQuery { source, ..MessageQuery::default() },
            values: vec!["form.age=42".to_owned(), "\"a=b\".c=\"d\"".to_owned()],
            matches: Some(r#"{"n": 1.10}"#.to_owned()),
        };
        assert_eq!(ReplayQuery::from_json(&query.to_json()), Ok(query.clone()));
        assert_eq!(ReplayQuery::default().to_json(), "{}");
        assert_eq!(query.content().map(|content| content.fields.len()), Ok(2));
        let wrong = ReplayQuery { matches: Some("{".to_owned()), ..query.clone() };
        assert_eq!(wrong.content(), Err("{"));
        let wrong = ReplayQuery { values: vec!["age".to_owned()], ..query };
        assert_eq!(wrong.content(), Err("age"));
    }
}
