//! Values on their way to a database: as text, which it reads as the type that the statement wants.

use std::error::Error;

use bytes::BytesMut;
use fieldpost_model::json::Value;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type};

/// A value that goes with a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given(Option<String>);

impl Given {
    /// What a client in Node.js makes of a value: lists become lists of the database unless it wants
    /// JSON, and what has keys becomes JSON.
    pub(super) fn of(value: &Value<'_>, wanted: &Type) -> Self {
        if *wanted == Type::JSON || *wanted == Type::JSONB {
            return Self(match value {
                Value::Null => None,
                // A text that is JSON already is meant as such; any other is a text in JSON.
                Value::String(text) if Value::parse(text.as_bytes()).is_ok() => {
                    Some(text.to_string())
                }
                value => Some(value.to_json()),
            });
        }
        Self(match value {
            Value::Null => None,
            Value::String(text) => Some(text.to_string()),
            Value::Array(items) if matches!(wanted.kind(), Kind::Array(_)) => Some(list(items)),
            value => Some(value.to_json()),
        })
    }
}

/// A list as PostgreSQL writes it: `{1,"a b",NULL,{2,3}}`.
fn list(items: &[Value<'_>]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Value::Null => "NULL".to_owned(),
            Value::Array(inner) => list(inner),
            Value::String(text) => quoted(text),
            Value::Bool(_) | Value::Number(_) => item.to_json(),
            Value::Object(_) => quoted(&item.to_json()),
        })
        .collect();
    format!("{{{}}}", items.join(","))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl ToSql for Given {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, wanted: &Type, expected: Option<&str>) {
        let value = Value::parse(json.as_bytes()).unwrap();
        assert_eq!(Given::of(&value, wanted), Given(expected.map(str::to_owned)), "{json}");
    }

    #[test]
    fn values_are_texts_that_the_database_reads() {
        check("null", &Type::TEXT, None);
        check("null", &Type::JSONB, None);
        check("\"O'Hara\"", &Type::TEXT, Some("O'Hara"));
        check("1.50", &Type::NUMERIC, Some("1.50"));
        check("true", &Type::BOOL, Some("true"));
        check("{\"a\":1}", &Type::TEXT, Some("{\"a\":1}"));
        check("{\"a\":1}", &Type::JSONB, Some("{\"a\":1}"));
        check("[1,2]", &Type::JSONB, Some("[1,2]"));
        check("\"[1,2]\"", &Type::JSONB, Some("[1,2]"));
        check("\"plain\"", &Type::JSONB, Some("\"plain\""));
        check("[1,null,[2,\"a \\\"b\\\\\"]]", &Type::TEXT_ARRAY, Some(r#"{1,NULL,{2,"a \"b\\"}}"#));
        check("[{\"a\":1}]", &Type::JSONB_ARRAY, Some(r#"{"{\"a\":1}"}"#));
        check("[1,2]", &Type::TEXT, Some("[1,2]"));
        check("[]", &Type::INT4_ARRAY, Some("{}"));
    }
}
