//! `fieldpost user`: who has an account, and links by which people choose a password.

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;

use super::Ending;
use super::show::{elements, is, json, json_list, or_dash, short_time, text};
use crate::client::{HubAddress, HubClient, Json, Query};
use crate::failure::Failure;
use crate::output;

/// Look at and change who has an account: add, list, reset, disable, enable
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    #[command(visible_alias = "invite")]
    Add(Add),
    List(List),
    Reset(Reset),
    /// Keep users out: their sessions end at once
    Disable(Named),
    /// Let users in again
    Enable(Named),
}

/// Make an account, and print the link by which its owner chooses a password
///
/// The link works once, within seven days. Where the hub has a mail relay and a public address, it
/// is mailed as well.
#[derive(Args, Debug)]
pub(crate) struct Add {
    /// The mail address.
    #[arg(value_name = "EMAIL")]
    email: String,

    /// The name. Without it, the mail address.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Whether they run the installation: they may do everything, in every project.
    #[arg(long)]
    admin: bool,

    /// A project that they may use; can be given several times.
    #[arg(long, value_name = "NAME", requires = "access")]
    project: Vec<String>,

    /// What they may do there.
    #[arg(
        long,
        value_name = "LEVEL",
        requires = "project",
        value_parser = ["viewer", "editor", "admin", "owner"]
    )]
    access: Option<String>,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

/// List users
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

/// Print a link by which a user chooses another password
///
/// The old password works until the link is used.
#[derive(Args, Debug)]
pub(crate) struct Reset {
    /// The user's mail address.
    #[arg(value_name = "EMAIL")]
    email: String,

    /// Let the second factor go as well when the link is used: for who has lost it.
    #[arg(long)]
    second_factor: bool,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

/// Some users.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The users' mail addresses.
    #[arg(required = true, value_name = "EMAIL")]
    emails: Vec<String>,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubAddress,
}

impl Users {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Add(add) => add.execute().await,
            Self::List(list) => list.execute().await,
            Self::Reset(reset) => reset.execute().await,
            Self::Disable(named) => named.execute(true).await,
            Self::Enable(named) => named.execute(false).await,
        }
    }
}

impl Add {
    async fn execute(self) -> Result<Ending, Failure> {
        let client = self.hub.client()?;
        let access = self.access.unwrap_or_default();
        let projects = self.project.into_iter().map(|project| {
            let level = access.clone();
            Value::object([("project", Value::from(project)), ("access", Value::from(level))])
        });
        let user = Value::object([
            ("name", Value::from(self.name.unwrap_or_else(|| self.email.clone()))),
            ("email", Value::from(self.email)),
            ("installation_admin", Value::from(self.admin)),
            ("projects", Value::Array(projects.collect())),
        ]);
        let invited = client.post(&["users"], &Query::new(), user.to_json()).await?;
        tell_link(&client, &invited, self.json)
    }
}

impl List {
    async fn execute(self) -> Result<Ending, Failure> {
        let users = self.hub.client()?.whole_list(&["users"]).await?;
        if self.json {
            json_list(users)?;
            return Ok(Ending::Well);
        }
        if users.is_empty() {
            output::note("no users; `fieldpost user add EMAIL --admin` makes the first one");
            return Ok(Ending::Well);
        }
        let mut table = output::table(["email", "name", "may use", "state", "last seen (UTC)"]);
        for user in &users {
            table.add_row(vec![
                text(user, "email").into_owned(),
                text(user, "name").into_owned(),
                may_use(user),
                state(user).to_owned(),
                or_dash(&short_time(&text(user, "last_sign_in_at"))).to_owned(),
            ]);
        }
        output::print_table(&table)?;
        Ok(Ending::Well)
    }
}

impl Reset {
    async fn execute(self) -> Result<Ending, Failure> {
        let client = self.hub.client()?;
        let user = find(&client, &self.email).await?;
        let how = Value::object([("second_factor", Value::from(self.second_factor))]);
        let path = ["users", &text(&user, "id"), "reset"];
        let invited = client.post(&path, &Query::new(), how.to_json()).await?;
        tell_link(&client, &invited, self.json)
    }
}

impl Named {
    async fn execute(self, disabled: bool) -> Result<Ending, Failure> {
        let client = self.hub.client()?;
        let mut answers = Vec::new();
        for email in &self.emails {
            let user = find(&client, email).await?;
            let change = Value::object([("disabled", Value::from(disabled))]);
            let path = ["users", &text(&user, "id")];
            answers.push(client.patch(&path, change.to_json()).await?);
            if !self.json {
                let done = if disabled { "is kept out" } else { "may come in" };
                output::line(format!("{email} {done}"))?;
            }
        }
        if self.json {
            json_list(answers)?;
        }
        Ok(Ending::Well)
    }
}

/// The user with this mail address.
async fn find(client: &HubClient, email: &str) -> Result<Json, Failure> {
    let users = client.whole_list(&["users"]).await?;
    let wanted = email.trim().to_lowercase();
    let found = users.into_iter().find(|user| text(user, "email").to_lowercase() == wanted);
    found.ok_or_else(|| {
        Failure::new(format!("there is no user with the mail address {email}"))
            .hint("`fieldpost user list` shows who there is")
    })
}

fn tell_link(client: &HubClient, invited: &Json, as_json: bool) -> Result<Ending, Failure> {
    if as_json {
        json(invited)?;
        return Ok(Ending::Well);
    }
    output::line(client.link(&text(invited, "invitation_url")))?;
    output::note("It works once, within seven days.");
    if is(invited, "mailed") {
        output::note("It is mailed to them as well.");
    }
    Ok(Ending::Well)
}

/// What a user may do where.
fn may_use(user: &Json) -> String {
    if is(user, "installation_admin") {
        return "everything".to_owned();
    }
    let projects = elements(user, "projects")
        .iter()
        .map(|one| format!("{} ({})", text(one, "project"), text(one, "access")));
    or_dash(&projects.collect::<Vec<_>>().join(", ")).to_owned()
}

fn state(user: &Json) -> &'static str {
    if is(user, "disabled") {
        "kept out"
    } else if is(user, "invited") {
        "invited"
    } else if is(user, "second_factor") {
        "second factor"
    } else {
        "password"
    }
}
