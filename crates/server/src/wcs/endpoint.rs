//! What there is in the API of w.c.s., by its addresses. What is not named here is not there.
//!
//! ```text
//!   formdefs/[<slug>/schema|submit]      categories/[<slug>/formdefs]      roles
//!   forms/                               forms/geojson                     forms/changes
//!   forms/<slug>/list                    forms/<slug>/geojson|ods|xlsx|csv|changes
//!   forms/<slug>/ics/<start>[/<end>]
//!   forms/<slug>/<id>[/download]         forms/<slug>/<id>/jump/trigger/<name>   …/hooks/<name>
//!   cards/@list                          cards/<slug>/…                    as forms, and @schema, submit, import-*
//!   user/[forms|drafts]                  users/[<id>/forms]                code/<code>       jobs/<id>
//!   statistics/[forms/count]             geocoding, reverse-geocoding
//! ```

use fieldpost_dialects::sheets::SheetFormat;
use fieldpost_dialects::wcs::RecordsAt;
use fieldpost_rules::wcs::reading::Kind;
use http::Method;
use percent_encoding::percent_decode_str;

use super::answer::Turned;

/// Something that can be read or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The list of forms.
    FormDefinitions,
    /// The definition of one.
    Schema { kind: Kind, form: String },
    /// A form is filled in.
    Submit { kind: Kind, form: String },
    /// The categories of forms.
    Categories,
    /// The forms of one.
    Category(String),
    /// The roles of the project.
    Roles,
    /// The kinds of cards.
    CardKinds,
    /// Cards come in, as this.
    Import { form: String, format: ImportFormat },
    /// Whom the call acts for.
    Me,
    /// What is theirs.
    MyForms { drafts: bool },
    /// People.
    People,
    /// What is somebody's.
    PersonForms(String),
    /// Records of all forms.
    All(Part),
    /// Records of one.
    Records { kind: Kind, form: String, part: Part },
    /// One record.
    Record { kind: Kind, form: String, id: String },
    /// Records in the shape of a view.
    View,
    /// A file of one.
    Download { kind: Kind, form: String, id: String },
    /// A trigger of one is set off.
    Trigger { kind: Kind, form: String, id: String, name: String },
    /// A hook of one is set off.
    Hook { kind: Kind, form: String, id: String, name: String },
    /// What a tracking code stands for.
    Code(String),
    /// What became of long work.
    Job(String),
    /// The charts that there are.
    Statistics,
    /// How many submissions came in, and when.
    FormCounts,
    /// Where an address is, or what is at a place.
    Geocoding,
}

/// How records are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As rows.
    List,
    /// On a map.
    Geojson,
    /// As a sheet.
    Sheet(SheetFormat),
    /// What has changed since.
    Changes,
    /// As a calendar, by these variables.
    Calendar { start: String, end: Option<String> },
}

/// What cards are imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportFormat {
    /// A table.
    Csv,
    /// Documents.
    Json,
}

impl Endpoint {
    /// The methods that it takes.
    const fn methods(&self) -> &'static [&'static str] {
        match self {
            // Long lists of ids come by POST.
            Self::All(_) | Self::Records { .. } | Self::Record { .. } => &["GET", "POST"],
            Self::Submit { .. } => &["POST"],
            Self::Import { .. } => &["PUT", "POST"],
            // A trigger refuses other methods in its own words.
            Self::Trigger { .. } => &["GET", "POST", "PUT"],
            Self::Hook { .. } => &["POST", "PUT"],
            _ => &["GET"],
        }
    }

    /// Where the records are that it gives. `is_form` says whether the project asks a form of that name.
    pub(super) fn records_at(&self, is_form: impl Fn(&str) -> bool) -> RecordsAt {
        let (kind, form) = match self {
            Self::Records { kind, form, .. }
            | Self::Record { kind, form, .. }
            | Self::Download { kind, form, .. }
            | Self::Trigger { kind, form, .. }
            | Self::Hook { kind, form, .. }
            | Self::Submit { kind, form } => (*kind, form),
            _ => return RecordsAt::Forms,
        };
        match kind {
            Kind::Form => RecordsAt::Forms,
            Kind::Card if is_form(form) => RecordsAt::Cards,
            Kind::Card => RecordsAt::Cases,
        }
    }

    /// Whether it takes a method.
    pub(super) fn require(&self, method: &Method) -> Result<(), Turned> {
        let wanted = if method == Method::HEAD { "GET" } else { method.as_str() };
        if self.methods().contains(&wanted) {
            return Ok(());
        }
        Err(Turned::Method(self.methods().join(", ")))
    }
}

/// The words that the API of w.c.s. begins with, below `/api/`. Everything else there is the hub's.
pub(crate) const WORDS: [&str; 12] = [
    "formdefs",
    "forms",
    "cards",
    "categories",
    "code",
    "roles",
    "user",
    "users",
    "jobs",
    "statistics",
    "geocoding",
    "reverse-geocoding",
];

/// The segments of a path, decoded; none where one is no text.
fn segments(path: &str) -> Option<Vec<String>> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| Some(percent_decode_str(segment).decode_utf8().ok()?.into())).collect()
}

/// What an address below `…/api/` names; `None` where there is nothing.
pub(super) fn find(rest: &str) -> Option<Endpoint> {
    let segments = segments(rest)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match *segments {
        ["formdefs"] => Endpoint::FormDefinitions,
        ["formdefs", form, "schema"] => {
            Endpoint::Schema { kind: Kind::Form, form: form.to_owned() }
        }
        ["formdefs", form, "submit"] => {
            Endpoint::Submit { kind: Kind::Form, form: form.to_owned() }
        }
        ["categories"] => Endpoint::Categories,
        ["categories", slug, "formdefs"] => Endpoint::Category(slug.to_owned()),
        ["roles"] => Endpoint::Roles,
        ["statistics"] => Endpoint::Statistics,
        ["statistics", "forms", "count"] => Endpoint::FormCounts,
        ["geocoding" | "reverse-geocoding"] => Endpoint::Geocoding,
        ["user"] => Endpoint::Me,
        ["user", "forms"] => Endpoint::MyForms { drafts: false },
        ["user", "drafts"] => Endpoint::MyForms { drafts: true },
        ["users"] => Endpoint::People,
        ["users", id, "forms"] => Endpoint::PersonForms(id.to_owned()),
        ["code", code] => Endpoint::Code(code.to_owned()),
        ["jobs", id] => Endpoint::Job(id.to_owned()),
        ["forms"] => Endpoint::All(Part::List),
        ["forms", "geojson"] => Endpoint::All(Part::Geojson),
        ["forms", "changes"] => Endpoint::All(Part::Changes),
        ["cards", "@list"] => Endpoint::CardKinds,
        ["cards", form, "@schema"] => Endpoint::Schema { kind: Kind::Card, form: form.to_owned() },
        ["cards", form, "submit"] => Endpoint::Submit { kind: Kind::Card, form: form.to_owned() },
        ["cards", form, "import-csv"] => {
            Endpoint::Import { form: form.to_owned(), format: ImportFormat::Csv }
        }
        ["cards", form, "import-json"] => {
            Endpoint::Import { form: form.to_owned(), format: ImportFormat::Json }
        }
        ["forms", form, ref rest @ ..] => of_form(Kind::Form, form, rest)?,
        ["cards", form, ref rest @ ..] => of_form(Kind::Card, form, rest)?,
        _ => return None,
    })
}

/// What an address at a form's own place names: `<form>/<id>/download` and the like.
pub(super) fn find_in_front(form: &str, rest: &str) -> Option<Endpoint> {
    let segments = segments(rest)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match of_form(Kind::Form, form, &segments)? {
        Endpoint::Record { .. } | Endpoint::Records { .. } => None,
        endpoint => Some(endpoint),
    }
}

fn of_form(kind: Kind, form: &str, rest: &[&str]) -> Option<Endpoint> {
    let form = form.to_owned();
    let part = match *rest {
        ["list"] => Part::List,
        ["list" | "geojson" | "ods" | "xlsx" | "csv", _] => return Some(Endpoint::View),
        ["geojson"] => Part::Geojson,
        ["changes"] => Part::Changes,
        [name] if SheetFormat::from_name(name).is_some() => {
            Part::Sheet(SheetFormat::from_name(name)?)
        }
        ["ics", start] => Part::Calendar { start: start.to_owned(), end: None },
        ["ics", start, end] => {
            Part::Calendar { start: start.to_owned(), end: Some(end.to_owned()) }
        }
        [id] => return Some(Endpoint::Record { kind, form, id: id.to_owned() }),
        [id, "download"] => return Some(Endpoint::Download { kind, form, id: id.to_owned() }),
        [id, "jump", "trigger", name] => {
            return Some(Endpoint::Trigger {
                kind,
                form,
                id: id.to_owned(),
                name: name.to_owned(),
            });
        }
        [id, "hooks", name] => {
            return Some(Endpoint::Hook { kind, form, id: id.to_owned(), name: name.to_owned() });
        }
        // A card in the shape of a view.
        [_, _] if kind == Kind::Card => return Some(Endpoint::View),
        _ => return None,
    };
    Some(Endpoint::Records { kind, form, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_wcs_with_and_without_a_slash_at_the_end() {
        use Endpoint::*;
        let (form, text) = (Kind::Form, |text: &str| text.to_owned());
        let records = |kind, part| Some(Records { kind, form: text("request"), part });
        for (path, expected) in [
            ("formdefs", Some(FormDefinitions)),
            ("formdefs/request/schema", Some(Schema { kind: form, form: text("request") })),
            ("formdefs/request/submit", Some(Submit { kind: form, form: text("request") })),
            ("categories", Some(Categories)),
            ("categories/town-hall/formdefs", Some(Category(text("town-hall")))),
            ("forms", Some(All(Part::List))),
            ("forms/geojson", Some(All(Part::Geojson))),
            ("forms/request/list", records(form, Part::List)),
            ("forms/request/list/mine", Some(View)),
            ("forms/request/ods/mine", Some(View)),
            ("cards/child/mine/7", Some(View)),
            ("forms/request/geojson", records(form, Part::Geojson)),
            ("forms/request/ods", records(form, Part::Sheet(SheetFormat::Ods))),
            ("forms/request/changes", records(form, Part::Changes)),
            (
                "forms/request/ics/from/to",
                records(form, Part::Calendar { start: text("from"), end: Some(text("to")) }),
            ),
            (
                "cards/child/list",
                Some(Records { kind: Kind::Card, form: text("child"), part: Part::List }),
            ),
            ("cards/@list", Some(CardKinds)),
            ("cards/child/@schema", Some(Schema { kind: Kind::Card, form: text("child") })),
            (
                "forms/request/16",
                Some(Record { kind: form, form: text("request"), id: text("16") }),
            ),
            (
                "forms/request/a%2Fb",
                Some(Record { kind: form, form: text("request"), id: text("a/b") }),
            ),
            (
                "forms/request/16/jump/trigger/finish",
                Some(Trigger {
                    kind: form,
                    form: text("request"),
                    id: text("16"),
                    name: text("finish"),
                }),
            ),
            (
                "forms/request/16/hooks/told",
                Some(Hook {
                    kind: form,
                    form: text("request"),
                    id: text("16"),
                    name: text("told"),
                }),
            ),
            (
                "forms/request/16/download",
                Some(Download { kind: form, form: text("request"), id: text("16") }),
            ),
            ("user", Some(Me)),
            ("user/drafts", Some(MyForms { drafts: true })),
            ("users/7/forms", Some(PersonForms(text("7")))),
            ("code/QRFPTSLR", Some(Code(text("QRFPTSLR")))),
            ("jobs/7", Some(Job(text("7")))),
            ("statistics", Some(Statistics)),
            ("statistics/forms/count", Some(FormCounts)),
            ("reverse-geocoding", Some(Geocoding)),
            ("forms/request/16/else", None),
            ("forms/%ff", None),
            ("else", None),
            ("", None),
        ] {
            assert_eq!(find(path), expected, "{path}");
            assert_eq!(find(&format!("{path}/")), expected, "{path}/");
        }
        let word = |path: &str| path.split('/').next().map(str::to_owned);
        assert!(
            ["forms/a/list", "jobs/7", "cards/@list"]
                .iter()
                .all(|path| WORDS.contains(&&*word(path).unwrap()))
        );
    }

    #[test]
    fn what_programs_ask_of_a_form_is_also_at_the_address_of_the_form() {
        let download = Endpoint::Download {
            kind: Kind::Form,
            form: "request".to_owned(),
            id: "16".to_owned(),
        };
        assert_eq!(find_in_front("request", "16/download"), Some(download));
        assert!(find_in_front("request", "16/jump/trigger/x").is_some());
        assert_eq!(find_in_front("request", "16"), None);
        assert_eq!(find_in_front("request", "list"), None);
    }

    #[test]
    fn every_address_takes_some_methods() {
        for (path, method, allowed) in [
            ("forms/a/list", "GET", None),
            ("forms/a/list", "HEAD", None),
            ("forms/a/list", "POST", None),
            ("forms/a/list", "PUT", Some("GET, POST")),
            ("formdefs", "POST", Some("GET")),
            ("formdefs/a/submit", "GET", Some("POST")),
            ("forms/a/1/jump/trigger/x", "GET", None),
            ("forms/a/1/jump/trigger/x", "DELETE", Some("GET, POST, PUT")),
            ("forms/a/1/hooks/x", "GET", Some("POST, PUT")),
        ] {
            let endpoint = find(path).unwrap();
            let told = match endpoint.require(&method.parse().unwrap()) {
                Ok(()) => None,
                Err(Turned::Method(allowed)) => Some(allowed),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(told.as_deref(), allowed, "{method} {path}");
        }
    }
}
