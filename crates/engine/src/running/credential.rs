//! The credential of a step: what becomes its `state.configuration`, of the connection that it names.

use fieldpost_model::connection::Authentication;
use fieldpost_model::secret::Secret;
use fieldpost_model::workflow::Step;
use fieldpost_outbound::Prepared;
use fieldpost_script::host::credential::configuration;
use fieldpost_script::protocol::{Severity, StepError};
use serde_json::value::RawValue;

use crate::hub::Hub;
use crate::routing::{Lane, ProjectRouting};

/// The token of every connection that logs in, where nothing is sent.
const REHEARSED_TOKEN: &str = "token-of-the-rehearsal";

/// The credential of a step's connection, in the field names of its adaptor; none where it has no connection.
/// Where the connection logs in for a token, the one that all hubs share is part of it.
pub(super) async fn of_step(
    hub: &Hub,
    routing: &ProjectRouting,
    step: &Step,
) -> Result<Option<Box<RawValue>>, StepError> {
    let Some(name) = &step.connection else { return Ok(None) };
    let Some(lane) = routing.connections.get(name) else {
        return Err(fault(format!("The connection {name:?} is not there")));
    };
    let Lane { connection, prepared } = lane;
    let token = match prepared {
        _ if hub.settings().jobs.rehearsal.is_some() => {
            token_of_rehearsal(&connection.authentication)
        }
        Ok(prepared) => hub
            .outbound()
            .token(prepared, hub.now())
            .await
            .map_err(|error| fault(format!("{name}: {}", error.message)))?,
        // Not every job needs the address that cannot be called; one that does is told why.
        Err(_) => None,
    };
    Ok(configuration(&step.adaptors, connection, token.as_ref()))
}

/// The connection of a step, made ready: its TLS options and its proof are used for its origin.
pub(super) fn connection_of(routing: &ProjectRouting, step: Option<&Step>) -> Option<Prepared> {
    let lane = routing.connections.get(step?.connection.as_ref()?)?;
    lane.prepared.as_ref().ok().cloned()
}

/// What stands for the token of a connection that logs in, where nobody is asked for one.
fn token_of_rehearsal(authentication: &Authentication) -> Option<Secret> {
    let logs_in = matches!(authentication, Authentication::Oauth2(_) | Authentication::Login(_));
    logs_in.then(|| Secret::new(REHEARSED_TOKEN))
}

/// As OpenFn names a credential that cannot be had: the step may do better on its next try.
fn fault(message: String) -> StepError {
    StepError::new("CredentialLoadError", Severity::Exception, message)
}
