//! `fieldpost token`: tokens by which programs use the API.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use uuid::Uuid;

use super::Ending;
use super::show::{id, is, json, json_list, or_dash, short_time, text};
use crate::client::{HubAddress, Query};
use crate::failure::Failure;
use crate::output;

/// Make and revoke tokens for programs: create, list, revoke
#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make a token and print it: it is shown this once
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// What it is called.
    #[arg(value_name = "NAME")]
    name: String,

    /// What it may do.
    #[arg(long, value_name = "LEVEL", value_parser = ["viewer", "editor", "admin"])]
    access: String,

    /// How long it is good: 90d, for example. Without it, until it is revoked.
    #[arg(long, value_name = "TIME")]
    expires_in: Option<String>,

    #[command(flatten)]
    of: Whose,
}

/// List tokens, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    of: Whose,
}

/// Revoke tokens: they open nothing any more, at once
#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// The ids of the tokens, as the list shows them.
    #[arg(required = true, value_name = "ID", value_parser = id)]
    ids: Vec<Uuid>,

    #[command(flatten)]
    of: Whose,
}

/// Which tokens are meant.
#[derive(Args, Debug)]
pub(crate) struct Whose {
    /// The project that they open. Without it, those that open all projects.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Whose {
    /// Where they are in the API.
    fn path(&self) -> Vec<&str> {
        match &self.project {
            Some(project) => vec!["projects", project, "tokens"],
            None => vec!["tokens"],
        }
    }
}

impl Tokens {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Create(create) => create.execute().await,
            Self::List(list) => list.execute().await,
            Self::Revoke(revoke) => revoke.execute().await,
        }
    }
}

impl Create {
    async fn execute(self) -> Result<Ending, Failure> {
        let token = Value::object([
            ("name", Value::from(self.name)),
            ("access", Value::from(self.access)),
            ("expires_in", self.expires_in.map_or(Value::Null, Value::from)),
        ]);
        let client = self.of.hub.client()?;
        let made = client.post(&self.of.path(), &Query::new(), token.to_json()).await?;
        if self.of.json {
            json(&made)?;
            return Ok(Ending::Well);
        }
        output::line(text(&made, "token"))?;
        output::note("It is shown this once: keep it where only its user reads it.");
        Ok(Ending::Well)
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let tokens = self.of.hub.client()?.whole_list(&self.of.path()).await?;
        if self.of.json {
            json_list(tokens)?;
            return Ok(Ending::Well);
        }
        if tokens.is_empty() {
            output::note("no tokens");
            return Ok(Ending::Well);
        }
        let mut table =
            output::table(["token", "name", "access", "made by", "works", "expires", "last used"]);
        for token in &tokens {
            let time = |key| or_dash(&short_time(&text(token, key))).to_owned();
            table.add_row([
                text(token, "id").into_owned(),
                text(token, "name").into_owned(),
                text(token, "access").into_owned(),
                text(token, "created_by").into_owned(),
                if is(token, "works") { "yes" } else { "no" }.to_owned(),
                time("expires_at"),
                time("last_used_at"),
            ]);
        }
        output::print_table(&table)?;
        Ok(Ending::Well)
    }
}

impl Revoke {
    async fn execute(self) -> Result<Ending, Failure> {
        let client = self.of.hub.client()?;
        for id in &self.ids {
            let id = id.to_string();
            let path = [self.of.path(), vec![id.as_str()]].concat();
            client.delete(&path).await?;
            if !self.of.json {
                output::line(format!("{id} opens nothing any more"))?;
            }
        }
        if self.of.json {
            json_list(self.ids.iter().map(|id| Value::from(id.to_string())).collect())?;
        }
        Ok(Ending::Well)
    }
}
