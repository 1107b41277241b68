//! The credential of a step: what becomes its `state.configuration`, of the connection that it names.

use fieldpost_model::workflow::Step;
use fieldpost_outbound::Prepared;
use fieldpost_script::host::credential::configuration;
use fieldpost_script::protocol::{Severity, StepError};
use serde_json::value::RawValue;

use crate::hub::Hub;
use crate::routing::{Lane, ProjectRouting};

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

/// As OpenFn names a credential that cannot be had: the step may do better on its next try.
fn fault(message: String) -> StepError {
    StepError::new("CredentialLoadError", Severity::Exception, message)
}
