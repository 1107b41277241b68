//! Forms that the hub itself asks: fields as w.c.s. has them, and the lifecycle of what is filled in.
//!
//! A [`FormDefinition`] is what a project's author writes. What the rest of the hub works with is the
//! [`Form`](crate::form::Form) that [`FormDefinition::form`] makes of it: rows of tables, GeoJSON, the
//! data APIs and the types of answers follow from that alone, as for a form of any other origin. The
//! definition is the one source of it; nobody keeps the two side by side.
//!
//! Answers stand in a submission's values under the *key* of their field: its variable name, or `f` and
//! its id where it has none, or where an earlier field has the same ([`keyed`]). A block is a repeat
//! of groups; a table is a repeat of groups with `c1`, `c2`, … for its columns. A computed field asks
//! nobody anything and can hold any JSON, so it is no question of the form: its value stands beside the
//! answers, in [`Group::extra`](crate::submission::Group::extra), under the same key.

use std::time::Duration;

use crate::json::Value;
use crate::lifecycle::{Lifecycle, Who};
use crate::names;

mod derive;
mod nameless;
mod noted;
mod seen;

pub use derive::{column_key, derived_fields, keyed};
pub use nameless::{coarse, nameless};
pub use noted::{AnswerShape, MOST_NOTED, MOST_NOTED_BYTES, NotedAnswer, noted};
pub use seen::{RECORDED, flattened};

/// A form that the hub asks, and what becomes of each submission of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormDefinition {
    /// The key within the project, and the form's part of every address.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is for; empty where nothing was said.
    pub description: String,
    /// What it is listed under, as people read it.
    pub category: Option<String>,
    /// Words that it is found by.
    pub keywords: Vec<String>,
    /// Whether it takes no submissions.
    pub disabled: bool,
    /// Whether each person can have only one submission of it.
    pub only_allow_one: bool,
    /// Who may fill it in; empty for everybody.
    pub submitters: Vec<Who>,
    /// The roles that may fill it in for others.
    pub submission_roles: Vec<String>,
    /// Whether and how submissions are found by a code.
    pub tracking_codes: Option<TrackingCodes>,
    /// Whether and how what is not finished is kept.
    pub drafts: Option<Drafts>,
    /// The template of what tells one submission from another in a list.
    pub digest_template: Option<String>,
    /// The template of the id that a submission is known by instead of its number.
    pub id_template: Option<String>,
    /// The key of the map field that places a submission.
    pub geolocation: Option<String>,
    /// What it asks, in its order.
    pub fields: Vec<FormField>,
    /// What becomes of a submission.
    pub lifecycle: Lifecycle,
}

/// How submissions are found by a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackingCodes {
    /// The keys of the fields whose answers must be given with the code.
    pub verify_fields: Vec<String>,
}

/// How what is not finished is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drafts {
    /// How long.
    pub lifespan: Duration,
    /// How many of one person.
    pub max_per_user: u32,
}

impl Drafts {
    /// What w.c.s. does where nothing was said: a hundred days, five of one person.
    pub const DEFAULT: Self = Self { lifespan: Duration::from_hours(100 * 24), max_per_user: 5 };
}

names! {
    /// What a field is, by the names of w.c.s.
    pub enum FieldType {
        /// A line of text.
        String = "string",
        /// Lines of text.
        Text = "text",
        /// A mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// Yes or no.
        Bool = "bool",
        /// A number.
        Numeric = "numeric",
        /// A day.
        Date = "date",
        /// One of several items.
        Item = "item",
        /// Any number of several items.
        Items = "items",
        /// Several items, each with its rank.
        RankedItems = "ranked-items",
        /// A file.
        File = "file",
        /// A position.
        Map = "map",
        /// Fields that are asked together, any number of times.
        Block = "block",
        /// A table whose rows are given.
        Table = "table",
        /// A table to which rows are added.
        TableRows = "tablerows",
        /// What a template makes of the other answers.
        Computed = "computed",
        /// The beginning of a page.
        Page = "page",
        /// A heading.
        Title = "title",
        /// A smaller heading.
        Subtitle = "subtitle",
        /// A text that is shown.
        Comment = "comment",
    }
}

impl FieldType {
    /// Whether it is only there to be looked at: it has no answer.
    pub const fn is_layout(self) -> bool {
        matches!(self, Self::Page | Self::Title | Self::Subtitle | Self::Comment)
    }

    /// Whether an answer is one or several of its items.
    pub const fn has_items(self) -> bool {
        matches!(self, Self::Item | Self::Items | Self::RankedItems)
    }

    /// Whether an answer is a list of rows with columns.
    pub const fn has_columns(self) -> bool {
        matches!(self, Self::Table | Self::TableRows)
    }

    /// What is done to it when its record is made anonymous, unless the field says so itself. What was
    /// picked from a list tells nobody's name.
    pub const fn default_anonymise(self) -> AnonymiseMode {
        match self {
            Self::Bool | Self::Item | Self::Items | Self::RankedItems => AnonymiseMode::No,
            _ => AnonymiseMode::Final,
        }
    }
}

names! {
    /// When an answer is taken away to make a record anonymous.
    pub enum AnonymiseMode {
        /// When the record is made anonymous for good.
        Final = "final",
        /// Already before, when the intermediate ones are; then too.
        Intermediate = "intermediate",
        /// Never.
        No = "no",
    }
}

names! {
    /// Where an answer is shown.
    pub enum DisplayLocation {
        /// On the page that asks whether all is right.
        Validation = "validation",
        /// On the page of the submission.
        Summary = "summary",
        /// In lists.
        Listings = "listings",
        /// In statistics.
        Statistics = "statistics",
    }
}

/// One field of a form, of a block, or of a lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its id: no other field of the form has it. Those of a lifecycle's own fields begin with `bo`.
    pub id: String,
    /// Its variable name; what has none is in no document.
    pub name: Option<String>,
    /// What people read.
    pub label: String,
    /// What it is.
    pub field_type: FieldType,
    /// Whether an answer must be given.
    pub required: bool,
    /// What helps to answer it; empty where nothing was said.
    pub hint: String,
    /// When it is asked: a condition. `None`: always.
    pub condition: Option<String>,
    /// When its answer is taken away.
    pub anonymise: AnonymiseMode,
    /// Where its answer is shown.
    pub display_locations: Vec<DisplayLocation>,
    /// What can be chosen; empty where that is not known: anything can, then. Only where
    /// [`FieldType::has_items`].
    pub items: Vec<Item>,
    /// What a block asks.
    pub fields: Vec<Self>,
    /// The headings of a table's columns.
    pub columns: Vec<String>,
    /// The headings of a table's rows, where they are given.
    pub rows: Vec<String>,
    /// The template that a computed field is made by.
    pub template: Option<String>,
}

impl FormField {
    /// The places that answers are shown at, unless a field says so itself.
    pub const USUAL_DISPLAY: [DisplayLocation; 2] =
        [DisplayLocation::Validation, DisplayLocation::Summary];

    /// A field with a name, which is its id too and its label, and nothing else.
    pub fn new(name: impl Into<String>, field_type: FieldType) -> Self {
        let name = name.into();
        Self {
            id: name.clone(),
            label: name.clone(),
            name: Some(name),
            field_type,
            required: false,
            hint: String::new(),
            condition: None,
            anonymise: field_type.default_anonymise(),
            display_locations: Self::USUAL_DISPLAY.to_vec(),
            items: Vec::new(),
            fields: Vec::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            template: None,
        }
    }
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What a submission says.
    pub id: String,
    /// What people read.
    pub text: String,
    /// What else is known of it, by names.
    pub attributes: Vec<(String, Value<'static>)>,
}

impl Item {
    /// An item of which nothing else is known.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), text: text.into(), attributes: Vec::new() }
    }
}
