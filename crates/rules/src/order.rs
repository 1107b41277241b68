//! What a delivery is kept in order with, and how far a message may travel.
//!
//! | `order_by` | what is sent one after the other | where that is not known |
//! |---|---|---|
//! | `none` | nothing; with `payload: latest`, what the forwarder sends about one key | no order |
//! | `case` | what is about the same case; of forms, those that touch one case and no other | no order |
//! | `form` | what is about the same form, by the id that its sender gave it | no order |
//! | `connection` | everything that goes to the connection | |
//!
//! With `payload: latest` a newer delivery takes the place of one that waits for the same key, which
//! is what it is a state of: of forms the form, of cases the case. Messages do not say what they are
//! states of: there it is the form's id where forms are kept in order, the case's otherwise. Such
//! deliveries are in order in any case: a late second try of an older one would bring its state back.
//!
//! Every request that is sent says how many hubs its message has passed through. Two systems that
//! write back to each other through hubs would else never come to rest.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::forwarder::{Forwarder, OrderBy, PayloadChoice};
use fieldpost_model::workflow::RunOrder;

use crate::event::payload_of;

/// The header that says how many hubs a message has passed through.
pub const HOPS_HEADER: &str = "fieldpost-hops";

/// Hubs that a message may pass through. One that has passed through so many is kept, and calls for
/// nothing.
pub const MAX_HOPS: u32 = 5;

/// What a delivery is kept in order with, among all that goes to its connection, and what newer
/// deliveries of its forwarder take its place by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The key of its order; `None` where it needs none.
    pub order_key: Option<String>,
    /// The key by which it is replaced; never without an order.
    pub collapse_key: Option<String>,
}

/// The order that a forwarder wants for what is about `case` and calls itself `form`. Of a form that
/// touches several cases `case` is none, and of an application `form` is its id.
pub fn order_of(forwarder: &Forwarder, case: Option<&str>, form: Option<&str>) -> Order {
    let by_form = forwarder.order_by == OrderBy::Form;
    let state_of = match payload_of(forwarder.on) {
        PayloadKind::Message => {
            if by_form {
                form
            } else {
                case
            }
        }
        PayloadKind::Submission | PayloadKind::Application => form,
        // States of one case that are in order by their forms are in no order among themselves.
        PayloadKind::Case => case.filter(|_| !by_form),
        PayloadKind::Call => None,
    };
    let is_latest = forwarder.payload == PayloadChoice::Latest;
    let collapse_key = state_of.filter(|_| is_latest).map(str::to_owned);
    let order_key = match forwarder.order_by {
        OrderBy::None => None,
        OrderBy::Case => case.map(|case| format!("{CASE}{case}")),
        OrderBy::Form => form.map(|form| format!("{FORM}{form}")),
        OrderBy::Connection => Some("*".to_owned()),
    };
    let own_key = || collapse_key.as_ref().map(|key| format!("of:{}/{key}", forwarder.name));
    let order_key = order_key.or_else(own_key);
    Order { order_key, collapse_key }
}

/// What a key of order begins with that is of a case.
pub const CASE: &str = "case:";
/// What a key of order begins with that is of a form.
pub const FORM: &str = "form:";

/// The key of all runs of a workflow that go on one after the other, whatever they are about.
pub const ALL_RUNS: &str = "workflow";

/// What a run is kept in order with, among all runs of its workflow: for what is about `case` and calls
/// itself `form`, as with deliveries. `None` where it needs no order.
pub fn order_of_run(order_by: RunOrder, case: Option<&str>, form: Option<&str>) -> Option<String> {
    match order_by {
        RunOrder::None => None,
        RunOrder::Case => case.map(|case| format!("{CASE}{case}")),
        RunOrder::Form => form.map(|form| format!("{FORM}{form}")),
        RunOrder::Workflow => Some(ALL_RUNS.to_owned()),
    }
}

/// The case that a form is in order with: the one that it touches, where it touches no other.
pub fn only_case<'c>(cases: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let mut cases = cases.into_iter();
    let first = cases.next()?;
    cases.all(|case| case == first).then_some(first)
}

/// Whether what a forwarder keeps in order from now on has other keys than what it kept before: between
/// the two there is no order.
pub fn changes_order(before: &Forwarder, after: &Forwarder) -> bool {
    let keeps = |forwarder: &Forwarder| {
        let is_latest = forwarder.payload == PayloadChoice::Latest;
        (forwarder.order_by != OrderBy::None || is_latest).then_some(forwarder.order_by)
    };
    keeps(after).is_some() && keeps(before) != keeps(after)
}

/// How many hubs a request says its message has passed through: the most that any of its headers
/// says, names in lower case. A count that is none counts as nothing; one that no integer holds is
/// as large as they get.
pub fn hops(headers: &[(String, String)]) -> u32 {
    let counts = headers.iter().filter(|(name, _)| name == HOPS_HEADER).map(|(_, value)| {
        let digits = value.trim();
        let is_count = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_count { digits.parse().unwrap_or(u32::MAX) } else { 0 }
    });
    counts.max().unwrap_or(0)
}

/// Why a message that has passed through so many hubs calls for nothing; `None` where it may.
pub fn too_many_hops(hops: u32) -> Option<String> {
    (hops >= MAX_HOPS).then(|| {
        format!(
            "The message has passed through {hops} hubs ({HOPS_HEADER}), and {MAX_HOPS} are the \
             most: systems that write back to each other would go on for ever. It is kept, and \
             calls for no deliveries."
        )
    })
}

#[cfg(test)]
mod tests {
    use fieldpost_model::event::Event;
    use fieldpost_model::forwarder::{Format, MessageFilter, Method, OnRejected, Rendering};
    use fieldpost_model::retry::RetryPolicy;

    use super::*;

    fn forwarder(order_by: OrderBy, payload: PayloadChoice) -> Forwarder {
        forwarder_on(Event::Message, order_by, payload)
    }

    fn forwarder_on(on: Event, order_by: OrderBy, payload: PayloadChoice) -> Forwarder {
        Forwarder {
            name: "births".to_owned(),
            on,
            filter: MessageFilter::default(),
            to: "ministry".to_owned(),
            format: Format::AsReceived,
            method: Method::Post,
            paused: false,
            headers: Vec::new(),
            query: Vec::new(),
            retry: RetryPolicy::default(),
            order_by,
            on_rejected: OnRejected::Continue,
            payload,
            rendering: Rendering::default(),
            withhold: Vec::new(),
        }
    }

    /// One row of the table: the order key and the collapse key.
    #[track_caller]
    fn check(
        order_by: OrderBy,
        payload: PayloadChoice,
        (case, form): (Option<&str>, Option<&str>),
        expected: (Option<&str>, Option<&str>),
    ) {
        let order = order_of(&forwarder(order_by, payload), case, form);
        assert_eq!((order.order_key.as_deref(), order.collapse_key.as_deref()), expected);
        assert!(order.order_key.is_some() || order.collapse_key.is_none());
    }

    #[test]
    fn what_is_kept_in_order_and_what_is_replaced() {
        use OrderBy::{Case, Connection, Form, None as Nothing};
        use PayloadChoice::{Latest, Snapshot};
        let both = (Some("c"), Some("f"));
        let neither = (None, None);
        check(Nothing, Snapshot, both, (None, None));
        check(Case, Snapshot, both, (Some("case:c"), None));
        check(Form, Snapshot, both, (Some("form:f"), None));
        check(Connection, Snapshot, both, (Some("*"), None));
        check(Nothing, Latest, both, (Some("of:births/c"), Some("c")));
        check(Case, Latest, both, (Some("case:c"), Some("c")));
        check(Form, Latest, both, (Some("form:f"), Some("f")));
        check(Connection, Latest, both, (Some("*"), Some("c")));
        for payload in [Snapshot, Latest] {
            check(Nothing, payload, neither, (None, None));
            check(Case, payload, (None, Some("f")), (None, None));
            check(Form, payload, (Some("c"), None), (None, None));
            check(Connection, payload, neither, (Some("*"), None));
        }
    }

    /// One row of the table of an event: what it is about, the order key and the collapse key.
    #[track_caller]
    fn check_event(
        event: Event,
        (order_by, payload): (OrderBy, PayloadChoice),
        (case, form): (Option<&str>, Option<&str>),
        expected: (Option<&str>, Option<&str>),
    ) {
        let order = order_of(&forwarder_on(event, order_by, payload), case, form);
        let found = (order.order_key.as_deref(), order.collapse_key.as_deref());
        assert_eq!(found, expected, "{event} {order_by} {payload}");
        assert!(order.order_key.is_some() || order.collapse_key.is_none());
    }

    #[test]
    fn a_form_is_a_state_of_itself() {
        use OrderBy::{Case, Connection, Form, None as Nothing};
        use PayloadChoice::{Latest, Snapshot};
        let (both, no_case) = ((Some("c"), Some("f")), (None, Some("f")));
        for event in [Event::Form, Event::Submission, Event::FormStub] {
            check_event(event, (Nothing, Snapshot), both, (None, None));
            check_event(event, (Case, Snapshot), both, (Some("case:c"), None));
            check_event(event, (Case, Snapshot), no_case, (None, None));
            check_event(event, (Form, Snapshot), both, (Some("form:f"), None));
            check_event(event, (Connection, Snapshot), both, (Some("*"), None));
            check_event(event, (Nothing, Latest), both, (Some("of:births/f"), Some("f")));
            check_event(event, (Case, Latest), both, (Some("case:c"), Some("f")));
            check_event(event, (Case, Latest), no_case, (Some("of:births/f"), Some("f")));
            check_event(event, (Form, Latest), both, (Some("form:f"), Some("f")));
            check_event(event, (Connection, Latest), both, (Some("*"), Some("f")));
        }
    }

    #[test]
    fn the_state_of_a_case_takes_the_place_of_the_one_before() {
        use OrderBy::{Case, Connection, Form, None as Nothing};
        use PayloadChoice::{Latest, Snapshot};
        let both = (Some("c"), Some("f"));
        for event in [Event::Case, Event::CaseCreated, Event::CaseUpdated] {
            check_event(event, (Nothing, Snapshot), both, (None, None));
            check_event(event, (Case, Snapshot), both, (Some("case:c"), None));
            check_event(event, (Form, Snapshot), both, (Some("form:f"), None));
            check_event(event, (Nothing, Latest), both, (Some("of:births/c"), Some("c")));
            check_event(event, (Case, Latest), both, (Some("case:c"), Some("c")));
            check_event(event, (Connection, Latest), both, (Some("*"), Some("c")));
            // One form touches many cases: none of them is a newer state of another.
            check_event(event, (Form, Latest), both, (Some("form:f"), None));
        }
        let latest = (Nothing, Latest);
        let application = (None, Some("app"));
        check_event(Event::AppSchema, latest, application, (Some("of:births/app"), Some("app")));
    }

    #[test]
    fn a_form_is_in_order_with_the_one_case_that_it_touches() {
        for (cases, expected) in
            [(&[][..], None), (&["c"], Some("c")), (&["c", "c"], Some("c")), (&["c", "d"], None)]
        {
            assert_eq!(only_case(cases.iter().copied()), expected, "{cases:?}");
        }
    }

    #[test]
    fn another_order_is_one_with_other_keys() {
        use OrderBy::{Case, Connection, Form, None as Nothing};
        use PayloadChoice::{Latest, Snapshot};
        for (before, after, expected) in [
            ((Nothing, Snapshot), (Nothing, Snapshot), false),
            ((Nothing, Snapshot), (Nothing, Latest), true),
            ((Nothing, Snapshot), (Case, Snapshot), true),
            ((Nothing, Latest), (Nothing, Snapshot), false),
            ((Nothing, Latest), (Case, Latest), true),
            ((Case, Latest), (Case, Snapshot), false),
            ((Case, Snapshot), (Case, Latest), false),
            ((Case, Snapshot), (Nothing, Snapshot), false),
            ((Case, Latest), (Nothing, Latest), true),
            ((Case, Snapshot), (Connection, Snapshot), true),
            ((Form, Latest), (Case, Latest), true),
        ] {
            let forwarder = |(order_by, payload)| forwarder(order_by, payload);
            let changes = changes_order(&forwarder(before), &forwarder(after));
            assert_eq!(changes, expected, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn hops_are_counted_and_nonsense_is_none() {
        let header = |value: &str| (HOPS_HEADER.to_owned(), value.to_owned());
        for (value, expected) in [
            ("0", 0),
            ("4", 4),
            (" 5 ", 5),
            ("99999999999999999999", u32::MAX),
            ("", 0),
            ("-1", 0),
            ("+1", 0),
            ("1.5", 0),
            ("many", 0),
            ("3, 4", 0),
        ] {
            assert_eq!(hops(&[header(value)]), expected, "{value:?}");
        }
        assert_eq!(hops(&[]), 0);
        assert_eq!(hops(&[("webhook-id".to_owned(), "7".to_owned())]), 0);
        assert_eq!(hops(&[header("2"), header("x"), header("3"), header("1")]), 3);
    }

    #[test]
    fn a_message_may_pass_through_four_hubs_before() {
        assert_eq!(too_many_hops(MAX_HOPS - 1), None);
        assert!(too_many_hops(MAX_HOPS).unwrap().contains("5 hubs"));
    }

    #[test]
    fn runs_are_kept_in_order_as_deliveries_are() {
        for (order_by, case, form, key) in [
            (RunOrder::None, Some("c"), Some("f"), None),
            (RunOrder::Case, Some("c"), Some("f"), Some("case:c")),
            (RunOrder::Case, None, Some("f"), None),
            (RunOrder::Form, Some("c"), Some("f"), Some("form:f")),
            (RunOrder::Form, Some("c"), None, None),
            (RunOrder::Workflow, None, None, Some(ALL_RUNS)),
        ] {
            assert_eq!(order_of_run(order_by, case, form).as_deref(), key, "{order_by} {case:?}");
        }
    }
}
