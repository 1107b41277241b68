//! A letter that a job writes: to several people, with files.
//!
//! The hub writes it under its own name; a job chooses who gets it, what it says, and whom answers go to.

use fieldpost_model::time::Timestamp;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Mailboxes, MultiPart, SinglePart};
use uuid::Uuid;

use super::{MailError, Mailer, date, header, one_line};

/// A letter.
#[derive(Clone, Debug)]
pub struct Letter<'l> {
    /// What it is known by.
    pub id: Uuid,
    /// Who gets it: addresses, or `Name <address>`.
    pub to: Vec<&'l str>,
    /// Who gets a copy.
    pub copies: Vec<&'l str>,
    /// Who gets a copy that nobody else is told of.
    pub blind_copies: Vec<&'l str>,
    /// Whom answers go to; `None`: the hub's sender.
    pub reply_to: Option<&'l str>,
    /// The subject.
    pub subject: &'l str,
    /// The text.
    pub text: &'l str,
    /// The same as HTML.
    pub html: Option<&'l str>,
    /// What is enclosed.
    pub files: Vec<Enclosure<'l>>,
    /// When it was written.
    pub date: Timestamp,
}

/// A file of a letter.
#[derive(Clone, Debug)]
pub struct Enclosure<'l> {
    /// Its name.
    pub name: &'l str,
    /// Its media type.
    pub content_type: &'l str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Mailer {
    /// Hands a letter to the relay. It ends within [`MAIL_TIMEOUT`](super::MAIL_TIMEOUT), whatever the relay does.
    pub async fn post(&self, letter: Letter<'_>) -> Result<(), MailError> {
        self.hand_over(self.write_letter(letter)?).await
    }

    fn write_letter(&self, letter: Letter<'_>) -> Result<Message, MailError> {
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(one_line(letter.subject))
            .date(date(letter.date))
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            .raw_header(header("Auto-Submitted", "auto-generated"));
        message = message.mailbox(lettre::message::header::To::from(mailboxes(&letter.to)?));
        if !letter.copies.is_empty() {
            message =
                message.mailbox(lettre::message::header::Cc::from(mailboxes(&letter.copies)?));
        }
        if !letter.blind_copies.is_empty() {
            let blind = mailboxes(&letter.blind_copies)?;
            message = message.mailbox(lettre::message::header::Bcc::from(blind));
        }
        if let Some(address) = letter.reply_to {
            message = message.reply_to(mailbox(address)?);
        }
        let text = letter.text.to_owned();
        let words = match letter.html {
            Some(html) => MultiPart::alternative_plain_html(text, html.to_owned()),
            None => MultiPart::alternative().singlepart(SinglePart::plain(text)),
        };
        if letter.files.is_empty() {
            return message.multipart(words).map_err(|error| unwritable(&error.to_string()));
        }
        let mut whole = MultiPart::mixed().multipart(words);
        for file in letter.files {
            let kind = ContentType::parse(file.content_type)
                .map_err(|_| unwritable(&format!("{:?} is no media type", file.content_type)))?;
            let name = one_line(file.name);
            whole = whole.singlepart(Attachment::new(name).body(file.bytes, kind));
        }
        message.multipart(whole).map_err(|error| unwritable(&error.to_string()))
    }
}

fn unwritable(what: &str) -> MailError {
    MailError { message: format!("the mail cannot be written: {what}"), is_final: true }
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    let shown: String = text.chars().take(100).collect();
    text.parse().map_err(|_| unwritable(&format!("{shown:?} is no mail address")))
}

fn mailboxes(addresses: &[&str]) -> Result<Mailboxes, MailError> {
    addresses.iter().map(|address| mailbox(address)).collect()
}
