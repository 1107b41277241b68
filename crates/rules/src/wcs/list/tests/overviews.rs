//! Lists over all forms, and of one user.

use fieldpost_model::lifecycle::StatusKind::{Done, Pending};
use fieldpost_model::progress::{Channel, Parent};
use fieldpost_model::progress_list::{DraftRule, Order, OrderKey};

use super::*;

fn with<T>(as_administrator: bool, then: impl FnOnce(&OverviewFacts<'_>) -> T) -> T {
    let category = |name: &str| name.to_lowercase().replace(' ', "-");
    let categorised = FormDefinition {
        category: Some("Town Hall".to_owned()),
        name: "hall".to_owned(),
        ..definition()
    };
    let definitions = [&definition(), &categorised];
    then(&OverviewFacts {
        definitions: &definitions,
        caller: &agents(),
        as_administrator,
        reader: &StatusReader::default(),
        people: &people,
        category_slug: &category,
        calendar: calendar(),
    })
}

fn all(query: &str) -> Result<Overview, String> {
    let parameters = Parameters::of_query(query);
    with(false, |facts| read_all(&parameters, facts, false)).map_err(|it| it.description)
}

fn of_user(query: &str, only_drafts: bool) -> Result<Overview, String> {
    let parameters = Parameters::of_query(query);
    let user = Whom { roles: vec!["clerks".to_owned()], user: Some(7) };
    with(false, |facts| read_of_user(&parameters, facts, &user, only_drafts))
        .map_err(|it| it.description)
}

fn roles() -> Whom {
    Whom { roles: vec!["agents".to_owned()], user: None }
}

fn visible() -> Pushdown {
    Pushdown { visible_to: Some(roles()), ..Pushdown::default() }
}

#[test]
fn all_forms_are_listed_by_what_waits() {
    let nothing = Pushdown { nothing: true, ..visible() };
    for (query, expected) in [
        ("", Pushdown { waiting_for: Some(roles()), ..Pushdown::default() }),
        ("status=waiting", Pushdown { waiting_for: Some(roles()), ..Pushdown::default() }),
        ("status=open", Pushdown { standing: Some(Pending), ..visible() }),
        ("status=done", Pushdown { standing: Some(Done), ..visible() }),
        ("status=all", visible()),
        ("status=all&ignore-roles=on", Pushdown::default()),
        ("ignore-roles=on", Pushdown { standing: Some(Pending), ..Pushdown::default() }),
        ("status=all&filter-user-uuid=abc", Pushdown { user: Some(7), ..visible() }),
        ("status=all&filter-user-uuid=gone", nothing.clone()),
        (
            "status=all&submission_channel=phone",
            Pushdown { channel: Some(Channel::Phone), ..visible() },
        ),
        ("status=all&submission_channel=pigeon", nothing.clone()),
        (
            "status=all&category_slugs=town-hall,x",
            Pushdown { forms: vec!["hall".to_owned()], ..visible() },
        ),
        ("status=all&category_slugs=x", nothing.clone()),
        ("status=all&include-anonymised=on", Pushdown { with_anonymised: true, ..visible() }),
        (
            "status=all&related=formdef:hall:12",
            Pushdown { parent: Some(Parent { form: "hall".to_owned(), number: 12 }), ..visible() },
        ),
        ("status=all&related=formdef:hall", nothing.clone()),
        ("status=all&related=x:hall:12", nothing),
        (
            "status=all&order_by=-last_update_time",
            Pushdown { order: Order { by: OrderKey::UpdatedAt, descending: true }, ..visible() },
        ),
    ] {
        assert_eq!(all(query).unwrap().pushdown, expected, "{query}");
    }
    for (query, text) in [
        ("status=", "Invalid status value."),
        ("status=pending", "Invalid status value."),
        ("full=on", "Invalid value \"on\" for \"full\"."),
        ("order_by=string", "Invalid value \"string\" for \"order_by\"."),
        ("limit=x", "Invalid value \"x\" for \"limit\"."),
        ("start=soon", "Invalid value \"soon\" for \"start\"."),
    ] {
        assert_eq!(all(query).map(|_| ()), Err(text.to_owned()), "{query}");
    }
}

#[test]
fn an_overview_has_twenty_rows_and_a_map_all() {
    let overview = all("q=foo&start=2020-01-03&end=2020-02-03").unwrap();
    assert_eq!((overview.limit, overview.offset, overview.tells_readable), (Some(20), 0, false));
    assert!(!overview.predicate.is_trivial());
    let received = overview.pushdown.received;
    assert!(received.from < received.until && received.from.is_some());
    assert!(all("ignore-roles=on").unwrap().tells_readable);
    let cursor = all("cursor=").unwrap().cursor_behind("hall", &record(28, &[]).progress);
    let next = all(&format!("cursor={cursor}&limit=5")).unwrap();
    assert_eq!((next.limit, next.gives_cursor), (Some(5), true));
    assert_eq!(
        next.pushdown.after.map(|place| (place.form, place.number)),
        Some(("hall".to_owned(), 28))
    );
    let map = |query: &str| {
        let parameters = Parameters::of_query(query);
        with(true, |facts| read_all(&parameters, facts, true)).unwrap()
    };
    assert_eq!(map("").pushdown, Pushdown { standing: Some(Pending), ..Pushdown::default() });
    assert_eq!((map("").limit, map("full=on").is_full), (None, true));
    assert!(!map("include-anonymised=on").pushdown.with_anonymised);
}

#[test]
fn records_of_a_user_come_the_oldest_first() {
    let oldest = Order { by: OrderKey::ReceivedAt, descending: false };
    let own = || Pushdown { user: Some(7), order: oldest, ..Pushdown::default() };
    let accessible = Whom { roles: vec!["clerks".to_owned()], user: Some(7) };
    for (query, expected) in [
        ("", own()),
        ("status=", own()),
        ("sort=desc", Pushdown { order: Order { descending: true, ..oldest }, ..own() }),
        ("status=open", Pushdown { standing: Some(Pending), ..own() }),
        ("status=done", Pushdown { standing: Some(Done), ..own() }),
        ("include-drafts=on", Pushdown { drafts: DraftRule::With, ..own() }),
        ("include-accessible=on", Pushdown { visible_to: Some(accessible), user: None, ..own() }),
        ("category_slugs=town-hall", Pushdown { forms: vec!["hall".to_owned()], ..own() }),
    ] {
        assert_eq!(of_user(query, false).unwrap().pushdown, expected, "{query}");
    }
    assert_eq!(of_user("", true).unwrap().pushdown.drafts, DraftRule::Only);
    let pages = of_user("limit=2&offset=4&full=on", false).unwrap();
    assert_eq!((pages.limit, pages.offset, pages.is_full), (Some(2), 4, true));
    assert_eq!(
        of_user("status=waiting", false).map(|_| ()),
        Err("Invalid status parameter value.".to_owned())
    );
}
