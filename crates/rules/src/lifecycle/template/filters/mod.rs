//! The filters of templates: Django's, and those that w.c.s. adds, as far as forms use them.
//!
//! Each is a function of a value and at most one argument. What a filter cannot work on becomes nothing or
//! stays as it is, as with Django; it refuses only an argument that its author got wrong.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all filters have one shape, those that cannot fail as well"
)]

pub(super) mod lists;
mod numbers;
pub(super) mod text;
pub(super) mod times;

use super::{Datum, Surroundings};

/// A filter: where and when, the value, the argument.
pub(super) type Filter = fn(&Surroundings, &Datum, Option<&Datum>) -> Result<Datum, String>;

/// Every filter by its name.
pub(super) const KNOWN: &[(&str, Filter)] = &[
    ("abs", numbers::abs),
    ("add", numbers::add),
    ("add_days", times::add_days),
    ("add_hours", times::add_hours),
    ("add_minutes", times::add_minutes),
    ("age_in_days", times::age_in_days),
    ("age_in_hours", times::age_in_hours),
    ("age_in_months", times::age_in_months),
    ("age_in_years", times::age_in_years),
    ("capfirst", text::capfirst),
    ("ceil", numbers::ceil),
    ("cut", text::cut),
    ("date", times::date),
    ("datetime", times::datetime),
    ("decimal", numbers::decimal),
    ("default", lists::default),
    ("default_if_none", lists::default_if_none),
    ("divide", numbers::divide),
    ("endswith", text::endswith),
    ("escape", text::escape),
    ("first", lists::first),
    ("floatformat", numbers::floatformat),
    ("floor", numbers::floor),
    ("force_escape", text::escape),
    ("get", lists::get),
    ("getlist", lists::getlist),
    ("is_empty", lists::is_empty),
    ("join", lists::join),
    ("json_dumps", lists::json_dumps),
    ("last", lists::last),
    ("length", lists::length),
    ("linebreaksbr", text::linebreaksbr),
    ("list", lists::list),
    ("lower", text::lower),
    ("multiply", numbers::multiply),
    ("pluralize", text::pluralize),
    ("removeprefix", text::removeprefix),
    ("removesuffix", text::removesuffix),
    ("replace", text::replace),
    ("round", numbers::round),
    ("safe", text::safe),
    ("slugify", text::slugify),
    ("split", text::split),
    ("startswith", text::startswith),
    ("strip", text::strip),
    ("striptags", text::striptags),
    ("subtract", numbers::subtract),
    ("sum", numbers::sum),
    ("time", times::time),
    ("title", text::title),
    ("truncatechars", text::truncatechars),
    ("truncatewords", text::truncatewords),
    ("unaccent", text::unaccent),
    ("upper", text::upper),
    ("urlencode", text::urlencode),
    ("wordcount", text::wordcount),
    ("yesno", text::yesno),
];

/// The filters whose result is HTML already.
pub(super) const MAKES_HTML: [&str; 4] = ["escape", "force_escape", "linebreaksbr", "safe"];

/// The filters that count up to now where they have no argument.
const COUNTS_UP_TO_NOW: [&str; 4] =
    ["age_in_days", "age_in_hours", "age_in_months", "age_in_years"];

/// Whether what a filter makes follows from when it is asked.
pub(super) fn asks_the_time(name: &str, has_argument: bool) -> bool {
    !has_argument && COUNTS_UP_TO_NOW.contains(&name)
}

/// Whether there is a filter of that name.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// What is told of a filter that is not there.
pub(super) fn unknown(name: &str) -> String {
    let near = KNOWN
        .iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    match near {
        Some((_, near)) => format!("there is no filter '{name}'; did you mean '{near}'"),
        None => format!("there is no filter '{name}'"),
    }
}

/// The argument as a text; empty where there is none.
fn argument_text(argument: Option<&Datum>) -> String {
    argument.map(Datum::written).unwrap_or_default()
}

/// The day that a value says.
pub(crate) fn day(datum: &Datum) -> Option<chrono::NaiveDate> {
    times::day(datum)
}
