//! What the time does.

use fieldpost_model::lifecycle::{Anchor, GlobalTimeout};

use super::*;

#[test]
fn a_jump_is_taken_when_its_time_has_come() {
    let mut scene = Scene::sent(vec![
        status("a", vec![timeout("late", 60), timeout("later", 90)]),
        status("late", vec![]),
        status("later", vec![]),
    ]);
    assert_eq!(scene.next_due, Some(scene.now + Duration::from_hours(1)));
    scene.pass(59);
    assert_eq!(scene.time_comes(), []);
    assert_eq!(scene.status(), "a");
    scene.pass(1);
    scene.time_comes();
    assert_eq!((scene.status(), scene.next_due), ("late", None));
}

#[test]
fn a_timeout_whose_condition_does_not_hold_is_looked_at_again() {
    let first = when(status("a", vec![timeout("b", 60)]), "form_var_name == 'Awa'");
    let mut scene = Scene::sent(vec![first, status("b", vec![])]);
    scene.pass(60);
    scene.time_comes();
    assert_eq!(scene.status(), "a");
    assert_eq!(scene.next_due, Some(scene.now + DEFAULT_BOUNDS.timeout_again));
    scene.record.submission.values.members[0].1 = Node::Answer(Answer::text("Awa"));
    scene.pass(20);
    scene.time_comes();
    assert_eq!(scene.status(), "b");
}

#[test]
fn a_global_action_happens_once_after_its_time() {
    let mut scene = Scene::new(vec![status("a", vec![]), status("b", vec![])]);
    let timeout = GlobalTimeout { since: Anchor::Creation, after: Duration::from_hours(24) };
    let action = GlobalAction { timeout: Some(timeout), ..global("old", vec![], vec![jump("b")]) };
    scene.definition.lifecycle.global_actions = vec![action];
    scene.submit();
    assert_eq!(scene.next_due, Some(scene.now + Duration::from_hours(24)));
    scene.pass(24 * 60);
    scene.time_comes();
    assert_eq!((scene.way(), scene.next_due), (vec!["a", "b"], None));
    scene.pass(24 * 60);
    assert_eq!(scene.time_comes(), []);
}

#[test]
fn a_timeout_that_goes_wrong_is_told_of_once_for_each_arrival() {
    for (first, code) in [
        (when(status("a", vec![timeout("b", 60)]), "form_var_name|wrong"), "condition-failed"),
        (status("a", vec![timeout("gone", 60)]), "unknown-status"),
    ] {
        let mut first = first;
        first.actions.push(Action::new("again", trigger("a", "again", vec![])));
        let mut scene = Scene::sent(vec![first, status("b", vec![])]);
        scene.pass(60);
        assert_eq!(problems(&scene.time_comes()), [code]);
        for _ in 0..3 {
            assert_eq!(scene.next_due, Some(scene.now + DEFAULT_BOUNDS.timeout_again));
            scene.pass(20);
            assert_eq!(scene.time_comes(), []);
        }
        scene.trigger(&signed(), "again", Sent::Nothing).unwrap();
        scene.pass(60);
        assert_eq!(problems(&scene.time_comes()), [code]);
        assert_eq!(scene.record.progress.fired.len(), 1);
    }
}
