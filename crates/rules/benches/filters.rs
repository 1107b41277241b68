//! What one message costs against a hundred, a thousand and ten thousand filters.
//!
//! Filters that match must be found one by one, so the promise is about the others: ten thousand
//! filters cost at most [`MOST_BEYOND_US`] more than an index of only those that match, and at most
//! [`MOST_GROWTH`] times what a hundred cost, finding the matching ones included. Each size prints one
//! JSON object; the exit code tells whether the promise was kept.
//!
//! `cargo bench -p fieldpost-rules --bench filters`

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;
use fieldpost_rules::filter::{About, Candidate, FilterIndex, matches};

/// The most that filters which do not match may cost, in microseconds.
const MOST_BEYOND_US: f64 = 50.0;
/// The most that a message may cost against the largest number of filters, in multiples of the
/// smallest.
const MOST_GROWTH: f64 = 5.0;
/// The numbers of filters to measure.
const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Of filters that look at the body, one in this many matches.
const ONE_MATCHES_IN: usize = 100;
/// The least of this many medians counts: a busy machine slows some rounds, and speeds up none.
const ROUNDS: usize = 15;
/// The messages matched in each round.
const MESSAGES_PER_ROUND: usize = 301;
/// The questions, groups and visits of the form that is sent.
const QUESTIONS: usize = 60;
const GROUPS: usize = 20;
const VISITS: usize = 10;

#[expect(clippy::print_stdout, reason = "the output of a bench")]
fn main() -> ExitCode {
    let text = form();
    let Ok(body) = Value::parse(text.as_bytes()) else { return ExitCode::FAILURE };
    let candidate = Candidate {
        source: "inbox",
        body: &body,
        headers: &[],
        query: &[],
        about: About::default(),
    };

    let mut smallest = None;
    let mut kept = true;
    for filters in SIZES {
        let measured = measure(&mixture(filters), &candidate);
        let beyond_us = measured.total_us - measured.matching_only_us;
        let growth = measured.total_us / *smallest.get_or_insert(measured.total_us);
        kept &= measured.is_right && beyond_us <= MOST_BEYOND_US && growth <= MOST_GROWTH;
        println!(
            r#"{{"bench":"filters","filters":{filters},"matching":{},"total_us":{:.3},"matching_only_us":{:.3},"beyond_us":{beyond_us:.3},"growth_{}_to_{filters}":{growth:.2}}}"#,
            measured.matching, measured.total_us, measured.matching_only_us, SIZES[0],
        );
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Measured {
    matching: usize,
    /// Whether the index found what a loop over all filters finds.
    is_right: bool,
    total_us: f64,
    matching_only_us: f64,
}

fn measure(filters: &[MessageFilter], candidate: &Candidate<'_>) -> Measured {
    let wanted: Vec<&MessageFilter> =
        filters.iter().filter(|filter| matches(filter, candidate)).collect();
    let all = FilterIndex::build(filters);
    let only = FilterIndex::build(wanted.iter().copied());
    let found = all.matching(candidate);
    let (mut total, mut matching_only) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        total = total.min(median(&all, candidate));
        matching_only = matching_only.min(median(&only, candidate));
    }
    Measured {
        matching: wanted.len(),
        is_right: found.iter().filter_map(|position| filters.get(*position)).eq(wanted),
        total_us: total.as_secs_f64() * 1e6,
        matching_only_us: matching_only.as_secs_f64() * 1e6,
    }
}

fn median(index: &FilterIndex, candidate: &Candidate<'_>) -> Duration {
    let mut times: Vec<Duration> = (0..MESSAGES_PER_ROUND)
        .map(|_| {
            let start = Instant::now();
            black_box(index.matching(black_box(candidate)));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(MESSAGES_PER_ROUND / 2).copied().unwrap_or(Duration::MAX)
}

/// A form of a few kilobytes, as survey tools send it.
fn form() -> String {
    let questions: Vec<String> =
        (0..QUESTIONS).map(|number| format!(r#""question_{number}":"answer {number}""#)).collect();
    let groups: Vec<String> = (0..GROUPS)
        .map(|number| format!(r#""group_{number}":{{"name":"Group {number}","score":{number}.0}}"#))
        .collect();
    let visits: Vec<String> = (0..VISITS)
        .map(|number| {
            format!(r#"{{"clinic":"clinic {number}","outcome":"referred","day":{number}}}"#)
        })
        .collect();
    format!(
        r#"{{"formID":"births","form":{{{}}},"visits":[{}],{}}}"#,
        groups.join(","),
        visits.join(","),
        questions.join(",")
    )
}

/// The filters of a large installation: of a hundred, sixty ask for a form's id, twenty for
/// something further down and ten for an element of a list; five only exclude, and five take all.
/// Of those that match, the ones that ask for the form's id are all alike: a message has but one.
fn mixture(filters: usize) -> Vec<MessageFilter> {
    (0..filters)
        .map(|number| {
            // Each hundred has one filter of each hundredth, and these turn from one to the next,
            // so that matching filters are spread over all kinds.
            let (hundred, hundredth) = (number / 100, number % 100);
            let matching = (hundredth * 37 + hundred).is_multiple_of(ONE_MATCHES_IN);
            let (group, visit) = (number % GROUPS, number % VISITS);
            let (wanted, excluded) = match (hundredth, matching) {
                (0..60, true) => (r#"{"formID":"births"}"#.to_owned(), String::new()),
                (0..60, false) => (format!(r#"{{"formID":"form {number}"}}"#), String::new()),
                (60..80, true) => (
                    format!(r#"{{"form":{{"group_{group}":{{"score":{group}}}}}}}"#),
                    String::new(),
                ),
                (60..80, false) => (
                    format!(r#"{{"form":{{"group_{group}":{{"score":{}}}}}}}"#, number + GROUPS),
                    String::new(),
                ),
                (80..90, true) => (
                    format!(r#"{{"visits":[{{"clinic":"clinic {visit}","day":{visit}}}]}}"#),
                    String::new(),
                ),
                (80..90, false) => (
                    format!(r#"{{"visits":[{{"clinic":"far {number}","outcome":"referred"}}]}}"#),
                    String::new(),
                ),
                (90..95, true) => (String::new(), r#"{"formID":"births"}"#.to_owned()),
                (90..95, false) => (String::new(), format!(r#"{{"formID":"test {number}"}}"#)),
                _ => ("{}".to_owned(), String::new()),
            };
            MessageFilter {
                matches: fragment(&wanted),
                unless: fragment(&excluded),
                ..MessageFilter::default()
            }
        })
        .collect()
}

fn fragment(text: &str) -> Option<Value<'static>> {
    Value::parse(text.as_bytes()).ok().map(Value::into_owned)
}
