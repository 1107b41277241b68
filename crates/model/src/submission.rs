//! Submissions: what was answered, whatever dialect it came in by.
//!
//! Nothing is lost on the way in. An answer keeps the text that was sent beside what it means;
//! what the form does not know is kept where it stood; what does not fit its type stays a text.
//! Answers are typed by the definition of their form; without one everything is text, and the
//! submission says so.

use crate::json::{Value, number};
use crate::names;
use crate::time::Timestamp;

/// One filled form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// Which form was filled in.
    pub form: FormReference,
    /// What is known of it beside the answers.
    pub metadata: Metadata,
    /// What was answered.
    pub values: Group,
    /// The files that belong to it.
    pub attachments: Vec<Attachment>,
    /// Whether no definition gave the answers a type: all are texts then, and a list is what
    /// happened to stand there more than once.
    pub is_untyped: bool,
    /// Whether it is encrypted: there are no answers then, only files that hold them.
    pub is_encrypted: bool,
}

/// How a submission names its form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormReference {
    /// The form's id.
    pub id: Option<String>,
    /// The form's namespace.
    pub xmlns: Option<String>,
    /// The form's version.
    pub version: Option<String>,
    /// The name of the outermost element.
    pub root: Option<String>,
    /// The application that the form is part of.
    pub application: Option<String>,
    /// The build of the application.
    pub build: Option<String>,
    /// What the sender calls the form, for people.
    pub title: Option<String>,
}

/// What is known of a submission beside its answers. Times are as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its id, as sent: `uuid:…` mostly.
    pub instance_id: Option<String>,
    /// The id of the submission that this one takes the place of.
    pub deprecated_id: Option<String>,
    /// What the form calls it.
    pub instance_name: Option<String>,
    /// The device that it was filled in on.
    pub device: Option<String>,
    /// The name of who filled it in.
    pub user: Option<String>,
    /// The id of who filled it in.
    pub user_id: Option<String>,
    /// When the form was opened.
    pub started_at: Option<String>,
    /// When it was finished.
    pub ended_at: Option<String>,
    /// When another server took it in before us.
    pub submitted_at: Option<String>,
    /// Where it was filled in, as far as the sender says so beside the answers.
    pub position: Option<Position>,
    /// What else the sender says about it, by the sender's names.
    pub other: Vec<(String, Value<'static>)>,
}

/// A file of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, as the answer writes it.
    pub name: String,
    /// Its media type, where the sender says it.
    pub content_type: Option<String>,
    /// Where its bytes are.
    pub content: AttachmentContent,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachmentContent {
    /// They come with the submission, or later.
    Expected,
    /// At this URL.
    Link(String),
    /// Here, in Base64 as they were sent.
    Embedded(String),
}

names! {
    /// Where the fetching of a linked file stands.
    pub enum FetchState {
        /// It is due, or will be tried again.
        Waiting = "waiting",
        /// It is not tried again, unless somebody asks for it.
        Failed = "failed",
        /// The file has come.
        Fetched = "fetched",
    }
}

/// Named answers, in the order of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What the form knows.
    pub members: Vec<(String, Node)>,
    /// What it does not: nodes of another version, attributes. As the message's view has it.
    pub extra: Vec<(String, Value<'static>)>,
}

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An answer.
    Answer(Answer),
    /// Answers that belong together.
    Group(Group),
    /// The times that something was answered: groups where the form is known, or whatever stood
    /// there more than once.
    Repeat(Vec<Self>),
}

/// An answer: what was sent, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was sent, to the character; `None` where there was no node.
    pub lexical: Option<String>,
    /// What it means.
    pub value: AnswerValue,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerValue {
    /// Nothing: not asked, or not answered.
    Empty,
    /// The text itself; so also a day, a time of day, a choice, a barcode.
    Text,
    /// A whole number.
    Integer(i64),
    /// A number, as the text of a JSON number.
    Decimal(String),
    /// Yes or no.
    Boolean(bool),
    /// A day and time; the moment where the text says how far from UTC it was.
    DateTime(Option<Timestamp>),
    /// Several choices, in the order of sending.
    Choices(Vec<String>),
    /// A place on earth.
    Geometry(Geometry),
    /// A file, by name.
    File,
    /// A text that is not of the type that the form says.
    Unfit,
}

names! {
    /// The kinds of places.
    pub enum GeometryKind {
        /// A position.
        Point = "Point",
        /// A line.
        Line = "LineString",
        /// An area.
        Polygon = "Polygon",
    }
}

/// A place on earth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// What it is.
    pub kind: GeometryKind,
    /// Its positions: one of a point; the first again at the end of a polygon.
    pub positions: Vec<Position>,
}

/// A position. Every part is the text of a JSON number, with the digits that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Degrees to the east.
    pub longitude: String,
    /// Degrees to the north.
    pub latitude: String,
    /// Metres above the sea.
    pub altitude: Option<String>,
    /// The radius that the position is known to, in metres.
    pub accuracy: Option<String>,
}

impl Position {
    /// A position as phones write it: latitude, longitude, and behind them altitude and accuracy or nothing.
    pub fn of_phone(text: &str) -> Option<Self> {
        let mut parts = text.split_ascii_whitespace();
        let (latitude, longitude) = (parts.next()?, parts.next()?);
        let (altitude, accuracy) = (parts.next(), parts.next());
        let is_within = |text: &str, most: f64| {
            text.parse::<f64>().is_ok_and(|degrees| degrees.is_finite() && degrees.abs() <= most)
        };
        let is_one =
            parts.next().is_none() && is_within(latitude, 90.0) && is_within(longitude, 180.0);
        is_one.then(|| Self {
            latitude: latitude.to_owned(),
            longitude: longitude.to_owned(),
            altitude: altitude.map(str::to_owned),
            accuracy: accuracy.map(str::to_owned),
        })
    }

    /// The coordinates in the order of GeoJSON: longitude, latitude, altitude.
    pub fn coordinates(&self) -> Value<'static> {
        let parts = [Some(&self.longitude), Some(&self.latitude), self.altitude.as_ref()];
        Value::Array(parts.into_iter().flatten().map(|part| json_number(part)).collect())
    }
}

/// A number in JSON; a text that is none stays a text, so that a mistake stays visible.
pub fn json_number(text: &str) -> Value<'static> {
    if number::is_number(text) {
        Value::Number(text.to_owned().into())
    } else {
        Value::string(text.to_owned())
    }
}

impl Answer {
    /// An answer that is not there.
    pub const ABSENT: Self = Self { lexical: None, value: AnswerValue::Empty };

    /// An answer that is only text.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let value = if text.is_empty() { AnswerValue::Empty } else { AnswerValue::Text };
        Self { lexical: Some(text), value }
    }

    /// What was sent; empty where nothing was.
    pub fn written(&self) -> &str {
        self.lexical.as_deref().unwrap_or_default()
    }
}

impl Group {
    /// What stands under a name that the form knows.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, node)| node)
    }

    /// The answer at the end of a path of groups; repeats have no one answer.
    pub fn answer(&self, path: &[&str]) -> Option<&Answer> {
        let (first, rest) = path.split_first()?;
        match (self.get(first)?, rest) {
            (Node::Answer(answer), []) => Some(answer),
            (Node::Group(group), [_, ..]) => group.answer(rest),
            _ => None,
        }
    }
}
