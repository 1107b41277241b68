//! Laws over any number of forms.

use std::collections::BTreeMap;

use fieldpost_model::case::{
    Case, CaseAction, CaseBlock, CaseRelationship, CaseSubmission, CaseTransaction,
};
use fieldpost_model::time::Timestamp;
use proptest::prelude::*;

use super::{attach, block, close, create, form, index, untie, update};
use crate::cases::{apply, overtakes, rebuild};

const CASES: [&str; 3] = ["a", "b", "c"];

fn action() -> impl Strategy<Value = CaseAction> {
    let case = prop::sample::select(&CASES[..]);
    prop_oneof![
        ("[a-c]?", "[mn]?").prop_map(|(name, note)| create(&[("case_name", &name), ("x", &note)])),
        ("[p-r]", "[0-9]?").prop_map(|(name, value)| update(&[(&name, &value)])),
        ("[n-p]?").prop_map(|owner| update(&[("owner_id", &owner), ("name", "n")])),
        Just(close()),
        case.prop_map(|other| index("parent", other, CaseRelationship::Child)),
        Just(untie("parent")),
        Just(attach("photo", Some("1.jpg"))),
        Just(attach("photo", None)),
    ]
}

fn any_block() -> impl Strategy<Value = CaseBlock> {
    let case = prop::sample::select(&CASES[..]);
    let actions = prop::collection::vec(action(), 0..4);
    (case, "[uv]", prop::option::of(0..2_000_i64), actions).prop_map(
        |(case_id, user, minute, mut actions)| {
            actions.sort_by_key(CaseAction::kind);
            let mut block = block(case_id, minute.unwrap_or_default(), actions);
            block.user_id = user;
            block.modified_at = minute.and(block.modified_at);
            block
        },
    )
}

/// Forms as they are received, a few hours apart.
fn forms() -> impl Strategy<Value = Vec<CaseSubmission>> {
    let received = (1..500_i64, prop::collection::vec(any_block(), 1..4));
    prop::collection::vec(received, 1..12).prop_map(|forms| {
        let mut minute = 0;
        let numbered = forms.into_iter().enumerate();
        numbered
            .map(|(number, (pause, blocks))| {
                minute += pause;
                form(&number.to_string(), minute, blocks)
            })
            .collect()
    })
}

/// What a hub holds after some forms.
#[derive(Default)]
struct Hub {
    cases: BTreeMap<String, Case>,
    histories: BTreeMap<String, Vec<CaseTransaction>>,
    taken: Vec<CaseSubmission>,
}

impl Hub {
    /// Takes the forms one by one: applied, or where one overtakes another, rebuilt.
    fn after(forms: &[CaseSubmission]) -> Self {
        let mut hub = Self::default();
        for form in forms {
            let Ok(applied) = apply(form, &hub.cases) else { continue };
            hub.taken.push(form.clone());
            for (case, transaction) in applied.cases.into_iter().zip(applied.transactions) {
                hub.keep(case, transaction);
            }
        }
        hub
    }

    fn keep(&mut self, case: Case, transaction: CaseTransaction) {
        let history = self.histories.entry(case.id.clone()).or_default();
        if history.iter().any(|earlier| overtakes(&transaction, earlier)) {
            let rebuilt = rebuild(&case.id, &self.taken, transaction.server_at);
            *history = rebuilt.transactions;
            self.cases.insert(case.id, rebuilt.case);
        } else {
            history.push(transaction);
            self.cases.insert(case.id.clone(), case);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Applying forms as they come, and making the case from all of them, give the same.
    #[test]
    fn a_case_is_what_its_forms_make_of_it(forms in forms()) {
        let hub = Hub::after(&forms);
        for (id, case) in &hub.cases {
            let rebuilt = rebuild(id, &hub.taken, case.server_modified_at);
            prop_assert_eq!(&rebuilt.case, case);
            prop_assert_eq!(Some(&rebuilt.transactions), hub.histories.get(id));
        }
    }

    /// Archiving the last form undoes it, whatever it was, where it was in order.
    #[test]
    fn without_its_last_form_a_case_is_what_it_was(forms in forms()) {
        let before = Hub::after(&forms[..forms.len() - 1]).cases;
        let mut taken = Hub::after(&forms).taken;
        taken.retain(|form| form.form_id != forms.last().unwrap().form_id);
        for id in CASES {
            let rebuilt = rebuild(id, &taken, Timestamp(0));
            match before.get(id) {
                Some(case) => prop_assert_eq!(&rebuilt.case, case),
                None => prop_assert!(rebuilt.case.deleted),
            }
        }
    }

    /// A form that is refused, for whatever reason, has changed nothing; one that is taken changes
    /// the cases that it touches, each once, and no other.
    #[test]
    fn a_form_changes_what_it_touches(forms in forms()) {
        let mut cases: BTreeMap<String, Case> = BTreeMap::new();
        for form in &forms {
            if let Ok(applied) = apply(form, &cases) {
                let ids: Vec<&str> = applied.cases.iter().map(|case| case.id.as_str()).collect();
                prop_assert_eq!(&ids, &form.case_ids());
                prop_assert_eq!(ids.len(), applied.transactions.len());
                cases.extend(applied.cases.into_iter().map(|case| (case.id.clone(), case)));
            }
        }
    }
}
