//! What commands write for people and machines. Colour is written always and taken out where
//! nobody would see it: in a pipe, in a file, and where `NO_COLOR` says so.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Effects, Style};

use comfy_table::{Attribute, Cell, Color, ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressStyle};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Good news.
const GOOD: Style = AnsiColor::Green.on_default();
/// Bad news.
const BAD: Style = AnsiColor::Red.on_default();
/// What one should know.
const NOTEWORTHY: Style = AnsiColor::Yellow.on_default();
/// What stands out.
const STRONG: Style = Style::new().effects(Effects::BOLD);
/// What stands back.
const FAINT: Style = Style::new().effects(Effects::DIMMED);

/// One line below the headings is all that a table needs.
const TABLE_STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Writes a table to standard output, without blanks at the ends of its lines.
pub(crate) fn print_table(table: &Table) -> io::Result<()> {
    line(table.trim_fmt())
}

/// Writes a line to standard output.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    writeln!(anstream::stdout().lock(), "{text}")
}

/// Writes bytes to standard output as they are.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    output.flush()
}

/// Writes a line to standard error: what is said beside the result.
pub(crate) fn note(text: impl Display) {
    // Where even this cannot be written there is nowhere left to say so.
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// Whether a person looks at standard error, so that something may move there.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Whether a person can answer a question.
pub(crate) fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that is answered with yes or no; everything but a yes is a no.
pub(crate) fn ask(question: &str) -> io::Result<bool> {
    let mut stderr = anstream::stderr().lock();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Good news.
pub(crate) fn good(text: impl Display) -> String {
    styled(GOOD, text)
}

/// Bad news.
pub(crate) fn bad(text: impl Display) -> String {
    styled(BAD, text)
}

/// What one should know.
pub(crate) fn noteworthy(text: impl Display) -> String {
    styled(NOTEWORTHY, text)
}

/// What stands out.
pub(crate) fn strong(text: impl Display) -> String {
    styled(STRONG, text)
}

/// What stands back.
pub(crate) fn faint(text: impl Display) -> String {
    styled(FAINT, text)
}

/// A table with these headings; as wide as the terminal, or as it likes where there is none.
pub(crate) fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_style(TABLE_STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings.map(|heading| Cell::new(heading).add_attribute(Attribute::Bold)));
    table
}

/// A table of many columns, with less room between them.
pub(crate) fn narrow_table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = table(headings);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table
}

/// A state as a cell: its word, and a colour that repeats it.
pub(crate) fn state_cell(state: &str) -> Cell {
    let cell = Cell::new(state);
    match state.split([' ', ',']).next().unwrap_or_default() {
        "kept" | "succeeded" | "ok" | "open" => cell.fg(Color::Green),
        "quarantined" | "rejected" | "broken" | "cancelled" | "wrong" | "in" => cell.fg(Color::Red),
        "duplicate" | "superseded" => cell.add_attribute(Attribute::Dim),
        "pending" | "failed" | "failing" | "paused" | "warning" | "left-alone" | "probing" => {
            cell.fg(Color::Yellow)
        }
        _ => cell,
    }
}

/// A bar for work of known length; invisible where nobody watches.
pub(crate) fn progress_bar(length: usize, doing: impl Display) -> ProgressBar {
    let bar = hidden_unless_watched(u64::try_from(length).ok());
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(doing.to_string());
    bar
}

/// A sign of life for work of unknown length; invisible where nobody watches.
pub(crate) fn spinner(doing: impl Display) -> ProgressBar {
    let spinner = hidden_unless_watched(None);
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.set_message(doing.to_string());
    spinner.enable_steady_tick(TICK);
    spinner
}

fn hidden_unless_watched(length: Option<u64>) -> ProgressBar {
    if !is_watched() {
        return ProgressBar::hidden();
    }
    length.map_or_else(ProgressBar::new_spinner, ProgressBar::new)
}
