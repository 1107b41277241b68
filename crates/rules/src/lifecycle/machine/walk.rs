//! The way along the actions of a status, and from one status to the next.

use fieldpost_model::json::Value as Json;
use fieldpost_model::lifecycle::{Action, ActionKind, JumpTarget};
use fieldpost_model::progress::{
    ActionList, Actor, HistoryEntry, Part, Place, StoredFile, numbered_file_name,
};
use fieldpost_model::time::Timestamp;

use super::super::effects::{Effect, Record};
use super::super::template::{self, Datum, TemplateError};
use super::super::{values, who::Caller};
use super::{Machine, place, problem};

/// What follows an action.
pub(super) enum Next {
    /// The next action.
    On,
    /// Nothing: it waits, or is over.
    End,
    /// The actions of another status.
    Jump { to: JumpTarget, sets_marker: bool },
}

/// One step while it is made.
pub(super) struct Walk<'m, 'a> {
    pub(super) machine: &'m Machine<'a>,
    pub(super) record: Record,
    pub(super) caller: &'m Caller,
    pub(super) effects: Vec<Effect>,
    /// How many jumps led here without waiting for anybody.
    pub(super) jumps: u32,
    /// Whether what templates make of the answers is to be made again.
    pub(super) is_changed: bool,
    /// Whether it came to a call while another one is waited for.
    pub(super) is_second_call: bool,
}

impl<'m, 'a> Walk<'m, 'a> {
    pub(super) fn new(machine: &'m Machine<'a>, record: Record, caller: &'m Caller) -> Self {
        Self {
            machine,
            record,
            caller,
            effects: Vec::new(),
            jumps: 0,
            is_changed: false,
            is_second_call: false,
        }
    }

    pub(super) fn end(mut self) -> (Record, Vec<Effect>) {
        self.refresh();
        (self.record, self.effects)
    }

    /// Whether it names nobody any more, and must not name anybody again.
    pub(super) fn is_anonymised(&self) -> bool {
        self.record.progress.anonymised_at.is_some()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.machine.surroundings.now
    }

    /// The next number of a call, a mail or the like.
    pub(super) fn number(&mut self) -> u64 {
        self.record.progress.set_off += 1;
        self.record.progress.set_off
    }

    /// Tells of something that went wrong.
    pub(super) fn problem(&mut self, at: Place, code: &'static str, sentence: impl Into<String>) {
        self.effects.push(problem(Some(at), code, sentence));
    }

    /// The text that a template makes; one that fails is told of and makes nothing.
    pub(super) fn render(&mut self, at: &Place, template: &str) -> Option<String> {
        let rendered = self.try_render(template);
        self.made(at, rendered)
    }

    /// The text that a template makes.
    pub(super) fn try_render(&self, template: &str) -> Result<String, TemplateError> {
        let facts = self.machine.facts(&self.record);
        template::render(template, &facts, &self.machine.surroundings)
    }

    /// The value that a template makes; one that fails is told of and makes nothing.
    pub(super) fn evaluate(&mut self, at: &Place, template: &str) -> Option<Datum> {
        let facts = self.machine.facts(&self.record);
        let made = template::evaluate(template, &facts, &self.machine.surroundings);
        self.made(at, made)
    }

    fn made<T>(&mut self, at: &Place, made: Result<T, TemplateError>) -> Option<T> {
        match made {
            Ok(made) => Some(made),
            Err(error) => {
                self.problem(at.clone(), "template-failed", error.to_string());
                None
            }
        }
    }

    /// Walks along a list of actions from a place in it, and along those that jumps lead to.
    pub(super) fn run(&mut self, list: ActionList, from: usize) {
        let (mut list, mut place_in_list) = (list, from);
        let machine = self.machine;
        while let Some(action) = machine.actions(&list).get(place_in_list) {
            place_in_list += 1;
            if action.waits() || !self.holds(&list, action) {
                continue;
            }
            match self.act(&list, action) {
                Next::On => {}
                Next::End => return,
                Next::Jump { to, sets_marker } => {
                    let at = place(&list, action);
                    let Some(status) = self.go(&at, &to, sets_marker, None) else { return };
                    (list, place_in_list) = (ActionList::Status(status), 0);
                }
            }
        }
    }

    /// Whether the condition of an action holds; one that fails is told of.
    pub(super) fn holds(&mut self, list: &ActionList, action: &Action) -> bool {
        match self.machine.condition(&self.record, action) {
            Ok(holds) => holds,
            Err(error) => {
                self.problem(place(list, action), "condition-failed", error.to_string());
                false
            }
        }
    }

    /// Leads to another status, whose id it gives; nothing where there is none, or after too many jumps.
    pub(super) fn go(
        &mut self,
        at: &Place,
        to: &JumpTarget,
        sets_marker: bool,
        by: Option<Actor>,
    ) -> Option<String> {
        let Some(status) = self.machine.target(&self.record, to) else {
            let sentence = "The jump leads to a status that is not there.";
            self.problem(at.clone(), "unknown-status", sentence);
            return None;
        };
        let most = self.machine.bounds.jumps_without_waiting;
        if self.jumps >= most {
            let sentence =
                format!("More than {most} jumps follow each other without waiting for anybody.");
            self.problem(at.clone(), "too-many-jumps", sentence);
            return None;
        }
        self.jumps += 1;
        let progress = &mut self.record.progress;
        if matches!(to, JumpTarget::Previous) {
            progress.markers.pop();
        }
        if sets_marker && let Some(left) = progress.status.clone() {
            progress.markers.push(left);
            let surplus = progress.markers.len().saturating_sub(self.machine.bounds.markers);
            progress.markers.drain(..surplus);
        }
        self.arrive(status.clone(), by);
        Some(status)
    }

    /// Writes down that it came to a status.
    pub(super) fn arrive(&mut self, status: String, by: Option<Actor>) {
        let now = self.now();
        let progress = &mut self.record.progress;
        let from = progress.status.replace(status.clone());
        progress.arrived_at = now;
        progress.updated_at = now;
        // What was called for meanwhile is still kept, but nothing goes on behind it.
        for waiting in &mut progress.waiting {
            waiting.goes_on = false;
        }
        let latest = progress.history.iter_mut().rev().find(|entry| entry.status.is_some());
        match latest.filter(|entry| entry.status.as_deref() == Some(&status) && from.is_some()) {
            Some(entry) => entry.last_jump_at = Some(now),
            None => progress.history.push(HistoryEntry {
                time: now,
                last_jump_at: None,
                who: by,
                status: Some(status.clone()),
                parts: Vec::new(),
            }),
        }
        self.is_changed = true;
        self.effects.push(Effect::StatusChanged { from, to: status });
    }

    /// Adds something to what happened last.
    pub(super) fn add_part(&mut self, part: Part) {
        let now = self.now();
        match self.record.progress.history.last_mut() {
            Some(entry) => entry.parts.push(part),
            None => self.record.progress.history.push(HistoryEntry {
                time: now,
                last_jump_at: None,
                who: None,
                status: None,
                parts: vec![part],
            }),
        }
    }

    /// Writes down that the caller did something, without leaving the status.
    pub(super) fn add_entry(&mut self, parts: Vec<Part>) {
        let time = self.now();
        let who = self.caller.actor(&self.record.progress);
        self.record.progress.updated_at = time;
        self.record.progress.history.push(HistoryEntry {
            time,
            last_jump_at: None,
            who,
            status: None,
            parts,
        });
    }

    /// Stores values under their names; too many are not stored.
    pub(super) fn store(&mut self, values: Vec<(String, Json<'static>)>) -> Result<(), usize> {
        let mut data = self.record.progress.data.clone();
        if !matches!(data, Json::Object(_)) {
            data = Json::Object(Vec::new());
        }
        if let Json::Object(members) = &mut data {
            for (name, value) in values {
                match members.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known = value,
                    None => members.push((name.into(), value)),
                }
            }
        }
        let most = self.machine.bounds.data_bytes;
        if data.to_json().len() > most {
            return Err(most);
        }
        self.record.progress.data = data;
        self.is_changed = true;
        Ok(())
    }

    /// Keeps files that came on the way. What they hold tells them apart, so that an answer keeps its file whatever
    /// else is called so.
    pub(super) fn add_files(&mut self, files: &[StoredFile]) {
        for file in files {
            let is_it = |known: &StoredFile| known.name == file.name && known.sha256 == file.sha256;
            if !self.record.files.iter().any(is_it) {
                self.record.files.push(file.clone());
            }
        }
    }

    /// Keeps a file that came on the way, and gives the name by which an answer can mean it: its own, or a numbered one
    /// where another file is called so. What an answer names is looked for by its name, and must be found for good.
    pub(super) fn keep_for_answer(&mut self, file: &StoredFile) -> String {
        let files = &self.record.files;
        let is_first = |known: &&StoredFile| {
            let first = files.iter().find(|other| other.name == known.name);
            first.is_some_and(|first| first.sha256 == known.sha256)
        };
        // A file is kept once, whatever it was called when it came again.
        if let Some(known) = files.iter().filter(|it| it.sha256 == file.sha256).find(is_first) {
            return known.name.clone();
        }
        let is_taken = |name: &str| files.iter().any(|known| known.name == name);
        let names = (2..).map(|count| numbered_file_name(&file.name, count));
        let name = std::iter::once(file.name.clone()).chain(names).find(|name| !is_taken(name));
        let name = name.unwrap_or_else(|| file.name.clone());
        self.record.files.push(StoredFile { name: name.clone(), ..file.clone() });
        name
    }

    /// Keeps files; one of a name that is there takes its place.
    pub(super) fn keep_files(&mut self, files: &[StoredFile]) {
        for file in files {
            self.record.files.retain(|known| known.name != file.name);
            self.record.files.push(file.clone());
        }
    }

    /// Makes again what templates make of the answers: computed fields, the id, the digest.
    pub(super) fn refresh(&mut self) {
        let is_changed = std::mem::take(&mut self.is_changed);
        if !is_changed || self.is_anonymised() || self.record.progress.is_draft() {
            return;
        }
        let definition = self.machine.definition;
        if let Some(template) = &definition.id_template
            && let Some(id) = self.render_own("id", template)
        {
            let progress = &mut self.record.progress;
            let is_own = progress.natural_id.as_ref().map_or_else(
                || progress.display_id == progress.number.to_string(),
                |natural| *natural == progress.display_id,
            );
            let id = Some(id.trim().to_owned()).filter(|id| !id.is_empty());
            if is_own {
                progress.display_id = id.clone().unwrap_or_else(|| progress.number.to_string());
            }
            progress.natural_id = id;
        }
        if let Some(template) = &definition.digest_template {
            let digest = self.render_own("digest", template);
            self.record.progress.digest = digest.filter(|digest| !digest.trim().is_empty());
        }
    }

    /// What a template of the form itself makes.
    fn render_own(&mut self, what: &str, template: &str) -> Option<String> {
        let facts = self.machine.facts(&self.record);
        match template::render(template, &facts, &self.machine.surroundings) {
            Ok(text) => Some(text),
            Err(error) => {
                let sentence = format!("The template of the {what}: {error}");
                self.effects.push(problem(None, "template-failed", sentence));
                None
            }
        }
    }

    /// Makes what follows from the answers: computed fields, and the place.
    pub(super) fn derive(&mut self) {
        let (submission, problems) = self.machine.computed(&self.record);
        self.record.submission = submission;
        self.effects.extend(problems);
        let definition = self.machine.definition;
        if let Some(key) = &definition.geolocation
            && let Some(position) =
                self.record.submission.values.get(key).and_then(values::position)
        {
            self.record.progress.geolocation = Some(position.clone());
        }
        self.is_changed = true;
    }

    /// Where an action of the status stands, by its id or as the first that the test lets pass.
    pub(super) fn find(
        &self,
        id: Option<&str>,
        test: impl Fn(&ActionKind) -> bool,
    ) -> Vec<(ActionList, &'a Action)> {
        let Some(status) = self.record.progress.status.clone() else { return Vec::new() };
        let list = ActionList::Status(status);
        let actions = self.machine.actions(&list).iter();
        let found =
            actions.filter(|action| test(&action.kind) && id.is_none_or(|id| action.id == id));
        found.map(|action| (list.clone(), action)).collect()
    }
}
