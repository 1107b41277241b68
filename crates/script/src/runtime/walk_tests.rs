//! Tests of the way through a graph.

use super::super::graph::taken;
use super::super::graph::tests::graph;
use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// Walks; each step adds its name to the list in its state. Steps that fail leave their error.
#[track_caller]
fn check(lines: &[&str], failing: &[&str], end: Option<&str>, order: &str, result: &str) {
    let mut walk = Walk::new(graph(lines).unwrap()).ending_after(end.map(str::to_owned));
    walk.begin(&raw("[]"), &[true]);
    let mut names = Vec::new();
    while let Some(visit) = walk.next_visit() {
        names.push(visit.name.clone());
        let mut way: Vec<String> = match visit.state.as_deref() {
            Some(state) if state.get().starts_with('[') => {
                serde_json::from_str(state.get()).unwrap()
            }
            _ => Vec::new(),
        };
        way.push(visit.step.clone());
        let failed = failing.contains(&visit.step.as_str());
        let state = if failed {
            raw(&format!(r#"{{"errors":{{"{}":{{}}}}}}"#, visit.step))
        } else {
            serde_json::value::to_raw_value(&way).unwrap()
        };
        let taken = taken(walk.graph().edges(&visit.step), &visit.step, Some(&state));
        let taken: Vec<bool> = taken.into_iter().map(Option::unwrap).collect();
        walk.leave(&visit, Left { state: Some(&state), failed, taken: &taken });
    }
    assert_eq!(names.join(" "), order);
    assert_eq!(walk.finish().state.map(|state| state.get().to_owned()).unwrap_or_default(), result);
}

#[test]
fn steps_run_breadth_first_and_leaves_are_named() {
    check(&["a:"], &[], None, "a", r#"["a"]"#);
    check(&["a: b", "b: c", "c:"], &[], None, "a b c", r#"["a","b","c"]"#);
    check(
        &["a: b, c", "b: d", "c: e", "d:", "e:"],
        &[],
        None,
        "a b c d e",
        r#"{"d":["a","b","d"],"e":["a","c","e"]}"#,
    );
}

#[test]
fn a_join_runs_once_for_each_way() {
    check(
        &["a: b, c", "b: d", "c: d", "d:"],
        &[],
        None,
        "a b c d d-1",
        r#"{"d":["a","b","d"],"d-1":["a","c","d"]}"#,
    );
}

#[test]
fn edges_ask_how_their_step_ended() {
    let lines = &["a: good?on_job_success, bad?on_job_failure, both", "good:", "bad:", "both:"];
    check(lines, &[], None, "a good both", r#"{"both":["a","both"],"good":["a","good"]}"#);
    check(lines, &["a"], None, "a bad both", r#"{"bad":["bad"],"both":["both"]}"#);
}

#[test]
fn an_end_cuts_the_run_short() {
    check(&["a: b, c", "b: d", "c:", "d:"], &[], Some("b"), "a b", r#"["a","b"]"#);
}

#[test]
fn a_state_that_is_false_is_no_leaf() {
    for falsy in ["null", "0", "false", "\"\"", "-0"] {
        let mut walk = Walk::new(graph(&["a:"]).unwrap());
        walk.begin(&raw("{}"), &[true]);
        let visit = walk.next_visit().unwrap();
        walk.leave(&visit, Left { state: Some(&raw(falsy)), failed: false, taken: &[] });
        assert!(walk.finish().state.is_none(), "{falsy}");
    }
}

/// Takes all steps that may begin now.
fn ready(walk: &mut Walk) -> Vec<Visit> {
    std::iter::from_fn(|| walk.next_visit()).collect()
}

fn names(visits: &[Visit]) -> Vec<&str> {
    visits.iter().map(|visit| visit.name.as_str()).collect()
}

/// A step ends well, and leaves its name as data.
fn ends(walk: &mut Walk, visit: &Visit) {
    leaves(walk, visit, &format!(r#"{{"data":"{}"}}"#, visit.step), false);
}

fn leaves(walk: &mut Walk, visit: &Visit, state: &str, failed: bool) {
    let state = raw(state);
    let taken = taken(walk.graph().edges(&visit.step), &visit.step, Some(&state));
    let taken: Vec<bool> = taken.into_iter().map(Option::unwrap).collect();
    walk.leave(visit, Left { state: Some(&state), failed, taken: &taken });
}

fn begun(lines: &[&str]) -> Walk {
    let mut walk = Walk::new(graph(lines).unwrap());
    walk.begin(&raw("{}"), &[true]);
    walk
}

#[test]
fn branches_may_go_on_at_once_and_are_named_as_if_they_had_not() {
    let mut walk = begun(&["a: b, c", "b: d", "c: d", "d:"]);
    let first = ready(&mut walk);
    assert_eq!(names(&first), ["a"]);
    ends(&mut walk, &first[0]);
    let branches = ready(&mut walk);
    assert_eq!(names(&branches), ["b", "c"]);
    // The second branch is the quicker one.
    ends(&mut walk, &branches[1]);
    let second = ready(&mut walk);
    assert_eq!((second[0].name.as_str(), second[0].after), ("d", Some(3)));
    ends(&mut walk, &branches[0]);
    let first = ready(&mut walk);
    assert_eq!((first[0].name.as_str(), first[0].after), ("d-1", Some(2)));
    leaves(&mut walk, &second[0], r#"{"by":"c"}"#, false);
    leaves(&mut walk, &first[0], r#"{"by":"b"}"#, false);
    assert!(walk.next_visit().is_none());
    let finish = walk.finish();
    assert_eq!(finish.leaf, None);
    assert_eq!(finish.state.unwrap().get(), r#"{"d":{"by":"b"},"d-1":{"by":"c"}}"#);
    let names: Vec<_> = finish.names.iter().map(|(n, name)| (*n, name.as_str())).collect();
    assert_eq!(names, [(1, "a"), (2, "b"), (3, "c"), (5, "d"), (4, "d-1")]);
}

#[test]
fn a_step_can_wait_for_all_paths() {
    let lines = &["a: b, c, e?on_job_failure", "b: d", "c: f", "f: d", "e: d", "d:"];
    let mut walk = begun(lines).joining(Join::All);
    let a = ready(&mut walk);
    ends(&mut walk, &a[0]);
    let branches = ready(&mut walk);
    assert_eq!(names(&branches), ["b", "c"]);
    ends(&mut walk, &branches[0]);
    assert!(walk.next_visit().is_none(), "`c` may still lead there");
    ends(&mut walk, &branches[1]);
    let f = ready(&mut walk);
    assert_eq!(names(&f), ["f"]);
    ends(&mut walk, &f[0]);
    let d = ready(&mut walk);
    assert_eq!(names(&d), ["d"]);
    assert!(d[0].joined);
    assert_eq!(d[0].state.as_deref().unwrap().get(), r#"{"data":{"b":"b","f":"f"}}"#);
    ends(&mut walk, &d[0]);
    let finish = walk.finish();
    assert_eq!(finish.state.unwrap().get(), r#"{"data":"d"}"#);
    assert_eq!(finish.leaf, Some(5));
}

#[test]
fn a_path_that_ends_is_not_waited_for() {
    let mut walk = begun(&["a: b, c", "b: d", "c: d?on_job_failure", "d:"]).joining(Join::All);
    let a = ready(&mut walk);
    ends(&mut walk, &a[0]);
    let branches = ready(&mut walk);
    ends(&mut walk, &branches[0]);
    ends(&mut walk, &branches[1]);
    let d = ready(&mut walk);
    assert_eq!(d[0].state.as_deref().unwrap().get(), r#"{"data":{"b":"b"}}"#);
}

#[test]
fn waits_can_stand_one_behind_the_other() {
    let lines = &["a: b, c", "b: d", "c: d, e", "d: e", "e:"];
    let mut walk = begun(lines).joining(Join::All);
    let a = ready(&mut walk);
    ends(&mut walk, &a[0]);
    for branch in ready(&mut walk) {
        ends(&mut walk, &branch);
    }
    let d = ready(&mut walk);
    assert_eq!(names(&d), ["d"]);
    ends(&mut walk, &d[0]);
    assert_eq!(names(&ready(&mut walk)), ["e"]);
}

#[test]
fn a_run_can_begin_with_a_step_of_its_own() {
    let graph = graph(&["a: b, c", "b: d", "c: d", "d:"]).unwrap();
    assert!(graph.from_step("x").is_err());
    for join in [Join::EachPath, Join::All] {
        let mut walk = Walk::new(graph.from_step("d").unwrap()).joining(join);
        walk.begin(&raw(r#"{"data":1}"#), &[true]);
        let d = ready(&mut walk);
        assert_eq!(d[0].state.as_deref().unwrap().get(), r#"{"data":1}"#);
        ends(&mut walk, &d[0]);
        assert!(walk.next_visit().is_none());
    }
}

#[test]
fn a_walk_goes_the_same_way_again() {
    let begun =
        [(1, "a", None, 1), (2, "c", Some(1), 1), (3, "b", Some(1), 1), (5, "b", Some(1), 2)];
    let begun = begun.map(|(number, step, after, attempt)| Begun {
        number,
        step: step.to_owned(),
        after,
        attempt,
    });
    let mut walk = Walk::new(graph(&["a: b, c", "b: d", "c: d", "d:"]).unwrap()).resumed(begun);
    walk.begin(&raw("{}"), &[true]);
    let a = ready(&mut walk);
    assert!(a[0].known);
    ends(&mut walk, &a[0]);
    let mut branches = ready(&mut walk);
    let told: Vec<_> =
        branches.iter().map(|it| (&*it.step, it.number, it.attempt, it.known)).collect();
    assert_eq!(told, [("b", 5, 2, true), ("c", 2, 1, true)]);
    // The second try of `b` failed as well: there is a third.
    walk.again(&mut branches[0]);
    assert_eq!((branches[0].number, branches[0].attempt, branches[0].known), (6, 3, false));
    ends(&mut walk, &branches[0]);
    let d = ready(&mut walk);
    assert_eq!((d[0].number, d[0].after, d[0].known), (7, Some(6), false));
}

#[test]
fn a_run_fails_with_its_first_leaf_that_failed() {
    let error = |step: &str| format!(r#"{{"errors":{{"{step}":{{"name":"JobError"}}}}}}"#);
    // What takes care of the failure ends well.
    let mut walk = begun(&["a: b?on_job_failure", "b:"]);
    let a = ready(&mut walk);
    leaves(&mut walk, &a[0], &error("a"), true);
    let b = ready(&mut walk);
    ends(&mut walk, &b[0]);
    assert_eq!(walk.finish().failed, None);
    // Nothing does.
    let mut walk = begun(&["a: b, c?on_job_success", "b:", "c:"]);
    let a = ready(&mut walk);
    ends(&mut walk, &a[0]);
    let branches = ready(&mut walk);
    leaves(&mut walk, &branches[1], &error("c"), true);
    leaves(&mut walk, &branches[0], &error("b"), true);
    assert_eq!(walk.finish().failed, Some(2));
}
