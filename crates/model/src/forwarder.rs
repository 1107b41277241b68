//! A forwarder: a standing order to send certain events to a connection.

use crate::event::Event;
use crate::json::Value;
use crate::names;
use crate::retry::RetryPolicy;

names! {
    /// What a delivery's body is made of.
    pub enum Format {
        /// The bytes and content type of the message, untouched.
        AsReceived = "as-received",
        /// The parsed view of the message, as JSON.
        Json = "json",
        /// The filled form as it was sent, byte for byte; one that came as JSON is written as XML.
        FormXml = "form_xml",
        /// The filled form as CommCare HQ's Form API gives it.
        FormJson = "form_json",
        /// The case as CommCare HQ forwards it: one case block.
        CaseXml = "case_xml",
        /// The case as CommCare HQ forwards it, as JSON.
        CaseJson = "case_json",
        /// The ids of the form and of the cases that it touched.
        Stub = "stub",
        /// The submission as w.c.s. forwards it.
        Wcs = "wcs",
        /// The submission as KoboToolbox gives it.
        Kobo = "kobo",
        /// The submission or case as a feature on a map.
        Geojson = "geojson",
        /// The submission or case as typed JSON; a repeat is a list, always.
        Normalised = "normalised",
        /// A text that the forwarder's own template makes.
        Template = "template",
        /// The id of the application that was saved or built, as CommCare HQ sends it.
        SchemaId = "schema_id",
        /// The questions of the forms of the application that was saved or built.
        SchemaJson = "schema_json",
        /// Rows of a table in a database.
        Table = "table",
    }
}

names! {
    /// The method of the request.
    pub enum Method {
        /// POST, the default.
        Post = "POST",
        /// PUT.
        Put = "PUT",
        /// PATCH.
        Patch = "PATCH",
        /// DELETE, with the payload as its body.
        Delete = "DELETE",
    }
}

names! {
    /// The versions of case XML.
    pub enum CaseXmlVersion {
        /// The id in an element, no indices and no attachments.
        V1 = "1.0",
        /// The one in use: the id in an attribute, and a namespace.
        V2 = "2.0",
    }
}

names! {
    /// How a closed case is sent.
    pub enum ClosedCases {
        /// With all that is known about it.
        Full = "full",
        /// With nothing but the word that it is closed.
        CloseOnly = "close_only",
    }
}

/// What a format leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// The version of `case_xml`.
    pub case_xml_version: CaseXmlVersion,
    /// How `case_xml` and `case_json` tell of a closed case.
    pub closed_cases: ClosedCases,
    /// The text of `template`: Jinja, with the submission or case as its variables.
    pub template: Option<String>,
    /// What `template` makes.
    pub content_type: Option<String>,
    /// The field that places a feature of `geojson`: its path from the outside in. Empty: the first
    /// position that there is.
    pub position: Vec<String>,
    /// The name of the table of `table`; none: that of the form or case type.
    pub table: Option<String>,
    /// Whether the id of a form's application goes into the query, as `app_id`.
    pub sends_application: bool,
}

impl Default for Rendering {
    fn default() -> Self {
        Self {
            case_xml_version: CaseXmlVersion::V2,
            closed_cases: ClosedCases::Full,
            template: None,
            content_type: None,
            position: Vec::new(),
            table: None,
            sends_application: true,
        }
    }
}

names! {
    /// What is delivered strictly one after the other, in the order in which it came in. What has
    /// another key goes on in parallel.
    pub enum OrderBy {
        /// Nothing.
        None = "none",
        /// What is about the same case.
        Case = "case",
        /// What is about the same form.
        Form = "form",
        /// Everything that this and other such forwarders send to the connection.
        Connection = "connection",
    }
}

names! {
    /// What happens to those that follow, in order, a delivery which ended without success.
    pub enum OnRejected {
        /// They are sent.
        Continue = "continue",
        /// They wait until a person requeues or cancels it.
        Hold = "hold",
    }
}

names! {
    /// Which state of a thing is sent.
    pub enum PayloadChoice {
        /// As it was when the event happened.
        Snapshot = "snapshot",
        /// As it is when it is sent: what waits for the same key collapses into the newest.
        Latest = "latest",
    }
}

/// A field that is not sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The names that the path of the field ends with: one, or several from the outside in.
    pub path: Vec<String>,
    /// What is sent instead.
    pub how: Withholding,
}

/// What is sent of a field that is withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withholding {
    /// Nothing.
    Drop,
    /// A text that is equal for equal values and tells nothing else of them.
    Hash,
    /// The value, less exactly.
    Coarsen(Coarseness),
}

/// How exact a value is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coarseness {
    /// In steps of this size, a positive decimal number: degrees of a position, years of an age.
    Step(String),
    /// The month of a day.
    Month,
    /// The year of a day.
    Year,
}

/// Which events a forwarder wants. Every part that is there must hold; a list wants one of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageFilter {
    /// The name of the one source it listens to; none means all of them.
    pub from: Option<String>,
    /// JSON that the message, the submission or the case must contain (the semantics of PostgreSQL's
    /// `@>`).
    pub matches: Option<Value<'static>>,
    /// JSON that it must not contain.
    pub unless: Option<Value<'static>>,
    /// Headers that the request must carry, with exactly these values; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Query parameters that the request must carry, with exactly these values.
    pub query: Vec<(String, String)>,
    /// Forms, each by its name, its id or its namespace.
    pub forms: Vec<String>,
    /// Types of cases.
    pub case_types: Vec<String>,
    /// Applications, each by its id.
    pub applications: Vec<String>,
    /// Who did it, each by name or id.
    pub users: Vec<String>,
    /// Who did not do it, each by name or id.
    pub without_users: Vec<String>,
}

/// A forwarder as a project defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forwarder {
    /// The name within the project.
    pub name: String,
    /// What sets it off.
    pub on: Event,
    /// Which of those events it wants.
    pub filter: MessageFilter,
    /// The connection that it sends to.
    pub to: String,
    /// What it sends.
    pub format: Format,
    /// The request's method.
    pub method: Method,
    /// A paused forwarder still makes its deliveries; they wait.
    pub paused: bool,
    /// Headers added to every request.
    pub headers: Vec<(String, String)>,
    /// Query parameters added to the connection's URL.
    pub query: Vec<(String, String)>,
    /// When a failed delivery is tried again.
    pub retry: RetryPolicy,
    /// What is kept in order.
    pub order_by: OrderBy,
    /// What happens to those that follow a refused one.
    pub on_rejected: OnRejected,
    /// Which state is sent.
    pub payload: PayloadChoice,
    /// How the format writes it.
    pub rendering: Rendering,
    /// What is not sent as it is.
    pub withhold: Vec<Withheld>,
}
