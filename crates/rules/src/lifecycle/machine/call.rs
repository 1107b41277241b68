//! Calls: what is sent, and what follows when they end.

use fieldpost_model::json::Value as Json;
use fieldpost_model::lifecycle::{ActionKind, Call, CallMethod, ErrorPolicy, JumpTarget};
use fieldpost_model::progress::{
    ActionList, LatestCall, MAX_CALL_ERROR_BYTES, Part, Place, Waiting,
};
use fieldpost_model::submission::{Answer, AnswerValue, Node};

use super::super::effects::{CallError, CallOutcome, CallPlan, CallTrouble, Effect};
use super::act::set;
use super::walk::{Next, Walk};

/// What a call stores, by the ends of its variables' names: all that one before it left goes.
const STORED: [&str; 10] = [
    "time",
    "status",
    "app_error_code",
    "app_error_header",
    "response",
    "error_response",
    "content_type",
    "length",
    "connection_error",
    "payload_error",
];

impl Walk<'_, '_> {
    /// Plans a call. The actions behind it wait.
    pub(super) fn call(&mut self, at: Place, call: &Call) -> Next {
        // A hook that went past a call: it is refused as a whole, see there.
        if self.record.progress.is_busy() {
            self.is_second_call = true;
            return Next::End;
        }
        // Without an address there is nothing to call; a key that cannot be made is left out.
        let path = match self.try_render(&call.path) {
            Ok(path) => path,
            Err(error) => {
                self.keep_payload_error(&at, call, &error.to_string());
                self.problem(at.clone(), "template-failed", error.to_string());
                return self.after_error(at, call, CallError::Payload);
            }
        };
        let mut query = Vec::new();
        for (name, template) in &call.query {
            match self.evaluate(&at, template) {
                Some(super::super::template::Datum::List(values)) => {
                    query.extend(values.iter().map(|value| (name.clone(), value.written())));
                }
                Some(value) => query.push((name.clone(), value.written())),
                None => {}
            }
        }
        let mut own = Vec::new();
        for (key, template) in &call.post_data {
            own.extend(self.evaluate(&at, template).map(|value| (key.clone(), value)));
        }
        let number = self.number();
        self.record.progress.waiting.push(Waiting {
            number,
            place: at.clone(),
            goes_on: true,
            jumps: self.jumps,
        });
        self.effects.push(Effect::Call(Box::new(CallPlan {
            number,
            place: at,
            label: call.label.clone(),
            name: call.name.clone(),
            connection: call.connection.clone(),
            path,
            method: call.method,
            query,
            document: call.post,
            files: call.files,
            own,
            response: call.response,
        })));
        Next::End
    }

    /// What follows a call that could not even be planned.
    fn after_error(&mut self, at: Place, call: &Call, error: CallError) -> Next {
        match policy(call, error) {
            ErrorPolicy::Ignore => Next::On,
            ErrorPolicy::Stop => Next::End,
            ErrorPolicy::Jump(status) => {
                let to = JumpTarget::Status(status.clone());
                if self.machine.target(&self.record, &to).is_some() {
                    return Next::Jump { to, sets_marker: false };
                }
                self.no_such_status(at, status);
                Next::End
            }
        }
    }

    fn no_such_status(&mut self, at: Place, status: &str) {
        let sentence = format!("After an error the call leads to '{status}', which is not there.");
        self.problem(at, "unknown-status", sentence);
    }

    /// A call ended. One that is not waited for, or no longer, changes nothing.
    pub(super) fn call_ended(&mut self, number: u64, outcome: &CallOutcome) {
        let waiting = &mut self.record.progress.waiting;
        let Some(found) = waiting.iter().position(|waiting| waiting.number == number) else {
            return;
        };
        let waiting = waiting.remove(found);
        self.record.progress.updated_at = self.now();
        self.jumps = waiting.jumps;
        let actions = self.machine.actions(&waiting.place.list);
        let found = actions.iter().position(|action| action.id == waiting.place.action);
        let found = found.and_then(|place| match &actions.get(place)?.kind {
            ActionKind::Call(call) => Some((place, call)),
            _ => None,
        });
        let Some((place_in_list, call)) = found else {
            let sentence =
                "The call ended, but the lifecycle has it no more; what follows it is lost.";
            self.problem(waiting.place, "action-gone", sentence);
            return;
        };
        // What a program says of somebody who is forgotten is not stored.
        if !self.is_anonymised() {
            self.keep_outcome(&waiting.place, call, outcome);
        }
        if let Some(next) = self.next_after(&waiting, call, outcome) {
            match next {
                Next::On => self.run(waiting.place.list, place_in_list + 1),
                Next::End => {}
                Next::Jump { to, sets_marker } => {
                    if let Some(status) = self.go(&waiting.place, &to, sets_marker, None) {
                        self.run(ActionList::Status(status), 0);
                    }
                }
            }
        }
    }

    /// Takes away what an earlier call of that name left.
    fn forget_outcome(&mut self, name: &str) {
        if let Json::Object(members) = &mut self.record.progress.data {
            members.retain(|(key, _)| {
                let end = key.strip_prefix(name).and_then(|end| end.strip_prefix('_'));
                end.is_none_or(|end| !STORED.contains(&end))
            });
        }
        self.record.progress.calls.retain(|known| known.name != name);
    }

    /// Stores why a call could not be made.
    fn keep_payload_error(&mut self, at: &Place, call: &Call, sentence: &str) {
        let Some(name) = call.name.as_ref().filter(|_| !self.is_anonymised()) else { return };
        self.forget_outcome(name);
        self.keep(at, vec![(format!("{name}_payload_error"), Json::from(sentence.to_owned()))]);
    }

    /// Stores values; where that is too much, tells so.
    fn keep(&mut self, at: &Place, values: Vec<(String, Json<'static>)>) {
        if let Err(most) = self.store(values) {
            let sentence = format!(
                "What the call brought is not stored: with it there would be more than {most} bytes."
            );
            self.problem(at.clone(), "data-too-large", sentence);
        }
        self.is_changed = true;
    }

    /// Stores what the call brought.
    fn keep_outcome(&mut self, at: &Place, call: &Call, outcome: &CallOutcome) {
        if let Some(name) = &call.name {
            self.forget_outcome(name);
            self.record.progress.calls.push(LatestCall {
                name: name.clone(),
                url: outcome.url.clone(),
                at: self.machine.surroundings.now,
                status: outcome.status,
                is_success: outcome.errors.is_empty(),
                delivery: outcome.delivery,
            });
        }
        self.keep(at, outcome.stored.clone());
        let is_good = outcome.errors.is_empty();
        if let Some(id) = outcome
            .display_id
            .as_ref()
            .filter(|id| is_good && call.method == CallMethod::Post && !id.trim().is_empty())
        {
            self.record.progress.display_id.clone_from(id);
        }
        if let Some(file) = outcome.file.as_ref().filter(|_| is_good) {
            let answered = call.file_field.as_ref();
            let answered = answered.map(|key| (key, self.keep_for_answer(file)));
            self.add_files(std::slice::from_ref(file));
            self.add_part(Part::Attachment {
                identifier: call.name.clone(),
                file: file.clone(),
                visible_to: Vec::new(),
            });
            if let Some((key, name)) = answered {
                let answer = Answer { lexical: Some(name), value: AnswerValue::File };
                set(&mut self.record.progress.backoffice_values, key, Node::Answer(answer));
                self.effects.push(Effect::NewVersion);
            }
        }
    }

    /// What follows: of several errors, the first whose policy is not to ignore it decides. `None` where
    /// nothing waits behind the call.
    fn next_after(
        &mut self,
        waiting: &Waiting,
        call: &Call,
        outcome: &CallOutcome,
    ) -> Option<Next> {
        let mut errors = outcome.errors.clone();
        errors.sort();
        let deciding =
            errors.iter().map(|error| policy(call, *error)).find(|it| **it != ErrorPolicy::Ignore);
        let next = match deciding {
            // A jump takes the place of recording.
            Some(ErrorPolicy::Jump(status)) => {
                let to = JumpTarget::Status(status.clone());
                if self.machine.target(&self.record, &to).is_some() {
                    self.notify(call, outcome);
                    let next = Next::Jump { to, sets_marker: false };
                    return waiting.goes_on.then_some(next);
                }
                self.no_such_status(waiting.place.clone(), status);
                Next::End
            }
            Some(_) => Next::End,
            None => Next::On,
        };
        self.tell_end(waiting, outcome);
        if !errors.is_empty() {
            self.notify(call, outcome);
            if call.record_errors && !self.is_anonymised() {
                self.record_error(call, outcome);
            }
        }
        waiting.goes_on.then_some(next)
    }

    /// Tells how a call ended whose error leads nowhere else.
    fn tell_end(&mut self, waiting: &Waiting, outcome: &CallOutcome) {
        let trouble = (!outcome.errors.is_empty()).then(|| CallTrouble {
            summary: self.summary(outcome),
            status: outcome.status,
            // What the lifecycle put into the address may name whoever is forgotten as well.
            url: Some(outcome.url.clone()).filter(|url| !self.is_anonymised() && !url.is_empty()),
            delivery: outcome.delivery,
        });
        self.effects.push(Effect::CallEnded { place: waiting.place.clone(), trouble });
    }

    /// What went wrong, for people. The few words are the program's own, and may name whoever is forgotten.
    fn summary(&self, outcome: &CallOutcome) -> String {
        match outcome.status {
            _ if !self.is_anonymised() => outcome.summary.clone(),
            Some(status) => format!("HTTP {status}"),
            None => "No answer".to_owned(),
        }
    }

    fn notify(&mut self, call: &Call, outcome: &CallOutcome) {
        if !call.notify_on_errors {
            return;
        }
        let summary = self.summary(outcome);
        self.effects.push(Effect::Notify { connection: call.connection.clone(), summary });
    }

    fn record_error(&mut self, call: &Call, outcome: &CallOutcome) {
        let data = outcome.data.iter().take(MAX_CALL_ERROR_BYTES).copied().collect();
        self.add_part(Part::CallError {
            summary: outcome.summary.clone(),
            label: Some(call.label.clone()).filter(|label| !label.is_empty()),
            data,
            delivery: outcome.delivery,
        });
    }
}

fn policy(call: &Call, error: CallError) -> &ErrorPolicy {
    match error {
        CallError::App => &call.on_error.app,
        CallError::Client => &call.on_error.client,
        CallError::Server => &call.on_error.server,
        CallError::BadData => &call.on_error.bad_data,
        CallError::Network => &call.on_error.network,
        // w.c.s. does not make such a call, writes it down, and goes on.
        CallError::Payload => &ErrorPolicy::Ignore,
    }
}
