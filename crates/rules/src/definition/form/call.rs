//! Requests to programs, read and written: `{ call: { connection: dhis2, path: /x, post: true } }`.

use fieldpost_model::form_definition::FieldType;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{
    Call, CallFiles, CallMethod, CallResponse, ErrorPolicies, ErrorPolicy,
};

use super::action::read_optional_template;
use super::lifecycle::Around;
use super::text::{read_line, read_templates, read_variable, write_templates};
use super::{optional, put_optional};
use crate::definition::fields::{Field, Section};
use crate::definition::write::{Members, only};

/// The words for what happens after an error, beside a jump.
const IGNORE: &str = "ignore";
const STOP: &str = "stop";

pub(super) fn read_call(field: &Field<'_, '_>, around: Around<'_>) -> Option<Call> {
    let mut fields = field.fields(Section::Inner)?;
    let connection = fields.require("connection").and_then(|field| field.text());
    let label = fields.take("label").map(|field| read_line(&field));
    let name = fields.take("name").map(|field| read_variable(&field));
    let path = read_optional_template(&mut fields, "path");
    let method = fields.take("method").map(|field| field.choice(CallMethod::ALL, CallMethod::name));
    let post = fields.take("post").map(|field| field.boolean());
    let files = fields.take("files").map(|field| field.choice(CallFiles::ALL, CallFiles::name));
    let post_data = fields.take("post_data").map(|field| read_templates(&field));
    let query = fields.take("query").map(|field| read_templates(&field));
    let response =
        fields.take("response").map(|field| field.choice(CallResponse::ALL, CallResponse::name));
    let file_field =
        fields.take("file_field").map(|field| around.added.read(&field, Some(FieldType::File)));
    let on_error = fields.take("on_error").map(|field| read_policies(&field, around));
    let record_errors = fields.take("record_errors").map(|field| field.boolean());
    let notify_on_errors = fields.take("notify_on_errors").map(|field| field.boolean());
    let place = fields.place.clone();
    fields.close();
    let usual = Call::new(connection?);
    let call = Call {
        label: label.unwrap_or_else(|| Some(String::new()))?,
        name: optional(name)?,
        path: path?,
        method: method.unwrap_or(Some(usual.method))?,
        post: post.unwrap_or(Some(usual.post))?,
        files: files.unwrap_or(Some(usual.files))?,
        post_data: post_data.unwrap_or_default(),
        query: query.unwrap_or_default(),
        response: response.unwrap_or(Some(usual.response))?,
        file_field: optional(file_field)?,
        on_error: on_error.unwrap_or_else(|| Some(ErrorPolicies::default()))?,
        record_errors: record_errors.unwrap_or(Some(usual.record_errors))?,
        notify_on_errors: notify_on_errors.unwrap_or(Some(usual.notify_on_errors))?,
        connection: usual.connection,
    };
    if call.method == CallMethod::Get && (call.post || !call.post_data.is_empty()) {
        let key = if call.post { "post" } else { "post_data" };
        return place.key(key).report_with_hint(
            "does-not-apply",
            "a GET has no body to send this in",
            "write `method: POST`, or put it into the `query`",
        );
    }
    if call.file_field.is_some() && call.response != CallResponse::Attachment {
        return place.key("file_field").report_with_hint(
            "does-not-apply",
            "the answer is no file",
            "write `response: attachment`, or leave `file_field` out",
        );
    }
    Some(call)
}

fn read_policies(field: &Field<'_, '_>, around: Around<'_>) -> Option<ErrorPolicies> {
    let mut fields = field.fields(Section::Inner)?;
    let mut policies = ErrorPolicies::default();
    let mut are_read = Some(());
    for (key, policy) in keyed_policies(&mut policies) {
        let read = fields.take(key).map(|field| read_policy(&field, around));
        match read {
            None => {}
            Some(Some(read)) => *policy = read,
            Some(None) => are_read = None,
        }
    }
    fields.close();
    are_read.map(|()| policies)
}

/// The policies, each under its key.
fn keyed_policies(policies: &mut ErrorPolicies) -> [(&'static str, &mut ErrorPolicy); 5] {
    let ErrorPolicies { app, client, server, bad_data, network } = policies;
    [("app", app), ("4xx", client), ("5xx", server), ("bad_data", bad_data), ("network", network)]
}

fn read_policy(field: &Field<'_, '_>, around: Around<'_>) -> Option<ErrorPolicy> {
    if field.value.as_object().is_some() {
        let mut fields = field.fields(Section::Inner)?;
        fields.only_one_of(&["jump"])?;
        return around.known.read_status(&fields.require("jump")?).map(ErrorPolicy::Jump);
    }
    match field.choice(&[IGNORE, STOP], |word| word)? {
        IGNORE => Some(ErrorPolicy::Ignore),
        _ => Some(ErrorPolicy::Stop),
    }
}

pub(super) fn write_call(call: &Call) -> Value<'static> {
    let usual = Call::new(String::new());
    let mut members = Members::default();
    members.put("connection", call.connection.clone());
    members.put_unless(call.label.is_empty(), "label", call.label.clone());
    put_optional(&mut members, "name", call.name.as_deref());
    members.put_unless(call.path.is_empty(), "path", call.path.clone());
    members.put_unless(call.method == usual.method, "method", call.method.name());
    members.put_unless(call.post == usual.post, "post", call.post);
    members.put_unless(call.files == usual.files, "files", call.files.name());
    let post_data = write_templates(&call.post_data);
    members.put_unless(call.post_data.is_empty(), "post_data", post_data);
    members.put_unless(call.query.is_empty(), "query", write_templates(&call.query));
    members.put_unless(call.response == usual.response, "response", call.response.name());
    put_optional(&mut members, "file_field", call.file_field.as_deref());
    let are_usual = call.on_error == usual.on_error;
    members.put_unless(are_usual, "on_error", write_policies(&call.on_error));
    members.put_unless(!call.record_errors, "record_errors", call.record_errors);
    members.put_unless(!call.notify_on_errors, "notify_on_errors", call.notify_on_errors);
    members.into_value()
}

fn write_policies(policies: &ErrorPolicies) -> Value<'static> {
    let (mut policies, mut usual) = (policies.clone(), ErrorPolicies::default());
    let pairs = keyed_policies(&mut policies).into_iter().zip(keyed_policies(&mut usual));
    let mut members = Members::default();
    for ((key, policy), (_, usual)) in pairs {
        members.put_unless(policy == usual, key, write_policy(policy));
    }
    members.into_value()
}

fn write_policy(policy: &ErrorPolicy) -> Value<'static> {
    match policy {
        ErrorPolicy::Ignore => Value::from(IGNORE),
        ErrorPolicy::Stop => Value::from(STOP),
        ErrorPolicy::Jump(status) => only("jump", status.clone()),
    }
}
