//! What the actions do that happen by themselves.

use fieldpost_model::form_definition::{AnonymiseMode, FieldType, keyed};
use fieldpost_model::json::Value as Json;
use fieldpost_model::lifecycle::{
    Action, ActionKind, Anonymise, Assign, Criticality, Geolocate, Mail, MailTo, Who,
};
use fieldpost_model::progress::{ActionList, Place};
use fieldpost_model::submission::{Group, Node};

use super::super::effects::{Effect, MailPlan};
use super::super::template::Datum;
use super::super::{anonymise, values, who};
use super::place;
use super::walk::{Next, Walk};
use crate::account;

impl Walk<'_, '_> {
    /// Does an action whose condition holds.
    pub(super) fn act(&mut self, list: &ActionList, action: &Action) -> Next {
        let at = place(list, action);
        match &action.kind {
            ActionKind::Jump(jump) => {
                return Next::Jump { to: jump.to.clone(), sets_marker: jump.sets_marker };
            }
            ActionKind::Call(call) => return self.call(at, call),
            ActionKind::Delete => {
                self.effects.push(Effect::Deleted);
                return Next::End;
            }
            ActionKind::Mail(mail) => self.mail(&at, mail),
            ActionKind::Anonymise(how) => self.anonymise(*how),
            ActionKind::SetFields(fields) => self.set_fields(&at, fields),
            ActionKind::Geolocate(geolocate) => self.geolocate(geolocate),
            ActionKind::Criticality(criticality) => self.set_criticality(*criticality),
            ActionKind::Assign(assign) => self.assign(&at, assign),
            // These wait for somebody.
            ActionKind::Comment(_) | ActionKind::Edit(_) | ActionKind::Attach(_) => {}
        }
        Next::On
    }

    fn mail(&mut self, at: &Place, mail: &Mail) {
        let mut plan = MailPlan {
            number: 0,
            roles: Vec::new(),
            addresses: Vec::new(),
            subject: String::new(),
            body: String::new(),
        };
        for to in &mail.to {
            match to {
                MailTo::Who(Who::Function(function)) => {
                    let (definition, progress) = (self.machine.definition, &self.record.progress);
                    plan.roles.extend(who::function_roles(definition, progress, function));
                }
                MailTo::Who(Who::Role(role)) => plan.roles.push(role.clone()),
                MailTo::Who(Who::Submitter) => plan.addresses.extend(self.submitter_address()),
                MailTo::Who(_) => {
                    let sentence = "A mail goes to roles, to the submitter or to addresses.";
                    self.problem(at.clone(), "no-recipient", sentence);
                }
                MailTo::Address(template) => {
                    if let Some(addresses) = self.evaluate(at, template) {
                        self.add_addresses(at, &addresses, &mut plan.addresses);
                    }
                }
            }
        }
        unique(&mut plan.roles);
        unique(&mut plan.addresses);
        let rendered = self.render(at, &mail.subject).zip(self.render(at, &mail.body));
        let Some((subject, body)) = rendered else { return };
        if plan.roles.is_empty() && plan.addresses.is_empty() {
            let sentence = "The mail goes to nobody: no role and no address is known.";
            self.problem(at.clone(), "no-recipient", sentence);
            return;
        }
        // A line break would begin another header.
        plan.subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        plan.body = body;
        plan.number = self.number();
        self.effects.push(Effect::Mail(plan));
    }

    fn add_addresses(&mut self, at: &Place, made: &Datum, addresses: &mut Vec<String>) {
        let written = match made {
            Datum::List(elements) => {
                elements.iter().map(Datum::written).collect::<Vec<_>>().join(",")
            }
            made => made.written(),
        };
        let found = written.split([',', ';', ' ', '\n']).map(str::trim).filter(|it| !it.is_empty());
        let (good, bad): (Vec<&str>, Vec<&str>) = found.partition(|it| account::is_email(it));
        addresses.extend(good.into_iter().map(str::to_owned));
        if !bad.is_empty() {
            let sentence = "The template of a recipient makes what is no mail address.";
            self.problem(at.clone(), "bad-address", sentence);
        }
    }

    /// The address of whoever filled it in: their own, else the first that they gave.
    fn submitter_address(&self) -> Option<String> {
        let own = self.record.progress.user.as_ref().and_then(|user| user.email.clone());
        own.or_else(|| {
            let given = keyed(&self.machine.definition.fields)
                .into_iter()
                .filter(|(_, field)| field.field_type == FieldType::Email)
                .find_map(|(key, _)| match self.record.submission.values.get(&key)? {
                    Node::Answer(answer) => answer.lexical.clone().filter(|it| !it.is_empty()),
                    _ => None,
                });
            given.filter(|address| account::is_email(address))
        })
    }

    /// Takes away what an action says, with the files that nothing names any more.
    pub(super) fn anonymise(&mut self, how: Anonymise) {
        let now = self.now();
        let (submission, progress) = (&mut self.record.submission, &mut self.record.progress);
        anonymise::anonymise(how, self.machine.definition, submission, progress, now);
        progress.updated_at = now;
        let named = anonymise::named_files(&self.record.submission, &self.record.progress);
        self.record.files.retain(|file| named.contains(&file.name));
        self.effects.push(match how {
            Anonymise::UnlinkUser => Effect::Unlinked,
            Anonymise::Answers(mode) => Effect::Anonymised(mode),
        });
        if how == Anonymise::Answers(AnonymiseMode::Intermediate) {
            self.is_changed = true;
        }
    }

    /// Gives backoffice fields values; not to a record that names nobody, because a value might.
    fn set_fields(&mut self, at: &Place, fields: &[(String, String)]) {
        if self.is_anonymised() {
            return;
        }
        let known = keyed(&self.machine.definition.lifecycle.backoffice_fields);
        let before = self.record.progress.backoffice_values.clone();
        for (key, template) in fields {
            let Some((_, field)) = known.iter().find(|(known, _)| known == key) else {
                let sentence = format!("The lifecycle has no backoffice field '{key}'.");
                self.problem(at.clone(), "no-such-field", sentence);
                continue;
            };
            let Some(value) = self.evaluate(at, template) else { continue };
            let group = &mut self.record.progress.backoffice_values;
            if field.field_type == FieldType::Computed {
                let value = value.to_json(&mut |file| Json::from(file.filename.clone()));
                match group.extra.iter_mut().find(|(name, _)| name == key) {
                    Some((_, known)) => *known = value,
                    None => group.extra.push((key.clone(), value)),
                }
            } else {
                set(group, key, values::node(field, &value));
            }
        }
        if before != self.record.progress.backoffice_values {
            self.record.progress.updated_at = self.now();
            self.is_changed = true;
            self.effects.push(Effect::NewVersion);
        }
    }

    /// Gives the record a place; one that names nobody keeps its coarse one.
    fn geolocate(&mut self, geolocate: &Geolocate) {
        if self.is_anonymised() {
            return;
        }
        let groups = [&self.record.submission.values, &self.record.progress.backoffice_values];
        let found = groups.into_iter().find_map(|group| group.get(&geolocate.from));
        let Some(position) = found.and_then(values::position).cloned() else { return };
        let place = &mut self.record.progress.geolocation;
        if place.is_none() || geolocate.overwrite {
            *place = Some(position);
            self.is_changed = true;
        }
    }

    fn set_criticality(&mut self, criticality: Criticality) {
        let levels = self.machine.definition.lifecycle.criticality_levels.len();
        let most = u32::try_from(levels.saturating_sub(1)).unwrap_or(u32::MAX);
        let level = self.record.progress.criticality;
        let level = match criticality {
            Criticality::Raise => level.saturating_add(1),
            Criticality::Lower => level.saturating_sub(1),
            Criticality::Set(level) => level,
        };
        self.record.progress.criticality = level.min(most);
    }

    fn assign(&mut self, at: &Place, assign: &Assign) {
        if self.machine.definition.lifecycle.function(&assign.function).is_none() {
            let sentence = format!("The lifecycle has no function '{}'.", assign.function);
            self.problem(at.clone(), "unknown-function", sentence);
            return;
        }
        let functions = &mut self.record.progress.functions;
        functions.retain(|(function, _)| *function != assign.function);
        functions.push((assign.function.clone(), vec![assign.role.clone()]));
    }
}

/// Puts an answer under its key.
pub(super) fn set(group: &mut Group, key: &str, node: Node) {
    match group.members.iter_mut().find(|(name, _)| name == key) {
        Some((_, known)) => *known = node,
        None => group.members.push((key.to_owned(), node)),
    }
}

fn unique(texts: &mut Vec<String>) {
    let mut seen = Vec::new();
    texts.retain(|text| {
        let is_new = !seen.contains(text);
        seen.push(text.clone());
        is_new
    });
}
