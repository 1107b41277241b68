//! Imports of cards that are cases: one form of the hub's own makes and changes all of them, or none.
//!
//! A row is about the case whose id it names, else about the one that has that id in another system, else about a new
//! one. A row that names no id makes a case whose id follows from what the row says: so the same import sent twice
//! makes no case twice. Of a case that is there only what is different is changed; what is not said stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::wcs::case::{EXTERNAL_ID, NAME, OWNER, file_name, property, says_the_same};
use fieldpost_dialects::wcs::read::{
    CaseRow, CaseRows, WarningCode, case_rows_csv, case_rows_json, warnings_value,
};
use fieldpost_model::case::{BlockScope, Case, CaseAction, CaseBlock};
use fieldpost_model::form_definition::{FieldType, FormDefinition};
use fieldpost_model::json::Value;
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::{CaseOrder, CasePage, CaseQuery, StoreError};

use super::answer::{Turned, json};
use super::endpoint::ImportFormat;
use super::imports::{Imported, Modes, check_rows, may_import, parsed, text, who};
use super::{Asked, cards, case_records, forms, submit};
use crate::case_ids::{self, Named};

/// Cases that are looked for at once.
const AT_ONCE: usize = 200;
/// What a new case is created with; all else is set behind it.
const CREATED_WITH: [&str; 2] = [NAME, OWNER];

/// Takes in an import of cases of a kind.
pub(super) async fn run(
    asked: &Asked,
    kind: &FormDefinition,
    format: ImportFormat,
    bytes: &[u8],
    modes: Modes,
) -> Result<Imported, Turned> {
    let read = match format {
        ImportFormat::Csv => case_rows_csv(text(bytes)?),
        ImportFormat::Json => case_rows_json(&parsed(bytes)?),
    };
    let read = read.map_err(|bad| Refusal::invalid_format(bad.name()))?;
    let taken = take(asked, kind, read, modes).await?;
    Ok(taken.imported)
}

/// Leaves out what is no property: ties and files, which a list of cards tells and only forms change. That is told,
/// unless a row says what the list tells of its case. Who wants to be told is told of what no case of the kind has had
/// so far.
async fn check_columns(
    asked: &Asked,
    kind: &FormDefinition,
    known: &Known,
    read: &mut CaseRows,
) -> Result<(), StoreError> {
    let told = kind.fields.iter();
    let told = told.filter(|it| matches!(it.field_type, FieldType::Item | FieldType::File));
    let told: HashSet<&str> = told.map(|field| field.id.as_str()).collect();
    let said: Vec<(Option<&Case>, &str, &str)> = read
        .rows
        .iter()
        .flat_map(|row| row.values.iter().map(move |(name, value)| (row, name, value)))
        .filter(|(_, name, _)| told.contains(name.as_str()))
        .map(|(row, name, value)| (known.case_of(row), name.as_str(), value.as_str()))
        .collect();
    let others = said.iter().filter_map(|(case, name, _)| (*case)?.indices.get(*name));
    let others: BTreeSet<&str> = others.map(|index| index.case_id.as_str()).collect();
    let others: Vec<&str> = others.into_iter().collect();
    let called = case_records::tied(asked, &others).await?;
    let is_so = |case: &Case, name: &str, value: &str| match case.indices.get(name) {
        Some(index) => {
            value == index.case_id
                || called.get(&index.case_id).is_some_and(|other| other.text == value)
        }
        None => case.attachments.contains_key(name) && file_name(case, name) == value,
    };
    let lost =
        said.iter().filter(|(case, name, value)| !case.is_some_and(|it| is_so(it, name, value)));
    let lost: BTreeSet<String> = lost.map(|(_, name, _)| (*name).to_owned()).collect();
    for name in lost {
        read.warn(WarningCode::TieOrFile, name);
    }
    read.leave_out(|name| told.contains(name));
    if submit::is_strict(asked) {
        let fields: HashSet<&str> = kind.fields.iter().map(|field| field.id.as_str()).collect();
        read.warn_of_unknown(|name| fields.contains(name));
    }
    Ok(())
}

/// `POST /api/cards/<type>/submit`, and of one card: `{"data": …}`.
pub(super) async fn one(
    asked: &Asked,
    name: &str,
    id: Option<&str>,
    sent: Body,
) -> Result<Response, Turned> {
    forms::require_somebody(&asked.admitted.caller())?;
    may_import(asked, None)?;
    let kind = cards::find(asked, name).await?;
    let body = submit::json_body(asked, sent).await?;
    let value = submit::parsed(&body)?;
    let document = Value::object([("data", Value::Array(vec![value]))]);
    let mut read = case_rows_json(&document).map_err(submit::bad_body)?;
    if let Some(id) = id {
        // It may be called by the id that another system has for it.
        let found = case_records::find(asked, name, id).await?;
        let row = read.rows.first_mut().zip(found.and_then(|it| it.record.progress.natural_id));
        let (row, id) = row.ok_or_else(Refusal::not_found)?;
        row.id = Some(id);
    }
    let modes = Modes { updates: true, deletes: false };
    let taken = take(asked, &kind.definition, read, modes).await?;
    if let Some(form_id) = &taken.form_id {
        let place = (asked.project(), &*asked.parts);
        case_ids::note(&asked.app, place, who(asked), &taken.blocks, form_id).await;
    }
    let id = taken.cases.into_iter().next().ok_or_else(Refusal::not_found)?;
    let mut data = vec![("id", Value::from(id.clone()))];
    if let Some(found) = case_records::find(asked, name, &id).await? {
        let address = asked.site().record_address(name, &id);
        data.push(("api_url", Value::from(address)));
        data.push(("uuid", Value::from(found.record.progress.uuid.to_string())));
    }
    let mut members = vec![("err", Value::from(0_i64)), ("data", Value::object(data))];
    let warnings = &taken.imported.warnings;
    if !warnings.is_empty() {
        members.push(("warnings", warnings_value(warnings)));
    }
    Ok(json(&Value::object(members)))
}

/// Rows that were taken in.
struct Taken {
    imported: Imported,
    /// The case of each row.
    cases: Vec<String>,
    blocks: Vec<CaseBlock>,
    /// The id of the form that changed something.
    form_id: Option<String>,
}

/// Takes rows in.
async fn take(
    asked: &Asked,
    kind: &FormDefinition,
    mut read: CaseRows,
    modes: Modes,
) -> Result<Taken, Turned> {
    check_rows(asked, read.rows.len())?;
    let name = kind.name.as_str();
    let known = Known::read(asked, name, &read.rows).await?;
    check_columns(asked, kind, &known, &mut read).await?;
    submit::strictly(asked, &read.warnings)?;
    for (name, value) in read.rows.iter_mut().flat_map(|row| &mut row.values) {
        *value = property(kind, name, value);
    }
    let mut import = Import { asked, name, modes, known, ..Import::begin(asked, name, modes) };
    let mut cases = Vec::with_capacity(read.rows.len());
    for (place, row) in (1..).zip(&read.rows) {
        cases.push(import.add(place, row).await?);
    }
    if modes.deletes {
        import.close_others(&cases).await?;
    }
    let Import { blocks, mut imported, .. } = import;
    imported.warned = read.warnings.len();
    imported.warnings = read.warnings;
    let mut form_id = None;
    if !blocks.is_empty() {
        let user = who(asked).name;
        let changed = case_ids::change(&asked.app, asked.project(), &blocks, &user).await?;
        form_id = Some(changed.map_err(Refusal::invalid)?);
    }
    Ok(Taken { imported, cases, blocks, form_id })
}

/// The cases that rows name, as they are.
#[derive(Default)]
struct Known {
    by_id: HashMap<String, Case>,
    /// The ids of cases by the ids that another system has for them.
    by_external_id: HashMap<String, String>,
}

impl Known {
    async fn read(asked: &Asked, name: &str, rows: &[CaseRow]) -> Result<Self, Turned> {
        let mut known = Self::default();
        let named: Vec<&str> = rows.iter().filter_map(|row| row.id.as_deref()).collect();
        known.add(asked, &named).await?;
        for id in rows.iter().filter_map(key) {
            if known.by_id.contains_key(id) || known.by_external_id.contains_key(id) {
                continue;
            }
            if let Some(found) = case_records::by_external_id(asked, name, id).await? {
                known.add(asked, &[&found]).await?;
                known.by_external_id.insert(id.to_owned(), found);
            }
        }
        known.by_id.values().try_for_each(|case| of_type(case, name))?;
        Ok(known)
    }

    /// The case that a row names, where it is there.
    fn case_of(&self, row: &CaseRow) -> Option<&Case> {
        let id = key(row)?;
        let there = |id: &str| self.by_id.get(id).filter(|case| !case.deleted);
        there(id).or_else(|| there(self.by_external_id.get(id)?))
    }

    async fn add(&mut self, asked: &Asked, ids: &[&str]) -> Result<(), StoreError> {
        for ids in ids.chunks(AT_ONCE) {
            let found = asked.app.hub.store().cases(asked.project(), ids).await?;
            self.by_id.extend(found.into_iter().map(|(id, case)| (id, case.value)));
        }
        Ok(())
    }
}

/// Refuses a case of another type: an import would make it one of its own.
fn of_type(case: &Case, name: &str) -> Result<(), Refusal> {
    if case.deleted || case.case_type == name {
        return Ok(());
    }
    let text = format!("The case {} is of another type than {name}.", case.id);
    Err(Refusal::invalid_format(text))
}

/// What a row names its case by: an id of any kind.
fn key(row: &CaseRow) -> Option<&str> {
    row.id.as_deref().or_else(|| row.value(EXTERNAL_ID))
}

/// An import on its way to a form.
struct Import<'i> {
    asked: &'i Asked,
    name: &'i str,
    modes: Modes,
    known: Known,
    /// The cases that the form makes.
    made: HashSet<String>,
    blocks: Vec<CaseBlock>,
    imported: Imported,
}

impl<'i> Import<'i> {
    fn begin(asked: &'i Asked, name: &'i str, modes: Modes) -> Self {
        let (known, made) = (Known::default(), HashSet::new());
        let (blocks, imported) = (Vec::new(), Imported::default());
        Self { asked, name, modes, known, made, blocks, imported }
    }

    /// Adds what a row asks for; the case that it is about.
    async fn add(&mut self, place: usize, row: &CaseRow) -> Result<String, Turned> {
        let id = self.case_of(place, row).await?;
        if let Some(case) = self.known.by_id.get(&id).filter(|case| !case.deleted) {
            of_type(case, self.name)?;
            let actions = changes(case, row);
            if actions.is_empty() || !self.modes.updates {
                self.imported.skipped += 1;
            } else {
                self.imported.updated += 1;
                self.push(id.clone(), actions);
            }
            return Ok(id);
        }
        let is_new = self.made.insert(id.clone());
        let actions = if is_new { self.creation(row) } else { all(row) };
        if is_new {
            self.imported.created += 1;
        } else {
            self.imported.updated += 1;
        }
        self.push(id.clone(), actions);
        Ok(id)
    }

    /// The case that a row is about.
    async fn case_of(&mut self, place: usize, row: &CaseRow) -> Result<String, Turned> {
        if let Some(id) = key(row) {
            if self.known.by_id.get(id).is_some_and(|case| !case.deleted) {
                return Ok(id.to_owned());
            }
            if let Some(found) = self.known.by_external_id.get(id) {
                return Ok(found.clone());
            }
            let (store, project) = (self.asked.app.hub.store(), self.asked.project());
            let named = Named {
                case_type: Some(self.name),
                id,
                external_id: row.value(EXTERNAL_ID).unwrap_or(id),
            };
            let free = case_ids::free(store, project, named).await?;
            let taken = || {
                let text = format!("Row {place}: all ids for {id} are of cases that are deleted.");
                Refusal::invalid_format(text)
            };
            let free = free.ok_or_else(taken)?;
            // It may be there all the same: then it is changed, and not made once more.
            self.known.add(self.asked, &[&free]).await?;
            self.known.by_external_id.insert(id.to_owned(), free.clone());
            return Ok(free);
        }
        let said: BTreeMap<&str, &str> =
            row.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let texts = said.into_iter().flat_map(|(name, value)| [name, value]);
        let id = case_ids::of_content(self.asked.project(), self.name, texts);
        if !self.known.by_id.contains_key(&id) {
            self.known.add(self.asked, &[&id]).await?;
        }
        Ok(id)
    }

    /// What makes a new case.
    fn creation(&self, row: &CaseRow) -> Vec<CaseAction> {
        let value = |name: &str| row.value(name).unwrap_or_default().to_owned();
        let mut create: BTreeMap<String, String> =
            CREATED_WITH.iter().map(|name| ((*name).to_owned(), value(name))).collect();
        create.insert("case_type".to_owned(), self.name.to_owned());
        let mut update: BTreeMap<String, String> = row
            .values
            .iter()
            .filter(|(name, _)| !CREATED_WITH.contains(&name.as_str()))
            .cloned()
            .collect();
        if let Some(id) = key(row) {
            // The next import finds the case by what this one called it.
            update.entry(EXTERNAL_ID.to_owned()).or_insert_with(|| id.to_owned());
        }
        let mut actions = vec![CaseAction::Create(create)];
        if !update.is_empty() {
            actions.push(CaseAction::Update(update));
        }
        if row.is_closed {
            actions.push(CaseAction::Close(None));
        }
        actions
    }

    fn push(&mut self, case_id: String, actions: Vec<CaseAction>) {
        self.blocks.push(CaseBlock {
            case_id,
            user_id: who(self.asked).name,
            modified_at: Some(self.asked.app.hub.now()),
            scope: BlockScope::Change,
            actions,
        });
    }

    /// Closes the open cases of the kind that no row is about: a case is never deleted by a form.
    async fn close_others(&mut self, named: &[String]) -> Result<(), Turned> {
        let named: HashSet<&str> = named.iter().map(String::as_str).collect();
        let query = CaseQuery {
            case_type: Some(self.name.to_owned()),
            is_closed: Some(false),
            ..CaseQuery::default()
        };
        let most = self.asked.app.settings.max_imported_cards;
        let mut after = None;
        loop {
            let page = CasePage { order: CaseOrder::FirstChanged, after, limit: AT_ONCE };
            let store = self.asked.app.hub.store();
            let found = store.list_cases(self.asked.project(), &query, &page).await?;
            for other in found.found.iter().filter(|it| !named.contains(it.id.as_str())) {
                self.imported.deleted += 1;
                self.push(other.id.clone(), vec![CaseAction::Close(None)]);
            }
            if self.imported.deleted > most {
                return Err(Refusal::invalid_format(format!(
                    "More than {most} cards would be closed: so many are not closed at once."
                ))
                .into());
            }
            after = found.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// What a row changes of a case.
fn changes(case: &Case, row: &CaseRow) -> Vec<CaseAction> {
    let is_so = |name: &str, value: &str| match name {
        NAME => case.name == value,
        EXTERNAL_ID => case.external_id == value,
        OWNER => case.owner == value,
        name => case.properties.get(name).is_some_and(|known| says_the_same(known, value)),
    };
    let different: BTreeMap<String, String> =
        row.values.iter().filter(|(name, value)| !is_so(name, value)).cloned().collect();
    let mut actions = Vec::new();
    if !different.is_empty() {
        actions.push(CaseAction::Update(different));
    }
    if row.is_closed && !case.is_closed() {
        actions.push(CaseAction::Close(None));
    }
    actions
}

/// All that a row says, of a case that the same import makes.
fn all(row: &CaseRow) -> Vec<CaseAction> {
    let mut actions = vec![CaseAction::Update(row.values.iter().cloned().collect())];
    if row.is_closed {
        actions.push(CaseAction::Close(None));
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_different_is_changed() {
        let mut case = Case { name: "Amina".to_owned(), ..Case::new("c") };
        case.properties.insert("age".to_owned(), "7".to_owned());
        let texts = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let row = |pairs, is_closed| CaseRow { id: None, values: texts(pairs), is_closed };
        assert_eq!(changes(&case, &row(&[(NAME, "Amina"), ("age", "7")], false)), []);
        let update = CaseAction::Update(texts(&[("age", "8")]).into_iter().collect());
        let close = CaseAction::Close(None);
        assert_eq!(changes(&case, &row(&[(NAME, "Amina"), ("age", "8")], true)), [update, close]);
    }
}
