//! The row of a case: what every case has, a column for each tie, and one for each property.

use fieldpost_model::case::Case;
use fieldpost_model::rows::{Cell, ColumnKind, Rows};
use fieldpost_model::time::Timestamp;

use super::answers::{Entry, text};
use super::table::{Draft, Place, of_property};

/// The column that tells states of a case apart.
const NEWER_BY: &str = "server_modified_at";

/// The table of cases that say no type.
const WITHOUT_TYPE: &str = "cases";

/// The ties that nearly every application has; no property takes their names.
const CUSTOMARY_TIES: [&str; 2] = ["parent", "host"];

/// The row of a case. `table` is the name that a person gave the table; without one it is that of
/// the case's type. The error is a sentence for that person.
pub fn case_rows(case: &Case, table: Option<&str>) -> Result<Rows, String> {
    let after = if case.case_type.is_empty() { WITHOUT_TYPE } else { &case.case_type };
    let place = Place::of(table, after)?;
    let properties = case.properties.iter().map(|(name, value)| Entry {
        plain: of_property(name),
        source: name.clone(),
        kind: ColumnKind::Text,
        cell: text(value),
        is_fixed: false,
        expected: true,
    });
    let mut draft = Draft::new(1, fixed(case));
    draft.add(Vec::new(), properties.collect());
    Ok(Rows { main: draft.table(&place, &[])?, newer_by: NEWER_BY, repeats: Vec::new() })
}

fn fixed(case: &Case) -> Vec<Entry> {
    let said = |it: &str| if it.is_empty() { Cell::Null } else { text(it) };
    let at = |it: Option<Timestamp>| it.map_or(Cell::Null, Cell::Moment);
    let closing = case.closing.as_ref();
    let own = [
        ("case_id", ColumnKind::Text, text(&case.id)),
        ("case_type", ColumnKind::Text, said(&case.case_type)),
        ("case_name", ColumnKind::Text, said(&case.name)),
        ("owner_id", ColumnKind::Text, said(&case.owner)),
        ("external_id", ColumnKind::Text, said(&case.external_id)),
        ("closed", ColumnKind::Boolean, Cell::Boolean(case.is_closed())),
        ("opened_at", ColumnKind::Moment, at(case.opened_at)),
        ("opened_by", ColumnKind::Text, said(&case.opened_by)),
        ("modified_at", ColumnKind::Moment, at(case.modified_at)),
        ("modified_by", ColumnKind::Text, said(&case.modified_by)),
        ("closed_at", ColumnKind::Moment, at(closing.map(|closing| closing.at))),
        ("closed_by", ColumnKind::Text, said(closing.map_or("", |closing| &closing.by))),
        (NEWER_BY, ColumnKind::Moment, Cell::Moment(case.server_modified_at)),
    ];
    let tie = |name: &str| {
        let other = case.indices.get(name).map_or("", |index| &index.case_id);
        let column = super::names::fitted(&format!("{}_id", of_property(name)), name);
        Entry {
            source: format!("@index {name}"),
            expected: false,
            ..Entry::fixed(&column, ColumnKind::Text, said(other))
        }
    };
    let others = case.indices.keys().map(String::as_str);
    let others = others.filter(|name| !CUSTOMARY_TIES.contains(name));
    let ties = CUSTOMARY_TIES.into_iter().chain(others).map(tie);
    let own = own.into_iter().map(|(name, kind, cell)| Entry::fixed(name, kind, cell));
    own.chain(ties).collect()
}
