//! What the demo sends, and what must become of it.
//!
//! The bodies are those of `examples/payloads`: what the systems of the field really post. Each is
//! sent with the headers that its system sends with it.

/// One request that the demo makes.
#[derive(Debug)]
pub(super) struct Sample {
    /// Who sends it.
    pub(super) system: &'static str,
    /// What it is, in words for a person.
    pub(super) what: &'static str,
    /// The source whose inbox it is posted to.
    pub(super) source: &'static str,
    /// The query of the address.
    pub(super) query: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static [u8],
    /// The status that the inbox answers with.
    pub(super) answer: u16,
    /// What the message becomes.
    pub(super) state: &'static str,
    /// 1, or more for another content of the same identity.
    pub(super) version: u64,
    /// The deliveries that it sets off.
    pub(super) deliveries: &'static [Expected],
    /// The runs of workflows that it sets off: the workflow, and how many of its steps are gone through.
    pub(super) runs: &'static [ExpectedRun],
}

/// A run that a sample sets off, and how far it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExpectedRun {
    pub(super) workflow: &'static str,
    pub(super) state: &'static str,
    pub(super) steps: usize,
}

/// A delivery that a sample sets off, and how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) forwarder: &'static str,
    pub(super) state: &'static str,
    pub(super) attempts: u64,
}

const ARCHIVE: Expected = Expected { forwarder: "archive", state: "succeeded", attempts: 1 };
const SURVEYS: Expected = Expected { forwarder: "surveys", state: "succeeded", attempts: 3 };
const CASES: Expected = Expected { forwarder: "cases", state: "succeeded", attempts: 3 };
const NEWSLETTER: Expected = Expected { forwarder: "newsletter", state: "rejected", attempts: 1 };

const KOBO_HEADERS: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("user-agent", "KoboToolbox external service - kf.kobotoolbox.example #hDemo"),
];
const COMMCARE_FORM_HEADERS: &[(&str, &str)] =
    &[("content-type", "text/xml"), ("received-on", "2015-04-17T20:14:34.046462Z")];
const COMMCARE_CASE_HEADERS: &[(&str, &str)] =
    &[("content-type", "text/xml"), ("server-modified-on", "2015-04-17T20:14:34.139959Z")];

macro_rules! payload {
    ($name:literal) => {
        include_bytes!(concat!("../../../../examples/payloads/", $name))
    };
}

const KOBO: Sample = Sample {
    system: "KoboToolbox",
    what: "submission",
    source: "kobo",
    query: "",
    headers: KOBO_HEADERS,
    body: payload!("kobo.json"),
    answer: 200,
    state: "kept",
    version: 1,
    deliveries: &[ARCHIVE],
    runs: &[],
};

const ENROL: ExpectedRun = ExpectedRun { workflow: "enrol", state: "success", steps: 2 };

const COMMCARE_FORM: Sample = Sample {
    system: "CommCare",
    what: "form, as XML",
    source: "commcare",
    query: "?app_id=db9f874f0219444ee7848ddd023e292e",
    headers: COMMCARE_FORM_HEADERS,
    body: payload!("commcare-form.xml"),
    ..KOBO
};

const COMMCARE_CASE: Sample = Sample {
    system: "CommCare",
    what: "case, as XML",
    source: "commcare",
    headers: COMMCARE_CASE_HEADERS,
    body: payload!("commcare-case.xml"),
    deliveries: &[ARCHIVE, CASES],
    ..KOBO
};

/// Everything that is sent, in this order.
pub(super) const SAMPLES: &[Sample] = &[
    Sample { runs: &[ENROL], ..KOBO },
    Sample {
        what: "the same, wrapped",
        body: payload!("kobo-wrapped.json"),
        version: 2,
        deliveries: &[ARCHIVE, SURVEYS],
        ..KOBO
    },
    COMMCARE_FORM,
    Sample {
        what: "the same, as JSON",
        headers: &[
            ("content-type", "application/json"),
            ("received-on", "2015-04-17T20:14:34.046462Z"),
        ],
        body: payload!("commcare-form.json"),
        version: 2,
        ..COMMCARE_FORM
    },
    COMMCARE_CASE,
    Sample {
        what: "case, as JSON",
        headers: &[
            ("content-type", "application/json"),
            ("server-modified-on", "2015-04-17T20:14:34.139959Z"),
        ],
        body: payload!("commcare-case.json"),
        ..COMMCARE_CASE
    },
    Sample { what: "form stub", query: "", body: payload!("commcare-stub.json"), ..COMMCARE_FORM },
    Sample {
        what: "application id",
        query: "",
        headers: &[("content-type", "text/xml")],
        body: payload!("commcare-app-id.txt"),
        ..COMMCARE_FORM
    },
    Sample {
        system: "ODK Aggregate",
        source: "odk",
        headers: &[("content-type", "application/json")],
        body: payload!("odk-aggregate.json"),
        ..KOBO
    },
    Sample {
        system: "w.c.s.",
        what: "request, new",
        source: "wcs",
        headers: &[
            ("content-type", "application/json"),
            ("user-agent", "w.c.s./0 (https://dev.entrouvert.org/projects/wcs/)"),
        ],
        body: payload!("wcs.json"),
        deliveries: &[ARCHIVE, NEWSLETTER],
        ..KOBO
    },
    Sample {
        system: "a script",
        what: "JSON, sent by curl",
        source: "script",
        headers: &[("content-type", "application/json"), ("cache-control", "no-cache")],
        body: br#"{"foo":"bar", "baz":"qux"}"#,
        ..KOBO
    },
    Sample {
        what: "number 2, again",
        body: payload!("kobo-wrapped.json"),
        state: "duplicate",
        version: 2,
        deliveries: &[],
        ..KOBO
    },
    Sample {
        what: "one that broke off",
        body: br#"{"_uuid": "0b1f7a52-93c4-4a5e-8a3f-5d0b7c1e2f90", "group1/name": "twen"#,
        answer: 400,
        state: "quarantined",
        deliveries: &[],
        ..KOBO
    },
];
