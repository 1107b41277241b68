//! `fieldpost demo`: see the whole thing work.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Ending;
use super::serve::StopSignals;
use crate::demo::{Demo as Playing, listen_somewhere};
use crate::failure::Failure;
use crate::output;

/// Show a hub at work: sample data of every system comes in, is matched, and is delivered
///
/// Starts a hub with a sample project and a receiver of its own, posts what KoboToolbox, CommCare,
/// ODK Aggregate, w.c.s. and a script really send, and prints what became of it. Then it stays up,
/// so that you can look around and post something yourself. Nothing outside is touched.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// End after the show, with 1 if anything is not where it belongs.
    #[arg(long)]
    once: bool,

    /// The address and port that the demo's hub listens on; another port where this one is taken.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Keep the demo's data in this folder, which must be empty. Without it, they go with the demo.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Demo {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let mut signals = StopSignals::listen()?;
        let temporary = tempfile::Builder::new().prefix("fieldpost-demo-").tempdir()?;
        let data = self.data.as_deref().unwrap_or(temporary.path());
        require_empty(data)?;
        output::line(output::strong("Fieldpost demo"))?;
        output::line(
            "A hub with a sample project, and a receiver that plays the systems behind it.\n",
        )?;
        let listener = listen_somewhere(self.listen).await?;
        let playing = tokio::select! {
            playing = Playing::start(data, listener) => playing?,
            () = signals.next() => return Ok(self.interrupted()),
        };
        let ending = self.show(&playing, data, &mut signals).await;
        tokio::select! {
            stopped = playing.hub.stop() => stopped?,
            () = signals.next() => return Ok(Ending::AtOnce),
        }
        ending
    }

    /// The show, and what follows it until somebody ends it.
    async fn show(
        &self,
        playing: &Playing,
        data: &Path,
        signals: &mut StopSignals,
    ) -> Result<Ending, Failure> {
        let complaints = tokio::select! {
            complaints = playing.play() => complaints?,
            () = signals.next() => return Ok(self.interrupted()),
        };
        let ending = tell(&complaints)?;
        if !self.once {
            invite(playing, data)?;
            signals.next().await;
            output::note("stopping");
        }
        Ok(ending)
    }

    /// How a show ends that was broken off: whoever asked for a verdict got none.
    fn interrupted(&self) -> Ending {
        output::note("stopping before the show is over");
        if self.once { Ending::NotWell } else { Ending::Well }
    }
}

fn require_empty(folder: &Path) -> Result<(), Failure> {
    let is_used = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_used {
        return Err(Failure::usage(format!("the folder {} is not empty", folder.display())).hint(
            "name a new one, or leave --data out; `fieldpost serve --data` opens an old one",
        ));
    }
    Ok(())
}

fn tell(complaints: &[String]) -> Result<Ending, Failure> {
    if complaints.is_empty() {
        output::line(output::good("\n✓ Everything is where it belongs."))?;
        return Ok(Ending::Well);
    }
    output::line(output::bad("\n✗ Not everything is where it belongs:"))?;
    for complaint in complaints {
        output::line(format!("  {complaint}"))?;
    }
    Ok(Ending::NotWell)
}

fn invite(playing: &Playing, data: &Path) -> Result<(), Failure> {
    let (url, token, data) = (&playing.hub.url, playing.hub.token.expose(), data.display());
    // As it was called, so that the lines below can be copied: it need not be in the search path.
    let program = std::env::args().next().unwrap_or_else(|| "fieldpost".to_owned());
    let form = playing.form_page();
    let first = playing.hub.first_owner_link.as_deref().unwrap_or(url);
    output::line(format!(
        "
The hub stays up at {} until you press Ctrl-C.
Make yourself its owner, in a browser: {first}
Fill in a form that has a lifecycle, and follow it by its code: {form}
Admin token for its API: {token}

Look around, in another terminal:
  {program} messages list --data {data}
  {program} deliveries list --state rejected --data {data}
  {program} runs list --data {data}
  {program} events --data {data}

Post something yourself, to the address that this shows:
  {program} sources show kobo --data {data}",
        output::strong(url)
    ))?;
    Ok(())
}
