//! The bodies of `submit` and of an edit.

use fieldpost_model::form_definition::{FormDefinition, FormField, keyed};
use fieldpost_model::json::{Member, Value};
use fieldpost_model::progress::{Channel, Progress, StoredFile};
use fieldpost_model::submission::{
    Attachment, AttachmentContent, FormReference, Group, Node, Submission,
};

use super::answers::{Reader, Said, group};
use super::{SentFile, Warning, WarningCode};

fieldpost_model::names! {
    /// Why a body is no submission, in the words that clients compare.
    pub enum BadBody {
        /// It is not announced as JSON.
        NotJson = "Expected JSON but missing appropriate content-type.",
        /// It is JSON, and no object.
        NoObject = "Invalid payload.",
        /// `data` is no object.
        BadData = "Invalid data parameter.",
        /// `user` is no object.
        BadUser = "Invalid user parameter.",
        /// The body of an edit is no object.
        EditNoObject = "Payload is not a dict.",
        /// The body of an edit has no `data`.
        EditNoData = "Missing data entry in payload.",
    }
}

/// Whom a submission says that it is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserClaim {
    /// Their ids at the identity provider.
    pub name_ids: Vec<String>,
    /// Their mail address.
    pub email: Option<String>,
}

/// What was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The answers, with the files that they name.
    pub submission: Submission,
    /// What was sent for the lifecycle's own fields.
    pub backoffice_values: Group,
    /// The files.
    pub files: Vec<SentFile>,
    /// What was amiss.
    pub warnings: Vec<Warning>,
    /// Whether it is only begun.
    pub is_draft: bool,
    /// Whether it was filled in for somebody else.
    pub is_backoffice: bool,
    /// The way that it took.
    pub channel: Channel,
    /// Whom it is of, by what the body says.
    pub user: Option<UserClaim>,
    /// The number of whom it is of, by what the body says.
    pub user_id: Option<String>,
    /// What else is said of how it came.
    pub context: Option<Value<'static>>,
}

/// A submission after an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The answers, old and new.
    pub submission: Submission,
    /// The values of the lifecycle's own fields that the body names. What it does not name is not in here: it may
    /// change before the edit is told to the lifecycle, and stays as it is by then.
    pub backoffice_values: Group,
    /// The files that came with it.
    pub files: Vec<SentFile>,
    /// What was amiss.
    pub warnings: Vec<Warning>,
    /// The keys of what was changed.
    pub changed: Vec<String>,
}

impl Edited {
    /// Whether anything becomes other than it was.
    pub fn changes(&self, submission: &Submission, progress: &Progress) -> bool {
        let was = &progress.backoffice_values;
        let Group { members, extra } = &self.backoffice_values;
        self.submission.values != submission.values
            || members.iter().any(|(name, node)| was.get(name) != Some(node))
            || extra.iter().any(|member| !was.extra.contains(member))
    }
}

/// Whether a `Content-Type` says that a body is JSON.
pub fn check_content_type(content_type: Option<&str>) -> Result<(), BadBody> {
    let media_type = content_type.and_then(|text| text.split(';').next());
    let is_json =
        media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/json"));
    if is_json { Ok(()) } else { Err(BadBody::NotJson) }
}

/// Reads the body of `submit`: `{"data": …}`, or a document as it is pulled and pushed.
pub fn submit(definition: &FormDefinition, body: &Value<'_>) -> Result<Submitted, BadBody> {
    if body.as_object().is_none() {
        return Err(BadBody::NoObject);
    }
    let members = answers(body)?;
    let user = claim(body)?;
    let mut reader = Reader::default();
    let backoffice = &definition.lifecycle.backoffice_fields;
    let said = reader.read(&definition.fields, &members, "");
    let values = group(&definition.fields, said);
    let said = reader.read(backoffice, &members, "");
    let backoffice_values = group(backoffice, said);
    reader.warn_of_unknown(&[&definition.fields, backoffice], &members, "");
    let meta = |name: &str| body.path(&["meta", name]).and_then(Value::as_bool) == Some(true);
    let is_draft = meta("draft");
    if !is_draft {
        reader.warn_of_missing(&definition.fields, &values, "");
    }
    let context = body.get("context").filter(|context| context.as_object().is_some());
    let channel = channel(context, &mut reader);
    let submission = Submission {
        form: FormReference { id: Some(definition.name.clone()), ..FormReference::default() },
        attachments: reader.files.sent.iter().map(attachment).collect(),
        values,
        ..Submission::default()
    };
    Ok(Submitted {
        submission,
        backoffice_values,
        files: reader.files.sent,
        warnings: reader.warnings.0,
        is_draft,
        is_backoffice: meta("backoffice-submission"),
        channel,
        user,
        user_id: context.and_then(|context| scalar(context.get("user_id")?)),
        context: context.and_then(rest_of_context),
    })
}

/// Reads the body of an edit: what it names is changed, all else stays. What cannot be read changes
/// nothing.
pub fn edit(
    definition: &FormDefinition,
    submission: &Submission,
    files: &[StoredFile],
    body: &Value<'_>,
) -> Result<Edited, BadBody> {
    if body.as_object().is_none() {
        return Err(BadBody::EditNoObject);
    }
    let data = body.get("data").ok_or(BadBody::EditNoData)?;
    let members = data.as_object().ok_or(BadBody::BadData)?;
    let mut reader = Reader::default();
    reader.files.present = files.to_vec();
    let backoffice = &definition.lifecycle.backoffice_fields;
    let mut changed = Vec::new();
    let mut edited = submission.clone();
    let said = reader.read(&definition.fields, members, "");
    merge(&mut edited.values, &definition.fields, said, &mut changed);
    let mut backoffice_values = Group::default();
    let said = reader.read(backoffice, members, "");
    merge(&mut backoffice_values, backoffice, said, &mut changed);
    reader.warn_of_unknown(&[&definition.fields, backoffice], members, "");
    reader.warn_of_missing(&definition.fields, &edited.values, "");
    edited.attachments.extend(reader.files.sent.iter().map(attachment));
    Ok(Edited {
        submission: edited,
        backoffice_values,
        files: reader.files.sent,
        warnings: reader.warnings.0,
        changed,
    })
}

/// The members that answers are looked for in. A document has them in three places.
pub(crate) fn answers<'b>(body: &'b Value<'_>) -> Result<Vec<Member<'b>>, BadBody> {
    if let Some(data) = body.get("data") {
        return Ok(borrowed(data.as_object().ok_or(BadBody::BadData)?).collect());
    }
    let places = [body.get("fields"), body.path(&["workflow", "fields"]), body.get("extra")];
    let Some(_) = places.first().copied().flatten() else { return Ok(Vec::new()) };
    let mut merged: Vec<Member<'b>> = Vec::new();
    for place in places.into_iter().flatten().filter(|place| !place.is_null()) {
        for (name, value) in borrowed(place.as_object().ok_or(BadBody::BadData)?) {
            match merged.iter_mut().find(|(present, _)| *present == name) {
                Some((_, present)) => *present = value,
                None => merged.push((name, value)),
            }
        }
    }
    Ok(merged)
}

fn borrowed<'b>(members: &'b [Member<'_>]) -> impl Iterator<Item = Member<'b>> {
    members.iter().map(|(name, value)| (std::borrow::Cow::Borrowed(&**name), value.clone()))
}

pub(crate) fn claim(body: &Value<'_>) -> Result<Option<UserClaim>, BadBody> {
    let Some(user) = body.get("user").filter(|user| !user.is_null()) else { return Ok(None) };
    if user.as_object().is_none() {
        return Err(BadBody::BadUser);
    }
    let name_ids = match user.get("NameID") {
        Some(Value::Array(ids)) => ids.iter().filter_map(scalar).collect(),
        Some(id) => scalar(id).into_iter().collect(),
        None => Vec::new(),
    };
    Ok(Some(UserClaim { name_ids, email: user.get("email").and_then(scalar) }))
}

fn scalar(value: &Value<'_>) -> Option<String> {
    let text = value.as_str().or_else(|| value.as_number())?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The channel: `Web` of old releases is `web`.
fn channel(context: Option<&Value<'_>>, reader: &mut Reader) -> Channel {
    let Some(named) = context.and_then(|context| context.get("channel")) else {
        return Channel::default();
    };
    let name = named.as_str().unwrap_or_default().to_ascii_lowercase().replace(' ', "-");
    Channel::from_name(&name).unwrap_or_else(|| {
        if !named.is_null() && !name.is_empty() {
            reader.warnings.add(WarningCode::UnknownChannel, "context.channel", Some(named));
        }
        Channel::default()
    })
}

/// The context without what has a place of its own.
fn rest_of_context(context: &Value<'_>) -> Option<Value<'static>> {
    let members = context.as_object()?.iter();
    let rest = members.filter(|(name, _)| !matches!(&**name, "channel" | "user_id"));
    let rest: Vec<_> =
        rest.map(|(name, value)| (name.to_string().into(), value.clone().into_owned())).collect();
    (!rest.is_empty()).then_some(Value::Object(rest))
}

fn attachment(file: &SentFile) -> Attachment {
    Attachment {
        name: file.name.clone(),
        content_type: Some(file.content_type.clone()),
        content: AttachmentContent::Expected,
    }
}

fn merge(
    values: &mut Group,
    fields: &[FormField],
    said: Vec<(String, Said)>,
    changed: &mut Vec<String>,
) {
    for (key, said) in said {
        match said {
            Said::Nonsense => continue,
            Said::Answer(node) => set(&mut values.members, fields, &key, node),
            Said::Value(value) => match values.extra.iter_mut().find(|(name, _)| *name == key) {
                Some((_, present)) => *present = value,
                None => values.extra.push((key.clone(), value)),
            },
        }
        changed.push(key);
    }
}

/// Sets an answer; one that was not there goes where the form has it.
fn set(members: &mut Vec<(String, Node)>, fields: &[FormField], key: &str, node: Node) {
    if let Some((_, present)) = members.iter_mut().find(|(name, _)| name == key) {
        *present = node;
        return;
    }
    let order: Vec<String> = keyed(fields).into_iter().map(|(key, _)| key).collect();
    let rank = |name: &str| order.iter().position(|key| key == name);
    let place = members.iter().position(|(name, _)| rank(name) > rank(key));
    members.insert(place.unwrap_or(members.len()), (key.to_owned(), node));
}
