//! A message that was recorded elsewhere, taken in once more as it came then.
//!
//! Who posts a form to a receiver is treated otherwise than who pushes to an inbox: the rules of its client
//! decide what is the same again, its files come with it, and its address may name an application. All of that
//! is told by what a hub keeps of a request, as it is when a message is replayed: the source that it came by, and
//! the path. Nobody has to prove anything here: it is for rehearsals, whose hub nobody else can reach.

use fieldpost_rules::openrosa::Flavour;

use crate::filing::{self, Arrival, ArrivedFile, Way};
use crate::flow::{ReceiveError, TakenIn};
use crate::hub::Hub;
use crate::lifecycle::{OWN_SOURCE, ReceivedRecord};
use crate::receive::Incoming;
use crate::routing::SourceRoute;

impl Hub {
    /// Takes in what the source of this name was sent before, with the files that came beside it. `Ok` means:
    /// committed and synced with everything that it calls for, and where its form has a lifecycle, that has begun.
    pub async fn receive_recorded(
        &self,
        project: &str,
        source: &str,
        incoming: Incoming,
        files: &[ArrivedFile],
    ) -> Result<ReceivedRecord, ReceiveError> {
        let route = self.route_of(project, source).ok_or(ReceiveError::SourceGone)?;
        let way = match source {
            // What is filled in on the hub's own pages is held to the rules of a form that is posted.
            OWN_SOURCE => Way::Posted(Flavour::Odk),
            _ => filing::way_of(route.source(), &incoming.path),
        };
        let path = incoming.path.clone();
        let application = filing::application_of(&path);
        let arrival = Arrival { way, application, files, ..Arrival::PUSHED };
        let TakenIn { receipt, submission, .. } =
            Box::pin(self.take_in(&route, incoming, arrival)).await?;
        let followed = match submission {
            Some(id) => Box::pin(self.followed_by_now(project, id)).await?,
            None => None,
        };
        Ok(ReceivedRecord { receipt, submission, followed })
    }

    /// The way that messages of a source take, those of the hub's own forms among them.
    fn route_of(&self, project: &str, source: &str) -> Option<SourceRoute> {
        let routing = self.routing();
        if source == OWN_SOURCE {
            return routing.project(project).map(SourceRoute::own);
        }
        routing.source_where(project, |it| it.name == source)
    }
}
