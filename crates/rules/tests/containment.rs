//! Containment beside PostgreSQL's own.
//!
//! Each line of the data holds a body, a fragment, and what PostgreSQL 15 answered to
//! `body::jsonb @> fragment::jsonb`. The pairs were drawn at random, most fragments as damaged
//! copies of their body, and include every rule of the documentation.

use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;
use fieldpost_rules::filter::{About, Candidate, FilterIndex, contains, explain};

const PAIRS: &str = include_str!("data/containment.jsonl");

// MUST-13
#[test]
fn agrees_with_postgresql() {
    let mut answers = [0, 0];
    for line in PAIRS.lines() {
        let pair = Value::parse(line.as_bytes()).unwrap().into_owned();
        let [body, fragment, expected] =
            ["body", "fragment", "expected"].map(|key| pair.get(key).unwrap());
        let expected = expected.as_bool().unwrap();
        assert_eq!(contains(body, fragment), expected, "{line}");

        let filter = MessageFilter { matches: Some(fragment.clone()), ..MessageFilter::default() };
        let candidate =
            Candidate { source: "inbox", body, headers: &[], query: &[], about: About::default() };
        assert_eq!(explain(&filter, &candidate).matched, expected, "{line}");
        let positions = FilterIndex::build([&filter]).matching(&candidate);
        assert_eq!(!positions.is_empty(), expected, "{line}");
        answers[usize::from(expected)] += 1;
    }
    assert!(answers.iter().all(|count| *count >= 100), "one-sided data: {answers:?}");
}
