//! Lists: which records, in what order, and what of each.
//!
//! ```text
//!   parameters ──► status ──► own ──► conditions ──► order ──► ListQuery
//!                  filter=    numbers,  answers      order_by,   │
//!                             times,                 cursor      ├─► Pushdown   what a store decides by columns
//!                             people                             └─► Predicate  what only the answers tell
//! ```
//!
//! Nothing that a query asks for is ignored in silence: a filter that is not known is refused, with the text
//! of w.c.s., and so is a value that is none. What w.c.s. drops without a word and the hub refuses: a day that is
//! none (`filter-start=on&filter-start-value=soon`), and an operator of a filter that has no others than `eq`.
//!
//! | filter | asked for by |
//! |---|---|
//! | status | `filter=`, `filter-operator=` |
//! | an answer | `filter-<name>=<value>`, or by the field's id `filter-<id>=on&filter-<id>-value=<value>` |
//! | number | `filter-internal-id=1`, `filter-number=1-2`, `filter-identifier=a,b` |
//! | time | `filter-start`, `filter-end`, `filter-start-mtime`, `filter-end-mtime`, each `=on` with `-value` |
//! | people | `filter-user-uuid`, `filter-user-function`, `filter-submission-agent-uuid`; `__current__` calls |
//! | place | `filter-distance=<metres>&center_lat=…&center_lon=…` |
//! | how pressing | `filter-criticality-level=1` |
//!
//! Where rows name nobody, only what stands in them can be asked for: an answer that is left out is no filter, and
//! nor is a person, a place or an id that a template made. Otherwise whoever asks often enough is told after all.
//!
//! Beyond w.c.s. there is `cursor=`: empty it begins a list, and what stands in an answer goes on there, however
//! many records came in meanwhile. It goes with the orders that a store knows.

mod condition;
mod distance;
mod order;
mod overview;
mod own;
mod predicate;
mod shown;
mod status;
#[cfg(test)]
mod tests;

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::progress_list::{Order, Pushdown, Whom};

use super::days::Calendar;
use super::query::invalid_value;
use super::reading::{Address, Kind, Reading, StatusReader};
use super::search::Search;
use super::{Parameters, Refusal, Switches, switches};
pub use order::{ListOrder, SortKey};
pub use overview::{Overview, OverviewFacts, read_all, read_of_user};
pub use predicate::Predicate;

/// What has to be known to read the query of a list.
#[derive(Clone, Copy)]
pub struct ListFacts<'a> {
    /// The form.
    pub definition: &'a FormDefinition,
    /// What kind of list.
    pub address: Address,
    /// What kind of records.
    pub kind: Kind,
    /// What the caller gets to read.
    pub reading: Reading,
    /// Which statuses the caller sees.
    pub reader: &'a StatusReader,
    /// The caller: the roles, and the number of the user where the call acts for one.
    pub caller: &'a Whom,
    /// Finds a user by a name identifier.
    pub people: &'a dyn Fn(&str) -> Option<Whom>,
    /// Now, and where.
    pub calendar: Calendar,
    /// The order that the records come in at no cost, where that is another than that of submissions: it counts
    /// wherever none is asked for.
    pub usual: Option<Order>,
}

impl std::fmt::Debug for ListFacts<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = formatter.debug_struct("ListFacts");
        told.field("form", &self.definition.name).field("reading", &self.reading);
        told.field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// What the rows of a list stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// An array.
    Array,
    /// An object.
    Object,
    /// An object that tells how many there are in all.
    CountedObject,
}

/// What a list is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// What a store decides.
    pub pushdown: Pushdown,
    /// What only the answers tell.
    pub predicate: Predicate,
    /// The order, where a store does not know it.
    pub order: ListOrder,
    /// How many rows at most; `None` for all.
    pub limit: Option<u64>,
    /// How many rows are left out at the beginning.
    pub offset: u64,
    /// Whether the answer says where to go on.
    pub gives_cursor: bool,
    /// What the rows stand in.
    pub around: Around,
    /// What each row has.
    pub switches: Switches,
    /// Whether rows name nobody.
    pub anonymised: bool,
}

/// Reads the query of a form's list.
pub fn read(parameters: &Parameters, facts: &ListFacts<'_>) -> Result<ListQuery, Refusal> {
    let anonymised = facts.reading.anonymised;
    let mut pushdown = Pushdown {
        forms: vec![facts.definition.name.clone()],
        with_anonymised: parameters.switch("include-anonymised", false)
            && facts.address != Address::Geojson,
        visible_to: (!facts.reading.as_administrator)
            .then(|| Whom { roles: facts.caller.roles.clone(), user: None }),
        ..Pushdown::default()
    };
    let mut predicate = Predicate::default();
    status::read(parameters, facts, &mut pushdown, &mut predicate)?;
    let mut known = own::read(parameters, facts, &mut pushdown, &mut predicate)?;
    condition::read(parameters, facts, &mut known, &mut pushdown, &mut predicate)?;
    known.check(parameters)?;
    let search = search(parameters)?.filter(|_| !anonymised);
    let has_search = search.is_some();
    predicate.search = search;
    let cursor = parameters.one("cursor")?;
    let ordered = order::read(parameters, facts, has_search, cursor.is_some())?;
    pushdown.order = ordered.native;
    if let Some(cursor) = cursor {
        let place = order::place(cursor, ordered.native)?;
        pushdown.after = place.filter(|place| place.form == facts.definition.name);
        if pushdown.after.is_none() && !cursor.is_empty() {
            return Err(invalid_value(cursor, "cursor"));
        }
    }
    let (limit, offset) = page(parameters)?;
    Ok(ListQuery {
        pushdown,
        predicate,
        order: ordered.order,
        limit,
        offset,
        gives_cursor: cursor.is_some(),
        around: around(parameters, facts.kind),
        switches: switches::of_row(parameters),
        anonymised,
    })
}

impl ListQuery {
    /// Where the list goes on behind a record; behind a case, where that is one.
    pub fn cursor_behind(
        &self,
        form: &str,
        progress: &fieldpost_model::progress::Progress,
        case_id: Option<&str>,
    ) -> String {
        order::cursor(self.pushdown.order, form, progress, case_id)
    }
}

/// `limit` and `offset`. A cursor says itself where it begins.
fn page(parameters: &Parameters) -> Result<(Option<u64>, u64), Refusal> {
    let offset = parameters.count("offset")?;
    let limit = parameters.count("limit")?;
    if let Some(offset) = offset.filter(|_| parameters.has("cursor")) {
        return Err(invalid_value(&offset.to_string(), "offset"));
    }
    Ok((limit, offset.unwrap_or(0)))
}

fn search(parameters: &Parameters) -> Result<Option<Search>, Refusal> {
    Ok(parameters.one("q")?.and_then(Search::of))
}

/// Lists of forms were arrays once, and are still; those of cards never were. Whoever goes on by cursors asks for
/// many pages, and would pay for the count with each: it is told where somebody asks for it.
fn around(parameters: &Parameters, kind: Kind) -> Around {
    match parameters.all("response_type").last().map(String::as_str) {
        None | Some("") if parameters.has("cursor") => Around::Object,
        None | Some("") if kind == Kind::Card => Around::CountedObject,
        Some("dict") => Around::CountedObject,
        _ => Around::Array,
    }
}
