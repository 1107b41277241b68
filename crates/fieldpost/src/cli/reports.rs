//! `fieldpost reports`: what people get once a day or a week, to be tried.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{elements, json_list, text};
use crate::client::{Query, Target};
use crate::failure::Failure;
use crate::output;

/// Try what people get once a day or a week: send
#[derive(Debug, Subcommand)]
pub(crate) enum Reports {
    Send(Send),
}

/// Send a report now, up to the present, to see what people get
///
/// It is marked as a preview. The regular reports come as before.
#[derive(Args, Debug)]
pub(crate) struct Send {
    /// Of the last day, or of the last week.
    #[arg(long, value_name = "PERIOD", default_value = "day", value_parser = ["day", "week"])]
    period: String,

    /// To this address, instead of those that the project names for such reports.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Reports {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Send(send) => send.execute().await,
        }
    }
}

impl Send {
    async fn execute(self) -> Result<Ending, Failure> {
        let (client, project) = self.target.open().await?;
        let order = Value::object([
            ("every", Value::from(self.period)),
            ("to", self.to.map_or(Value::Null, Value::from)),
        ]);
        let path = ["projects", &project, "reports"];
        let answer = client.post(&path, &Query::new(), order.to_json()).await?;
        let written = elements(&answer, "items").to_vec();
        if self.target.json {
            json_list(written)?;
            return Ok(Ending::Well);
        }
        for report in &written {
            let recipient = text(report, "recipient");
            output::line(match &*text(report, "last_error") {
                "" => format!("a report is on its way to {recipient}"),
                error => format!("the report to {recipient} is kept and not sent: {error}"),
            })?;
        }
        output::note("`fieldpost incidents notices` shows what became of it");
        Ok(Ending::Well)
    }
}
