//! The fields that a list can be filtered and ordered by, and the operators that each type takes.
//!
//! | type | operators |
//! |---|---|
//! | string, text, phone, item, items | `eq ne lt lte gt gte in not_in between absent existing icontains ieq` |
//! | email | `eq ne in not_in absent existing icontains ieq` |
//! | numeric | `eq ne lt lte gt gte in not_in between absent existing` |
//! | date | as numeric, and `is_today is_tomorrow is_yesterday is_this_week is_past is_future is_today_or_past is_today_or_future` |
//! | bool | `eq ne absent existing` |
//! | all others | none: no list is filtered by them |
//!
//! A field is asked for by its variable name, or by its id. One inside a block has both joined to
//! those of the block: `people_first`, `3-1`. Where two fields have one name, the first has it.

use fieldpost_model::form_definition::{
    AnonymiseMode, FieldType, FormDefinition, FormField, keyed,
};
use fieldpost_model::names;

names! {
    /// How a filter compares.
    pub enum Operator {
        /// Equal.
        Equal = "eq",
        /// Not equal, or nothing there.
        NotEqual = "ne",
        /// Less.
        Less = "lt",
        /// Less or equal.
        LessOrEqual = "lte",
        /// Greater.
        Greater = "gt",
        /// Greater or equal.
        GreaterOrEqual = "gte",
        /// One of several values, `|` between them.
        In = "in",
        /// None of several values.
        NotIn = "not_in",
        /// From the smaller of two values on, and before the greater one.
        Between = "between",
        /// Nothing there, or an empty text.
        Absent = "absent",
        /// Something there.
        Existing = "existing",
        /// A text with this in it, in upper or lower case.
        Contains = "icontains",
        /// This text, in upper or lower case.
        Alike = "ieq",
        /// Today.
        Today = "is_today",
        /// Tomorrow.
        Tomorrow = "is_tomorrow",
        /// Yesterday.
        Yesterday = "is_yesterday",
        /// From Monday to Sunday of this week.
        ThisWeek = "is_this_week",
        /// Before today.
        Past = "is_past",
        /// After today.
        Future = "is_future",
        /// Today or before.
        TodayOrPast = "is_today_or_past",
        /// Today or after.
        TodayOrFuture = "is_today_or_future",
    }
}

use Operator::{
    Absent, Alike, Between, Contains, Equal, Existing, Future, Greater, GreaterOrEqual, In, Less,
    LessOrEqual, NotEqual, NotIn, Past, ThisWeek, Today, TodayOrFuture, TodayOrPast, Tomorrow,
    Yesterday,
};

/// Those of texts alone, those of everything that has an order, those of days alone.
const OF_ORDERED: &[Operator] = &[
    Contains,
    Alike,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Between,
    Absent,
    Existing,
    Today,
    Tomorrow,
    Yesterday,
    ThisWeek,
    Past,
    Future,
    TodayOrPast,
    TodayOrFuture,
];
const OF_TEXTS: &[Operator] = OF_ORDERED.split_at(13).0;
const OF_NUMBERS: &[Operator] = OF_TEXTS.split_at(2).1;
const OF_DAYS: &[Operator] = OF_ORDERED.split_at(2).1;
const OF_ADDRESSES: &[Operator] = &[Equal, NotEqual, In, NotIn, Absent, Existing, Contains, Alike];
const OF_TRUTHS: &[Operator] = &[Equal, NotEqual, Absent, Existing];

impl Operator {
    /// Whether it looks at the field alone; its filter has the value `on`.
    pub const fn is_unary(self) -> bool {
        matches!(
            self,
            Absent
                | Existing
                | Today
                | Tomorrow
                | Yesterday
                | ThisWeek
                | Past
                | Future
                | TodayOrPast
                | TodayOrFuture
        )
    }
}

/// The operators that a type of field takes; none where no list is filtered by it.
pub const fn operators(field_type: FieldType) -> &'static [Operator] {
    match field_type {
        FieldType::String
        | FieldType::Text
        | FieldType::Phone
        | FieldType::Item
        | FieldType::Items => OF_TEXTS,
        FieldType::Email => OF_ADDRESSES,
        FieldType::Numeric => OF_NUMBERS,
        FieldType::Date => OF_DAYS,
        FieldType::Bool => OF_TRUTHS,
        FieldType::RankedItems
        | FieldType::File
        | FieldType::Map
        | FieldType::Block
        | FieldType::Table
        | FieldType::TableRows
        | FieldType::Computed
        | FieldType::Page
        | FieldType::Title
        | FieldType::Subtitle
        | FieldType::Comment => &[],
    }
}

/// Where an answer stands: under its key, in the rows of a block where it is in one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The key of the block that it is in.
    pub block: Option<String>,
    /// Its key.
    pub key: String,
    /// Its type.
    pub field_type: FieldType,
    /// Whether it is one of the lifecycle's own fields.
    pub is_backoffice: bool,
}

/// A field by the names that a query has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filterable {
    /// Its id; of one in a block, `block-field`.
    pub id: String,
    /// Its variable name; of one in a block, `block_field`.
    pub name: Option<String>,
    /// Where its answer stands.
    pub target: Target,
    /// Whether its answer is left where records name nobody.
    pub is_nameless: bool,
}

/// All fields of a form, those of its blocks and those of its lifecycle, in their order; also those
/// that take no operators, which no filter can name.
pub fn filterable(definition: &FormDefinition) -> Vec<Filterable> {
    let mut fields = Vec::new();
    let own = keyed(&definition.fields).into_iter().map(|it| (it, false));
    let lifecycle = keyed(&definition.lifecycle.backoffice_fields).into_iter().map(|it| (it, true));
    for ((key, field), is_backoffice) in own.chain(lifecycle) {
        let target = Target { block: None, key, field_type: field.field_type, is_backoffice };
        if field.field_type == FieldType::Block {
            fields.extend(inside(field, &target));
        }
        fields.push(Filterable {
            id: field.id.clone(),
            name: field.name.clone(),
            target,
            is_nameless: field.anonymise == AnonymiseMode::No,
        });
    }
    let mut taken = std::collections::HashSet::new();
    for field in &mut fields {
        field.name = field.name.take().filter(|name| taken.insert(name.clone()));
    }
    fields
}

fn inside(block: &FormField, outer: &Target) -> Vec<Filterable> {
    let inner = keyed(&block.fields).into_iter().map(|(key, field)| Filterable {
        id: format!("{}-{}", block.id, field.id),
        name: block
            .name
            .as_ref()
            .zip(field.name.as_ref())
            .map(|(block, field)| format!("{block}_{field}")),
        target: Target {
            block: Some(outer.key.clone()),
            key,
            field_type: field.field_type,
            ..outer.clone()
        },
        is_nameless: [block, field].iter().all(|it| it.anonymise == AnonymiseMode::No),
    });
    inner.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_ids_and_names_also_inside_blocks() {
        let field = |id: &str, name: Option<&str>, field_type| FormField {
            id: id.to_owned(),
            name: name.map(str::to_owned),
            ..FormField::new("x", field_type)
        };
        let mut definition = FormDefinition {
            fields: vec![
                field("1", Some("first"), FieldType::String),
                field("2", None, FieldType::Date),
                FormField {
                    fields: vec![
                        field("1", Some("inner"), FieldType::Bool),
                        field("2", None, FieldType::Item),
                    ],
                    ..field("3", Some("people"), FieldType::Block)
                },
                field("4", Some("first"), FieldType::Text),
                field("5", Some("heading"), FieldType::Title),
            ],
            ..FormDefinition::default()
        };
        definition.lifecycle.backoffice_fields = vec![field("bo1", Some("note"), FieldType::Text)];
        let fields = filterable(&definition);
        let told: Vec<_> = fields
            .iter()
            .map(|it| {
                let target = &it.target;
                let name = it.name.as_deref();
                (it.id.as_str(), name, target.block.as_deref(), target.key.as_str())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("1", Some("first"), None, "first"),
                ("2", None, None, "f2"),
                ("3-1", Some("people_inner"), Some("people"), "inner"),
                ("3-2", None, Some("people"), "f2"),
                ("3", Some("people"), None, "people"),
                ("4", None, None, "f4"),
                ("bo1", Some("note"), None, "note"),
            ]
        );
        assert!(fields.last().unwrap().target.is_backoffice);
    }

    #[test]
    fn unary_operators_are_those_that_need_no_value() {
        let unary: Vec<_> =
            Operator::ALL.iter().filter(|it| it.is_unary()).map(|it| it.name()).collect();
        assert_eq!(
            unary,
            [
                "absent",
                "existing",
                "is_today",
                "is_tomorrow",
                "is_yesterday",
                "is_this_week",
                "is_past",
                "is_future",
                "is_today_or_past",
                "is_today_or_future",
            ]
        );
    }
}
