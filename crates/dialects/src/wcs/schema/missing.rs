//! What a form that was read from a schema still lacks, in words for its author.
//!
//! Whatever a schema says is either in the form or told here: there is no third way. What is told has its way
//! through the form and, where something was written, what that was.

use fieldpost_model::json::Value;

/// How much is told of a value that is not taken over, in characters.
const MOST_TOLD: usize = 200;

fieldpost_model::names! {
    /// What is missing of a form that was read.
    pub enum MissingCode {
        /// The items of a list: anything can be chosen.
        Items = "items",
        /// The fields of a block.
        BlockFields = "block-fields",
        /// A field, because there is none of its type here.
        Field = "field",
        /// A condition, because it is written in another language.
        Condition = "condition",
        /// What a status does: records would stay in it for ever.
        StatusActions = "status-actions",
        /// What an action does that programs can set off.
        Action = "action",
        /// The roles that the functions are bound to.
        FunctionRole = "function-role",
        /// A role, which the project has to have.
        Role = "role",
        /// Another name, because nothing can be called so here.
        Renamed = "renamed",
        /// Another id, because something else in the schema has it.
        Twice = "twice",
        /// Anything else that the schema says and that a form cannot have.
        LeftOut = "left-out",
    }
}

/// Something that is missing of a form that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What.
    pub code: MissingCode,
    /// Where: the label or name of a field, the id of a status, a function or an action; for what is left out,
    /// the key; for what is called otherwise here, its name here.
    pub place: String,
    /// The same as a way through the form: keys of the project file, with names in the place of numbers. What
    /// is left out ends with its own key.
    pub path: String,
    /// What the schema says there, as JSON that may be cut; nothing where it says nothing of use.
    pub said: Option<String>,
}

impl Missing {
    /// Something of which the schema says nothing.
    pub(super) fn silent(code: MissingCode, place: &str, path: String) -> Self {
        Self { code, place: place.to_owned(), path, said: None }
    }

    /// Something of which the schema says this.
    pub(super) fn said(code: MissingCode, place: &str, path: String, value: &Value<'_>) -> Self {
        let text = value.to_json();
        let mut said: String = text.chars().take(MOST_TOLD).collect();
        if said.len() < text.len() {
            said.push('…');
        }
        Self { said: Some(said), ..Self::silent(code, place, path) }
    }

    /// What is missing and what to do about it, in a sentence.
    pub fn what(&self) -> String {
        let what = self.sentence();
        match &self.said {
            Some(said) => format!("{what} The schema says `{said}`."),
            None => what,
        }
    }

    fn sentence(&self) -> String {
        let place = &self.place;
        match self.code {
            MissingCode::Items => format!(
                "The schema does not say what can be chosen in {place}: write its `items`, each with `id` and \
                 `text`. Until then any text is taken."
            ),
            MissingCode::BlockFields => {
                format!("The schema does not say what the block {place} asks: write its `fields`.")
            }
            MissingCode::Field => {
                format!("The field {place} is of a type that there is not here: it is left out.")
            }
            MissingCode::Condition => format!(
                "The condition of {place} is no condition of a template: write it as one. Until then the \
                 field is always asked."
            ),
            MissingCode::StatusActions => format!(
                "The schema does not say what the status {place} does: write its `actions`. Until then it \
                 is an end."
            ),
            MissingCode::Action => format!(
                "Programs can set off {place}; the schema does not say what it does: write the jump or the \
                 global action."
            ),
            MissingCode::FunctionRole => format!(
                "The schema does not say which role has the function {place}: write `functions: {{ {place}: \
                 <role> }}`."
            ),
            MissingCode::Role => format!(
                "The role {place} is the project's: declare it under `roles`, if it is not there yet."
            ),
            MissingCode::Renamed => format!(
                "Nothing can be called so here (lower-case letters, digits, `-` and `_`): it is `{place}` here."
            ),
            MissingCode::Twice => format!(
                "There is one with this id already: this one has the id `{place}` here. Look which of the two is \
                 meant wherever the id stands."
            ),
            MissingCode::LeftOut => {
                format!("There is nothing here that `{place}` could become: it is left out.")
            }
        }
    }
}
