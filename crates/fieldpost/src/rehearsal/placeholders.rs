//! What `${NAME}` becomes in a rehearsal: never what the environment holds, so that no secret comes into
//! a snapshot and every machine reads the same project.
//!
//! A file beside the cases may give values. Every other name becomes a placeholder that says so, in the
//! form that its place asks for: an address is one that leads nowhere, a signing secret one that can sign.

use std::collections::BTreeMap;
use std::path::Path;

use fieldpost_model::json::Value;
use fieldpost_rules::definition::yaml;

use crate::failure::Failure;

/// The file in the folder of the cases that gives values to names.
const VARIABLES_FILE: &str = "variables.yaml";
/// What every placeholder begins with.
const MARK: &str = "placeholder-of-";
/// What stands in the place of a signing secret: 32 bytes, in the form of the standard.
const SIGNING_SECRET: &str = "whsec_cGxhY2Vob2xkZXItb2YtYS1zaWduaW5nLXNlY3JldC0=";

/// The values of names.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    given: BTreeMap<String, String>,
}

impl Placeholders {
    /// Reads what the folder of the cases gives.
    pub(crate) fn read(cases: &Path) -> Result<Self, Failure> {
        let path = cases.join(VARIABLES_FILE);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let place = path.display().to_string();
        let wrong = |message: String| Failure::new(message).within(&place);
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let value = yaml::read_as_is(&text).map_err(|problem| wrong(problem.to_string()))?;
        let members =
            value.as_object().ok_or_else(|| wrong("it is no list of names".to_owned()))?;
        let given = members.iter().map(|(name, value)| {
            let text = value.as_str().or_else(|| value.as_number());
            let text = text.ok_or_else(|| wrong(format!("{name}: the value is no text")))?;
            Ok((name.to_string(), text.to_owned()))
        });
        Ok(Self { given: given.collect::<Result<_, Failure>>()? })
    }

    /// What a name becomes.
    pub(crate) fn value_of(&self, name: &str) -> String {
        let made = || format!("{MARK}{}", name.to_ascii_lowercase().replace('_', "-"));
        self.given.get(name).cloned().unwrap_or_else(made)
    }
}

/// Gives placeholders the form that their place asks for.
pub(super) fn fitted(value: Value<'static>) -> Value<'static> {
    at("", value)
}

fn at(key: &str, value: Value<'static>) -> Value<'static> {
    match value {
        Value::String(text) if text.contains(MARK) => {
            if key == "signing_secret" || key == "previous_signing_secret" {
                return Value::from(SIGNING_SECRET);
            }
            // What a placeholder begins was to be a whole address.
            if (key == "url" || key.ends_with("_url")) && text.starts_with(MARK) {
                return Value::from(format!("https://{text}"));
            }
            Value::String(text)
        }
        Value::Array(elements) => {
            Value::Array(elements.into_iter().map(|element| at(key, element)).collect())
        }
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| {
                let fitted = at(&key, value);
                (key, fitted)
            });
            Value::Object(members.collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_fit_their_places() {
        let placeholders =
            Placeholders { given: BTreeMap::from([("REGION".to_owned(), "north".to_owned())]) };
        let lookup = |name: &str| Some(placeholders.value_of(name));
        let text = "\
connections:
  a: { url: '${API_URL}/v1', signing_secret: '${KEY}', auth: { bearer: 'x ${API_TOKEN}' } }
  b: { url: 'https://${HOST}/v1', title: '${REGION}' }
";
        let read = fitted(yaml::read(text, &lookup).unwrap());
        let expected = format!(
            r#"{{"connections":{{"a":{{"url":"https://placeholder-of-api-url/v1","signing_secret":"{SIGNING_SECRET}","auth":{{"bearer":"x placeholder-of-api-token"}}}},"b":{{"url":"https://placeholder-of-host/v1","title":"north"}}}}}}"#
        );
        assert_eq!(read.to_json(), expected);
    }
}
