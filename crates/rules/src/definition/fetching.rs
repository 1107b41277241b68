//! `fetch_files`: the connection by which the files are fetched that a source's messages only link to.

use fieldpost_model::connection::Connection;
use fieldpost_model::source::{Dialect, Source};

use super::SourceDraft;
use super::address::is_database;
use super::fields::{ADD_CONNECTION, Field, suggestion_or};
use super::problem::Problem;

/// The dialects whose submissions say where their files are.
const WITH_LINKS: [Dialect; 4] =
    [Dialect::Kobo, Dialect::OdkAggregate, Dialect::OdkCentral, Dialect::Wcs];

/// Reads the name of the connection.
pub(super) fn read(field: &Field<'_, '_>, dialect: Option<Dialect>) -> Option<String> {
    if let Some(dialect) = dialect.filter(|dialect| !WITH_LINKS.contains(dialect)) {
        let known = WITH_LINKS.map(Dialect::name).join("`, `");
        return field.place.report_with_hint(
            "wrong-value",
            format!("messages of the dialect `{dialect}` link to no files"),
            format!("leave `fetch_files` out; it is for sources of `{known}`"),
        );
    }
    field.text().map(str::to_owned)
}

/// Drafts of sources that fetch by a connection which is not there, or is a database.
pub fn fetching_problems(drafts: &[SourceDraft], connections: &[&Connection]) -> Vec<Problem> {
    let wanted = drafts.iter().filter_map(|it| Some((&*it.name, it.fetch_files.as_deref()?)));
    wanted.filter_map(|(source, name)| problem(source, name, connections)).collect()
}

/// Sources that could not fetch by this connection any more.
pub fn fetching_problems_of(connection: &Connection, sources: &[Source]) -> Vec<Problem> {
    let fetching = |source: &&Source| source.fetch_files.as_deref() == Some(&*connection.name);
    let fetching = sources.iter().filter(fetching);
    fetching.filter_map(|it| problem(&it.name, &connection.name, &[connection])).collect()
}

fn problem(source: &str, name: &str, connections: &[&Connection]) -> Option<Problem> {
    let path = format!("sources.{source}.fetch_files");
    match connections.iter().find(|connection| connection.name == name) {
        None => {
            let names: Vec<&str> = connections.iter().map(|it| it.name.as_str()).collect();
            Some(Problem {
                path,
                code: "unknown-connection",
                message: format!("there is no connection `{name}` in this project"),
                hint: Some(suggestion_or(name, &names, ADD_CONNECTION)),
            })
        }
        Some(connection) if is_database(&connection.url) => Some(Problem {
            path,
            code: "wrong-value",
            message: format!("`{name}` is a database, which has no files to be fetched"),
            hint: Some("name a connection whose `url` begins with `https://`".to_owned()),
        }),
        Some(_) => None,
    }
}
