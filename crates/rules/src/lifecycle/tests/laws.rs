//! What holds of every lifecycle, whatever happens in it in whatever order.

use fieldpost_model::form_definition::AnonymiseMode;
use fieldpost_model::lifecycle::Anonymise;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const STATUSES: [&str; 3] = ["a", "b", "c"];

/// An action of a status or a global action: what moves, calls and forgets.
fn any_action() -> impl Strategy<Value = ActionKind> {
    let to = || select(&STATUSES[..]);
    prop_oneof![
        3 => Just(call()),
        2 => to().prop_map(jump),
        2 => to().prop_map(|to| trigger(to, "t", vec![])),
        // A definition has none that is shorter than a second.
        2 => (to(), 1_u64..90).prop_map(|(to, minutes)| timeout(to, minutes)),
        1 => to().prop_map(|to| button(to, receiver())),
        1 => Just(comment(receiver())),
        1 => Just(edit(receiver())),
        1 => Just(ActionKind::Anonymise(Anonymise::Answers(AnonymiseMode::Final))),
        1 => Just(ActionKind::SetFields(vec![("bo1".to_owned(), "{{ form_var_name }}".to_owned())])),
    ]
}

fn any_scene() -> impl Strategy<Value = Scene> {
    let actions = || prop::collection::vec(any_action(), 0..4);
    let conditions = prop::collection::vec(any::<bool>(), 12);
    (prop::array::uniform3(actions()), actions(), conditions).prop_map(
        |(statuses, hook, conditions)| {
            let mut statuses: Vec<Status> =
                STATUSES.iter().zip(statuses).map(|(id, actions)| status(id, actions)).collect();
            let mut conditions = conditions.into_iter();
            for action in statuses.iter_mut().flat_map(|status| &mut status.actions) {
                let is_open = conditions.next().unwrap_or(true);
                action.condition = (!is_open).then(|| "form_var_name == 'Awa'".to_owned());
            }
            let mut scene = Scene::new(statuses);
            scene.bounds.jumps_without_waiting = 5;
            let note = FormField::new("bo1", FieldType::String);
            scene.definition.lifecycle.backoffice_fields = vec![note];
            scene.definition.lifecycle.global_actions =
                vec![global("h", vec![Who::SignedCalls], hook)];
            scene.definition.digest_template = Some("{{ form_var_name }}".to_owned());
            scene
        },
    )
}

/// Something that happens, whatever the record is like: what it names may not be there.
fn happening(kind: u8, at: Index, record: &Record) -> (Caller, Happening) {
    let sent = || Sent::Json(json(r#"{"name":"Amina"}"#), Vec::new());
    let bypass = at.index(2) == 1;
    match kind {
        0 => (signed(), Happening::Trigger { name: "t".to_owned(), sent: sent(), bypass }),
        1 => (signed(), Happening::Hook { id: "h".to_owned(), sent: sent(), bypass }),
        2 => (agent(), Happening::Button { action: (at.index(4) + 1).to_string() }),
        3 => (agent(), Happening::Commented { action: None, html: "<p>Amina</p>".to_owned() }),
        4 | 5 => {
            let waiting = &record.progress.waiting;
            let number =
                if waiting.is_empty() { 1 } else { waiting[at.index(waiting.len())].number };
            let outcome = if bypass {
                bad(&[CallError::Server], Some(500))
            } else {
                good(&[("v_response", r#"{"name":"Amina"}"#)])
            };
            (Caller::nobody(), Happening::CallEnded { number, outcome: Box::new(outcome) })
        }
        6 => {
            let mut submission = record.submission.clone();
            submission.values.members[0].1 = Node::Answer(Answer::text("Awa"));
            let submission = Box::new(submission);
            (agent(), Happening::Edited { action: None, submission, files: Vec::new() })
        }
        _ => (Caller::nobody(), Happening::TimeCame),
    }
}

/// The numbers of what a step sets off.
fn numbers(effects: &[Effect]) -> Vec<u64> {
    let number = |effect: &Effect| match effect {
        Effect::Call(plan) => Some(plan.number),
        Effect::Mail(plan) => Some(plan.number),
        _ => None,
    };
    effects.iter().filter_map(number).collect()
}

fn names_nobody(record: &Record) -> Result<(), TestCaseError> {
    let progress = &record.progress;
    prop_assert_eq!(&progress.user, &None);
    prop_assert_eq!(&progress.digest, &None);
    prop_assert!(progress.calls.is_empty() && record.files.is_empty());
    prop_assert_eq!(progress.data.to_json(), "{}");
    prop_assert_eq!(progress.display_id.clone(), progress.number.to_string());
    prop_assert!(progress.history.iter().all(|it| it.who.is_none() && it.parts.is_empty()));
    let told = format!("{:?} {:?}", record.submission, progress.backoffice_values);
    prop_assert!(!told.contains("Amina") && !told.contains("Awa"), "{}", told);
    Ok(())
}

proptest! {
    #[test]
    fn the_laws_of_lifecycles(
        scene in any_scene(),
        happenings in prop::collection::vec((0_u8..8, any::<Index>(), 0_u64..60), 0..16),
    ) {
        let mut scene = scene;
        let mut given: Vec<u64> = numbers(&scene.submit());
        for (kind, at, minutes) in happenings {
            scene.pass(minutes);
            let (caller, happening) = happening(kind, at, &scene.record);
            let was_anonymised = scene.record.progress.anonymised_at;
            let step = scene.machine().step(&scene.record, &caller, &happening);
            // The same again gives the same: nothing is decided by chance or kept elsewhere.
            prop_assert_eq!(&step, &scene.machine().step(&scene.record, &caller, &happening));
            let Ok(step) = step else { continue };
            // A number never comes again.
            for number in numbers(&step.effects) {
                prop_assert!(given.last().is_none_or(|last| *last < number));
                given.push(number);
            }
            let progress = &step.record.progress;
            let going_on = progress.waiting.iter().filter(|waiting| waiting.goes_on).count();
            prop_assert!(going_on <= 1, "{:?}", progress.waiting);
            if let Some(first) = was_anonymised {
                prop_assert_eq!(progress.anonymised_at, Some(first));
            }
            if progress.anonymised_at.is_some() {
                names_nobody(&step.record)?;
            }
            // What is due already can be done: the time does not come again and again for nothing.
            if let Some(due) = step.next_due.filter(|due| *due <= scene.now) {
                let again = Happening::TimeCame;
                let next = scene.machine().step(&step.record, &Caller::nobody(), &again).unwrap();
                prop_assert!(next.record != step.record, "{due:?}");
            }
            // Whoever can do something now is one of those who can act, or whom programs are.
            if scene.machine().waits_for(&step.record, &agent()) {
                prop_assert!(scene.machine().concerned(&step.record).roles.contains(&"agents".to_owned()));
            }
            scene.record = step.record;
        }
    }
}
