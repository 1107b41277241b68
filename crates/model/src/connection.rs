//! A connection: a remote API, how to prove oneself to it, and how hard it may be used.

use std::fmt;
use std::time::Duration;

use crate::duration;
use crate::names;
use crate::recipient::Recipient;
use crate::secret::Secret;

/// How the hub proves itself to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all.
    None,
    /// HTTP Basic.
    Basic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// `Authorization: Bearer <token>`.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// A key in a header of the destination's choosing.
    ApiKey {
        /// The header's name.
        header: String,
        /// The key.
        key: Secret,
    },
    /// Any headers, all secret.
    Headers(Vec<(String, Secret)>),
    /// HTTP Digest (RFC 7616): the destination asks, the hub answers without sending the password.
    Digest {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// A token from an OAuth 2.0 token endpoint.
    Oauth2(Oauth2),
    /// A token from any other endpoint that takes credentials.
    Login(Login),
    /// A signature over the query, as w.c.s. asks for it.
    SignedUrl(SignedUrl),
}

/// What an OAuth 2.0 token is asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oauth2 {
    /// On whose behalf.
    pub grant: Oauth2Grant,
    /// The token endpoint.
    pub token_url: String,
    /// The client's id; the password grant can do without.
    pub client_id: Option<String>,
    /// The client's secret.
    pub client_secret: Option<Secret>,
    /// Where the client's id and secret are sent.
    pub credentials_in: CredentialsPlace,
    /// The scopes asked for, in order; none asks for what the endpoint gives by itself.
    pub scopes: Vec<String>,
}

/// On whose behalf an OAuth 2.0 token is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oauth2Grant {
    /// The client's own (RFC 6749 §4.4).
    ClientCredentials,
    /// A user's, whose password the hub holds (RFC 6749 §4.3).
    Password {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
}

names! {
    /// Where a token request carries the client's id and secret.
    pub enum CredentialsPlace {
        /// As HTTP Basic.
        Header = "header",
        /// As fields of the form.
        Body = "body",
    }
}

/// How a token is got from a login endpoint that is not OAuth 2.0, and how it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The endpoint.
    pub url: String,
    /// How the fields are written.
    pub body: LoginBody,
    /// What is posted, by name; all of it is secret.
    pub fields: Vec<(String, Secret)>,
    /// Where the token stands in the answer, as a JSON path such as `$.access_token`; the first
    /// that leads to a text is taken.
    pub token_at: Vec<String>,
    /// Where the answer says how many seconds the token lives, as a JSON path.
    pub lifetime_at: Option<String>,
    /// How long a token is used where the answer does not say.
    pub lifetime: Duration,
    /// How the token is shown to the destination.
    pub send_as: TokenPlace,
}

names! {
    /// How the fields of a login are written.
    pub enum LoginBody {
        /// A JSON object.
        Json = "json",
        /// `application/x-www-form-urlencoded`.
        Form = "form",
    }
}

/// How a token is shown to the destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// In a header, behind a word such as `Bearer `, which may be empty.
    Header {
        /// The header's name.
        name: String,
        /// What stands before the token, its space included.
        prefix: String,
    },
    /// In a query parameter of this name.
    Query(String),
}

/// The key that signs queries, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedUrl {
    /// Who signs: the parameter `orig`.
    pub origin: String,
    /// The key.
    pub key: Secret,
    /// The digest: the parameter `algo`.
    pub algorithm: SigningAlgorithm,
    /// The user for whom the call is made, as the parameter `email` or `NameID`.
    pub on_behalf_of: Option<OnBehalfOf>,
}

names! {
    /// The digests that a signed URL can be made with.
    pub enum SigningAlgorithm {
        /// SHA-1, for old installations.
        Sha1 = "sha1",
        /// SHA-256.
        Sha256 = "sha256",
        /// SHA-512.
        Sha512 = "sha512",
    }
}

/// The user for whom a signed call is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnBehalfOf {
    /// The user with that mail address.
    Email(String),
    /// The user with that name identifier.
    NameId(String),
}

/// How often a destination may be called, spread evenly over the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls.
    pub calls: u32,
    /// Within this time.
    pub per: Duration,
}

impl fmt::Display for Rate {
    /// As the project file has it: `50/s`, `50/10s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = duration::format(self.per);
        let unit =
            per.strip_prefix('1').filter(|unit| !unit.starts_with(|it: char| it.is_ascii_digit()));
        write!(formatter, "{}/{}", self.calls, unit.unwrap_or(&per))
    }
}

/// How a connection's TLS differs from what this machine trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificate authorities trusted beside this machine's, as PEM text.
    pub authorities: Option<String>,
    /// The client certificate and its chain, as PEM text.
    pub client_certificate: Option<String>,
    /// The client certificate's key, as PEM text.
    pub client_key: Option<Secret>,
    /// What opens that key where it is itself encrypted.
    pub client_key_passphrase: Option<Secret>,
    /// Whether any certificate is taken. Whoever is on the way can then read and change everything.
    pub skip_verification: bool,
}

/// When a destination counts as being in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPolicy {
    /// Failed attempts within the window that open an incident, whatever else succeeded.
    pub failures: u32,
    /// The share of failed attempts within the window, in percent, that must be reached as well.
    pub share_percent: u32,
    /// How far back attempts count.
    pub window: Duration,
    /// The pause between reminders while it lasts.
    pub remind_every: Duration,
}

impl Default for IncidentPolicy {
    fn default() -> Self {
        Self {
            failures: 5,
            share_percent: 50,
            window: Duration::from_mins(10),
            remind_every: Duration::from_hours(24),
        }
    }
}

/// A connection as a project defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The name within the project; also the name of its lane.
    pub name: String,
    /// Where payloads are sent to, as written by the person.
    pub url: String,
    /// How the hub proves itself.
    pub authentication: Authentication,
    /// Who is told when the destination is in trouble.
    pub notify: Vec<Recipient>,
    /// The longest that one attempt may take, from dialling to the last byte of the answer.
    pub timeout: Duration,
    /// How many attempts may be under way at once.
    pub concurrency: u32,
    /// The Standard Webhooks secret (`whsec_<base64>`); with one, everything sent is signed.
    pub signing_secret: Option<Secret>,
    /// Signs as well, while receivers change from this secret to the new one.
    pub previous_signing_secret: Option<Secret>,
    /// How often it may be called; each hub counts for itself.
    pub rate: Option<Rate>,
    /// How its TLS differs from what this machine trusts.
    pub tls: Tls,
    /// A paused connection is not called; what is for it waits in its lane.
    pub paused: bool,
    /// When it counts as being in trouble.
    pub incident: IncidentPolicy,
    /// What a job is told of the remote API beyond this: further members of `state.configuration`, by
    /// name, each as the JSON text of its value. They are sent to nobody but the job.
    pub credential: Vec<(String, Secret)>,
}

/// `timeout` where a connection names none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// `concurrency` where a connection names none.
pub const DEFAULT_CONCURRENCY: u32 = 8;
