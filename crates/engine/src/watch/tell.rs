//! From what is to be told to the notices that are kept: one for each recipient who wants it.

use fieldpost_model::connection::Connection;
use fieldpost_model::incident::{NoticeChannel, NoticeKind};
use fieldpost_model::recipient::{Recipient, Webhook};
use fieldpost_model::secret::Secret;
use fieldpost_rules::definition::Problem;
use fieldpost_rules::redact::mask_webhook;
use fieldpost_store::{NewNotice, RefusedAddress, StoreError};
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::{new_id, new_secret};
use crate::routing::ProjectRouting;
use crate::watch::topic::{Subscription, Topic};
use crate::watch::words::Telling;

/// The fact that holds the key of the links to unsubscribe.
const UNSUBSCRIBE_KEY: &str = "unsubscribe-key";
/// Why a mail is not sent where there is nobody to send it.
const NO_RELAY: &str = "no mail relay is set (--smtp-url)";

impl Topic {
    /// Who is told, as the project has it.
    pub(super) fn recipients(&self, project: &ProjectRouting) -> Vec<Recipient> {
        let definition = &project.definition;
        let notify_of = |name: &str| {
            let lane = project.connections.get(name);
            lane.map(|lane| lane.connection.notify.clone()).unwrap_or_default()
        };
        let mut recipients = match self {
            Self::Connection(name) => notify_of(name),
            Self::Source(_) if !definition.settings.notify.is_empty() => {
                definition.settings.notify.clone()
            }
            // Whoever looks after what follows from its messages.
            Self::Source(name) => definition
                .forwarders
                .iter()
                .filter(|order| order.filter.from.as_ref().is_none_or(|from| from == name))
                .flat_map(|order| notify_of(&order.to))
                .collect(),
            Self::Reports => {
                let to = definition.settings.reports.iter().flat_map(|report| report.to.clone());
                to.map(Recipient::Mail).collect()
            }
        };
        recipients.sort_by(|one, other| one.address().cmp(other.address()));
        recipients.dedup_by(|one, other| one.address() == other.address());
        recipients
    }

    fn why(&self, project: &str) -> String {
        match self {
            Self::Connection(name) => format!(
                "this address is named in `notify` of the connection {name} of the project {project}."
            ),
            Self::Source(name) => format!(
                "this address is named in `notify` of the project {project}, or of a connection \
                 that messages of the source {name} go to, and the source says `expect_every`."
            ),
            Self::Reports => {
                format!("this address is named in `reports` of the project {project}.")
            }
        }
    }
}

impl Hub {
    /// Writes the notices of what is told about a topic: one for each recipient who has not had
    /// enough of it.
    pub(super) async fn notices(
        &self,
        project: &ProjectRouting,
        topic: &Topic,
        recipients: Vec<Recipient>,
        kind: NoticeKind,
        incident: Option<Uuid>,
        telling: Telling,
    ) -> Result<Vec<NewNotice>, StoreError> {
        let Telling { mut letter, payload } = telling;
        letter.link = self.settings().public_url.as_ref().map(|base| format!("{base}/"));
        letter.why = topic.why(&project.project);
        "have the address taken out there.".clone_into(&mut letter.stop);
        let tired = self.tired(&project.project, topic).await?;
        let payload = payload.to_json();
        let mut notices = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let mut notice = NewNotice {
                id: new_id(self.now()),
                incident,
                kind,
                channel: NoticeChannel::Webhook,
                subject: letter.whole_subject(),
                text: payload.clone(),
                html: None,
                unsubscribe: None,
                impossible: None,
                recipient: String::new(),
            };
            match recipient {
                // What is secret in its URL stays in the definition, where it is sealed.
                Recipient::Webhook(webhook) => notice.recipient = mask_webhook(&webhook.url),
                Recipient::Mail(address) if tired.contains(&address) => continue,
                Recipient::Mail(address) => {
                    let subscription = Subscription {
                        project: project.project.to_string(),
                        topic: topic.clone(),
                        address: address.clone(),
                    };
                    letter.unsubscribe = self.unsubscribe_link(&subscription).await?;
                    notice.channel = NoticeChannel::Mail;
                    notice.recipient = address;
                    notice.text = letter.text();
                    notice.html = Some(letter.html());
                    notice.unsubscribe = letter.unsubscribe.clone();
                    let is_impossible = self.settings().mailer.is_none();
                    notice.impossible = is_impossible.then(|| NO_RELAY.to_owned());
                }
            }
            notices.push(notice);
        }
        Ok(notices)
    }

    /// The webhook that a notice names without its credentials; `None` where nobody names it any
    /// more. One that is named twice is signed where either says so.
    pub(super) fn webhook(&self, project: &str, shown: &str) -> Option<Webhook> {
        let project = self.routing().project(project).cloned()?;
        let connections = project.definition.connections.iter();
        let named = connections.flat_map(|connection| &connection.notify);
        let named = named.chain(&project.definition.settings.notify);
        let named = named.filter_map(Recipient::webhook);
        let named = named.filter(|webhook| mask_webhook(&webhook.url) == shown);
        named.max_by_key(|webhook| webhook.signing_secret.is_some()).cloned()
    }

    /// The link by which a recipient ends a subscription; `None` where the hub does not know how
    /// the world reaches it.
    async fn unsubscribe_link(
        &self,
        subscription: &Subscription,
    ) -> Result<Option<String>, StoreError> {
        let Some(base) = &self.settings().public_url else { return Ok(None) };
        let key = self.unsubscribe_key().await?;
        Ok(subscription.token(&key).map(|token| format!("{base}/unsubscribe/{token}")))
    }

    async fn unsubscribe_key(&self) -> Result<Secret, StoreError> {
        self.store().secret_fact_or_make(UNSUBSCRIBE_KEY, new_secret).await
    }

    /// The subscription that a link to unsubscribe is about; `None` where the link is none of this
    /// installation's.
    pub async fn subscription(&self, token: &str) -> Result<Option<Subscription>, StoreError> {
        Ok(Subscription::read(token, &self.unsubscribe_key().await?))
    }

    /// Ends a subscription, or lets it begin again.
    pub async fn set_subscribed(
        &self,
        subscription: &Subscription,
        subscribed: bool,
    ) -> Result<(), StoreError> {
        let Subscription { project, topic, address } = subscription;
        let topic = topic.to_string();
        self.store().set_unsubscribed(project, &topic, address, !subscribed).await?;
        tracing::info!(project, topic, subscribed, "somebody changed what mails he gets");
        Ok(())
    }

    /// Whether somebody has ended a subscription.
    pub async fn has_unsubscribed(&self, subscription: &Subscription) -> Result<bool, StoreError> {
        let tired = self.tired(&subscription.project, &subscription.topic).await?;
        Ok(tired.contains(&subscription.address))
    }

    /// Who of a project's recipients is not reached: what the warnings of its connections are
    /// written from, asked of the store once for all of them.
    pub async fn unreached(&self, project: &str) -> Result<Unreached, StoreError> {
        Ok(Unreached {
            unsubscribed: self.store().unsubscribed(project).await?,
            refused: self.store().refused_addresses(project).await?,
            has_relay: self.settings().mailer.is_some(),
        })
    }

    /// Who has had enough of mails about a topic.
    async fn tired(&self, project: &str, topic: &Topic) -> Result<Vec<String>, StoreError> {
        let (all, topic) = (self.store().unsubscribed(project).await?, topic.to_string());
        Ok(all.into_iter().filter(|(about, _)| *about == topic).map(|(_, who)| who).collect())
    }
}

/// Who of a project's recipients is not reached.
#[derive(Clone, Debug)]
pub struct Unreached {
    /// Who has ended mails, and about what: topic and address.
    unsubscribed: Vec<(String, String)>,
    refused: Vec<RefusedAddress>,
    has_relay: bool,
}

impl Unreached {
    /// Who is named to be told of trouble with a connection, and has unsubscribed.
    pub fn unsubscribed_from(&self, connection: &Connection) -> Vec<String> {
        let topic = Topic::Connection(connection.name.clone()).to_string();
        let is_tired = |address: &&str| {
            self.unsubscribed.iter().any(|(about, who)| *about == topic && who == address)
        };
        let addresses = connection.notify.iter().filter_map(Recipient::mail_address);
        addresses.filter(is_tired).map(str::to_owned).collect()
    }

    /// What is likely to be regretted about who is told of trouble with a connection: nobody wants
    /// to be any more, somebody is not reached, or nobody can be. That it names nobody is warned of
    /// with its definition.
    pub fn warnings(&self, connection: &Connection) -> Vec<Problem> {
        let Connection { name, notify, .. } = connection;
        if notify.is_empty() {
            return Vec::new();
        }
        let warning = |code, message, hint: &str| Problem {
            path: format!("connections.{name}.notify"),
            code,
            message,
            hint: Some(hint.to_owned()),
        };
        let mut warnings = Vec::new();
        if self.unsubscribed_from(connection).len() == notify.len() {
            warnings.push(warning(
                "all-unsubscribed",
                format!("everybody who was told when `{name}` is in trouble has unsubscribed"),
                "name somebody else, or ask them to open their link once more",
            ));
        }
        let addresses = || notify.iter().filter_map(Recipient::mail_address);
        for refused in &self.refused {
            if addresses().any(|address| address == refused.address) {
                warnings.push(warning(
                    "notify-refused",
                    format!(
                        "`{}` gets no mail: the last one was given up: {}",
                        refused.address, refused.error
                    ),
                    "name an address that takes mail",
                ));
            }
        }
        if !self.has_relay && addresses().next().is_some() {
            warnings.push(warning(
                "no-mail-relay",
                format!("nobody gets a mail when `{name}` is in trouble: {NO_RELAY}"),
                "give the hub a relay with --smtp-url and --smtp-from",
            ));
        }
        warnings
    }
}
