//! What lifecycles tell people: their mails, and the news of calls that failed.

use fieldpost_model::incident::{NoticeChannel, NoticeKind};
use fieldpost_model::recipient::Recipient;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::{Effect, MailPlan};
use fieldpost_store::NewNotice;

use super::record::Followed;
use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;

/// Why a mail is kept as not sent.
const NO_RELAY: &str = "no mail relay is set (--smtp-url)";
/// How many people one mail of a lifecycle goes to at most.
const MOST_RECIPIENTS: usize = 200;

impl Hub {
    /// The notices of a step.
    pub(super) fn lifecycle_notices(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        effects: &[Effect],
        now: Timestamp,
    ) -> Vec<NewNotice> {
        let mut notices = Vec::new();
        for effect in effects {
            match effect {
                Effect::Mail(plan) => {
                    for recipient in recipients(routing, plan) {
                        notices.push(self.mail_of(recipient, &plan.subject, &plan.body, now));
                    }
                }
                Effect::Notify { connection, summary } => {
                    let form = &followed.form.definition;
                    let number = followed.record.progress.number;
                    let subject = format!("A call of {} {number} failed", form.title);
                    let text = format!(
                        "The call by the connection {connection} for the submission {number} of \
                         {} failed: {summary}\n",
                        form.title
                    );
                    for address in told_of(routing, connection) {
                        notices.push(self.mail_of(address, &subject, &text, now));
                    }
                }
                _ => {}
            }
        }
        notices
    }

    fn mail_of(&self, recipient: String, subject: &str, text: &str, now: Timestamp) -> NewNotice {
        NewNotice {
            id: new_id(now),
            incident: None,
            kind: NoticeKind::Lifecycle,
            channel: NoticeChannel::Mail,
            recipient,
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: None,
            unsubscribe: None,
            impossible: self.settings().mailer.is_none().then(|| NO_RELAY.to_owned()),
        }
    }
}

/// Whom a mail goes to, each once: a role's own addresses, and those who have it where it says so.
fn recipients(routing: &ProjectRouting, plan: &MailPlan) -> Vec<String> {
    let mut recipients: Vec<String> = Vec::new();
    let mut add = |address: &str| {
        let is_new = !recipients.iter().any(|known| known.eq_ignore_ascii_case(address));
        if is_new && recipients.len() < MOST_RECIPIENTS {
            recipients.push(address.to_owned());
        }
    };
    for role in plan.roles.iter().filter_map(|role| routing.role(role)) {
        role.emails.iter().for_each(|address| add(address));
        if role.emails_to_members {
            for person in routing.people_with_role(&role.id) {
                person.user.email.iter().for_each(|address| add(address));
            }
        }
    }
    plan.addresses.iter().for_each(|address| add(address));
    recipients
}

/// The mail addresses that a connection names to be told.
fn told_of(routing: &ProjectRouting, connection: &str) -> Vec<String> {
    let found = routing.connections.get(connection);
    let notified = found.map_or(&[][..], |lane| &lane.connection.notify);
    notified.iter().filter_map(Recipient::mail_address).map(str::to_owned).collect()
}
