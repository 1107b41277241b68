//! Conditions on what stands at a path in JSON that is stored as text: answers of submissions, properties of
//! cases. Both engines see the same: a text for what it says, a number by its digits, `true`, `false`; nothing
//! where the path leads nowhere, to a list or to a group.

use fieldpost_model::json::number::is_number;
use fieldpost_model::names;

use crate::Engine;
use crate::statement::{Conditions, contains, like_anywhere};

names! {
    /// How what stands at a path is compared.
    pub enum FieldOperator {
        /// It is exactly this.
        Equals = "equals",
        /// It is something else, or nothing.
        Differs = "differs",
        /// This is a part of it, in upper or lower case.
        Contains = "contains",
        /// It is less: as a number, if this is one; else by its characters, as days and times are.
        Below = "below",
        /// It is this or less.
        AtMost = "at-most",
        /// It is more.
        Above = "above",
        /// It is this or more.
        AtLeast = "at-least",
        /// There is something, whatever it is.
        Present = "present",
        /// There is nothing.
        Absent = "absent",
        /// There is nothing, or an empty text.
        Blank = "blank",
    }
}

names! {
    /// How two values that have an order compare.
    pub enum Comparison {
        /// The one is less.
        Below = "below",
        /// It is less or the same.
        AtMost = "at-most",
        /// It is more.
        Above = "above",
        /// It is more or the same.
        AtLeast = "at-least",
        /// They are the same.
        Equals = "equals",
        /// They are not.
        Differs = "differs",
    }
}

impl Comparison {
    pub(crate) const fn sql(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Equals => "=",
            Self::Differs => "<>",
        }
    }
}

/// A condition on what stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldCondition {
    /// The names that lead there.
    pub path: Vec<String>,
    /// How it is compared.
    pub operator: FieldOperator,
    /// With what; nothing is compared with `present` and `absent`.
    pub value: String,
}

/// The digits that numbers are compared by on PostgreSQL, which refuses a query for a number that is too
/// large: one submission must not keep a list from being read.
const COMPARABLE: &str = r"^-?[0-9]{1,60}(\.[0-9]{1,60})?$";

/// Adds a condition on the JSON text in `column`.
pub(crate) fn add_field(
    engine: &Engine,
    conditions: &mut Conditions,
    column: &str,
    condition: &FieldCondition,
) {
    let sql = field_sql(engine, conditions, column, condition);
    conditions.add_plain(&sql);
}

/// A condition on the JSON text in `column`, as SQL that is true or false and never unknown.
pub(crate) fn field_sql(
    engine: &Engine,
    conditions: &mut Conditions,
    column: &str,
    condition: &FieldCondition,
) -> String {
    let Some(node) = Node::at(engine, conditions, column, &condition.path) else {
        // No path leads there.
        let is_met = matches!(
            condition.operator,
            FieldOperator::Absent | FieldOperator::Blank | FieldOperator::Differs
        );
        return if is_met { "1 = 1" } else { "1 = 0" }.to_owned();
    };
    let text = &node.text;
    let compared = |conditions: &mut Conditions, comparison: &str| {
        let is_number = is_number(&condition.value);
        let value = conditions.bind(condition.value.as_str());
        if is_number {
            node.compared_as_number(engine, comparison, &value)
        } else {
            let as_bytes = if let Engine::Postgres(_) = engine { r#"COLLATE "C""# } else { "" };
            format!("{text} {as_bytes} {comparison} {value}")
        }
    };
    let sql = match condition.operator {
        FieldOperator::Present => format!("{text} IS NOT NULL"),
        FieldOperator::Absent => format!("{text} IS NULL"),
        FieldOperator::Blank => format!("coalesce({text}, '') = ''"),
        FieldOperator::Equals => {
            let value = conditions.bind(condition.value.as_str());
            format!("{text} = {value}")
        }
        FieldOperator::Differs => {
            let value = conditions.bind(condition.value.as_str());
            format!("coalesce({text} <> {value}, 1 = 1)")
        }
        FieldOperator::Contains => {
            let pattern = conditions.bind(like_anywhere(&condition.value));
            contains(text, &pattern)
        }
        FieldOperator::Below => compared(conditions, "<"),
        FieldOperator::AtMost => compared(conditions, "<="),
        FieldOperator::Above => compared(conditions, ">"),
        FieldOperator::AtLeast => compared(conditions, ">="),
    };
    format!("coalesce({sql}, 1 = 0)")
}

/// What stands at a path, as SQL.
struct Node {
    /// The text of it.
    text: String,
    /// What kind of JSON it is.
    kind: String,
}

impl Node {
    /// `None` where no path can lead there.
    fn at(
        engine: &Engine,
        conditions: &mut Conditions,
        column: &str,
        path: &[String],
    ) -> Option<Self> {
        if path.is_empty() {
            return None;
        }
        match engine {
            Engine::Sqlite(_) => {
                // What SQLite takes for a path has no way to write these in a name.
                if path.iter().any(|name| name.contains(['"', '\\'])) {
                    return None;
                }
                let names: Vec<String> = path.iter().map(|name| format!("\"{name}\"")).collect();
                let path = conditions.bind(format!("$.{}", names.join(".")));
                let kind = format!("json_type({column}, {path})");
                let text = format!(
                    "CASE {kind} WHEN 'text' THEN {column} ->> {path}
                     WHEN 'null' THEN NULL WHEN 'object' THEN NULL WHEN 'array' THEN NULL
                     ELSE {column} -> {path} END"
                );
                Some(Self { text, kind })
            }
            Engine::Postgres(_) => {
                // PostgreSQL reads no JSON with a NUL in it, not even past it.
                let mut node = format!(r"replace({column}, '\u0000', '\u2400')::json");
                for name in path {
                    let name = conditions.bind(name.as_str());
                    node = format!("({node} -> {name}::text)");
                }
                let kind = format!("json_typeof({node})");
                let text = format!(
                    "(CASE WHEN {kind} IN ('string', 'number', 'boolean')
                      THEN {node} #>> '{{}}' END)"
                );
                Some(Self { text, kind })
            }
        }
    }

    /// A comparison with a number, which is met by nothing that is no number.
    fn compared_as_number(&self, engine: &Engine, comparison: &str, value: &str) -> String {
        let Self { text, kind } = self;
        match engine {
            Engine::Sqlite(_) => format!(
                "({kind} IN ('integer', 'real')
                  AND CAST({text} AS REAL) {comparison} CAST({value} AS REAL))"
            ),
            Engine::Postgres(_) => format!(
                "(CASE WHEN {kind} = 'number' AND {text} ~ '{COMPARABLE}'
                  AND {value}::text ~ '{COMPARABLE}'
                  THEN ({text})::numeric {comparison} ({value}::text)::numeric ELSE false END)"
            ),
        }
    }
}
