//! Trying a connection, saved or only written down, step by step.
//!
//! The request goes the way of a delivery: the same guard, the same certificates, the same proof,
//! and, with a message as its sample, the body and the headers that the forwarder would give it.
//! Nothing is stored, neither the definition that was tried nor what came of it; but where the
//! connection as it is saved works, and nothing waits for it, its trouble is over.
//!
//! Whoever may test a connection must not be able to have a stored secret sent to himself. So a
//! definition that is tried keeps stored secrets by the rules by which a saved one does, and a
//! forwarder sends only to its own connection here as well.

use bytes::Bytes;
use fieldpost_model::connection::Connection;
use fieldpost_model::forwarder::{Forwarder, Method};
use fieldpost_outbound::{ProbeCall, ProbeMethod, Step};
use fieldpost_rules::definition::{
    ProjectDefinition, is_database, keep_connection_secrets, secrets_led_elsewhere,
};
use fieldpost_store::Payload;
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::payload;

/// The header that tells a destination that nothing is meant by what it was sent.
const TEST_HEADER: &str = "fieldpost-test";

/// How a connection is to be tried.
#[derive(Clone, Debug, Default)]
pub struct ConnectionTest {
    /// The connection as somebody has written it and not saved it; none tries the stored one.
    pub definition: Option<Connection>,
    /// The method; none takes that of the forwarder, POST for another sample, and GET without one.
    pub method: Option<ProbeMethod>,
    /// What is sent.
    pub sample: Option<Sample>,
}

/// A payload to try a connection with.
#[derive(Clone, Debug)]
pub enum Sample {
    /// What a forwarder would send of a kept message.
    Message {
        /// The message.
        message: Uuid,
        /// The forwarder's name; it must be one that sends to this connection.
        forwarder: String,
    },
    /// Any bytes.
    Body {
        /// The bytes.
        bytes: Bytes,
        /// What they are.
        content_type: String,
    },
}

/// What came of trying a connection.
#[derive(Clone, Debug)]
pub struct TestedConnection {
    /// Where to, as it was written.
    pub url: String,
    /// The method.
    pub method: ProbeMethod,
    /// Whether something was sent that a delivery could have sent.
    pub with_sample: bool,
    /// The steps, up to the first that failed.
    pub steps: Vec<Step>,
}

impl TestedConnection {
    /// Whether every step went well.
    pub fn is_well(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
    }

    /// What it comes to, in a sentence.
    pub fn verdict(&self) -> String {
        match self.steps.iter().find(|step| !step.ok) {
            Some(failed) => format!("It does not work: the step `{}` failed.", failed.name),
            None if self.with_sample => "It works: the destination took the sample.".to_owned(),
            None if is_database(&self.url) => {
                "It works: the database lets the hub in; the first delivery makes its tables."
                    .to_owned()
            }
            None => format!(
                "It works as far as {} shows; a sample payload would show whether deliveries are \
                 taken.",
                self.method
            ),
        }
    }

    /// The same as a stable word.
    pub fn verdict_code(&self) -> &'static str {
        match self.steps.iter().all(|step| step.ok) {
            false => "failed",
            true if self.with_sample => "took-sample",
            true => "reached",
        }
    }
}

impl Hub {
    /// Tries a connection of a project, or one that may become one.
    pub async fn test_connection(
        &self,
        project: &str,
        name: &str,
        test: ConnectionTest,
    ) -> Result<TestedConnection, HubError> {
        let (_, current) = self.definition(project).await?;
        let ConnectionTest { definition, method, sample } = test;
        let with_sample = sample.is_some();
        let is_saved = definition.is_none();
        let connection = connection_to_try(&current, name, definition)?;
        if with_sample && is_database(&connection.url) {
            return Err(HubError::NotAllowed {
                code: "unusable-sample",
                message: "no sample is written to a database".to_owned(),
                hint: "try it without one: that shows whether the hub may come in and make tables"
                    .to_owned(),
            });
        }
        let mut call = self.sample_call(project, &current, &connection, sample).await?;
        call.method = method.unwrap_or(call.method);
        call.headers.push((TEST_HEADER.to_owned(), "true".to_owned()));
        let method = call.method;
        let steps = self.outbound().probe(&project.into(), &connection, call).await;
        let tested = TestedConnection { url: connection.url, method, with_sample, steps };
        if is_saved && tested.is_well() {
            self.seen_working(project, name).await?;
        }
        Ok(tested)
    }

    /// What is to be sent, with the method that goes with it.
    async fn sample_call(
        &self,
        project: &str,
        current: &ProjectDefinition,
        connection: &Connection,
        sample: Option<Sample>,
    ) -> Result<ProbeCall, HubError> {
        let empty = ProbeCall {
            method: ProbeMethod::Get,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            content_type: None,
            now: self.now(),
        };
        match sample {
            None => Ok(empty),
            Some(Sample::Body { bytes, content_type }) => Ok(ProbeCall {
                method: ProbeMethod::Post,
                body: bytes,
                content_type: Some(content_type),
                ..empty
            }),
            Some(Sample::Message { message, forwarder }) => {
                let forwarder = forwarder_to(current, connection, &forwarder)?;
                let body = self.body_of(project, message, forwarder).await?;
                Ok(ProbeCall {
                    method: method_of(forwarder.method),
                    query: forwarder.query.clone(),
                    headers: forwarder.headers.clone(),
                    body: body.bytes,
                    content_type: body.content_type,
                    ..empty
                })
            }
        }
    }

    /// What the forwarder would send of a message.
    async fn body_of(
        &self,
        project: &str,
        message: Uuid,
        forwarder: &Forwarder,
    ) -> Result<payload::Body, HubError> {
        let (message, _, bytes) = self.whole_message(project, message).await?;
        let routing = self.project(project).await?;
        let content = Payload {
            source: message.source,
            content_type: message.content_type,
            bytes: message.bytes,
            body: Some(bytes),
        };
        let key = self.withholding_key(&routing.project, forwarder).await?;
        let (format, withheld) = (forwarder.format, forwarder.withhold.clone());
        let build = move || {
            let withholding = payload::Withholding { withheld: &withheld, key };
            payload::body(format, &content, &routing, withholding)
        };
        let built = self.aside(build).await?;
        built.map_err(|reason| HubError::NotAllowed {
            code: "unusable-sample",
            message: format!("the forwarder cannot build a payload of this message: {reason}"),
            hint: "try it with another message".to_owned(),
        })
    }
}

/// The stored connection, or the written one with the stored secrets that it may have.
fn connection_to_try(
    current: &ProjectDefinition,
    name: &str,
    written: Option<Connection>,
) -> Result<Connection, HubError> {
    let stored = current.connections.iter().find(|stored| stored.name == name);
    let Some(mut written) = written else {
        return stored.cloned().ok_or_else(|| HubError::not_found("connection", &name));
    };
    let problems = keep_connection_secrets(&mut written, stored);
    if problems.is_empty() { Ok(written) } else { Err(HubError::Invalid(problems)) }
}

/// The forwarder of that name, where what it sends may go to the connection that is tried.
fn forwarder_to<'f>(
    current: &'f ProjectDefinition,
    connection: &Connection,
    name: &str,
) -> Result<&'f Forwarder, HubError> {
    let found = current.forwarders.iter().find(|forwarder| forwarder.name == name);
    let forwarder = found.ok_or_else(|| HubError::not_found("forwarder", &name))?;
    if forwarder.to != connection.name {
        return Err(HubError::NotAllowed {
            code: "unusable-sample",
            message: format!(
                "the forwarder \"{name}\" sends to \"{}\", not to \"{}\"",
                forwarder.to, connection.name
            ),
            hint: "name a forwarder that sends to this connection".to_owned(),
        });
    }
    let tried = std::slice::from_ref(connection);
    let problems = secrets_led_elsewhere(tried, &current.connections, [forwarder]);
    if problems.is_empty() { Ok(forwarder) } else { Err(HubError::Invalid(problems)) }
}

fn method_of(method: Method) -> ProbeMethod {
    match method {
        Method::Post => ProbeMethod::Post,
        Method::Put => ProbeMethod::Put,
        Method::Patch => ProbeMethod::Patch,
        // A test deletes nothing.
        Method::Delete => ProbeMethod::Options,
    }
}
