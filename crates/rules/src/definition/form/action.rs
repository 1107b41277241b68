//! What happens, and what can be done, in a status: a list of objects. One key of each is what it is;
//! beside it stands who can do it, on what condition, and what it is called.

use fieldpost_model::form_definition::{AnonymiseMode, FieldType};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{
    Action, ActionKind, Anonymise, Assign, Attach, Comment, Criticality, Edit, Geolocate, Mail,
    MailTo, Who,
};

use super::call::{read_call, write_call};
use super::jump::{put_jump, read_jump, read_target, target_word};
use super::lifecycle::Around;
use super::text::{
    check_id, read_any_template, read_condition, read_line, read_template, read_templates,
    read_variable, write_templates,
};
use super::who::{People, read_one, read_role, read_who, write_who};
use super::{optional, put_optional};
use crate::definition::fields::{Field, Fields, Section, one_of, suggestion};
use crate::definition::write::Members;

/// How many actions a status or a global action can have.
const MAX_ACTIONS: usize = 200;

/// How many a mail can go to.
const MAX_MAIL_TO: usize = 50;

/// What an action can be.
const KINDS: [&str; 12] = [
    "call",
    "jump",
    "comment",
    "mail",
    "edit",
    "geolocate",
    "attach",
    "anonymise",
    "delete",
    "set",
    "criticality",
    "assign",
];

/// What `anonymise` says where only the submitter is to be forgotten.
const UNLINK_USER: &str = "unlink_user";

/// Reads a list of actions; nothing where one of them cannot be read.
pub(super) fn read_actions(field: &Field<'_, '_>, around: Around<'_>) -> Option<Vec<Action>> {
    field.value.as_array().or_else(|| field.wrong_type("a list of actions"))?;
    let elements = field.elements();
    if elements.len() > MAX_ACTIONS {
        let message =
            format!("there are {} actions; at most {MAX_ACTIONS} can be had", elements.len());
        return field.place.report("out-of-range", message);
    }
    let read: Vec<Option<Action>> = elements
        .iter()
        .enumerate()
        .map(|(index, field)| read_action(field, index, around))
        .collect();
    let actions = read.into_iter().collect::<Option<Vec<Action>>>()?;
    let mut are_apart = Some(());
    for (index, action) in actions.iter().enumerate() {
        let place = || field.place.element(index);
        let earlier = actions.get(..index).unwrap_or_default();
        if earlier.iter().any(|other| other.id == action.id) {
            let message = format!("there are two actions with the id `{}` here", action.id);
            are_apart = place().report("duplicate-value", message);
        }
        let trigger = trigger_of(action);
        if let Some(name) = trigger.filter(|_| earlier.iter().any(|it| trigger_of(it) == trigger)) {
            let message = format!("the trigger `{name}` is there twice in this status");
            let hint = "give one of them another name";
            are_apart = place().key("trigger").report_with_hint("duplicate-value", message, hint);
        }
    }
    are_apart.map(|()| actions)
}

fn trigger_of(action: &Action) -> Option<&str> {
    match &action.kind {
        ActionKind::Jump(jump) => jump.trigger.as_deref(),
        _ => None,
    }
}

fn read_action(field: &Field<'_, '_>, index: usize, around: Around<'_>) -> Option<Action> {
    let mut fields = field.fields(Section::Inner)?;
    let kind = kind_of(field)?;
    let id = fields.take("id").map(|field| {
        let id = field.scalar_text()?;
        check_id(&field.place, id).map(|()| id.to_owned())
    });
    let condition = fields.take("condition").map(|field| read_condition(&field));
    let read = read_kind(kind, &mut fields, around);
    fields.close();
    Some(Action {
        id: id.unwrap_or_else(|| Some(usual_id(index)))?,
        condition: optional(condition)?,
        kind: read?,
    })
}

/// The id of an action that is given none: its place, counted from 1.
fn usual_id(index: usize) -> String {
    (index + 1).to_string()
}

/// The one key that says what an action is.
fn kind_of(field: &Field<'_, '_>) -> Option<&'static str> {
    let members = field.value.as_object().unwrap_or_default();
    let kinds: Vec<&'static str> =
        KINDS.into_iter().filter(|kind| members.iter().any(|(key, _)| key == kind)).collect();
    if let [only] = kinds.as_slice() {
        return Some(only);
    }
    if !kinds.is_empty() {
        let message = format!("an action is one thing, and this is {}", kinds.len());
        return field.place.report_with_hint("wrong-value", message, "write two actions");
    }
    let written = members.first().map_or("", |(key, _)| key);
    let hint = match suggestion(written, &KINDS) {
        hint if hint.starts_with("did") => hint,
        _ => format!("write {}", one_of(&KINDS)),
    };
    field.place.report_with_hint("wrong-value", "no key says what this action is", hint)
}

fn read_kind(
    kind: &'static str,
    fields: &mut Fields<'_, '_>,
    around: Around<'_>,
) -> Option<ActionKind> {
    // A key whose value is null counts as left out.
    let field = fields.require(kind)?;
    Some(match kind {
        "call" => ActionKind::Call(read_call(&field, around)?),
        "jump" => ActionKind::Jump(read_jump(&field, fields, around)?),
        "comment" => ActionKind::Comment(read_comment(&field, fields, around)?),
        "mail" => ActionKind::Mail(read_mail(&field, around)?),
        "edit" => ActionKind::Edit(read_edit(&field, fields, around)?),
        "geolocate" => ActionKind::Geolocate(read_geolocate(&field, fields, around)?),
        "attach" => ActionKind::Attach(read_attach(&field, fields, around)?),
        "anonymise" => ActionKind::Anonymise(read_anonymise(&field)?),
        "set" => ActionKind::SetFields(read_set(&field, around)?),
        "criticality" => ActionKind::Criticality(read_criticality(&field, around)?),
        "assign" => ActionKind::Assign(read_assign(&field, around)?),
        _ => {
            read_true(&field)?;
            ActionKind::Delete
        }
    })
}

/// Reads the `true` of an action that has nothing more to say.
fn read_true(field: &Field<'_, '_>) -> Option<()> {
    if field.boolean()? {
        return Some(());
    }
    field.place.report_with_hint("wrong-value", "must be true", "leave the action out")
}

fn read_comment(
    field: &Field<'_, '_>,
    fields: &mut Fields<'_, '_>,
    around: Around<'_>,
) -> Option<Comment> {
    let is_said = read_true(field);
    let name = fields.take("name").map(|field| read_variable(&field));
    let label = fields.take("label").map(|field| read_line(&field));
    let required = fields.take("required").map(|field| field.boolean());
    let by = read_by(fields, around);
    is_said?;
    Some(Comment {
        label: label.unwrap_or_else(|| Some(String::new()))?,
        name: optional(name)?,
        required: required.unwrap_or(Some(false))?,
        by: by?,
    })
}

/// Reads who can do what only somebody can do.
fn read_by(fields: &mut Fields<'_, '_>, around: Around<'_>) -> Option<Vec<Who>> {
    let field = fields.require("by")?;
    let by = read_who(&field, around.known, People::OnPages);
    if field.value.as_array().is_some_and(<[_]>::is_empty) {
        return field.place.report("wrong-value", "must name somebody, or nobody can do it");
    }
    Some(by)
}

fn read_mail(field: &Field<'_, '_>, around: Around<'_>) -> Option<Mail> {
    let mut fields = field.fields(Section::Inner)?;
    let to = fields.require("to").map(|field| read_mail_to(&field, around));
    let subject = fields.require("subject").and_then(|field| read_template(&field));
    let body = fields.require("body").and_then(|field| read_template(&field));
    fields.close();
    Some(Mail { to: to??, subject: subject?, body: body? })
}

fn read_mail_to(field: &Field<'_, '_>, around: Around<'_>) -> Option<Vec<MailTo>> {
    let elements = field.elements();
    if !(1..=MAX_MAIL_TO).contains(&elements.len()) {
        let message = format!("a mail goes to 1 to {MAX_MAIL_TO}, not to {}", elements.len());
        return field.place.report("out-of-range", message);
    }
    let all: Vec<Option<MailTo>> = elements
        .iter()
        .map(|field| {
            // A template that makes addresses has braces, an address has an `@`; neither is a name.
            let text = field.text()?;
            if text.contains(['@', '{']) {
                return read_template(field).map(MailTo::Address);
            }
            match read_one(field, around.known, People::OnPages)? {
                Who::LoggedIn => field.place.report("does-not-apply", "nobody writes to everybody"),
                who => Some(MailTo::Who(who)),
            }
        })
        .collect();
    all.into_iter().collect()
}

fn read_edit(
    field: &Field<'_, '_>,
    fields: &mut Fields<'_, '_>,
    around: Around<'_>,
) -> Option<Edit> {
    let is_said = read_true(field);
    let label = fields.take("label").map(|field| read_line(&field));
    let then = fields.take("then").map(|field| read_target(&field, around));
    let by = read_by(fields, around);
    is_said?;
    Some(Edit {
        label: label.unwrap_or_else(|| Some(String::new()))?,
        by: by?,
        then: optional(then)?,
    })
}

fn read_geolocate(
    field: &Field<'_, '_>,
    fields: &mut Fields<'_, '_>,
    around: Around<'_>,
) -> Option<Geolocate> {
    let overwrite = fields.take("overwrite").map(|field| field.boolean());
    let from = around.asked.and(around.added).read(field, Some(FieldType::Map));
    Some(Geolocate { from: from?, overwrite: overwrite.unwrap_or(Some(false))? })
}

fn read_attach(
    field: &Field<'_, '_>,
    fields: &mut Fields<'_, '_>,
    around: Around<'_>,
) -> Option<Attach> {
    let is_said = read_true(field);
    let name = fields.take("name").map(|field| read_variable(&field));
    let label = fields.take("label").map(|field| read_line(&field));
    let required = fields.take("required").map(|field| field.boolean());
    let visible_to =
        fields.take("visible_to").map(|field| read_who(&field, around.known, People::OnPages));
    let file_field =
        fields.take("file_field").map(|field| around.added.read(&field, Some(FieldType::File)));
    let by = read_by(fields, around);
    is_said?;
    Some(Attach {
        label: label.unwrap_or_else(|| Some(String::new()))?,
        name: optional(name)?,
        required: required.unwrap_or(Some(false))?,
        by: by?,
        visible_to: visible_to.unwrap_or_default(),
        file_field: optional(file_field)?,
    })
}

fn read_anonymise(field: &Field<'_, '_>) -> Option<Anonymise> {
    let words = [AnonymiseMode::Final.name(), AnonymiseMode::Intermediate.name(), UNLINK_USER];
    let word = field.choice(&words, |word| word)?;
    Some(AnonymiseMode::from_name(word).map_or(Anonymise::UnlinkUser, Anonymise::Answers))
}

/// Reads the values that backoffice fields are given.
fn read_set(field: &Field<'_, '_>, around: Around<'_>) -> Option<Vec<(String, String)>> {
    let mut are_known = field.value.as_object().map(|_| ());
    for (key, entry) in field.entries() {
        if around.added.check(&entry, key, None).is_none() {
            are_known = None;
        }
    }
    let set = read_templates(field);
    let is_empty =
        field.value.as_object().is_some_and(<[(std::borrow::Cow<'_, str>, Value<'_>)]>::is_empty);
    if is_empty && are_known.is_some() {
        return field.place.report("wrong-value", "must name a backoffice field");
    }
    are_known.map(|()| set)
}

fn read_criticality(field: &Field<'_, '_>, around: Around<'_>) -> Option<Criticality> {
    let last = around
        .levels
        .map_or(u32::MAX, |levels| u32::try_from(levels.saturating_sub(1)).unwrap_or(u32::MAX));
    match field.value.as_str() {
        Some("raise") => Some(Criticality::Raise),
        Some("lower") => Some(Criticality::Lower),
        Some(_) => field.place.report(
            "wrong-value",
            format!("{} is not `raise`, `lower` or the number of a level", field.shown()),
        ),
        None => field.whole_number(0..=last).map(Criticality::Set),
    }
}

/// Reads an object of one function with its role.
fn read_assign(field: &Field<'_, '_>, around: Around<'_>) -> Option<Assign> {
    let entries = field.entries();
    let [(function, entry)] = entries.as_slice() else {
        return field.place.report_with_hint(
            "wrong-value",
            format!("must have exactly one key, the function, and has {}", entries.len()),
            "write `{ _receiver: <role> }`",
        );
    };
    let is_known = around.known.check_function(entry, function);
    let role = read_role(entry)?;
    is_known.map(|()| Assign { function: (*function).to_owned(), role })
}

/// Writes a list of actions.
pub(super) fn write_actions(actions: &[Action]) -> Value<'static> {
    let all = actions.iter().enumerate();
    Value::Array(all.map(|(index, action)| write_action(action, index)).collect())
}

fn write_action(action: &Action, index: usize) -> Value<'static> {
    let mut members = Members::default();
    match &action.kind {
        ActionKind::Call(call) => members.put("call", write_call(call)),
        ActionKind::Jump(jump) => put_jump(jump, &mut members),
        ActionKind::Comment(comment) => put_comment(comment, &mut members),
        ActionKind::Mail(mail) => members.put("mail", write_mail(mail)),
        ActionKind::Edit(edit) => put_edit(edit, &mut members),
        ActionKind::Geolocate(Geolocate { from, overwrite }) => {
            members.put("geolocate", from.clone());
            members.put_unless(!overwrite, "overwrite", *overwrite);
        }
        ActionKind::Attach(attach) => put_attach(attach, &mut members),
        ActionKind::Anonymise(Anonymise::Answers(mode)) => members.put("anonymise", mode.name()),
        ActionKind::Anonymise(Anonymise::UnlinkUser) => members.put("anonymise", UNLINK_USER),
        ActionKind::Delete => members.put("delete", true),
        ActionKind::SetFields(set) => members.put("set", write_templates(set)),
        ActionKind::Criticality(change) => members.put("criticality", write_criticality(*change)),
        ActionKind::Assign(Assign { function, role }) => {
            members.put("assign", Value::object([(function.clone(), role.clone())]));
        }
    }
    put_optional(&mut members, "condition", action.condition.as_deref());
    members.put_unless(action.id == usual_id(index), "id", action.id.clone());
    members.into_value()
}

fn put_comment(comment: &Comment, members: &mut Members) {
    members.put("comment", true);
    put_optional(members, "name", comment.name.as_deref());
    members.put_unless(comment.label.is_empty(), "label", comment.label.clone());
    members.put_unless(!comment.required, "required", comment.required);
    members.put("by", write_who(&comment.by));
}

fn write_mail(mail: &Mail) -> Value<'static> {
    let to = mail.to.iter().map(|to| match to {
        MailTo::Who(who) => Value::from(who.name().to_owned()),
        MailTo::Address(address) => Value::from(address.clone()),
    });
    Value::object([
        ("to", Value::Array(to.collect())),
        ("subject", Value::from(mail.subject.clone())),
        ("body", Value::from(mail.body.clone())),
    ])
}

fn put_edit(edit: &Edit, members: &mut Members) {
    members.put("edit", true);
    members.put_unless(edit.label.is_empty(), "label", edit.label.clone());
    if let Some(then) = &edit.then {
        members.put("then", target_word(then));
    }
    members.put("by", write_who(&edit.by));
}

fn put_attach(attach: &Attach, members: &mut Members) {
    members.put("attach", true);
    put_optional(members, "name", attach.name.as_deref());
    members.put_unless(attach.label.is_empty(), "label", attach.label.clone());
    members.put_unless(!attach.required, "required", attach.required);
    members.put("by", write_who(&attach.by));
    let visible_to = &attach.visible_to;
    members.put_unless(visible_to.is_empty(), "visible_to", write_who(visible_to));
    put_optional(members, "file_field", attach.file_field.as_deref());
}

fn write_criticality(change: Criticality) -> Value<'static> {
    match change {
        Criticality::Raise => Value::from("raise"),
        Criticality::Lower => Value::from("lower"),
        Criticality::Set(level) => Value::from(u64::from(level)),
    }
}

/// Reads a template that may be empty, for the key of an object.
pub(super) fn read_optional_template(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
) -> Option<String> {
    fields.take(key).map_or_else(|| Some(String::new()), |field| read_any_template(&field))
}
