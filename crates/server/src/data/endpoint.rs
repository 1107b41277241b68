//! What there is in the data APIs, and what each asks of whoever calls it. What is not named here is not
//! there.

use fieldpost_model::access::Access;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{self, Surface};
use super::gate::Caller;
use crate::problem::Problem;

/// Something that can be read, or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// The list of forms.
    Forms,
    /// One form, by its id.
    Form(String),
    /// A file of a form.
    FormFile { form: String, name: String },
    /// The list of cases, in the old shape.
    Cases,
    /// One case, in the old shape.
    Case(String),
    /// The list of cases in the shape of version 2; to make and change many.
    CaseStates,
    /// One case in that shape, or some with commas between their ids.
    CaseState(String),
    /// The same by the id that another system gave it.
    CaseByExternalId(String),
    /// Many cases by their ids.
    BulkFetch,
    /// The list of forms as Kobo calls them.
    Assets,
    /// One of them.
    Asset(String),
    /// The submissions of a form.
    Data(String),
    /// One of them.
    Datum { form: String, id: String },
    /// A file of one.
    DatumFile { form: String, id: String, name: String },
}

/// Why a request is not for an endpoint.
#[derive(Debug)]
pub(super) struct Refused {
    problem: Problem,
    allowed: Option<String>,
}

impl Refused {
    pub(super) fn into_response(self, surface: Surface) -> axum::response::Response {
        let mut response = answer::problem(surface, &self.problem);
        if let Some(Ok(allowed)) = self.allowed.map(HeaderValue::try_from) {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }
}

/// Looks, which every viewer may.
const LOOK: (&str, Access) = ("GET", Access::Viewer);

impl Endpoint {
    /// The methods that it takes, and what each asks for.
    const fn operations(&self) -> &'static [(&'static str, Access)] {
        match self {
            Self::CaseStates => &[LOOK, ("POST", Access::Editor)],
            Self::CaseState(_) | Self::CaseByExternalId(_) => &[LOOK, ("PUT", Access::Editor)],
            // It reads, however long the list of ids is.
            Self::BulkFetch => &[("POST", Access::Viewer)],
            Self::Forms
            | Self::Form(_)
            | Self::FormFile { .. }
            | Self::Cases
            | Self::Case(_)
            | Self::Assets
            | Self::Asset(_)
            | Self::Data(_)
            | Self::Datum { .. }
            | Self::DatumFile { .. } => &[LOOK],
        }
    }

    /// Whether somebody may do this here.
    pub(super) fn require(
        &self,
        method: &Method,
        caller: &Caller,
        project: &str,
    ) -> Result<(), Refused> {
        let wanted = if method == Method::HEAD { "GET" } else { method.as_str() };
        // A list of changes may also be put, as CommCare HQ takes it.
        let wanted = if *self == Self::CaseStates && wanted == "PUT" { "POST" } else { wanted };
        let found = self.operations().iter().find(|(other, _)| *other == wanted);
        let Some((_, needed)) = found else {
            let names: Vec<&str> = self.operations().iter().map(|(name, _)| *name).collect();
            let detail = format!("this address does not take {method}");
            let problem =
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
                    .hint(format!("it takes {}", names.join(", ")));
            return Err(Refused { problem, allowed: Some(names.join(", ")) });
        };
        if caller.access >= *needed {
            return Ok(());
        }
        let (has, name) = (caller.access, &caller.who.name);
        let detail = format!(
            "this needs the level `{needed}` in the project `{project}`; {name} has `{has}`"
        );
        let problem = Problem::new(StatusCode::FORBIDDEN, "access-too-low", detail)
            .hint(format!("take a token with the level {needed}"));
        Err(Refused { problem, allowed: None })
    }
}

/// What a path names; `None` where there is nothing.
pub(super) fn find(surface: Surface, path: &str) -> Option<Endpoint> {
    // Behind `/a/<project>/api` or `/p/<project>/api/v2`.
    let skipped = match surface {
        Surface::CommCare => 3,
        Surface::Kobo => 4,
    };
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .skip(skipped)
        .map(|part| percent_decode_str(part).decode_utf8().ok().map(Into::into))
        .collect::<Option<_>>()?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match surface {
        Surface::CommCare => of_commcare(&parts),
        Surface::Kobo => of_kobo(&parts),
    }
}

fn of_commcare(parts: &[&str]) -> Option<Endpoint> {
    Some(match *parts {
        ["form", "v1"] | ["v0.5", "form"] => Endpoint::Forms,
        ["form", "v1", id] | ["v0.5", "form", id] => Endpoint::Form(id.to_owned()),
        ["form", "attachment", form, name] => {
            Endpoint::FormFile { form: form.to_owned(), name: name.to_owned() }
        }
        ["case", "v1"] | ["v0.5", "case"] => Endpoint::Cases,
        ["case", "v1", id] | ["v0.5", "case", id] => Endpoint::Case(id.to_owned()),
        ["case", "v2"] => Endpoint::CaseStates,
        ["case", "v2", "bulk-fetch"] => Endpoint::BulkFetch,
        ["case", "v2", "ext", id] => Endpoint::CaseByExternalId(id.to_owned()),
        ["case", "v2", ids] => Endpoint::CaseState(ids.to_owned()),
        _ => return None,
    })
}

fn of_kobo(parts: &[&str]) -> Option<Endpoint> {
    Some(match *parts {
        ["assets" | "assets.json"] => Endpoint::Assets,
        ["assets", form, "data" | "data.json"] => Endpoint::Data(form.to_owned()),
        ["assets", form] => Endpoint::Asset(form.strip_suffix(".json").unwrap_or(form).to_owned()),
        ["assets", form, "data", id] => {
            let id = id.strip_suffix(".json").unwrap_or(id).to_owned();
            Endpoint::Datum { form: form.to_owned(), id }
        }
        ["assets", form, "data", id, "attachments", name] => {
            let (form, id, name) = (form.to_owned(), id.to_owned(), name.to_owned());
            Endpoint::DatumFile { form, id, name }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use fieldpost_store::Who;

    use super::*;

    fn caller(access: Access) -> Caller {
        let who = Who { kind: "token".to_owned(), name: "somebody".to_owned(), id: None };
        Caller { who, access }
    }

    #[track_caller]
    fn check(surface: Surface, path: &str, expected: Option<&Endpoint>) {
        assert_eq!(find(surface, path).as_ref(), expected, "{path}");
        assert_eq!(find(surface, &format!("{path}/")).as_ref(), expected, "{path}/");
    }

    #[test]
    fn addresses_are_those_of_the_systems_that_are_imitated() {
        use Endpoint::*;
        let text = |text: &str| text.to_owned();
        for (path, expected) in [
            ("/a/p/api/form/v1", Some(Forms)),
            ("/a/p/api/v0.5/form", Some(Forms)),
            ("/a/p/api/v0.5/form/uuid%3Aa%2Fb", Some(Form(text("uuid:a/b")))),
            (
                "/a/p/api/form/attachment/f/a%20b.jpg",
                Some(FormFile { form: text("f"), name: text("a b.jpg") }),
            ),
            ("/a/p/api/v0.5/case", Some(Cases)),
            ("/a/p/api/case/v1/c", Some(Case(text("c")))),
            ("/a/p/api/case/v2", Some(CaseStates)),
            ("/a/p/api/case/v2/a,b", Some(CaseState(text("a,b")))),
            ("/a/p/api/case/v2/ext/7", Some(CaseByExternalId(text("7")))),
            ("/a/p/api/case/v2/bulk-fetch", Some(BulkFetch)),
            ("/a/p/api/v0.5/user", None),
            ("/a/p/api/form/v1/f/more", None),
            ("/a/p/api/form/v1/%ff", None),
            ("/a/p/api", None),
        ] {
            check(Surface::CommCare, path, expected.as_ref());
        }
        for (path, expected) in [
            ("/p/p/api/v2/assets", Some(Assets)),
            ("/p/p/api/v2/assets/births", Some(Asset(text("births")))),
            ("/p/p/api/v2/assets/births/data.json", Some(Data(text("births")))),
            (
                "/p/p/api/v2/assets/births/data/7",
                Some(Datum { form: text("births"), id: text("7") }),
            ),
            ("/p/p/api/v2/users", None),
        ] {
            check(Surface::Kobo, path, expected.as_ref());
        }
    }

    #[test]
    fn who_may_look_may_not_change() {
        let endpoint = Endpoint::CaseState("c".to_owned());
        let ask = |method: &Method, access| {
            endpoint
                .require(method, &caller(access), "p")
                .err()
                .map(|refused| refused.problem.code().to_owned())
        };
        assert_eq!(ask(&Method::GET, Access::Viewer), None);
        assert_eq!(ask(&Method::HEAD, Access::Viewer), None);
        assert_eq!(ask(&Method::PUT, Access::Viewer).as_deref(), Some("access-too-low"));
        assert_eq!(ask(&Method::PUT, Access::Editor), None);
        assert_eq!(ask(&Method::DELETE, Access::Owner).as_deref(), Some("method-not-allowed"));
    }
}
