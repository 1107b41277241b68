//! What triggers and hooks are given, made fit for the data of a lifecycle.
//!
//! Files inside JSON become what the data has of files: their name, type and digest; their bytes are
//! handed over beside. A digest that was sent is taken out: it would name a file of somebody else.

use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_model::progress::FILE_DIGEST;

use super::SentFile;
use super::files;

/// What was sent, as members of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// What is set.
    pub data: Vec<(String, Value<'static>)>,
    /// The files in it.
    pub files: Vec<SentFile>,
}

/// What a trigger was given: members of an object for themselves, all else under the trigger's name.
pub fn trigger(name: &str, body: Option<&Value<'_>>) -> Sent {
    let mut sent = Sent::default();
    match body.map(|body| stored(body, &mut sent.files)) {
        Some(Value::Object(members)) => {
            sent.data = members.into_iter().map(|(key, value)| (key.into_owned(), value)).collect();
        }
        Some(Value::Null) | None => {}
        Some(other) => sent.data.push((name.to_owned(), other)),
    }
    sent
}

/// What a hook was given: all of it under the hook's name.
pub fn hook(name: &str, body: Option<&Value<'_>>) -> Sent {
    let mut sent = Sent::default();
    if let Some(body) = body.filter(|body| !body.is_null()) {
        let value = stored(body, &mut sent.files);
        sent.data.push((name.to_owned(), value));
    }
    sent
}

/// A file that was put there as it is, under the name of the trigger or hook.
pub fn put_file(
    name: &str,
    file_name: Option<&str>,
    content_type: Option<&str>,
    bytes: Vec<u8>,
) -> Sent {
    let content_type = content_type.map(|text| text.split(';').next().unwrap_or(text));
    let file = SentFile::new(file_name.unwrap_or(name), content_type, bytes);
    Sent { data: vec![(name.to_owned(), reference(&file))], files: vec![file] }
}

/// JSON with references in the place of files.
fn stored(value: &Value<'_>, files: &mut Vec<SentFile>) -> Value<'static> {
    match value {
        Value::Object(members) => {
            let has_name = value.get("filename").is_some_and(|name| name.as_str().is_some());
            if has_name && let Ok(file) = files::read(value) {
                let reference = reference(&file);
                files.push(file);
                return reference;
            }
            let kept = members.iter().filter(|(name, _)| name != FILE_DIGEST);
            let kept = kept.map(|(name, value)| (name.to_string().into(), stored(value, files)));
            Value::Object(kept.collect())
        }
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|element| stored(element, files)).collect())
        }
        plain => plain.clone().into_owned(),
    }
}

fn reference(file: &SentFile) -> Value<'static> {
    Value::object([
        ("filename", file.name.clone()),
        ("content_type", file.content_type.clone()),
        (FILE_DIGEST, hexadecimal::encode(&file.sha256)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sent: &Sent) -> String {
        Value::object(sent.data.iter().cloned()).to_json()
    }

    fn json(text: &str) -> Value<'_> {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn triggers_and_hooks_set_data() {
        for (body, of_trigger, of_hook) in [
            (r#"{"a":1.50,"b":[2]}"#, r#"{"a":1.50,"b":[2]}"#, r#"{"go":{"a":1.50,"b":[2]}}"#),
            ("[1]", r#"{"go":[1]}"#, r#"{"go":[1]}"#),
            ("\"x\"", r#"{"go":"x"}"#, r#"{"go":"x"}"#),
            ("null", "{}", "{}"),
        ] {
            assert_eq!(shown(&trigger("go", Some(&json(body)))), of_trigger);
            assert_eq!(shown(&hook("go", Some(&json(body)))), of_hook);
        }
        assert_eq!(trigger("go", None), Sent::default());
        assert_eq!(hook("go", None), Sent::default());
    }

    #[test]
    fn files_are_taken_out_and_foreign_digests_dropped() {
        let body = json(
            r#"{"doc":{"filename":"a.txt","content_type":"text/plain","content":"YQ=="},
                "other":{"filename":"b.txt","content_sha256":"00","url":"x"},
                "list":[{"content_sha256":"00"}]}"#,
        );
        let sent = trigger("go", Some(&body));
        let digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        assert_eq!(
            shown(&sent),
            format!(
                r#"{{"doc":{{"filename":"a.txt","content_type":"text/plain","content_sha256":"{digest}"}},"other":{{"filename":"b.txt","url":"x"}},"list":[{{}}]}}"#
            )
        );
        assert_eq!(sent.files.len(), 1);
        assert_eq!(sent.files[0].bytes, b"a");
    }

    #[test]
    fn a_file_can_be_put_as_it_is() {
        let sent = put_file("go", None, Some("image/png; charset=binary"), vec![1, 2]);
        assert_eq!(sent.files[0].name, "go");
        assert_eq!(sent.files[0].content_type, "image/png");
        let sent = put_file("go", Some("x/photo.png"), None, vec![]);
        assert_eq!(sent.files[0].name, "photo.png");
        assert!(shown(&sent).starts_with(r#"{"go":{"filename":"photo.png""#));
    }
}
