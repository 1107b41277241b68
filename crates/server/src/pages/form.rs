//! The pages of a form under way, as HTML: what is asked on one of them, and all answers to be checked.

use fieldpost_model::form_definition::DisplayLocation;

use super::controls::{Controls, anchor};
use super::flow::Then;
use super::markup::Markup;
use super::reading::{Asking, Page, Reading};
use super::shown::{self, Shown};
use super::state::{Aim, State};
use super::words::{Words, filled};

/// The control with the form under way.
pub(super) const STATE: &str = "state";
/// The control that says what was pressed.
pub(super) const GO: &str = "go";

/// What a page of a form is written with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    /// The language.
    pub(super) words: &'static Words,
    /// The form.
    pub(super) asking: &'a Asking<'a>,
    /// The longest file, in bytes.
    pub(super) max_file: usize,
    /// Where the page that follows by a code is, where the form gives codes.
    pub(super) follow: Option<&'a str>,
}

impl Look<'_> {
    /// What stands in the title bar.
    pub(super) fn title(&self, state: &State, reading: &Reading<'_>) -> String {
        let form = &self.asking.definition.title;
        match reading.pages.get(state.page) {
            None => format!("{} – {form}", self.words.check_title),
            Some(Page { title: Some(title), .. }) => format!("{title} – {form}"),
            Some(_) => form.clone(),
        }
    }

    /// The page that the form is at. `seal` makes the text of the form under way, which knows what is shown.
    pub(super) fn page(
        &self,
        state: &mut State,
        reading: &Reading<'_>,
        then: Then,
        seal: impl FnOnce(&State) -> String,
    ) -> Markup {
        let mut html = Markup::default();
        let definition = self.asking.definition;
        let page = reading.pages.get(state.page);
        state.shown = page.map_or_else(Vec::new, Page::controls);
        if let Some(page) = page
            && then == Then::Mistakes
        {
            self.summary(page, &mut html);
        }
        let heading = if page.is_none() { self.words.check_title } else { &definition.title };
        html.element("h1", &[], heading).line();
        self.place(state, reading, &mut html);
        match page {
            Some(page) => {
                if state.page == 0 && !definition.description.is_empty() {
                    html.paragraphs(&[("class", "lead")], &definition.description);
                }
                if let Some(title) = page.title {
                    html.element("h2", &[("class", "page")], title);
                }
                if then == Then::Further {
                    let attributes = [
                        ("class", "notice"),
                        ("role", "status"),
                        ("tabindex", "-1"),
                        ("autofocus", ""),
                    ];
                    html.element("p", &attributes, self.words.further);
                }
            }
            None => _ = html.element("p", &[("class", "lead")], self.words.check_text),
        }
        html.open(
            "form",
            &[
                ("method", "post"),
                ("enctype", "multipart/form-data"),
                ("novalidate", ""),
                ("accept-charset", "utf-8"),
            ],
        );
        html.line();
        html.open("input", &[("type", "hidden"), ("name", STATE), ("value", &seal(state))]).line();
        match page {
            Some(page) => self.asked(state, page, then, &mut html),
            None => self.add_check(reading, &mut html),
        }
        self.buttons(state, reading, &mut html);
        html.close("form").line();
        if let Some(follow) = self.follow.filter(|_| state.page == 0 && state.aim == Aim::New) {
            html.open("p", &[("class", "aside")]);
            html.element("a", &[("href", follow)], self.words.follow_link).close("p");
        }
        html
    }

    /// What is wrong, over everything; whoever opens the page is led there first.
    fn summary(&self, page: &Page<'_>, html: &mut Markup) {
        html.open(
            "div",
            &[
                ("class", "summary"),
                ("role", "alert"),
                ("id", "mistakes"),
                ("tabindex", "-1"),
                ("autofocus", ""),
            ],
        );
        html.element("h2", &[], &self.words.mistakes(page.mistakes.len())).open("ul", &[]);
        for mistake in &page.mistakes {
            let address = page.find(&mistake.name).map_or_else(
                || format!("#{}", mistake.name),
                |asked| anchor(asked.field, &asked.name),
            );
            let text = format!("{}: {}", mistake.label, self.words.mistake(mistake.what));
            html.open("li", &[]).element("a", &[("href", &address)], &text).close("li");
        }
        html.close("ul").close("div").line();
    }

    /// Which step of how many this is, where there are several.
    fn place(&self, state: &State, reading: &Reading<'_>, html: &mut Markup) {
        let asked = reading.pages.iter().filter(|page| page.is_asked).count();
        if asked < 2 || state.page >= reading.pages.len() {
            return;
        }
        let before = reading.pages.iter().take(state.page).filter(|page| page.is_asked).count();
        let (place, all) = ((before + 1).to_string(), asked.to_string());
        html.element("p", &[("class", "step")], &filled(self.words.step, &[&place, &all])).line();
    }

    fn asked(&self, state: &State, page: &Page<'_>, then: Then, html: &mut Markup) {
        // The key Enter presses the first button of a form: not one that removes something.
        html.element(
            "button",
            &[
                ("name", GO),
                ("value", "next"),
                ("class", "unseen"),
                ("tabindex", "-1"),
                ("aria-hidden", "true"),
            ],
            self.words.next,
        );
        let has_optional = page.fields.iter().any(|it| !it.name.is_empty() && !it.field.required);
        if has_optional && page.fields.iter().any(|it| it.field.required) {
            html.element("p", &[("class", "hint")], self.words.required_note).line();
        }
        let mistakes = if then == Then::Mistakes { &page.mistakes[..] } else { &[] };
        let controls = Controls {
            words: self.words,
            typed: &state.typed,
            mistakes,
            max_file: self.max_file,
            max_rows: self.asking.bounds.max_rows,
        };
        controls.fields(&page.fields, html);
    }

    /// All answers, page by page, each with a way back to it.
    fn add_check(&self, reading: &Reading<'_>, html: &mut Markup) {
        let definition = self.asking.definition;
        for (place, page) in reading.pages.iter().enumerate().filter(|(_, page)| page.is_asked) {
            let is_there = |field: &fieldpost_model::form_definition::FormField| {
                page.fields.iter().any(|asked| std::ptr::eq(asked.field, field))
            };
            html.open("section", &[("class", "checked")]).open("div", &[("class", "head")]);
            let title = page.title.unwrap_or(&definition.title);
            html.element("h2", &[], title);
            let (go, label) = (format!("page:{place}"), format!("{}: {title}", self.words.change));
            html.open(
                "button",
                &[("name", GO), ("value", &go), ("class", "plain"), ("aria-label", &label)],
            );
            html.text(self.words.change).close("button").close("div");
            shown::answers(
                Shown { words: self.words, link: &|_| None },
                &definition.fields,
                &reading.submission.values,
                DisplayLocation::Validation,
                is_there,
                html,
            );
            html.close("section").line();
        }
    }

    fn buttons(&self, state: &State, reading: &Reading<'_>, html: &mut Markup) {
        let words = self.words;
        let is_check = state.page >= reading.pages.len();
        let is_last = reading.page_from(state.page + 1).is_none();
        let (go, label) = match (is_check, &state.aim) {
            (true, Aim::Edit(..)) => ("send", words.edit_save),
            (true, _) => ("send", words.send),
            (false, _) if is_last => ("next", words.check),
            (false, _) => ("next", words.next),
        };
        html.open("div", &[("class", "buttons")]);
        html.element("button", &[("name", GO), ("value", go), ("class", "main")], label);
        if reading.page_before(state.page).is_some() {
            html.element("button", &[("name", GO), ("value", "previous")], words.previous);
        }
        let keeps_drafts = self.asking.definition.drafts.is_some()
            && self.asking.definition.tracking_codes.is_some();
        if keeps_drafts && !matches!(state.aim, Aim::Edit(..)) {
            html.element(
                "button",
                &[("name", GO), ("value", "draft"), ("class", "plain")],
                words.save_draft,
            );
        }
        html.close("div").line();
    }
}
