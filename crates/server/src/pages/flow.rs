//! The way through a form: what a press of a button does to a form under way. Pure: what was typed, what
//! was pressed, and what is shown next.

use super::reading::{Asking, Reading, read};
use super::state::State;
use fieldpost_model::form_definition::FieldType;
use fieldpost_model::progress::StoredFile;

/// What was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// On to the next page.
    Next,
    /// Back to the page before.
    Previous,
    /// To a page, from where the answers are checked.
    Page(usize),
    /// One more row.
    Add(String),
    /// One row less.
    Remove(String, usize),
    /// A file is taken out.
    Drop(String),
    /// All of it is kept for later.
    Draft,
    /// All of it is sent.
    Send,
}

impl Go {
    /// What a button says; what none of ours says goes on to the next page, as the key Enter does.
    pub(super) fn read(pressed: &str) -> Self {
        let (what, of) = pressed.split_once(':').unwrap_or((pressed, ""));
        match what {
            "previous" => Self::Previous,
            "page" => of.parse().map_or(Self::Next, Self::Page),
            "add" => Self::Add(of.to_owned()),
            "remove" => match of.rsplit_once('.').map(|(name, row)| (name, row.parse())) {
                Some((name, Ok(row))) => Self::Remove(name.to_owned(), row),
                _ => Self::Next,
            },
            "drop" => Self::Drop(of.to_owned()),
            "draft" => Self::Draft,
            "send" => Self::Send,
            _ => Self::Next,
        }
    }
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The page that the form is at is shown.
    Show,
    /// It is shown with what is wrong on it.
    Mistakes,
    /// It is shown, since what was answered leads to further questions on it.
    Further,
    /// What was typed is more than a form takes; nothing of it was taken.
    TooMuch,
    /// It is kept as a draft.
    Draft,
    /// It is sent.
    Send,
}

/// What was posted.
#[derive(Clone, Debug, Default)]
pub(super) struct Posted {
    /// Names and texts.
    pub(super) texts: Vec<(String, String)>,
    /// Files, by their controls.
    pub(super) files: Vec<(String, StoredFile)>,
}

/// Takes in what was posted, and does what was pressed. Beside what follows there is the form as it was
/// read last.
pub(super) fn step<'a>(
    asking: &Asking<'a>,
    state: &mut State,
    posted: &Posted,
    go: &Go,
) -> (Then, Reading<'a>) {
    let before = state.typed.clone();
    state.typed.replace(&state.shown, &posted.texts);
    for (name, file) in &posted.files {
        if state.shown.contains(name) {
            state.typed.put_file(name, file.clone());
        }
    }
    if state.typed.bytes() > asking.bounds.max_typed {
        state.typed = before;
        return (Then::TooMuch, read(asking, &state.typed));
    }
    let reading = read(asking, &state.typed);
    state.page = state.page.min(reading.pages.len());
    let then = match go {
        Go::Add(name) => add_row(state, &reading, name, asking.bounds.max_rows),
        Go::Remove(name, row) => {
            state.typed.remove_row(name, *row);
            Then::Show
        }
        Go::Drop(name) => {
            state.typed.drop_file(name);
            Then::Show
        }
        Go::Previous => {
            state.page = reading.page_before(state.page).unwrap_or(state.page);
            Then::Show
        }
        // Only from where the answers are checked: every page has been looked at there.
        Go::Page(page) if state.page == reading.pages.len() => {
            state.page = reading.page_from(*page).unwrap_or(state.page);
            Then::Show
        }
        Go::Draft if asking.definition.drafts.is_some() => Then::Draft,
        Go::Page(_) | Go::Draft => Then::Show,
        Go::Send if state.page == reading.pages.len() => match reading.first_wrong() {
            Some(page) => {
                state.page = page;
                Then::Mistakes
            }
            None => Then::Send,
        },
        Go::Next | Go::Send => next(state, &reading),
    };
    (then, read(asking, &state.typed))
}

fn next(state: &mut State, reading: &Reading<'_>) -> Then {
    let Some(page) = reading.pages.get(state.page).filter(|page| page.is_asked) else {
        state.page = reading.page_from(state.page).unwrap_or(reading.pages.len());
        return Then::Show;
    };
    let controls = page.controls();
    let is_shown = |name: &String| state.shown.contains(name);
    if page
        .mistakes
        .iter()
        .any(|mistake| is_shown(&mistake.name) || !controls.contains(&mistake.name))
    {
        return Then::Mistakes;
    }
    if !controls.iter().all(is_shown) {
        return Then::Further;
    }
    state.page = reading.page_from(state.page + 1).unwrap_or(reading.pages.len());
    Then::Show
}

fn add_row(state: &mut State, reading: &Reading<'_>, name: &str, max_rows: usize) -> Then {
    let asked = reading.pages.get(state.page).and_then(|page| page.find(name));
    let grows = |field_type| matches!(field_type, FieldType::Block | FieldType::TableRows);
    if asked.is_some_and(|asked| grows(asked.field.field_type)) {
        let rows = state.typed.rows(name).max(1) + 1;
        state.typed.set_rows(name, rows.min(max_rows));
    }
    Then::Show
}
