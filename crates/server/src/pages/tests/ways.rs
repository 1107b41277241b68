//! Ways through forms: buttons that are pressed, one after the other.

use super::*;

const THREE_PAGES: &str = r#"[
    {"label":"Who","type":"page"},
    {"name":"name","label":"Name","type":"string","required":true},
    {"name":"extra","label":"Extra","type":"bool"},
    {"label":"Extras","type":"page","condition":"form_var_extra"},
    {"name":"which","label":"Which","type":"string","required":true},
    {"label":"Where","type":"page"},
    {"name":"place","label":"Place","type":"string"},
    {"name":"why","label":"Why","type":"string","required":true,"condition":"form_var_place == 'far'"}]"#;

/// Presses buttons, each after typing something; what follows each, and the page that is shown then.
#[track_caller]
fn walk(definition: &FormDefinition, presses: &[(&str, &str, Then, usize)]) -> State {
    let now = Timestamp(1);
    let mut state = State::new(Uuid::nil(), now, Aim::New, Typed::default());
    asking(definition, |asking| {
        state.shown = read(asking, &state.typed).pages[0].controls();
        for (texts, pressed, then, page) in presses {
            let posted = Posted { texts: pairs(texts), files: Vec::new() };
            let (followed, reading) = step(asking, &mut state, &posted, &Go::read(pressed));
            assert_eq!((followed, state.page), (*then, *page), "{texts} {pressed}");
            state.shown = reading
                .pages
                .get(state.page)
                .map_or_else(Vec::new, super::super::reading::Page::controls);
        }
    });
    state
}

#[test]
fn pages_follow_each_other_as_their_conditions_say() {
    let definition = form(THREE_PAGES);
    walk(
        &definition,
        &[
            ("name=", "next", Then::Mistakes, 0),
            ("name=A", "next", Then::Show, 2),
            ("place=near", "previous", Then::Show, 0),
            ("name=A&extra=yes", "next", Then::Show, 1),
            ("which=", "previous", Then::Show, 0),
            ("name=A&extra=yes", "", Then::Show, 1),
            ("which=this", "next", Then::Show, 2),
            ("place=near", "next", Then::Show, 3),
            ("", "page:1", Then::Show, 1),
            ("which=that", "next", Then::Show, 2),
            ("place=near", "next", Then::Show, 3),
            ("", "previous", Then::Show, 2),
            ("place=near", "next", Then::Show, 3),
            ("", "send", Then::Send, 3),
        ],
    );
}

#[test]
fn nobody_gets_past_a_page_that_is_asked() {
    let definition = form(THREE_PAGES);
    walk(
        &definition,
        &[
            // No page but the one that shows all answers sends them or leads to any other.
            ("name=", "send", Then::Mistakes, 0),
            ("name=A&extra=yes", "page:2", Then::Show, 0),
            ("name=A&extra=yes", "send", Then::Show, 1),
            ("which=", "next", Then::Mistakes, 1),
            // Controls of other pages are not taken here.
            ("which=&place=near&name=B", "next", Then::Mistakes, 1),
            ("which=x", "next", Then::Show, 2),
        ],
    );
}

#[test]
fn further_questions_are_asked_before_it_goes_on() {
    let definition = form(THREE_PAGES);
    let state = walk(
        &definition,
        &[
            ("name=A", "next", Then::Show, 2),
            ("place=far", "next", Then::Further, 2),
            ("place=far&why=", "next", Then::Mistakes, 2),
            ("place=far&why=x", "next", Then::Show, 3),
            ("", "send", Then::Send, 3),
        ],
    );
    assert_eq!(state.typed.one("a.why"), "x");
}

#[test]
fn rows_come_and_go_by_buttons() {
    let definition = form(
        r#"[{"name":"p","label":"P","type":"block","fields":[{"name":"z","label":"Z","type":"string"}]},
            {"name":"t","label":"T","type":"tablerows","columns":["A"]},
            {"name":"s","label":"S","type":"string"}]"#,
    );
    let state = walk(
        &definition,
        &[
            ("p.0.z=a&t.0.c1=x", "add:a.p", Then::Show, 0),
            ("p.0.z=a&p.1.z=b&t.0.c1=x", "add:a.p", Then::Show, 0),
            ("p.0.z=a&p.1.z=b&p.2.z=c&t.0.c1=x", "remove:a.p.1", Then::Show, 0),
            ("p.0.z=a&p.1.z=c&t.0.c1=x", "add:a.t", Then::Show, 0),
            // What is no block and no table has no rows.
            ("p.0.z=a&p.1.z=c&t.0.c1=x", "add:a.s", Then::Show, 0),
            ("p.0.z=a&p.1.z=c&t.0.c1=x", "add:a.nothing", Then::Show, 0),
            ("p.0.z=a&p.1.z=c&t.0.c1=x&t.1.c1=y", "next", Then::Show, 1),
            ("", "send", Then::Send, 1),
        ],
    );
    assert_eq!((state.typed.rows("a.p"), state.typed.rows("a.t")), (2, 2));
    assert_eq!((state.typed.rows("a.s"), state.typed.rows("a.nothing")), (0, 0));
    assert_eq!(state.typed.one("a.p.1.z"), "c");
}

#[test]
fn a_block_has_so_many_rows_and_no_more() {
    let definition = form(
        r#"[{"name":"p","label":"P","type":"block","fields":[{"name":"z","label":"Z","type":"string"}]}]"#,
    );
    let presses = vec![("", "add:a.p", Then::Show, 0); PageBounds::default().max_rows + 5];
    assert_eq!(walk(&definition, &presses).typed.rows("a.p"), PageBounds::default().max_rows);
}

#[test]
fn more_than_a_form_takes_is_not_taken() {
    let fields: Vec<String> = (0..10)
        .map(|place| format!(r#"{{"name":"x{place}","label":"X","type":"text"}}"#))
        .collect();
    let definition = form(&format!("[{}]", fields.join(",")));
    let text = "a".repeat(60_000);
    let much: Vec<String> = (0..9).map(|place| format!("x{place}={text}")).collect();
    let state = walk(
        &definition,
        &[
            ("x0=first", "next", Then::Show, 1),
            ("", "previous", Then::Show, 0),
            (&much.join("&"), "next", Then::TooMuch, 0),
            (&much[..8].join("&"), "next", Then::Show, 1),
        ],
    );
    assert_eq!(state.typed.one("a.x7").len(), 60_000);
}

#[test]
fn drafts_are_kept_only_where_the_form_says_so() {
    let with = form(r#"[{"name":"x","label":"X","type":"string","required":true}]"#);
    walk(&with, &[("x=", "draft", Then::Draft, 0)]);
    let without = whole(
        r#"{"drafts":false,"fields":[{"name":"x","label":"X","type":"string","required":true}]}"#,
    );
    walk(&without, &[("x=", "draft", Then::Show, 0)]);
}
