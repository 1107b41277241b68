//! Statistics: what is counted, and how the counts of quarters of an hour become the columns of a chart.
//!
//! ```text
//!   parameters ──► StatisticsQuery ──► the store counts quarters ──► Chart ──► labels and series
//! ```
//!
//! The calendar is that of the project's zone. Months and years in which nothing came in stand in a chart with
//! nothing; days do not, as with w.c.s. Weekdays and hours are always all there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Timelike as _};
use chrono_tz::Tz;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::names;
use fieldpost_model::progress::Channel;
use fieldpost_model::progress_count::{CountGroup, CountQuery, Counted};
use fieldpost_model::time::Timestamp;

use super::days::Calendar;
use super::query::invalid_value;
use super::{Parameters, Refusal};

names! {
    /// What one column of a chart is.
    pub enum Interval {
        /// A day.
        Day = "day",
        /// A month.
        Month = "month",
        /// A year.
        Year = "year",
        /// A day of the week, of all weeks together.
        Weekday = "weekday",
        /// An hour of the day, of all days together.
        Hour = "hour",
        /// All of the time: a column for each group.
        None = "none",
    }
}

/// What series are called that count everything together.
pub const ALL: &str = "Forms Count";
/// What stands for everything, where there is a choice.
const ANY: &str = "_all";
/// What groups are called that have nothing in common.
const NOTHING: &str = "None";

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HOURS: i32 = 24;
/// Columns of a chart at most: a span that a slip of the pen made long would be all zeros.
const MOST_COLUMNS: usize = 10_000;

/// What a chart is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatisticsQuery {
    /// What one column is.
    pub interval: Interval,
    /// The forms, by name; `None` for all. Each is counted by itself.
    pub forms: Option<Vec<String>>,
    /// What is counted, but for the form.
    pub count: CountQuery,
}

/// Reads what a chart is asked for. `category_slug` makes the part of an address of a category's name.
pub fn read(
    parameters: &Parameters,
    definitions: &[&FormDefinition],
    category_slug: &dyn Fn(&str) -> String,
    calendar: &Calendar,
) -> Result<StatisticsQuery, Refusal> {
    let known = ["time_interval", "form", "channel", "start", "end", "group-by"];
    let is_open = |name: &&str| !known.contains(name) && !PROOFS.contains(name);
    if let Some(unknown) = parameters.names().find(is_open) {
        return Err(Refusal::invalid(format!("Unused parameters \"{unknown}\".")));
    }
    let interval = match said(parameters, "time_interval")? {
        None => Interval::Month,
        Some(name) => {
            Interval::from_name(name).ok_or_else(|| invalid_value(name, "time_interval"))?
        }
    };
    let channel = said(parameters, "channel")?;
    let channel =
        channel.map(|name| Channel::from_name(name).ok_or_else(|| invalid_value(name, "channel")));
    let forms = said(parameters, "form")?;
    let forms = forms.map(|name| named(name, definitions, category_slug)).transpose()?;
    let group = said(parameters, "group-by")?;
    let group = group
        .map(|name| CountGroup::from_name(name).ok_or_else(|| invalid_value(name, "group-by")));
    let group = group.transpose()?;
    if group == Some(CountGroup::Status) && forms.as_ref().is_none_or(|forms| forms.len() != 1) {
        // What a status means, only its form says.
        return Err(Refusal::invalid(
            "\"group-by=status\" needs \"form\"; \"group-by=simple-status\" is for several forms.",
        ));
    }
    let time = |name| {
        let text = said(parameters, name)?;
        let time = text.map(|text| calendar.time(text).ok_or_else(|| invalid_value(text, name)));
        time.transpose()
    };
    let (from, before) = (time("start")?, time("end")?);
    let count = CountQuery { form: None, channel: channel.transpose()?, from, before, group };
    Ok(StatisticsQuery { interval, forms, count })
}

/// What says who calls, and for whom.
const PROOFS: [&str; 7] = ["orig", "algo", "timestamp", "nonce", "signature", "email", "NameID"];

/// What a parameter says, where it says something other than that everything is meant.
fn said<'p>(parameters: &'p Parameters, name: &str) -> Result<Option<&'p str>, Refusal> {
    Ok(parameters.one(name)?.map(str::trim).filter(|value| !value.is_empty() && *value != ANY))
}

/// The forms that a word means.
fn named(
    word: &str,
    definitions: &[&FormDefinition],
    category_slug: &dyn Fn(&str) -> String,
) -> Result<Vec<String>, Refusal> {
    let is_meant = |form: &&&FormDefinition| match word.strip_prefix("category:") {
        Some(slug) => form.category.as_deref().is_some_and(|name| category_slug(name) == slug),
        None => form.name == word,
    };
    let found: Vec<String> =
        definitions.iter().filter(is_meant).map(|form| form.name.clone()).collect();
    if found.is_empty() { Err(Refusal::not_found()) } else { Ok(found) }
}

/// Counts on their way to the columns of a chart.
#[derive(Clone, Debug)]
pub struct Chart {
    interval: Interval,
    zone: Tz,
    counts: BTreeMap<(Option<String>, Column), u64>,
}

/// A column: years, months counted from year 0, days from the same, weekdays and hours by their number.
type Column = i32;

impl Chart {
    /// One without counts.
    pub const fn new(interval: Interval, zone: Tz) -> Self {
        Self { interval, zone, counts: BTreeMap::new() }
    }

    /// Adds counts.
    pub fn add(&mut self, counted: impl IntoIterator<Item = Counted>) {
        for Counted { since, group, count } in counted {
            let Some(column) = self.column(since) else { continue };
            *self.counts.entry((group, column)).or_default() += count;
        }
    }

    fn column(&self, time: Timestamp) -> Option<Column> {
        let local: DateTime<Tz> = time.to_utc()?.with_timezone(&self.zone);
        let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Some(match self.interval {
            Interval::Day => local.date_naive().num_days_from_ce(),
            Interval::Month => local.year() * 12 + small(local.month0()),
            Interval::Year => local.year(),
            Interval::Weekday => small(local.weekday().num_days_from_monday()),
            Interval::Hour => small(local.hour()),
            Interval::None => 0,
        })
    }

    /// The columns that a chart has, in their order.
    fn columns(&self) -> Vec<Column> {
        let there: BTreeSet<Column> = self.counts.keys().map(|(_, column)| *column).collect();
        match self.interval {
            Interval::Weekday => (0..7).collect(),
            Interval::Hour => (0..HOURS).collect(),
            Interval::Month | Interval::Year => match (there.first(), there.last()) {
                (Some(first), Some(last)) => (*first..=*last).take(MOST_COLUMNS).collect(),
                _ => Vec::new(),
            },
            Interval::Day | Interval::None => there.into_iter().collect(),
        }
    }

    /// The labels of the columns, and the series with what each is called. `name` gives the name of a group.
    pub fn drawn(&self, name: impl Fn(&str) -> String) -> Drawn {
        let name =
            |group: &Option<String>| group.as_deref().map_or_else(|| NOTHING.to_owned(), &name);
        let groups: BTreeSet<&Option<String>> = self.counts.keys().map(|(it, _)| it).collect();
        let is_grouped = groups.iter().any(|group| group.is_some());
        let columns = self.columns();
        if self.interval == Interval::None {
            let count = |group: &&Option<String>| {
                self.counts.get(&((*group).clone(), 0)).copied().unwrap_or_default()
            };
            let label = |group: &&Option<String>| {
                if is_grouped { name(group) } else { ALL.to_owned() }
            };
            return Drawn {
                labels: groups.iter().map(label).collect(),
                series: vec![(ALL.to_owned(), groups.iter().map(count).collect())],
            };
        }
        let row = |group: &Option<String>| -> Vec<u64> {
            let count = |column: &Column| self.counts.get(&(group.clone(), *column));
            columns.iter().map(|column| count(column).copied().unwrap_or_default()).collect()
        };
        let series = if is_grouped {
            groups.into_iter().map(|group| (name(group), row(group))).collect()
        } else {
            vec![(ALL.to_owned(), row(&None))]
        };
        Drawn { labels: columns.iter().map(|column| self.label(*column)).collect(), series }
    }

    fn label(&self, column: Column) -> String {
        match self.interval {
            Interval::Day => chrono::NaiveDate::from_num_days_from_ce_opt(column)
                .map_or_else(String::new, super::days::iso),
            Interval::Month => {
                format!("{:04}-{:02}", column.div_euclid(12), column.rem_euclid(12) + 1)
            }
            Interval::Weekday => {
                let name = usize::try_from(column).ok().and_then(|place| WEEKDAYS.get(place));
                name.map_or_else(String::new, |name| (*name).to_owned())
            }
            Interval::Year | Interval::Hour | Interval::None => column.to_string(),
        }
    }
}

/// A chart as clients draw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// What stands below each column.
    pub labels: Vec<String>,
    /// Each series with its name: a number for each column.
    pub series: Vec<(String, Vec<u64>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    fn counted(time: &str, group: Option<&str>, count: u64) -> Counted {
        Counted { since: Timestamp::parse(time).unwrap(), group: group.map(str::to_owned), count }
    }

    #[track_caller]
    fn check(interval: Interval, labels: &[&str], data: &[u64]) {
        let mut chart = Chart::new(interval, PARIS);
        chart.add([
            // In Paris it is the first of the next month, and of the year.
            counted("2025-12-31T23:00:00Z", None, 1),
            counted("2026-01-01T22:45:00Z", None, 2),
            // The clock goes from two to three, and is an hour further from UTC.
            counted("2026-03-29T00:45:00Z", None, 4),
            counted("2026-03-29T01:00:00Z", None, 8),
        ]);
        let drawn = chart.drawn(str::to_owned);
        assert_eq!(drawn.labels, labels, "{interval}");
        assert_eq!(drawn.series, [(ALL.to_owned(), data.to_vec())], "{interval}");
    }

    #[test]
    fn quarters_become_the_columns_of_the_projects_calendar() {
        check(Interval::Day, &["2026-01-01", "2026-03-29"], &[3, 12]);
        check(Interval::Month, &["2026-01", "2026-02", "2026-03"], &[3, 0, 12]);
        check(Interval::Year, &["2026"], &[15]);
        check(Interval::Weekday, &WEEKDAYS, &[0, 0, 0, 3, 0, 0, 12]);
        let hours: Vec<String> = (0..24).map(|hour: u32| hour.to_string()).collect();
        let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
        let mut by_hour = [0; 24];
        (by_hour[0], by_hour[1], by_hour[3], by_hour[23]) = (1, 4, 8, 2);
        check(Interval::Hour, &hours, &by_hour);
        check(Interval::None, &[ALL], &[15]);
    }

    #[test]
    fn groups_are_series_or_where_all_time_is_one_columns() {
        let counts = || {
            [
                counted("2026-01-05T10:00:00Z", Some("new"), 1),
                counted("2026-03-05T10:00:00Z", Some("done"), 2),
                counted("2026-03-05T10:00:00Z", None, 3),
            ]
        };
        let mut chart = Chart::new(Interval::Month, PARIS);
        chart.add(counts());
        let drawn = chart.drawn(str::to_uppercase);
        assert_eq!(drawn.labels, ["2026-01", "2026-02", "2026-03"]);
        let series = |name: &str, data: [u64; 3]| (name.to_owned(), data.to_vec());
        assert_eq!(
            drawn.series,
            [series("None", [0, 0, 3]), series("DONE", [0, 0, 2]), series("NEW", [1, 0, 0])]
        );
        let mut chart = Chart::new(Interval::None, PARIS);
        chart.add(counts());
        let drawn = chart.drawn(str::to_uppercase);
        assert_eq!(drawn.labels, ["None", "DONE", "NEW"]);
        assert_eq!(drawn.series, [(ALL.to_owned(), vec![3, 2, 1])]);
    }

    #[test]
    fn what_is_asked_for_is_read_strictly() {
        let form = |name: &str, category: &str| FormDefinition {
            name: name.to_owned(),
            category: Some(category.to_owned()),
            ..FormDefinition::default()
        };
        let (one, other) = (form("births", "Town"), form("deaths", "Town"));
        let calendar = Calendar { now: Timestamp(0), zone: PARIS };
        let read = |query: &str| {
            let parameters = Parameters::of_query(query);
            read(&parameters, &[&one, &other], &str::to_lowercase, &calendar)
        };
        let read_ok = |query: &str| read(query).unwrap();
        assert_eq!(read_ok("").interval, Interval::Month);
        assert_eq!(read_ok("form=_all&channel=").forms, None);
        assert_eq!(read_ok("form=births").forms, Some(vec!["births".to_owned()]));
        let both = Some(vec!["births".to_owned(), "deaths".to_owned()]);
        assert_eq!(read_ok("form=category:town").forms, both);
        let asked = read_ok("time_interval=day&channel=phone&start=2026-01-01&end=2026-02-01");
        assert_eq!((asked.interval, asked.count.channel), (Interval::Day, Some(Channel::Phone)));
        assert_eq!(asked.count.from, Timestamp::parse("2025-12-31T23:00:00Z"));
        assert_eq!(asked.count.before, Timestamp::parse("2026-01-31T23:00:00Z"));
        for (query, status, description) in [
            ("form=other", 404, "There is nothing at this address."),
            ("form=category:other", 404, "There is nothing at this address."),
            ("time_interval=week", 400, "Invalid value \"week\" for \"time_interval\"."),
            ("channel=pigeon", 400, "Invalid value \"pigeon\" for \"channel\"."),
            ("start=soon", 400, "Invalid value \"soon\" for \"start\"."),
            ("group-by=mood", 400, "Invalid value \"mood\" for \"group-by\"."),
            ("interval=day", 400, "Unused parameters \"interval\"."),
            (
                "group-by=status&form=category:town",
                400,
                "\"group-by=status\" needs \"form\"; \"group-by=simple-status\" is for several forms.",
            ),
        ] {
            let refusal = read(query).unwrap_err();
            assert_eq!((refusal.status, &*refusal.description), (status, description), "{query}");
        }
    }
}
