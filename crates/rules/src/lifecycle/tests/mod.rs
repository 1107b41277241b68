//! Lifecycles in motion: each action, each policy, each text, and the laws that hold for all of them.

mod anonymised;
mod calls;
mod laws;
mod people;
mod timed;
mod walks;

use std::time::Duration;

use fieldpost_model::form_definition::{FieldType, FormDefinition, FormField, Item};
use fieldpost_model::json::Value as Json;
use fieldpost_model::lifecycle::{
    Action, ActionKind, Call, Comment, Edit, Function, GlobalAction, Jump, Status, Who,
};
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{Progress, StoredFile};
use fieldpost_model::submission::{Answer, AnswerValue, Group, Node, Submission};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::template::Surroundings;
use super::*;
use crate::wcs::Refusal;

/// The first moment of every scene.
const BEGINNING: &str = "2026-01-05T10:00:00Z";

/// A form, one submission of it, and a clock that is turned by hand.
#[derive(Debug)]
struct Scene {
    definition: FormDefinition,
    record: Record,
    now: Timestamp,
    addresses: Addresses,
    bounds: Bounds,
    next_due: Option<Timestamp>,
}

impl Scene {
    fn new(statuses: Vec<Status>) -> Self {
        let now = Timestamp::parse(BEGINNING).unwrap();
        let item = |id: &str, text: &str| Item {
            attributes: vec![("price".to_owned(), Json::from(3_i64))],
            ..Item::new(id, text)
        };
        let mut definition = FormDefinition {
            name: "request".to_owned(),
            title: "Request".to_owned(),
            fields: vec![
                FormField::new("name", FieldType::String),
                FormField::new("email", FieldType::Email),
                FormField {
                    items: vec![item("1", "one"), item("2", "two")],
                    ..FormField::new("kind", FieldType::Item)
                },
                FormField {
                    items: vec![item("1", "one"), item("2", "two")],
                    ..FormField::new("kinds", FieldType::Items)
                },
                FormField::new("amount", FieldType::Numeric),
                FormField::new("urgent", FieldType::Bool),
            ],
            ..FormDefinition::default()
        };
        definition.lifecycle.functions = vec![
            Function {
                id: "_receiver".to_owned(),
                name: "Recipient".to_owned(),
                role: Some("agents".to_owned()),
            },
            Function { id: "_manager".to_owned(), name: "Manager".to_owned(), role: None },
        ];
        definition.lifecycle.statuses = statuses;
        let values = Group {
            members: vec![
                ("name".to_owned(), Node::Answer(Answer::text("Amina"))),
                ("email".to_owned(), Node::Answer(Answer::text("amina@example.org"))),
                ("kind".to_owned(), Node::Answer(Answer::text("1"))),
                (
                    "kinds".to_owned(),
                    Node::Answer(Answer {
                        lexical: Some("1 2".to_owned()),
                        value: AnswerValue::Choices(vec!["1".to_owned(), "2".to_owned()]),
                    }),
                ),
                (
                    "amount".to_owned(),
                    Node::Answer(Answer {
                        lexical: Some("5.5".to_owned()),
                        value: AnswerValue::Decimal("5.5".to_owned()),
                    }),
                ),
                (
                    "urgent".to_owned(),
                    Node::Answer(Answer {
                        lexical: Some("true".to_owned()),
                        value: AnswerValue::Boolean(true),
                    }),
                ),
            ],
            extra: Vec::new(),
        };
        let submission = Submission { values, ..Submission::default() };
        let progress = Progress::draft(Uuid::from_u128(7), 28, now);
        let addresses =
            Addresses { url: "https://hub/request/28/".to_owned(), ..Addresses::default() };
        let record = Record { submission, progress, files: Vec::new() };
        Self { definition, record, now, addresses, bounds: DEFAULT_BOUNDS, next_due: None }
    }

    /// A scene whose submission was sent; its effects are forgotten.
    fn sent(statuses: Vec<Status>) -> Self {
        let mut scene = Self::new(statuses);
        scene.submit();
        scene
    }

    fn machine(&self) -> Machine<'_> {
        Machine {
            definition: &self.definition,
            addresses: &self.addresses,
            surroundings: Surroundings::at(self.now),
            bounds: self.bounds,
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "a happening is made where it is named")]
    fn step(&mut self, caller: &Caller, happening: Happening) -> Result<Vec<Effect>, Refusal> {
        let step = self.machine().step(&self.record, caller, &happening)?;
        self.record = step.record;
        self.next_due = step.next_due;
        Ok(step.effects)
    }

    fn submit(&mut self) -> Vec<Effect> {
        self.step(&Caller::nobody(), Happening::Submitted).unwrap()
    }

    fn pass(&mut self, minutes: u64) {
        self.now = self.now + Duration::from_mins(minutes);
    }

    fn time_comes(&mut self) -> Vec<Effect> {
        self.step(&Caller::nobody(), Happening::TimeCame).unwrap()
    }

    fn trigger(&mut self, caller: &Caller, name: &str, sent: Sent) -> Result<Vec<Effect>, Refusal> {
        self.step(caller, Happening::Trigger { name: name.to_owned(), sent, bypass: false })
    }

    fn ended(&mut self, outcome: CallOutcome) -> Vec<Effect> {
        let number = self.record.progress.waiting.last().unwrap().number;
        let outcome = Box::new(outcome);
        self.step(&Caller::nobody(), Happening::CallEnded { number, outcome }).unwrap()
    }

    fn status(&self) -> &str {
        self.record.progress.status.as_deref().unwrap()
    }

    /// The statuses that it came to, the first first.
    fn way(&self) -> Vec<&str> {
        self.record.progress.history.iter().filter_map(|entry| entry.status.as_deref()).collect()
    }

    fn data(&self) -> String {
        self.record.progress.data.to_json()
    }
}

fn status(id: &str, actions: Vec<ActionKind>) -> Status {
    let actions = actions
        .into_iter()
        .enumerate()
        .map(|(place, kind)| Action::new((place + 1).to_string(), kind))
        .collect();
    Status { id: id.to_owned(), name: id.to_uppercase(), actions, ..Status::default() }
}

/// The status with a condition for its last action.
fn when(mut status: Status, condition: &str) -> Status {
    status.actions.last_mut().unwrap().condition = Some(condition.to_owned());
    status
}

fn jump(to: &str) -> ActionKind {
    ActionKind::Jump(Jump::new(to))
}

fn trigger(to: &str, name: &str, by: Vec<Who>) -> ActionKind {
    ActionKind::Jump(Jump { trigger: Some(name.to_owned()), by, ..Jump::new(to) })
}

fn timeout(to: &str, minutes: u64) -> ActionKind {
    ActionKind::Jump(Jump { timeout: Some(Duration::from_mins(minutes)), ..Jump::new(to) })
}

fn button(to: &str, by: Vec<Who>) -> ActionKind {
    ActionKind::Jump(Jump { by, ..Jump::new(to) })
}

fn call() -> ActionKind {
    ActionKind::Call(Call { name: Some("v".to_owned()), ..Call::new("dhis2") })
}

fn comment(by: Vec<Who>) -> ActionKind {
    ActionKind::Comment(Comment { by, name: Some("note".to_owned()), ..Comment::default() })
}

fn edit(by: Vec<Who>) -> ActionKind {
    ActionKind::Edit(Edit { by, ..Edit::default() })
}

fn global(id: &str, hook: Vec<Who>, actions: Vec<ActionKind>) -> GlobalAction {
    GlobalAction {
        id: id.to_owned(),
        name: id.to_owned(),
        hook,
        actions: status("x", actions).actions,
        ..GlobalAction::default()
    }
}

fn receiver() -> Vec<Who> {
    vec![Who::Function("_receiver".to_owned())]
}

/// Somebody with the role of the agents.
fn agent() -> Caller {
    Caller { user: Some(person(2, "Fred")), roles: vec!["agents".to_owned()], ..Caller::default() }
}

/// Somebody without any role.
fn stranger() -> Caller {
    Caller { user: Some(person(3, "Eve")), ..Caller::default() }
}

/// A program that signs and acts for nobody.
fn signed() -> Caller {
    Caller { is_signed: true, ..Caller::default() }
}

fn person(number: u64, name: &str) -> UserReference {
    UserReference {
        number,
        name: name.to_owned(),
        email: Some(format!("{}@example.org", name.to_lowercase())),
        name_ids: Vec::new(),
    }
}

fn file(name: &str) -> StoredFile {
    StoredFile {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: 3,
        sha256: [7; 32],
    }
}

fn json(text: &str) -> Json<'static> {
    Json::parse(text.as_bytes()).unwrap().into_owned()
}

/// A call that went well and brought that.
fn good(stored: &[(&str, &str)]) -> CallOutcome {
    CallOutcome {
        url: "https://dhis2/x".to_owned(),
        status: Some(200),
        errors: Vec::new(),
        stored: stored.iter().map(|(key, value)| ((*key).to_owned(), json(value))).collect(),
        display_id: None,
        file: None,
        summary: String::new(),
        data: Vec::new(),
        delivery: None,
    }
}

fn bad(errors: &[CallError], status: Option<u16>) -> CallOutcome {
    CallOutcome {
        status,
        errors: errors.to_vec(),
        summary: "404 Not Found".to_owned(),
        data: b"no".to_vec(),
        ..good(&[("v_status", "404")])
    }
}

#[track_caller]
fn denied<T: std::fmt::Debug>(result: Result<T, Refusal>, status: u16, text: &str) {
    let refusal = result.unwrap_err();
    assert_eq!((refusal.status, &*refusal.description), (status, text));
}

/// The codes of what went wrong.
fn problems(effects: &[Effect]) -> Vec<&'static str> {
    let code = |effect: &Effect| match effect {
        Effect::Problem(problem) => Some(problem.code),
        _ => None,
    };
    effects.iter().filter_map(code).collect()
}

fn plan(effects: &[Effect]) -> &CallPlan {
    let plan = |effect: &'_ Effect| matches!(effect, Effect::Call(_));
    match effects.iter().find(|effect| plan(effect)).unwrap() {
        Effect::Call(plan) => plan,
        _ => unreachable!(),
    }
}
