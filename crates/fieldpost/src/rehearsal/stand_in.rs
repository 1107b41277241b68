//! Who answers steps in the place of the world, and writes down what they asked for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use fieldpost_model::json::Value;
use fieldpost_script::host::{Asker, StandIn, failure};
use fieldpost_script::protocol::CallError;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answers::{Answer, Had, to_request, to_statement};
use super::requests;

/// Answers with what a case has, and remembers all that was asked.
#[derive(Debug)]
pub(super) struct CaseStandIn {
    answers: Vec<Answer>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// The answers that each step of each run has had.
    had: HashMap<(Uuid, String), Had>,
    /// What each execution of a step asked for.
    asked: HashMap<(Uuid, u32), Vec<Value<'static>>>,
}

impl CaseStandIn {
    pub(super) fn new(answers: Vec<Answer>) -> Self {
        Self { answers, book: Mutex::default() }
    }

    /// What an execution of a step asked for, in its order.
    pub(super) fn asked(&self, run: Uuid, number: u32) -> Vec<Value<'static>> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.asked.remove(&(run, number)).unwrap_or_default()
    }

    fn answer_to(
        &self,
        book: &mut Book,
        asker: &Asker,
        name: &str,
        call: &Value<'_>,
    ) -> Option<Result<Value<'static>, (String, String)>> {
        let had = book.had.entry((asker.run, asker.step.clone())).or_default();
        let whose = (asker.workflow.as_str(), asker.step.as_str());
        let (mut shown, told, answer) = match name {
            "http" => {
                let of = |key| call.get(key).and_then(Value::as_str).unwrap_or_default();
                let given = to_request(&self.answers, had, whose, (of("method"), of("url")));
                let is_given = given.is_some();
                let reply = given.unwrap_or_default();
                let told = requests::told_http(&reply, is_given);
                (requests::http(call), Some(told), Some(requests::answer_http(call, reply)))
            }
            "sql" => {
                let statement = call.get("statement").and_then(Value::as_str).unwrap_or_default();
                let given = to_statement(&self.answers, had, whose, statement);
                let is_given = given.is_some();
                let reply = given.unwrap_or_default();
                let told = requests::told_sql(&reply, is_given);
                (requests::sql(call), Some(told), Some(Ok(requests::answer_sql(reply))))
            }
            "mail" => (requests::mail(call), None, Some(Ok(requests::answer_mail(call)))),
            // The hub of the rehearsal has collections of its own.
            "collections" => (requests::collection(call)?, None, None),
            _ => return None,
        };
        shown.extend(told.map(|told| ("answer", told)));
        let asked = book.asked.entry((asker.run, asker.number)).or_default();
        asked.push(Value::object(shown));
        answer
    }
}

impl StandIn for CaseStandIn {
    fn answer(
        &self,
        asker: &Asker,
        name: &str,
        arguments: &RawValue,
    ) -> Option<Result<Box<RawValue>, CallError>> {
        let call = match Value::parse(arguments.get().as_bytes()) {
            Ok(call) => call,
            Err(error) => return Some(Err(failure("bad-call", error.to_string()))),
        };
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match self.answer_to(&mut book, asker, name, &call)? {
            Ok(answer) => answer,
            Err((code, message)) => return Some(Err(failure(&code, message))),
        };
        let written = RawValue::from_string(answer.to_json());
        Some(written.map_err(|error| failure("bad-answer", error.to_string())))
    }
}
