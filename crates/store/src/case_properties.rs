//! The properties that the cases of each type have.
//!
//! A type of cases has no definition: its properties are those of its cases. Whoever lists them would have to read all
//! cases, so their names are kept beside them, with what their values look like. The transaction that keeps a case
//! adds what is new, which is hardly ever anything; when the last case of a type is erased its names go. A name stays
//! for as long as the type has cases, even where none of them has the property any more, and where the last case has
//! become one of another type.

use fieldpost_model::case::CasePropertyKind;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Row, as_integer};

/// A property that cases of a type have, a tie that they have to others, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProperty {
    /// Its name.
    pub name: String,
    /// What its values look like: the most general of what they were.
    pub kind: CasePropertyKind,
}

/// What a kind is in a row. The more general one has the greater number.
pub(crate) const fn code(kind: CasePropertyKind) -> i64 {
    match kind {
        CasePropertyKind::Tie => 0,
        CasePropertyKind::File => 1,
        CasePropertyKind::Empty => 2,
        CasePropertyKind::Position => 3,
        CasePropertyKind::Text => 4,
    }
}

/// The kind of a row. One that is not known is of a newer program: any text will do for it.
const fn kind(code: i64) -> CasePropertyKind {
    match code {
        0 => CasePropertyKind::Tie,
        1 => CasePropertyKind::File,
        2 => CasePropertyKind::Empty,
        3 => CasePropertyKind::Position,
        _ => CasePropertyKind::Text,
    }
}

impl Store {
    /// The properties that cases of a type have, in the order of their names, `most` at the most.
    pub async fn case_properties(
        &self,
        project: &str,
        case_type: &str,
        most: usize,
    ) -> Result<Vec<KnownProperty>, StoreError> {
        let sql = "SELECT name, max(kind) FROM case_properties
                   WHERE project = $1 AND case_type = $2
                   GROUP BY name ORDER BY name LIMIT $3";
        let parameters = vec![project.into(), case_type.into(), as_integer(most).into()];
        self.query(sql.to_owned(), parameters, |row: &Row<'_>| {
            Ok(KnownProperty { name: row.text(0)?, kind: kind(row.integer(1)?) })
        })
        .await
    }
}

/// The statement that takes away the names of types which have no cases any more when those cases of the project `$1` are
/// gone of which the condition on `cases` holds. It goes before they are deleted, so that it looks at their types alone.
pub(crate) fn forget_properties(condition: &str) -> String {
    format!(
        "DELETE FROM case_properties WHERE project = $1
         AND case_type IN (SELECT cases.case_type FROM cases WHERE {condition})
         AND NOT EXISTS (
             SELECT 1 FROM cases c WHERE c.project = $1 AND c.is_deleted IN (0, 1)
             AND c.case_type = case_properties.case_type
             AND c.id NOT IN (SELECT cases.id FROM cases WHERE {condition}))"
    )
}
