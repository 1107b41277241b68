//! What a form names of its own: its fields, statuses and functions.
//!
//! A name is known by being written, even where what stands under it cannot be read; so one mistake
//! makes one problem.

use fieldpost_model::form_definition::{FieldType, FormField, keyed};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{Lifecycle, RECEIVER};

use crate::definition::fields::{Field, suggestion, suggestion_or};

/// The statuses and functions of a lifecycle.
#[derive(Debug)]
pub(super) struct Known {
    functions: Vec<String>,
    statuses: Vec<String>,
}

impl Known {
    /// Those of a lifecycle as it is written; `None`: of none.
    pub(super) fn of(lifecycle: Option<&Value<'_>>) -> Self {
        let names = |key: &str| -> Option<Vec<String>> {
            let members = lifecycle?.get(key)?.as_object()?;
            Some(members.iter().map(|(name, _)| name.to_string()).collect())
        };
        let mut functions = names("functions").unwrap_or_default();
        if !functions.iter().any(|name| name == RECEIVER) {
            functions.insert(0, RECEIVER.to_owned());
        }
        let usual = || Lifecycle::usual().statuses.into_iter().map(|status| status.id).collect();
        Self { functions, statuses: names("statuses").unwrap_or_else(usual) }
    }

    /// Reads the id of a status.
    pub(super) fn read_status(&self, field: &Field<'_, '_>) -> Option<String> {
        let id = field.text()?;
        if self.statuses.iter().any(|status| status == id) {
            return Some(id.to_owned());
        }
        let known: Vec<&str> = self.statuses.iter().map(String::as_str).collect();
        let message = format!("there is no status `{id}` in this lifecycle");
        field.place.report_with_hint("unknown-status", message, suggestion(id, &known))
    }

    /// Reports a function that there is not.
    pub(super) fn check_function(&self, field: &Field<'_, '_>, id: &str) -> Option<()> {
        if self.functions.iter().any(|function| function == id) {
            return Some(());
        }
        let known: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        let message = format!("there is no function `{id}` in this lifecycle");
        field.place.report_with_hint("unknown-function", message, suggestion(id, &known))
    }
}

/// The fields that can be named, by the keys that their answers stand under. Where fields could not be
/// read nothing is known, and every key is taken.
#[derive(Clone, Debug)]
pub(super) struct Keys(Option<Vec<(String, FieldType)>>);

impl Keys {
    /// Those of these fields.
    pub(super) fn of(fields: Option<&[FormField]>) -> Self {
        Self(fields.map(|fields| {
            keyed(fields).into_iter().map(|(key, field)| (key, field.field_type)).collect()
        }))
    }

    /// Those of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.as_ref().zip(other.0.as_ref()).map(|(one, two)| [&**one, two].concat()))
    }

    /// Reads the key of a field, of that type where one is needed.
    pub(super) fn read(&self, field: &Field<'_, '_>, needed: Option<FieldType>) -> Option<String> {
        let key = field.text()?;
        self.check(field, key, needed)?;
        Some(key.to_owned())
    }

    /// Reports a key that is no field's, or that of a field of another type.
    pub(super) fn check(
        &self,
        field: &Field<'_, '_>,
        key: &str,
        needed: Option<FieldType>,
    ) -> Option<()> {
        let Some(keys) = &self.0 else { return Some(()) };
        let fits = |is: FieldType| needed.is_none_or(|needed| needed == is);
        let Some((_, is)) = keys.iter().find(|(name, _)| name == key) else {
            let known: Vec<&str> =
                keys.iter().filter(|(_, is)| fits(*is)).map(|(name, _)| name.as_str()).collect();
            let how = needed.map_or_else(
                || "there is none: add one, as `{ name: …, type: string }`".to_owned(),
                |needed| format!("there is none: add one, as `{{ name: …, type: {needed} }}`"),
            );
            let message = format!("there is no field `{key}`");
            let hint = suggestion_or(key, &known, &how);
            return field.place.report_with_hint("unknown-field", message, hint);
        };
        match needed.filter(|_| !fits(*is)) {
            None => Some(()),
            Some(needed) => field.place.report(
                "wrong-field-type",
                format!("the field `{key}` is of the type `{is}`; a `{needed}` is needed here"),
            ),
        }
    }
}
