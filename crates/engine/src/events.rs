//! Events: what forwarders and workflows are told of beside messages, and the deliveries and runs that
//! this calls for.
//!
//! | what happened | events | facts |
//! |---|---|---|
//! | a form was taken in | `form`, `submission`, `form-stub` | where it lies, its application and cases |
//! | a form touched a case | `case`, and `case-created` or `case-updated` | the state of the case |
//! | a form was made known, or saved | `app-schema` | the id of its application or build |
//!
//! The facts are kept in the transaction of the event, once for all deliveries and runs of it. What is sent
//! is written from them when it is sent, and what a run begins with when it is run (`rendering`).
//!
//! What devices report of themselves is a form on the wire and none for people: it is filed like any
//! other, and forwarded by nobody, as with CommCare HQ.

mod again;
mod anew;
mod explaining;
mod facts;

use std::collections::HashSet;

use fieldpost_dialects::formats;
use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
use fieldpost_model::event::Event;
use fieldpost_model::submission::FormReference;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cases::events;
use fieldpost_rules::filter::{About, Candidate};
use fieldpost_rules::order::only_case;
use fieldpost_store::{Listener, NewDelivery, NewForm, NewPayload, NewRun};
use uuid::Uuid;

use crate::filing::{FiledForm, Told, Touched};
use crate::ids::new_id;
use crate::matching::{Cause, FORM_EVENTS, Wanting};
use crate::routing::ProjectRouting;

pub use explaining::{ExplainedSubject, ForwarderExplanation};

pub(crate) use again::Kept;
pub(crate) use explaining::{Answer, answers};
pub(crate) use facts::{ApplicationFacts, CaseFacts, FormFacts};

/// The namespace of what devices report of themselves.
const DEVICE_REPORT: &str = "http://code.javarosa.org/devicereport";

/// Whether a form is what a device reports of itself.
pub(crate) fn is_device_report(form: &FormReference) -> bool {
    form.xmlns.as_deref() == Some(DEVICE_REPORT)
}

/// Deliveries and runs, with what they carry and begin with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    /// The deliveries.
    pub(crate) deliveries: Vec<NewDelivery>,
    /// The runs.
    pub(crate) runs: Vec<NewRun>,
    /// The payloads, each of which at least one of them has.
    pub(crate) payloads: Vec<NewPayload>,
}

impl Work {
    /// Leaves out what is for others than this forwarder.
    pub(crate) fn keep_only(&mut self, forwarder: &str) {
        self.keep(&HashSet::from([&Listener::Forwarder(forwarder.to_owned())]));
    }

    /// Leaves out what is for others than these.
    fn keep(&mut self, listeners: &HashSet<&Listener>) {
        self.deliveries.retain(|it| listeners.contains(&Listener::Forwarder(it.forwarder.clone())));
        self.runs.retain(|it| listeners.contains(&Listener::Workflow(it.workflow.clone())));
        let of_deliveries = self.deliveries.iter().filter_map(|delivery| delivery.payload);
        let of_runs = self.runs.iter().filter_map(|run| run.payload);
        let carried: HashSet<Uuid> = of_deliveries.chain(of_runs).collect();
        self.payloads.retain(|payload| carried.contains(&payload.id));
    }
}

/// Where events come from.
#[derive(Clone, Copy)]
pub(crate) struct Occurrence<'o> {
    pub(crate) routing: &'o ProjectRouting,
    /// The name of the source; empty where no message set them off.
    pub(crate) source: &'o str,
    /// The headers of its request.
    pub(crate) headers: &'o [(String, String)],
    /// The query of its request.
    pub(crate) query: &'o [(String, String)],
    /// Why deliveries and runs are made.
    pub(crate) origin: DeliveryOrigin,
    /// How many hubs the message has passed through.
    pub(crate) hops: u32,
    /// When it happens.
    pub(crate) now: Timestamp,
}

impl Occurrence<'_> {
    /// What the forms and cases of a message call for.
    pub(crate) fn plan(self, told: &Told, made_known: &[NewForm]) -> Work {
        let mut work = Work::default();
        let listeners = &self.routing.listeners;
        if !listeners.forms.is_empty() {
            for form in &told.forms {
                self.plan_form(form, &mut work);
            }
        }
        if !listeners.cases.is_empty() {
            for touched in &told.cases {
                self.plan_case(told, touched, &mut work);
            }
        }
        if !listeners.applications.is_empty() {
            for form in made_known {
                let facts = ApplicationFacts::saved(
                    &form.name,
                    form.form_id.as_deref(),
                    form.application.as_deref(),
                    None,
                    self.now,
                );
                let names =
                    [Some(form.name.as_str()), form.form_id.as_deref(), form.xmlns.as_deref()];
                self.plan_application(&facts, &names, &mut work);
            }
        }
        work
    }

    fn plan_form(self, form: &FiledForm, work: &mut Work) {
        if is_device_report(&form.filled.form) {
            return;
        }
        let id = form.id();
        let case = only_case(form.case_ids.iter().map(String::as_str));
        let payload = new_id(self.now);
        let cause = self.cause(&id, case, Some(&id), payload);
        let audience = &self.routing.listeners.forms;
        let wanting = self
            .with_form(form, |candidate| audience.wanting(self.routing, candidate, &FORM_EVENTS));
        Self::add(work, wanting, cause, || NewPayload {
            id: payload,
            kind: PayloadKind::Submission,
            submission: Some(form.submission),
            case: None,
            facts: FormFacts::of(form).to_json(),
            original: form.original.clone(),
        });
    }

    fn plan_case(self, told: &Told, touched: &Touched, work: &mut Work) {
        let events = events(&touched.case, touched.occasion);
        if !events.is_empty() {
            self.plan_case_for(told, touched, events, work);
        }
    }

    /// What it calls for that forwarders of these events are told of a case.
    fn plan_case_for(self, told: &Told, touched: &Touched, wanted: &[Event], work: &mut Work) {
        let id = touched.case.id.as_str();
        let payload = new_id(self.now);
        let cause = self.cause(id, Some(id), Some(&touched.form_id), payload);
        let audience = &self.routing.listeners.cases;
        let wanting = self.with_case(told, touched, |candidate| {
            audience.wanting(self.routing, candidate, wanted)
        });
        let is_new = events(&touched.case, touched.occasion).contains(&Event::CaseCreated);
        Self::add(work, wanting, cause, || NewPayload {
            id: payload,
            kind: PayloadKind::Case,
            submission: Some(touched.submission),
            case: Some(touched.case.id.clone()),
            facts: CaseFacts::of(touched, is_new).to_json(),
            original: None,
        });
    }

    /// What it calls for that an application was saved or built.
    pub(crate) fn plan_application(
        self,
        facts: &ApplicationFacts,
        names: &[Option<&str>],
        work: &mut Work,
    ) {
        let payload = new_id(self.now);
        let id = facts.id.as_str();
        let cause = self.cause(id, None, Some(&facts.form), payload);
        let audience = &self.routing.listeners.applications;
        let names: Vec<&str> = names.iter().copied().flatten().collect();
        let body = facts.view();
        let about =
            About { form: &names, application: facts.application.as_deref(), ..About::default() };
        let candidate = Candidate { body: &body, about, ..self.candidate() };
        let wanting = audience.wanting(self.routing, &candidate, &[Event::AppSchema]);
        Self::add(work, wanting, cause, || NewPayload {
            id: payload,
            kind: PayloadKind::Application,
            submission: None,
            case: None,
            facts: facts.to_json(),
            original: None,
        });
    }

    /// Adds the deliveries and runs for those who want an event, and what they carry, where there are any.
    fn add(
        work: &mut Work,
        wanting: Wanting<'_>,
        cause: Cause<'_>,
        payload: impl FnOnce() -> NewPayload,
    ) {
        if !wanting.is_empty() {
            work.payloads.push(payload());
            let Wanting { forwarders, workflows } = wanting;
            work.deliveries.extend(forwarders.into_iter().map(|it| cause.delivery(it)));
            work.runs.extend(workflows.into_iter().map(|(it, event)| cause.run(it, event)));
        }
    }

    fn cause<'c>(
        self,
        key: &'c str,
        case: Option<&'c str>,
        form: Option<&'c str>,
        payload: Uuid,
    ) -> Cause<'c> {
        let Self { origin, hops, now, .. } = self;
        Cause { key: Some(key), case, form, payload: Some(payload), origin, hops, now }
    }

    fn candidate(&self) -> Candidate<'_> {
        const NOTHING: &fieldpost_model::json::Value<'static> = &fieldpost_model::json::Value::Null;
        let Self { source, headers, query, .. } = *self;
        Candidate { source, body: NOTHING, headers, query, about: About::default() }
    }

    /// Shows a form as filters see it.
    pub(crate) fn with_form<R>(
        &self,
        form: &FiledForm,
        look: impl FnOnce(&Candidate<'_>) -> R,
    ) -> R {
        let body = formats::normalised(&form.filled);
        let (names, users) = (names_of(form), users_of(form));
        let application = form.application.as_deref();
        let about = About { form: &names, case_type: None, application, user: &users };
        look(&Candidate { body: &body, about, ..self.candidate() })
    }

    /// Shows a case as filters see it, with the form that touched it.
    pub(crate) fn with_case<R>(
        &self,
        told: &Told,
        touched: &Touched,
        look: impl FnOnce(&Candidate<'_>) -> R,
    ) -> R {
        let case = &touched.case;
        let body = formats::case_view(case);
        let form = told.form(touched.submission);
        let names = form.map(names_of).unwrap_or_default();
        let mut users = form.map(users_of).unwrap_or_default();
        let by = case.modified_by.as_str();
        if !by.is_empty() && !users.contains(&by) {
            // The block names somebody else than the form: who changed the case is who counts.
            users = vec![by];
        }
        let about = About {
            form: &names,
            case_type: Some(&case.case_type),
            application: form.and_then(|form| form.application.as_deref()),
            user: &users,
        };
        look(&Candidate { body: &body, about, ..self.candidate() })
    }
}

/// What the form of a submission is called.
fn names_of(form: &FiledForm) -> Vec<&str> {
    let FormReference { id, xmlns, .. } = &form.filled.form;
    let sent = [id, xmlns].into_iter().filter_map(Option::as_deref);
    std::iter::once(form.form.as_str()).chain(sent).collect()
}

/// What who filled it in is called.
fn users_of(form: &FiledForm) -> Vec<&str> {
    let metadata = &form.filled.metadata;
    [&metadata.user, &metadata.user_id].into_iter().filter_map(Option::as_deref).collect()
}
