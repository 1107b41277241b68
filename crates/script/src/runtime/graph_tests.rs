//! Tests of graphs.

use super::*;

/// A graph from lines such as `a: b, c?on_job_failure`.
pub(in crate::runtime) fn graph(lines: &[&str]) -> Result<Graph, GraphError> {
    let steps = lines.iter().map(|line| {
        let (id, edges) = line.split_once(':').unwrap();
        let edges = edges.split(',').map(str::trim).filter(|edge| !edge.is_empty()).map(|edge| {
            let (to, when) = edge.split_once('?').unwrap_or((edge, "always"));
            Edge { to: to.to_owned(), when: When::from_openfn(when) }
        });
        (id.to_owned(), edges.collect())
    });
    Graph::new(steps, None)
}

#[test]
fn what_is_no_workflow_is_refused() {
    let refused = |lines: &[&str]| graph(lines).unwrap_err().to_string();
    assert_eq!(refused(&["a: b"]), "Cannot find job: b");
    assert_eq!(refused(&["a:", "a:"]), "Two steps are called a");
    assert_eq!(refused(&["a: a"]), "Circular dependency: a <-> a");
    assert_eq!(refused(&["a: b", "b: c", "c: a"]), "Circular dependency: a <-> c");
    assert_eq!(refused(&[]), "Could not find start job: ");
    assert_eq!(
        Graph::new([("a".to_owned(), Vec::new())], Some("x")).unwrap_err().to_string(),
        "Could not find start job: x"
    );
}

#[test]
fn a_long_chain_and_a_wide_fan_are_no_trouble() {
    let chain = (0..2_000).map(|at| {
        let edge = Edge { to: (at + 1).to_string(), when: When::Always };
        (at.to_string(), vec![edge])
    });
    assert!(Graph::new(chain.chain([("2000".to_owned(), Vec::new())]), None).is_ok());
    let ladder = (0..60).map(|at| {
        let edge = Edge { to: (at + 1).to_string(), when: When::Always };
        (at.to_string(), vec![edge.clone(), edge])
    });
    assert!(Graph::new(ladder.chain([("60".to_owned(), Vec::new())]), None).is_ok());
}
