//! The fields of a page as controls: a label that belongs to each, its hint and its mistake said with it,
//! what goes together in a field set. Everything works by posting forms; `form.js` only adds to it.

use fieldpost_model::form_definition::{FieldType, FormField, column_key};

use super::answers::TICKED;
use super::markup::{Attribute, Markup};
use super::reading::{Asked, Mistake};
use super::typed::Typed;
use super::words::{Words, filled};

/// How many items are shown at once; more of them are a list that opens.
const MOST_RADIOS: usize = 8;
/// How far a position is told: about a metre.
const DEGREE_STEP: &str = "any";

/// What controls are written with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controls<'a> {
    /// The language.
    pub(super) words: &'static Words,
    /// What they hold.
    pub(super) typed: &'a Typed,
    /// What is wrong with it.
    pub(super) mistakes: &'a [Mistake],
    /// The longest file, in bytes.
    pub(super) max_file: usize,
    /// The most rows of a block or a table.
    pub(super) max_rows: usize,
}

impl Controls<'_> {
    /// The fields, in their order.
    pub(super) fn fields(&self, fields: &[Asked<'_>], html: &mut Markup) {
        for asked in fields {
            self.field(asked, html);
        }
    }

    fn field(&self, asked: &Asked<'_>, html: &mut Markup) {
        let field = asked.field;
        match field.field_type {
            FieldType::Title => _ = html.element("h2", &[], &asked.text).line(),
            FieldType::Subtitle => _ = html.element("h3", &[], &asked.text).line(),
            FieldType::Comment => _ = html.paragraphs(&[("class", "said")], &asked.text).line(),
            FieldType::Page | FieldType::Computed => {}
            FieldType::Block => self.block(asked, html),
            FieldType::Table | FieldType::TableRows => self.table(asked, html),
            FieldType::Map => self.map(asked, html),
            FieldType::File => self.file(asked, html),
            FieldType::Bool => self.tick(asked, html),
            FieldType::RankedItems if !field.items.is_empty() => self.ranks(asked, html),
            FieldType::Items if !field.items.is_empty() => self.choices(asked, "checkbox", html),
            FieldType::Item if (1..=MOST_RADIOS).contains(&field.items.len()) => {
                self.choices(asked, "radio", html);
            }
            FieldType::Item if !field.items.is_empty() => self.list(asked, html),
            FieldType::Text | FieldType::Items | FieldType::RankedItems => self.area(asked, html),
            _ => self.line(asked, html),
        }
    }

    fn mistake(&self, name: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.name == name)
    }

    /// The ids of what describes a control: its hint and its mistake.
    fn described(&self, asked: &Asked<'_>, has_hint: bool) -> String {
        let name = &asked.name;
        let hint = has_hint.then(|| format!("{name}-hint"));
        let error = self.mistake(name).map(|_| format!("{name}-error"));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }

    fn class(&self, asked: &Asked<'_>) -> &'static str {
        if self.mistake(&asked.name).is_some() { "field wrong" } else { "field" }
    }

    /// What is said with a label: that no answer is needed.
    fn label_text(&self, asked: &Asked<'_>, html: &mut Markup) {
        html.text(&asked.text);
        if !asked.field.required {
            html.text(" ");
            let optional = format!("({})", self.words.optional);
            html.element("span", &[("class", "optional")], &optional);
        }
    }

    fn label(&self, asked: &Asked<'_>, html: &mut Markup) {
        html.open("label", &[("for", &asked.name)]);
        self.label_text(asked, html);
        html.close("label");
    }

    /// The hint of the author, the hint of the control, and the mistake.
    fn notes(&self, asked: &Asked<'_>, usual: &str, html: &mut Markup) -> bool {
        let hints: Vec<&str> = [asked.field.hint.as_str(), usual]
            .into_iter()
            .filter(|hint| !hint.is_empty())
            .collect();
        let has_hint = !hints.is_empty();
        if has_hint {
            let id = format!("{}-hint", asked.name);
            html.element("p", &[("class", "hint"), ("id", &id)], &hints.join(" "));
        }
        self.error(&asked.name, html);
        has_hint
    }

    fn error(&self, name: &str, html: &mut Markup) {
        if let Some(mistake) = self.mistake(name) {
            let id = format!("{name}-error");
            html.open("p", &[("class", "error"), ("id", &id)]);
            html.element("span", &[("class", "unseen")], self.words.mistake_mark);
            html.text(self.words.mistake(mistake.what)).close("p");
        }
    }

    /// The attributes that every control has.
    fn common<'x>(
        &self,
        asked: &Asked<'_>,
        described: &'x str,
        attributes: &mut Vec<Attribute<'x>>,
    ) {
        if !described.is_empty() {
            attributes.push(("aria-describedby", described));
        }
        if self.mistake(&asked.name).is_some() {
            attributes.push(("aria-invalid", "true"));
        }
        if asked.field.required {
            attributes.push(("required", ""));
        }
    }

    fn line(&self, asked: &Asked<'_>, html: &mut Markup) {
        let field = asked.field;
        html.open("div", &[("class", self.class(asked))]);
        self.label(asked, html);
        let usual = if field.field_type == FieldType::Date { self.words.date_hint } else { "" };
        let has_hint = self.notes(asked, usual, html);
        let described = self.described(asked, has_hint);
        let text = self.typed.one(&asked.name);
        // A day that is none would be shown as nothing by a control for days.
        let is_day = text.is_empty() || is_iso_day(text);
        let (kind, mode, class) = match field.field_type {
            FieldType::Email => ("email", "", "wide"),
            FieldType::Phone => ("tel", "", "short"),
            FieldType::Numeric => ("text", "decimal", "short"),
            FieldType::Date if is_day => ("date", "", "short"),
            FieldType::Date => ("text", "numeric", "short"),
            _ => ("text", "", "wide"),
        };
        let mut attributes = vec![
            ("type", kind),
            ("id", asked.name.as_str()),
            ("name", &asked.name),
            ("class", class),
            ("value", text),
        ];
        if !mode.is_empty() {
            attributes.push(("inputmode", mode));
        }
        if let Some(purpose) = purpose(asked) {
            attributes.push(("autocomplete", purpose));
        }
        self.common(asked, &described, &mut attributes);
        html.open("input", &attributes).close("div").line();
    }

    fn area(&self, asked: &Asked<'_>, html: &mut Markup) {
        html.open("div", &[("class", self.class(asked))]);
        self.label(asked, html);
        let is_list = asked.field.field_type != FieldType::Text;
        let usual = if is_list { self.words.lines_hint } else { "" };
        let has_hint = self.notes(asked, usual, html);
        let described = self.described(asked, has_hint);
        let mut attributes =
            vec![("id", asked.name.as_str()), ("name", asked.name.as_str()), ("rows", "5")];
        self.common(asked, &described, &mut attributes);
        html.element("textarea", &attributes, self.typed.one(&asked.name)).close("div").line();
    }

    fn list(&self, asked: &Asked<'_>, html: &mut Markup) {
        html.open("div", &[("class", self.class(asked))]);
        self.label(asked, html);
        let has_hint = self.notes(asked, "", html);
        let described = self.described(asked, has_hint);
        let mut attributes = vec![("id", asked.name.as_str()), ("name", asked.name.as_str())];
        self.common(asked, &described, &mut attributes);
        html.open("select", &attributes);
        html.element("option", &[("value", "")], self.words.choose);
        for item in &asked.field.items {
            let mut attributes = vec![("value", item.id.as_str())];
            if self.typed.has(&asked.name, &item.id) {
                attributes.push(("selected", ""));
            }
            html.element("option", &attributes, &item.text);
        }
        html.close("select").close("div").line();
    }

    /// A field set with its legend and its notes.
    fn open_set(&self, asked: &Asked<'_>, usual: &str, class: &str, html: &mut Markup) {
        // What describes it is not written yet, and named all the same.
        let has_hint = !asked.field.hint.is_empty() || !usual.is_empty();
        let described = self.described(asked, has_hint);
        let class = format!("{} {class}", self.class(asked));
        let id = format!("{}-set", asked.name);
        let mut attributes = vec![("class", class.trim()), ("id", &id), ("tabindex", "-1")];
        if !described.is_empty() {
            attributes.push(("aria-describedby", &described));
        }
        html.open("fieldset", &attributes);
        html.open("legend", &[]);
        self.label_text(asked, html);
        html.close("legend");
        self.notes(asked, usual, html);
    }

    fn choices(&self, asked: &Asked<'_>, kind: &str, html: &mut Markup) {
        self.open_set(asked, "", "choices", html);
        for (place, item) in asked.field.items.iter().enumerate() {
            let id = part_id(&asked.name, place);
            let mut attributes =
                vec![("type", kind), ("id", &id), ("name", &asked.name), ("value", &item.id)];
            if self.typed.has(&asked.name, &item.id) {
                attributes.push(("checked", ""));
            }
            if asked.field.required && kind == "radio" {
                attributes.push(("required", ""));
            }
            html.open("div", &[("class", "choice")]).open("input", &attributes);
            html.element("label", &[("for", &id)], &item.text).close("div");
        }
        html.close("fieldset").line();
    }

    fn tick(&self, asked: &Asked<'_>, html: &mut Markup) {
        html.open("div", &[("class", self.class(asked))]);
        let mut notes = Markup::default();
        let has_hint = self.notes(asked, "", &mut notes);
        let described = self.described(asked, has_hint);
        let mut attributes = vec![
            ("type", "checkbox"),
            ("id", asked.name.as_str()),
            ("name", &asked.name),
            ("value", TICKED),
        ];
        if self.typed.has(&asked.name, TICKED) {
            attributes.push(("checked", ""));
        }
        self.common(asked, &described, &mut attributes);
        html.add(&notes).open("div", &[("class", "choice")]).open("input", &attributes);
        html.element("label", &[("for", &asked.name)], &asked.text).close("div");
        html.close("div").line();
    }

    fn ranks(&self, asked: &Asked<'_>, html: &mut Markup) {
        self.open_set(asked, self.words.rank_hint, "ranks", html);
        for (place, item) in asked.field.items.iter().enumerate() {
            let name = format!("{}.{place}", asked.name);
            let id = part_id(&asked.name, place);
            let label = filled(self.words.rank_of, &[&item.text]);
            html.open("div", &[("class", "rank")]);
            html.open(
                "input",
                &[
                    ("type", "text"),
                    ("inputmode", "numeric"),
                    ("id", &id),
                    ("name", &name),
                    ("class", "tiny"),
                    ("aria-label", &label),
                    ("value", self.typed.one(&name)),
                ],
            );
            html.element("span", &[], &item.text).close("div");
        }
        html.close("fieldset").line();
    }

    fn map(&self, asked: &Asked<'_>, html: &mut Markup) {
        self.open_set(asked, self.words.position_hint, "position", html);
        html.open("div", &[("class", "pair")]);
        let parts = [("lat", self.words.latitude), ("lon", self.words.longitude)];
        for (place, (part, label)) in parts.into_iter().enumerate() {
            let name = format!("{}.{part}", asked.name);
            let id = part_id(&asked.name, place);
            html.open("div", &[]).element("label", &[("for", &id)], label);
            html.open(
                "input",
                &[
                    ("type", "text"),
                    ("inputmode", "text"),
                    ("id", &id),
                    ("name", &name),
                    ("class", "short"),
                    ("autocomplete", "off"),
                    ("data-degrees", DEGREE_STEP),
                    ("value", self.typed.one(&name)),
                ],
            );
            html.close("div");
        }
        html.close("div");
        // The script shows it where the browser can tell a position.
        html.open("p", &[("hidden", ""), ("data-position", &asked.name)]);
        html.element("button", &[("type", "button"), ("class", "plain")], self.words.use_position);
        html.element(
            "span",
            &[
                ("role", "status"),
                ("data-busy", self.words.position_busy),
                ("data-failed", self.words.position_failed),
            ],
            "",
        );
        html.close("p").close("fieldset").line();
    }

    fn file(&self, asked: &Asked<'_>, html: &mut Markup) {
        let name = &asked.name;
        let there = self.typed.file(name);
        html.open("div", &[("class", self.class(asked))]);
        html.open("label", &[("for", name)]);
        self.label_text(asked, html);
        html.close("label");
        let size = self.words.size(self.max_file);
        let has_hint = self.notes(asked, &filled(self.words.file_hint, &[&size]), html);
        let mut described = self.described(asked, has_hint);
        if let Some(file) = there {
            let id = format!("{name}-there");
            html.open("p", &[("class", "there"), ("id", &id)]);
            html.element("strong", &[], &filled(self.words.file_there, &[&file.name]));
            html.text(" ");
            let go = format!("drop:{name}");
            html.element(
                "button",
                &[("name", "go"), ("value", &go), ("class", "plain")],
                self.words.file_remove,
            );
            html.close("p");
            described = format!("{described} {id}");
        }
        let mut attributes = vec![("type", "file"), ("id", name.as_str()), ("name", name.as_str())];
        attributes.push(("aria-describedby", described.trim()));
        if self.mistake(name).is_some() {
            attributes.push(("aria-invalid", "true"));
        }
        if asked.field.required && there.is_none() {
            attributes.push(("required", ""));
        }
        html.open("input", &attributes).close("div").line();
    }

    fn block(&self, asked: &Asked<'_>, html: &mut Markup) {
        self.open_set(asked, "", "block", html);
        for (place, row) in asked.rows.iter().enumerate() {
            let number = filled(self.words.row, &[&(place + 1).to_string()]);
            let legend = format!("{} · {number}", asked.text);
            html.open("fieldset", &[("class", "row")]).element("legend", &[], &legend);
            self.fields(row, html);
            if asked.rows.len() > 1 {
                let go = format!("remove:{}.{place}", asked.name);
                let label = filled(self.words.remove_row, &[&legend]);
                Self::row_button(&go, &label, html);
            }
            html.close("fieldset");
        }
        self.add_button(asked, asked.rows.len(), html);
        html.close("fieldset").line();
    }

    fn row_button(go: &str, label: &str, html: &mut Markup) {
        html.element("button", &[("name", "go"), ("value", go), ("class", "plain")], label);
    }

    fn add_button(&self, asked: &Asked<'_>, rows: usize, html: &mut Markup) {
        if rows < self.max_rows {
            let go = format!("add:{}", asked.name);
            let label = format!("{}: {}", self.words.add_row, asked.text);
            html.open("p", &[("class", "more")]);
            Self::row_button(&go, &label, html);
            html.close("p");
        }
    }

    fn table(&self, asked: &Asked<'_>, html: &mut Markup) {
        let field = asked.field;
        let is_given = field.field_type == FieldType::Table;
        let rows = if is_given { field.rows.len() } else { self.typed.rows(&asked.name).max(1) };
        self.open_set(asked, "", "cells", html);
        html.open("div", &[("class", "scroll")]).open("table", &[]).open("tr", &[]);
        if is_given {
            html.open("td", &[]).close("td");
        }
        for heading in &field.columns {
            html.element("th", &[("scope", "col")], heading);
        }
        html.close("tr");
        for row in 0..rows.min(self.max_rows) {
            html.open("tr", &[]);
            let number = (row + 1).to_string();
            let title = field.rows.get(row).map_or(number.as_str(), String::as_str);
            if is_given {
                html.element("th", &[("scope", "row")], title);
            }
            for (column, heading) in field.columns.iter().enumerate() {
                let name = format!("{}.{row}.{}", asked.name, column_key(column));
                let label = filled(self.words.row_cell, &[heading, title]);
                let text = self.typed.one(&name);
                html.open("td", &[]).open(
                    "input",
                    &[("type", "text"), ("name", &name), ("aria-label", &label), ("value", text)],
                );
                html.close("td");
            }
            html.close("tr");
        }
        html.close("table").close("div");
        if !is_given {
            self.add_button(asked, rows, html);
        }
        html.close("fieldset").line();
    }
}

/// The id of one of the controls that a field has; the first has the name itself, so that what leads to
/// the field leads there.
fn part_id(name: &str, place: usize) -> String {
    if place == 0 { name.to_owned() } else { format!("{name}-{place}") }
}

/// What leads to a field of which several rows are asked: the field set itself.
pub(super) fn anchor(field: &FormField, name: &str) -> String {
    match field.field_type {
        FieldType::Block | FieldType::Table | FieldType::TableRows => format!("#{name}-set"),
        _ => format!("#{name}"),
    }
}

fn is_iso_day(text: &str) -> bool {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|it| it.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let mut part = |count| parts.next().is_some_and(|part| digits(part, count));
    part(4) && part(2) && part(2)
}

/// What a browser may fill in by itself: only about whoever fills in the form, so never in a row of a block.
fn purpose(asked: &Asked<'_>) -> Option<&'static str> {
    if asked.name.matches('.').count() > 1 {
        return None;
    }
    let name = asked.field.name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let name = name.replace('_', "");
    match (asked.field.field_type, name.as_str()) {
        (FieldType::Email, _) => Some("email"),
        (FieldType::Phone, _) => Some("tel"),
        (FieldType::Date, "birthdate" | "birthday" | "dateofbirth" | "datenaissance") => {
            Some("bday")
        }
        (FieldType::String, "firstname" | "givenname" | "prenom") => Some("given-name"),
        (FieldType::String, "lastname" | "surname" | "familyname" | "nom") => Some("family-name"),
        (FieldType::String, "name" | "fullname") => Some("name"),
        (FieldType::String, "street" | "address" | "adresse") => Some("street-address"),
        (FieldType::String, "zip" | "zipcode" | "postcode" | "postalcode" | "codepostal") => {
            Some("postal-code")
        }
        (FieldType::String, "city" | "town" | "ville") => Some("address-level2"),
        (FieldType::String, "organisation" | "organization") => Some("organization"),
        _ => None,
    }
}
