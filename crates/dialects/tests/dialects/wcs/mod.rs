//! The documents of w.c.s. from outside: what is written, what is read, and that both are one.

mod anonymous;
mod answers;
mod documents;
mod encodings;
mod lists;
mod pushed;
mod round_trip;
mod schema_leaves;
mod schemas;
mod submits;
mod tables;

use fieldpost_dialects::wcs::read::{Submitted, submit};
use fieldpost_dialects::wcs::{Record, Site, Viewer};
use fieldpost_model::form_definition::{
    AnonymiseMode, DisplayLocation, FieldType, FormDefinition, FormField, Item,
};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{
    Action, ActionKind, Function, GlobalAction, Jump, Lifecycle, Status, Who,
};
use fieldpost_model::person::{Role, UserReference};
use fieldpost_model::progress::{
    Actor, Channel, HistoryEntry, Origin, Parent, Part, Progress, StoredFile,
};
use fieldpost_model::submission::{Position, Submission};
use fieldpost_model::time::Timestamp;

/// A form with a field of each type.
fn definition() -> FormDefinition {
    let field = FormField::new;
    let items = || {
        let mut first = Item::new("1", "one");
        first.attributes.push(("colour".to_owned(), Value::from("red")));
        vec![first, Item::new("2", "two")]
    };
    let block = FormField {
        label: "People".to_owned(),
        fields: vec![
            field("first", FieldType::String),
            field("portrait", FieldType::File),
            FormField { items: items(), ..field("role", FieldType::Item) },
        ],
        ..field("people", FieldType::Block)
    };
    let table = |name: &'static str, kind| FormField {
        columns: vec!["Name".to_owned(), "Age".to_owned()],
        ..field(name, kind)
    };
    let listed = [DisplayLocation::Listings];
    FormDefinition {
        name: "request".to_owned(),
        title: "Request".to_owned(),
        category: Some("Town life".to_owned()),
        keywords: vec!["water".to_owned()],
        geolocation: Some("position".to_owned()),
        fields: vec![
            FormField { display_locations: listed.to_vec(), ..field("name", FieldType::String) },
            field("story", FieldType::Text),
            field("email", FieldType::Email),
            field("phone", FieldType::Phone),
            field("agreed", FieldType::Bool),
            field("amount", FieldType::Numeric),
            field("day", FieldType::Date),
            FormField { items: items(), ..field("kind", FieldType::Item) },
            FormField { items: items(), ..field("kinds", FieldType::Items) },
            FormField { items: items(), ..field("order", FieldType::RankedItems) },
            FormField { id: "11".to_owned(), ..field("photo", FieldType::File) },
            field("position", FieldType::Map),
            block,
            table("grid", FieldType::Table),
            table("rows", FieldType::TableRows),
            field("sum", FieldType::Computed),
            field("heading", FieldType::Title),
            FormField { name: None, id: "20".to_owned(), ..field("unnamed", FieldType::String) },
        ],
        lifecycle: lifecycle(),
        ..FormDefinition::default()
    }
}

fn lifecycle() -> Lifecycle {
    let status = |id: &str, name: &str, actions| Status {
        id: id.to_owned(),
        name: name.to_owned(),
        actions,
        ..Status::default()
    };
    let jump = |to: &str| Action::new("1", ActionKind::Jump(Jump::new(to)));
    let function = |id: &str, role: &str| Function {
        id: id.to_owned(),
        name: id.trim_start_matches('_').to_owned(),
        role: Some(role.to_owned()),
    };
    Lifecycle {
        functions: vec![function("_receiver", "agents"), function("_other", "others")],
        statuses: vec![
            status("just_submitted", "Just submitted", vec![jump("new")]),
            status("new", "New", vec![jump("finished")]),
            Status {
                colour: Some("#00ff00".to_owned()),
                ..status("finished", "Finished", Vec::new())
            },
        ],
        global_actions: vec![GlobalAction { id: "close".to_owned(), ..GlobalAction::default() }],
        backoffice_fields: vec![FormField {
            id: "bo1".to_owned(),
            anonymise: AnonymiseMode::Final,
            ..FormField::new("note", FieldType::String)
        }],
        ..Lifecycle::default()
    }
}

/// The body of a submission that answers everything, with a file in two places.
const BODY: &str = r#"{"data":{
    "name":"Marie","story":"One\nTwo","email":"marie@example.net","phone":"+33 1 23",
    "agreed":true,"amount":"5.50","day":"2026-11-23","kind":"1","kinds":["1","2"],
    "order":{"2":1,"1":2},
    "photo":{"filename":"a.txt","content_type":"text/plain","content":"Q2VjaQ=="},
    "position":{"lat":48.856613,"lon":2.352219},
    "people":[{"first":"Ann","portrait":{"filename":"b.png","content_type":"image/png","content":"AAEC"},"role":"2"},{"first":"Bob"}],
    "grid":[["a","1"],["b","2"]],"rows":[["c","3"]],"sum":{"total":7},
    "20":"nobody reads this","note":"to check"},
  "context":{"channel":"phone"}}"#;

fn submitted() -> Submitted {
    submit(&definition(), &json(BODY)).unwrap()
}

fn json(text: &str) -> Value<'_> {
    Value::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn user(number: u64, name: &str) -> UserReference {
    UserReference {
        number,
        name: name.to_owned(),
        email: Some(format!("{}@example.com", name.to_lowercase())),
        name_ids: vec![format!("id-{number}")],
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A submission on its way, with something of everything.
struct World {
    definition: FormDefinition,
    submission: Submission,
    progress: Progress,
    files: Vec<StoredFile>,
    contents: Vec<([u8; 32], Vec<u8>)>,
    roles: Vec<Role>,
    concerned: Vec<String>,
}

impl World {
    fn new() -> Self {
        let submitted = submitted();
        assert_eq!(submitted.warnings, []);
        let mut files: Vec<StoredFile> =
            submitted.files.iter().map(fieldpost_dialects::wcs::read::SentFile::stored).collect();
        let mut contents: Vec<_> =
            submitted.files.iter().map(|file| (file.sha256, file.bytes.clone())).collect();
        let letter = StoredFile {
            name: "letter.pdf".to_owned(),
            content_type: "application/pdf".to_owned(),
            bytes: 3,
            sha256: [7; 32],
        };
        files.push(letter.clone());
        contents.push(([7; 32], b"pdf".to_vec()));
        let role = |id: &str| Role {
            id: id.to_owned(),
            name: id.to_uppercase(),
            emails: vec![format!("{id}@example.org")],
            ..Role::default()
        };
        Self {
            definition: definition(),
            progress: progress(submitted.backoffice_values, letter),
            submission: submitted.submission,
            files,
            contents,
            roles: vec![role("agents"), role("others")],
            concerned: vec!["agents".to_owned(), "_submitter".to_owned()],
        }
    }

    fn record(&self) -> Record<'_> {
        Record {
            definition: &self.definition,
            submission: &self.submission,
            progress: &self.progress,
            files: &self.files,
            place: Some(42),
        }
    }

    fn site(&self) -> Site<'_> {
        Site {
            base: "https://hub.example.org/p/town",
            time_zone: fieldpost_dialects::wcs::Tz::Europe__Paris,
            roles: &self.roles,
            records: fieldpost_dialects::wcs::RecordsAt::Forms,
        }
    }

    fn viewer(&self) -> Viewer<'_> {
        Viewer { concerned: &self.concerned, acting: &self.concerned, ..Viewer::default() }
    }

    /// The text of a document, with the contents of its files.
    fn text(&self, tree: &fieldpost_dialects::wcs::pieces::Tree) -> String {
        let mut text = Vec::new();
        tree.write_to(&mut text, |digest| {
            let found = self.contents.iter().find(|(known, _)| known == digest);
            let (_, bytes) = found.unwrap_or_else(|| panic!("no such file: {digest:?}"));
            Ok(std::io::Cursor::new(bytes.clone()))
        })
        .unwrap();
        String::from_utf8(text).unwrap()
    }
}

fn progress(backoffice_values: fieldpost_model::submission::Group, letter: StoredFile) -> Progress {
    let received = time("2013-01-04T12:39:47.250Z");
    let entry = |at: &str, who, status: &str, parts| HistoryEntry {
        time: time(at),
        last_jump_at: None,
        who,
        status: Some(status.to_owned()),
        parts,
    };
    let parts = vec![
        Part::Comment {
            identifier: Some("reason".to_owned()),
            html: "<p>One &amp; two</p>".to_owned(),
        },
        Part::Attachment {
            identifier: None,
            file: letter,
            visible_to: vec![Who::Function("_receiver".to_owned())],
        },
        Part::FormData { key: "ask".to_owned(), data: Value::object([("x", 1_i64)]) },
        Part::CallError {
            summary: "404 Not Found".to_owned(),
            label: Some("Register".to_owned()),
            data: b"{\"err\": 1}".to_vec(),
            delivery: None,
        },
        Part::CallError {
            summary: "500 Internal Server Error".to_owned(),
            label: None,
            data: vec![0xf1],
            delivery: None,
        },
    ];
    Progress {
        display_id: "1-28".to_owned(),
        status: Some("new".to_owned()),
        updated_at: time("2013-01-04T12:41:21Z"),
        history: vec![
            entry("2013-01-04T12:39:47.250Z", Some(Actor::Submitter), "just_submitted", Vec::new()),
            entry("2013-01-04T12:39:49Z", Some(Actor::User(user(2, "Agnes"))), "new", parts),
        ],
        data: Value::object([
            ("register_status", Value::from(200_i64)),
            (
                "letter",
                Value::object([
                    ("filename", "letter.pdf".to_owned()),
                    ("content_type", "application/pdf".to_owned()),
                    ("content_sha256", "07".repeat(32)),
                ]),
            ),
            (
                "foreign",
                Value::object([("filename", "x".to_owned()), ("content_sha256", "08".repeat(32))]),
            ),
        ]),
        backoffice_values,
        criticality: 1,
        tracking_code: Some("QRFPTSLR".to_owned()),
        origin: Origin {
            channel: Channel::Phone,
            is_backoffice: true,
            agent: Some(user(2, "Agnes")),
            parent: Some(Parent { form: "first-step".to_owned(), number: 3 }),
            context: None,
        },
        user: Some(user(1, "Fred")),
        geolocation: Some(Position {
            longitude: "2.352219".to_owned(),
            latitude: "48.856613".to_owned(),
            altitude: None,
            accuracy: None,
        }),
        digest: Some("Marie, water".to_owned()),
        ..Progress::draft(uuid::Uuid::from_u128(0x1234), 16, received)
    }
}
