//! The lifecycle that a form has where nobody wrote one: that of w.c.s.

use super::{Action, ActionKind, Comment, Function, Jump, Lifecycle, RECEIVER, Status, Who};

impl Function {
    /// The function that every lifecycle has, bound to no role.
    pub fn receiver() -> Self {
        Self::named(RECEIVER)
    }

    /// A function that is called as its id says: `_head_office` is `Head office`.
    pub fn named(id: &str) -> Self {
        let words = id.trim_start_matches('_').replace(['_', '-'], " ");
        let mut letters = words.chars();
        let name = match letters.next() {
            _ if id == RECEIVER => "Recipient".to_owned(),
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => id.to_owned(),
        };
        Self { id: id.to_owned(), name, role: None }
    }
}

impl Lifecycle {
    /// What w.c.s. does with a form that has no workflow of its own: what comes in is new at once; the
    /// recipient accepts or rejects it, and says when what was accepted is finished; meanwhile both
    /// sides can say something. Mails, which w.c.s. sends at each step, are left out: not every hub has a
    /// relay to send them by.
    pub fn usual() -> Self {
        let comment = || {
            let by = vec![Who::Submitter, receiver()];
            ActionKind::Comment(Comment { by, ..Comment::default() })
        };
        Self {
            functions: vec![Function::receiver()],
            statuses: vec![
                status(
                    "just_submitted",
                    "Just submitted",
                    vec![ActionKind::Jump(Jump::new("new"))],
                ),
                status(
                    "new",
                    "New",
                    vec![comment(), button("accepted", "Accept"), button("rejected", "Reject")],
                ),
                status("rejected", "Rejected", Vec::new()),
                status("accepted", "Accepted", vec![comment(), button("finished", "Finish")]),
                status("finished", "Finished", Vec::new()),
            ],
            ..Self::default()
        }
    }
}

fn receiver() -> Who {
    Who::Function(RECEIVER.to_owned())
}

/// A jump that the recipient takes.
fn button(to: &str, label: &str) -> ActionKind {
    ActionKind::Jump(Jump { by: vec![receiver()], label: label.to_owned(), ..Jump::new(to) })
}

fn status(id: &str, name: &str, kinds: Vec<ActionKind>) -> Status {
    let actions = kinds
        .into_iter()
        .zip(1_u32..)
        .map(|(kind, place)| Action::new(place.to_string(), kind))
        .collect();
    Status { id: id.to_owned(), name: name.to_owned(), actions, ..Status::default() }
}
