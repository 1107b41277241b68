//! The tree of all paths that fragments ask for, walked together with a message.

use std::collections::HashMap;

use fieldpost_model::json::Value;

use super::FragmentId;
use super::requirement::{Requirement, Step, Test, rarest, scalar_hash};

/// The tree. Its root stands for the body.
#[derive(Debug, Default)]
pub(super) struct PathTree {
    root: Node,
    /// For each trigger, the fragments that are worth a look once it fires.
    triggers: Vec<Vec<FragmentId>>,
}

/// The number of a trigger.
type TriggerId = usize;

#[derive(Debug, Default)]
struct Node {
    keys: HashMap<String, Node>,
    element: Option<Box<Node>>,
    /// Triggers by the hash of the scalar that fires them.
    scalars: HashMap<u64, TriggerId>,
    object: Option<TriggerId>,
    array: Option<TriggerId>,
}

impl PathTree {
    /// The tree with one trigger for each fragment; a fragment's id is its place here.
    pub(super) fn of<'f>(fragments: impl IntoIterator<Item = &'f Value<'static>>) -> Self {
        let mut tree = Self::default();
        for (id, requirement) in rarest(fragments) {
            tree.insert(&requirement, id);
            // At the top level, and only there, an array contains a bare scalar.
            if requirement.path.is_empty() && matches!(requirement.test, Test::Scalar(_)) {
                tree.insert(&Requirement { path: vec![Step::Element], ..requirement }, id);
            }
        }
        tree
    }

    fn insert(&mut self, requirement: &Requirement<'_>, id: FragmentId) {
        let node = requirement.path.iter().fold(&mut self.root, |node, step| match step {
            Step::Key(key) => node.keys.entry((*key).to_owned()).or_default(),
            Step::Element => node.element.get_or_insert_default(),
        });
        let new = self.triggers.len();
        let trigger = match requirement.test {
            Test::Scalar(hash) => *node.scalars.entry(hash).or_insert(new),
            Test::Object => *node.object.get_or_insert(new),
            Test::Array => *node.array.get_or_insert(new),
        };
        match self.triggers.get_mut(trigger) {
            Some(fragments) => fragments.push(id),
            None => self.triggers.push(vec![id]),
        }
    }

    /// Calls back for each fragment that the body may contain, once for each. The body surely
    /// contains none of the others.
    pub(super) fn for_each_suspect(&self, body: &Value<'_>, suspect: impl FnMut(FragmentId)) {
        let fired = vec![false; self.triggers.len()];
        Walk { triggers: &self.triggers, fired, suspect }.visit(&self.root, body);
    }
}

struct Walk<'t, S> {
    triggers: &'t [Vec<FragmentId>],
    /// Whether the trigger has fired. It may meet its value a million times in one array, and the
    /// fragments behind it deserve one look.
    fired: Vec<bool>,
    suspect: S,
}

impl<S: FnMut(FragmentId)> Walk<'_, S> {
    fn visit(&mut self, node: &Node, value: &Value<'_>) {
        match value {
            Value::Object(members) => {
                self.fire(node.object);
                if node.keys.is_empty() {
                    return;
                }
                for (key, value) in members {
                    if let Some(child) = node.keys.get(&**key) {
                        self.visit(child, value);
                    }
                }
            }
            Value::Array(elements) => {
                self.fire(node.array);
                if let Some(child) = &node.element {
                    for element in elements {
                        self.visit(child, element);
                    }
                }
            }
            scalar if !node.scalars.is_empty() => {
                self.fire(scalar_hash(scalar).and_then(|hash| node.scalars.get(&hash)).copied());
            }
            _ => {}
        }
    }

    fn fire(&mut self, trigger: Option<TriggerId>) {
        let Some(trigger) = trigger else { return };
        if let (Some(fragments), Some(fired)) =
            (self.triggers.get(trigger), self.fired.get_mut(trigger))
            && !std::mem::replace(fired, true)
        {
            for fragment in fragments {
                (self.suspect)(*fragment);
            }
        }
    }
}
