//! Trying a connection that is a database: the same way on foot, with a question at its end.

use std::net::IpAddr;

use fieldpost_model::ProjectName;
use tokio::net::TcpStream;

use super::{Ended, Probe, Step, StepName, Walking, hints};
use crate::prepared::CONNECTION_URL;
use crate::tables::{Door, Duplex, Fault, Session, Target};

/// Whether anybody is there at all.
const ASK: &str = "SELECT 1";

/// What a person wants to know before the first delivery: where tables without a schema would be
/// made, and whether they can be.
const LOOK_AROUND: &str = "
    SELECT current_setting('server_version'),
           coalesce(current_schema(), ''),
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";

impl Probe<'_> {
    /// Walks to a database.
    pub(super) async fn walk_to_database(
        &self,
        project: &ProjectName,
        steps: &mut Vec<Step>,
    ) -> Result<(), Ended> {
        self.read_database_url(steps)?;
        let prepared = self.prepare(project, steps)?;
        let Some(database) = &prepared.database else { return Err(Ended) };
        let door = &database.door;
        let addresses = self.look_up(&door.target.host, steps).await?;
        let stream = dialled(door, &addresses, steps).await?;
        let session = if door.target.is_secure {
            let mut step = Walking::begin(StepName::Tls);
            match door.secure(stream).await {
                Ok(stream) => {
                    let hint = self.describe_session(stream.get_ref().1, &mut step);
                    step.succeed(hint, steps);
                    signed_in(door, stream, steps).await?
                }
                Err(error) => return step.fail(error, None, steps),
            }
        } else {
            signed_in(door, stream, steps).await?
        };
        asked(door, &session, steps).await
    }

    fn read_database_url(&self, steps: &mut Vec<Step>) -> Result<(), Ended> {
        let mut step = Walking::begin(StepName::Url);
        let target = match Target::read(&self.connection.url, CONNECTION_URL) {
            Ok(target) => target,
            Err(error) => return step.fail(error, None, steps),
        };
        step.fact("scheme", "postgres");
        step.fact("host", &target.host);
        step.fact("port", target.port);
        step.fact("database", &target.database);
        let is_open = !target.is_secure && !target.is_loopback();
        step.succeed(is_open.then(|| hints::OPEN_DATABASE.into()), steps);
        Ok(())
    }
}

async fn dialled(
    door: &Door,
    addresses: &[IpAddr],
    steps: &mut Vec<Step>,
) -> Result<TcpStream, Ended> {
    use fieldpost_model::attempt::ErrorKind;
    let mut step = Walking::begin(StepName::Tcp);
    match door.dial(addresses).await {
        Ok((address, stream)) => {
            step.fact("connected to", address);
            step.succeed(None, steps);
            Ok(stream)
        }
        Err(error) => {
            let timed_out = error.kind == ErrorKind::Timeout;
            let hint = if timed_out { hints::NO_ANSWER } else { hints::NOBODY_LISTENS };
            step.fail(error, Some(hint.into()), steps)
        }
    }
}

async fn signed_in(
    door: &Door,
    stream: impl Duplex + 'static,
    steps: &mut Vec<Step>,
) -> Result<Session, Ended> {
    let mut step = Walking::begin(StepName::Authentication);
    step.fact("user", &door.user);
    let signed_in = tokio::time::timeout(door.limit, door.sign_in(stream)).await;
    match signed_in.unwrap_or_else(|_elapsed| Err(Fault::timed_out(door.limit))) {
        Ok(session) => {
            step.succeed(None, steps);
            Ok(session)
        }
        Err(fault) => step.fail(fault.record().1, None, steps),
    }
}

async fn asked(door: &Door, session: &Session, steps: &mut Vec<Step>) -> Result<(), Ended> {
    let mut step = Walking::begin(StepName::Request);
    step.fact("statement", ASK);
    let answers = async {
        session.client.batch_execute(ASK).await?;
        let row = session.client.query_typed_one(LOOK_AROUND, &[]).await?;
        Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    };
    let limited = tokio::time::timeout(door.limit, answers).await;
    let answers: Result<(String, String, bool), Fault> = match limited {
        Ok(answers) => answers.map_err(|error| door.fault("SELECT", &error)),
        Err(_elapsed) => Err(Fault::timed_out(door.limit)),
    };
    let (version, schema, may_create) = match answers {
        Ok(answers) => answers,
        Err(fault) => return step.fail(fault.record().1, None, steps),
    };
    step.fact("version", version);
    if !schema.is_empty() {
        step.fact("schema", schema);
    }
    step.fact("may make tables", if may_create { "yes" } else { "no" });
    step.succeed((!may_create).then(|| hints::NO_TABLES.into()), steps);
    Ok(())
}
