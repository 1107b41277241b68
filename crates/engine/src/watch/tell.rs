//! From what is to be told to the notices that are kept: one for each recipient who wants it.

use fieldpost_model::connection::Connection;
use fieldpost_model::hexadecimal;
use fieldpost_model::incident::{NoticeChannel, NoticeKind};
use fieldpost_model::secret::Secret;
use fieldpost_rules::definition::Problem;
use fieldpost_rules::redact::mask_url;
use fieldpost_store::{NewNotice, StoreError};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::{new_id, new_secret};
use crate::routing::ProjectRouting;
use crate::watch::topic::{Subscription, Topic};
use crate::watch::words::Telling;

/// The fact that holds the key of the links to unsubscribe.
const UNSUBSCRIBE_KEY: &str = "unsubscribe-key";
/// Digits that tell webhooks apart whose secrets are not shown.
const MARK_DIGITS: usize = 4;
/// Why a mail is not sent where there is nobody to send it.
const NO_RELAY: &str = "no mail relay is set (--smtp-url)";

/// Whether a recipient gets mail; what else can be told is a URL.
fn is_mail_address(recipient: &str) -> bool {
    !recipient.contains("://")
}

/// A webhook as a notice names it: what is secret in it stays in the definition, where it is sealed.
/// Two that differ in nothing else must not be taken for each other, which four digits of a digest
/// see to; they give nothing away.
fn shown_webhook(url: &str) -> String {
    let masked = mask_url(url);
    if masked == url {
        return masked;
    }
    let digits = hexadecimal::encode(&Sha256::digest(url));
    let mark: String = digits.chars().take(MARK_DIGITS).collect();
    format!("{masked}#{mark}")
}

impl Topic {
    /// Who is told, as the project has it.
    pub(super) fn recipients(&self, project: &ProjectRouting) -> Vec<String> {
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
                definition.settings.reports.iter().flat_map(|report| report.to.clone()).collect()
            }
        };
        recipients.sort_unstable();
        recipients.dedup();
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
        recipients: Vec<String>,
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
        for recipient in recipients.into_iter().filter(|address| !tired.contains(address)) {
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
                recipient,
            };
            if is_mail_address(&notice.recipient) {
                let subscription = Subscription {
                    project: project.project.to_string(),
                    topic: topic.clone(),
                    address: notice.recipient.clone(),
                };
                letter.unsubscribe = self.unsubscribe_link(&subscription).await?;
                notice.channel = NoticeChannel::Mail;
                notice.text = letter.text();
                notice.html = Some(letter.html());
                notice.unsubscribe = letter.unsubscribe.clone();
                notice.impossible = self.settings().mailer.is_none().then(|| NO_RELAY.to_owned());
            }
            if notice.channel == NoticeChannel::Webhook {
                notice.recipient = shown_webhook(&notice.recipient);
            }
            notices.push(notice);
        }
        Ok(notices)
    }

    /// The whole URL of a webhook that a notice names without its credentials; `None` where nobody
    /// names it any more.
    pub(super) fn webhook_url(&self, project: &str, shown: &str) -> Option<String> {
        let project = self.routing().project(project).cloned()?;
        let connections = project.definition.connections.iter();
        let named = connections.flat_map(|connection| &connection.notify);
        let mut named = named.chain(&project.definition.settings.notify);
        named.find(|address| !is_mail_address(address) && shown_webhook(address) == shown).cloned()
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

    /// Who is named to be told of trouble with a connection, and has unsubscribed.
    pub async fn unsubscribed(
        &self,
        project: &str,
        connection: &Connection,
    ) -> Result<Vec<String>, StoreError> {
        let topic = Topic::Connection(connection.name.clone());
        let tired = self.tired(project, &topic).await?;
        Ok(connection.notify.iter().filter(|address| tired.contains(address)).cloned().collect())
    }

    /// Who has had enough of mails about a topic.
    async fn tired(&self, project: &str, topic: &Topic) -> Result<Vec<String>, StoreError> {
        let (all, topic) = (self.store().unsubscribed(project).await?, topic.to_string());
        Ok(all.into_iter().filter(|(about, _)| *about == topic).map(|(_, who)| who).collect())
    }

    /// What is likely to be regretted about who is told of trouble with a connection: nobody wants
    /// to be any more, somebody is not reached, or nobody can be. That it names nobody is warned of with its definition.
    pub async fn notify_warnings(
        &self,
        project: &str,
        connection: &Connection,
    ) -> Result<Vec<Problem>, StoreError> {
        let Connection { name, notify, .. } = connection;
        if notify.is_empty() {
            return Ok(Vec::new());
        }
        let warning = |code, message, hint: &str| Problem {
            path: format!("connections.{name}.notify"),
            code,
            message,
            hint: Some(hint.to_owned()),
        };
        let mut warnings = Vec::new();
        if self.unsubscribed(project, connection).await?.len() == notify.len() {
            warnings.push(warning(
                "all-unsubscribed",
                format!("everybody who was told when `{name}` is in trouble has unsubscribed"),
                "name somebody else, or ask them to open their link once more",
            ));
        }
        for refused in self.store().refused_addresses(project).await? {
            if notify.contains(&refused.address) {
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
        if self.settings().mailer.is_none() && notify.iter().any(|it| is_mail_address(it)) {
            warnings.push(warning(
                "no-mail-relay",
                format!("nobody gets a mail when `{name}` is in trouble: {NO_RELAY}"),
                "give the hub a relay with --smtp-url and --smtp-from",
            ));
        }
        Ok(warnings)
    }
}
