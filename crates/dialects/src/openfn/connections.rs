//! Credentials, made into connections.
//!
//! A project file names credentials, and those of old hold their values as well. A connection is made
//! of each that a job uses: with the address and the user that the adaptor's kind of credential has,
//! each as a `${VARIABLE}`. Values are not taken over, but for an address, which is no secret.

use fieldpost_model::json::Value;

use super::names::{Names, variable};
use super::{Note, Variable};

/// The fields of a credential that hold the address of the service.
const URL_FIELDS: [&str; 5] = ["hostUrl", "baseUrl", "apiUrl", "instanceUrl", "url"];

/// Those that hold the name of the user.
const USER_FIELDS: [&str; 3] = ["username", "user", "email"];

/// The field that holds the password.
const PASSWORD: &str = "password";

/// The field that holds a token which is sent as such.
const TOKEN: &str = "access_token";

/// What the credential of an adaptor is like.
enum Shape {
    /// An address, a user with a password, and further fields.
    Service(&'static [&'static str]),
    /// A database.
    Database,
    /// Whatever its package wants.
    Own,
}

impl Shape {
    fn of(adaptor: &str) -> Self {
        let name = adaptor.split_once('@').map_or(adaptor, |(name, _)| name);
        match name {
            "http" | "dhis2" | "kobotoolbox" | "odk" | "godata" | "openmrs" | "fhir" => {
                Self::Service(&[])
            }
            "commcare" => Self::Service(&["domain", "appId"]),
            "postgresql" => Self::Database,
            _ => Self::Own,
        }
    }
}

/// A credential of the file.
struct Credential {
    /// The name of its connection, once a job uses it.
    name: Option<String>,
    /// What people call it.
    label: String,
    /// What the file calls it, in each of the ways in which it does.
    keys: Vec<String>,
    /// Its fields, where the file has them.
    fields: Vec<(String, Value<'static>)>,
    /// The adaptor of the first job that uses it.
    adaptor: String,
}

/// The credentials of a project.
#[derive(Default)]
pub(super) struct Connections {
    names: Names,
    all: Vec<Credential>,
}

/// What credentials became.
#[derive(Default)]
pub(super) struct Made {
    pub(super) connections: Vec<(String, Value<'static>)>,
    pub(super) variables: Vec<Variable>,
    pub(super) notes: Vec<Note>,
}

impl Connections {
    /// Takes note of a credential that the file lists.
    pub(super) fn declare(&mut self, label: &str, keys: Vec<String>, fields: Option<&Value<'_>>) {
        let fields = fields.and_then(Value::as_object).unwrap_or_default();
        let fields = fields
            .iter()
            .map(|(key, value)| (key.to_string(), value.clone().into_owned()))
            .collect();
        let label = label.to_owned();
        self.all.push(Credential { name: None, label, keys, fields, adaptor: String::new() });
    }

    /// The connection of a credential that a job uses. One that the file does not list is made from its
    /// name alone.
    pub(super) fn used(&mut self, key: &str, adaptor: &str) -> String {
        let found =
            self.all.iter().position(|credential| credential.keys.iter().any(|known| known == key));
        let index = found.unwrap_or_else(|| {
            // `owner|Name` is how newer files name a credential.
            let label = key.rsplit_once('|').map_or(key, |(_, name)| name).to_owned();
            self.declare(&label, vec![key.to_owned()], None);
            self.all.len().saturating_sub(1)
        });
        let Some(credential) = self.all.get_mut(index) else { return String::new() };
        if let Some(name) = &credential.name {
            return name.clone();
        }
        let name = self.names.name(&credential.label, "connection");
        credential.name = Some(name.clone());
        adaptor.clone_into(&mut credential.adaptor);
        name
    }

    /// The connection of a credential that stands within a job.
    pub(super) fn inline(&mut self, label: &str, fields: &Value<'_>, adaptor: &str) -> String {
        // Nothing else is called by a key with a control character in it.
        let key = format!("\u{1}{label}");
        self.declare(label, vec![key.clone()], Some(fields));
        self.used(&key, adaptor)
    }

    /// Makes the connections.
    pub(super) fn make(self) -> Made {
        let mut made = Made::default();
        for credential in self.all {
            match &credential.name {
                Some(name) => made.add(name, &credential),
                None => made.notes.push(Note {
                    place: format!("credentials.{}", credential.label),
                    message: "no job uses it: left out".to_owned(),
                }),
            }
        }
        made
    }
}

impl Made {
    fn add(&mut self, name: &str, credential: &Credential) {
        let mut members = Vec::new();
        let mut rest: Vec<&str> = credential.fields.iter().map(|(key, _)| key.as_str()).collect();
        let mut take = |names: &[&str]| {
            let there = rest.iter().any(|key| names.contains(key));
            rest.retain(|key| !names.contains(key));
            there
        };
        match Shape::of(&credential.adaptor) {
            Shape::Database => {
                take(&["host", "port", "database"]);
                let host =
                    self.variable(name, "HOST", "the host, with its port if that is not 5432");
                let database = self.variable(name, "DATABASE", "the name of the database");
                members.push(("url", Value::from(format!("postgres://{host}/{database}"))));
            }
            Shape::Service(_) | Shape::Own => {
                take(&URL_FIELDS);
                let url = credential.url().map(Value::from);
                let url = url.unwrap_or_else(|| {
                    self.variable(name, "URL", "the address of the service").into()
                });
                members.push(("url", url));
            }
        }
        let (has_user, has_password) = (take(&USER_FIELDS), take(&[PASSWORD]));
        let has_token = take(&[TOKEN]);
        let is_own = matches!(Shape::of(&credential.adaptor), Shape::Own);
        if has_token && !has_password {
            let token = self.variable(name, "TOKEN", "the token");
            members.push(("auth", Value::object([("bearer", token)])));
        } else if !is_own || has_user || has_password {
            let user = Value::object([
                ("username", self.variable(name, "USERNAME", "the user")),
                ("password", self.variable(name, "PASSWORD", "the password")),
            ]);
            members.push(("auth", Value::object([("basic", user)])));
        }
        if let Shape::Service(further) = Shape::of(&credential.adaptor) {
            let missing = further.iter().filter(|field| !rest.contains(field)).collect::<Vec<_>>();
            rest.extend(missing);
        }
        if !rest.is_empty() {
            let fields: Vec<(String, Value<'static>)> =
                rest.iter().map(|field| self.field(name, field)).collect();
            members.push(("credential", Value::object(fields)));
        }
        if is_own && credential.fields.is_empty() {
            self.notes.push(Note {
                place: format!("credentials.{}", credential.label),
                message: format!(
                    "what the credential of the adaptor `{}` holds is not known here: write its \
                     fields as `credential` of the connection `{name}`",
                    credential.adaptor
                ),
            });
        }
        self.connections.push((name.to_owned(), Value::object(members)));
    }

    /// A field of a credential that only its adaptor knows.
    fn field(&mut self, connection: &str, field: &str) -> (String, Value<'static>) {
        let mut ending = String::new();
        for character in field.chars() {
            if character.is_ascii_uppercase() && !ending.is_empty() && !ending.ends_with('_') {
                ending.push('_');
            }
            let fits = character.is_ascii_alphanumeric();
            ending.push(if fits { character.to_ascii_uppercase() } else { '_' });
        }
        let text = self.variable(connection, &ending, &format!("the field `{field}`"));
        (field.to_owned(), Value::from(text))
    }

    /// Makes a variable, and gives the text that stands for its value. No two values have one variable:
    /// the connections `a-b` and `a_b` would else show each other's passwords to their servers.
    fn variable(&mut self, connection: &str, ending: &str, what: &str) -> String {
        let wanted = format!("{}_{ending}", variable(connection));
        let mut name = wanted.clone();
        let mut count = 1_usize;
        while self.variables.iter().any(|variable| variable.name == name) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        let meaning = format!("{what} of the connection {connection}");
        let text = format!("${{{name}}}");
        self.variables.push(Variable { name, meaning });
        text
    }
}

impl Credential {
    /// The address, where the file has it: it is no secret.
    fn url(&self) -> Option<String> {
        let (_, url) = self.fields.iter().find(|(key, value)| {
            let begins = |url: &str| url.starts_with("https://") || url.starts_with("http://");
            URL_FIELDS.contains(&key.as_str()) && value.as_str().is_some_and(begins)
        })?;
        // A user within an address would be one.
        url.as_str().filter(|url| !url.contains(['@', '?', '*', '$'])).map(str::to_owned)
    }
}
