//! A short way to a form: a list of `fields` as forms of a project file have it, uploaded as JSON.
//!
//! It becomes what any uploaded definition in JSON is, a list of questions, and is kept as that: the form is a form
//! like any other, and has no lifecycle. Whoever wants one defines the form in the project.

use fieldpost_dialects::formats::form_schema;
use fieldpost_dialects::{Unreadable, is_json_definition};
use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::form::read_form;

/// What says that fields are meant, and what it becomes.
const FIELDS: &str = "fields";
const QUESTIONS: &str = "questions";
/// What a form of fields says of itself.
const KNOWN: [&str; 5] = ["id", "name", "title", "version", FIELDS];
/// What the form is called while its fields are read; no text tells of it.
const ANY_NAME: &str = "form";
/// How many mistakes are told.
const MOST_TOLD: usize = 5;

/// The definition with questions in the place of fields; any other as it is.
pub(crate) fn with_questions(definition: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
    if !is_json_definition(&definition) {
        return Ok(definition);
    }
    let questions = match Value::parse(&definition) {
        Ok(value) if value.get(FIELDS).is_some() && value.get(QUESTIONS).is_none() => {
            questions(&value)?
        }
        // What is wrong with it is told by whoever reads it.
        Ok(_) | Err(_) => return Ok(definition),
    };
    Ok(questions)
}

fn questions(definition: &Value<'_>) -> Result<Vec<u8>, Unreadable> {
    let members = definition.as_object().unwrap_or_default();
    if let Some((unknown, _)) = members.iter().find(|(name, _)| !KNOWN.contains(&&**name)) {
        let known = KNOWN.join(", ");
        return Err(refused(&format!(
            "a form of fields has \"{unknown}\"; there are {known}. A form with a lifecycle is defined in the \
             project, by the address form-definitions"
        )));
    }
    let text = |name: &str| {
        let text = definition.get(name).and_then(Value::as_str);
        text.map(str::trim).filter(|text| !text.is_empty())
    };
    let id = text("id").or_else(|| text("name"));
    let id = id.ok_or_else(|| refused("it has no \"id\", by which submissions name it"))?;
    let fields = definition.get(FIELDS).cloned().unwrap_or(Value::Null);
    let asked = read_form(ANY_NAME, &Value::object([(FIELDS, fields)])).map_err(|problems| {
        let inside = format!("forms.{ANY_NAME}.");
        let told = problems.iter().take(MOST_TOLD).map(|problem| {
            let place = problem.path.strip_prefix(&inside).unwrap_or(&problem.path);
            format!("{place}: {}", problem.message)
        });
        refused(&told.collect::<Vec<_>>().join("; "))
    })?;
    let form = Form {
        name: Form::name_from(id).unwrap_or_else(|| ANY_NAME.to_owned()),
        title: text("title").unwrap_or(id).to_owned(),
        form_id: Some(id.to_owned()),
        version: text("version").map(str::to_owned),
        ..asked.form()
    };
    Ok(form_schema(&form).to_json().into_bytes())
}

fn refused(reason: &str) -> Unreadable {
    Unreadable {
        code: "form-definition",
        reason: format!("The definition cannot be used: {reason}."),
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_dialects::{Received, read_definition};
    use fieldpost_model::form::{AnswerType, FieldKind};

    use super::*;

    fn read(json: &str) -> Result<Form, Unreadable> {
        let definition = with_questions(json.as_bytes().to_vec())?;
        read_definition(&Received { content_type: None, body: &definition })
    }

    #[test]
    fn fields_become_questions() {
        let form = read(
            r#"{"id":"Births 2","title":"Births","version":"3","fields":[
                {"name":"born","label":"Born","type":"date","required":true},
                {"name":"sex","label":"Sex","type":"item","items":["f",{"id":"m","text":"Boy"}]},
                {"name":"heading","label":"More","type":"title"},
                {"name":"people","label":"People","type":"block","fields":[
                    {"name":"first","label":"First","type":"string"}]}]}"#,
        )
        .unwrap();
        assert_eq!((&*form.name, &*form.title), ("births-2", "Births"));
        assert_eq!(
            (form.form_id.as_deref(), form.version.as_deref()),
            (Some("Births 2"), Some("3"))
        );
        let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["born", "sex", "people"]);
        let born = &form.fields[0];
        assert_eq!(born.as_leaf().unwrap().answer, AnswerType::Date);
        assert_eq!(born.required.as_deref(), Some("true()"));
        assert_eq!(form.fields[1].as_leaf().unwrap().choices.len(), 2);
        assert!(matches!(&form.fields[2].kind, FieldKind::Repeat(inside) if inside.len() == 1));
    }

    #[test]
    fn what_else_is_sent_is_left_as_it_is() {
        for text in ["<h/>", "{", "[]", r#"{"id":"a","questions":[]}"#, r#"{"id":"a"}"#] {
            assert_eq!(
                with_questions(text.as_bytes().to_vec()).unwrap(),
                text.as_bytes(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (json, wanted) in [
            (r#"{"fields":[]}"#, "\"id\""),
            (r#"{"id":"a","fields":[],"lifecycle":{}}"#, "form-definitions"),
            (r#"{"id":"a","fields":7}"#, "fields: "),
            (r#"{"id":"a","fields":[{"name":"x","type":"dreamt"}]}"#, "fields[0].type"),
            // A form that asks nothing cannot be filled in.
            (r#"{"id":"a","fields":[]}"#, "is empty"),
        ] {
            let refusal = read(json).expect_err(json);
            assert_eq!(refusal.code, "form-definition", "{json}");
            assert!(refusal.reason.contains(wanted), "{json}: {}", refusal.reason);
        }
    }
}
