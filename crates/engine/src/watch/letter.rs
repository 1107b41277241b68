//! A letter: what a mail says, and how it is written as text and as HTML.
//!
//! Whatever comes from outside (names, URLs, what a destination answered) goes through the
//! templates, which escape it in HTML. The letter has no image, no script and no foreign link.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, context};

/// The longest text that is quoted in a letter, in characters.
const LONGEST_QUOTE: usize = 2_000;
/// The most lines of a quotation.
const MOST_QUOTED_LINES: usize = 40;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    match syntax {
        Ok(syntax) => templates.set_syntax(syntax),
        Err(error) => tracing::error!(%error, "the syntax of templates cannot be set"),
    }
    for (name, source) in [
        ("mail.txt", include_str!("../../templates/mail.txt")),
        ("mail.html", include_str!("../../templates/mail.html")),
    ] {
        if let Err(error) = templates.add_template(name, source) {
            tracing::error!(%error, "the template {name} cannot be read");
        }
    }
    templates
});

/// What a mail says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Letter {
    /// The subject, without the name of the program before it.
    pub(crate) subject: String,
    /// The one sentence that matters.
    pub(crate) headline: String,
    /// What follows from it.
    pub(crate) paragraphs: Vec<String>,
    /// What the other side said, in its own words.
    pub(crate) quote: Option<String>,
    /// Names and values.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Numbers.
    pub(crate) tables: Vec<Table>,
    /// Where there is more to see.
    pub(crate) link: Option<String>,
    /// Why the recipient gets it.
    pub(crate) why: String,
    /// How it is stopped by hand.
    pub(crate) stop: String,
    /// How it is stopped by a press of a button.
    pub(crate) unsubscribe: Option<String>,
}

/// Numbers in rows and columns; the first column names each row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Letter {
    /// The subject as it is sent.
    pub(crate) fn whole_subject(&self) -> String {
        format!("[Fieldpost] {}", self.subject)
    }

    /// The letter as text.
    pub(crate) fn text(&self) -> String {
        self.render("mail.txt")
    }

    /// The letter as HTML.
    pub(crate) fn html(&self) -> String {
        self.render("mail.html")
    }

    fn render(&self, template: &str) -> String {
        let context = context! {
            subject => self.whole_subject(),
            headline => &self.headline,
            paragraphs => self.paragraphs.clone(),
            quote => self.quote.as_deref().map_or_else(Vec::new, quoted_lines),
            facts => self.facts.clone(),
            tables => self.tables.iter().map(Table::value).collect::<Vec<Value>>(),
            link => self.link.clone(),
            why => &self.why,
            stop => &self.stop,
            unsubscribe => self.unsubscribe.clone(),
        };
        let rendered = TEMPLATES.get_template(template).and_then(|it| it.render(context));
        rendered.unwrap_or_else(|error| {
            // What matters is told even then.
            tracing::error!(%error, "the template {template} cannot be filled in");
            self.headline.clone()
        })
    }
}

impl Table {
    fn value(&self) -> Value {
        context! {
            title => self.title,
            columns => self.columns.clone(),
            rows => self.rows.clone(),
            lines => self.lines(),
        }
    }

    /// The table as lines whose columns stand below one another.
    fn lines(&self) -> Vec<String> {
        let all = || std::iter::once(&self.columns).chain(&self.rows);
        let width = |column: usize| {
            let cells = all().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        all()
            .map(|row| {
                let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
                cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            })
            .collect()
    }
}

/// The first lines of a text, without control characters.
fn quoted_lines(text: &str) -> Vec<String> {
    let short: String = text.chars().take(LONGEST_QUOTE).collect();
    let plain = |line: &str| line.chars().filter(|it| !it.is_control()).collect::<String>();
    short.lines().take(MOST_QUOTED_LINES).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            subject: "clinic: warehouse does not take deliveries".to_owned(),
            headline: "warehouse does not take deliveries.".to_owned(),
            paragraphs: vec!["They wait.".to_owned(), "Nothing is lost.".to_owned()],
            quote: Some("503 Service Unavailable\n<script>alert(1)</script>\u{7}".to_owned()),
            facts: vec![("Project", "clinic".to_owned()), ("URL", "https://x/?a=1&b=2".to_owned())],
            tables: vec![Table {
                title: "Came in",
                columns: vec!["source".to_owned(), "messages".to_owned()],
                rows: vec![vec!["kobo".to_owned(), "7".to_owned()]],
            }],
            link: Some("https://hub.example.org/".to_owned()),
            why: "You are named.".to_owned(),
            stop: "Have it taken away.".to_owned(),
            unsubscribe: Some("https://hub.example.org/unsubscribe/abc".to_owned()),
        }
    }

    #[test]
    fn the_text_reads_as_a_letter() {
        assert_eq!(
            letter().text(),
            "warehouse does not take deliveries.\n\n\
             They wait.\n\n\
             Nothing is lost.\n\n\
             What the other side said:\n\
             > 503 Service Unavailable\n\
             > <script>alert(1)</script>\n\n\
             Project: clinic\n\
             URL: https://x/?a=1&b=2\n\n\
             Came in\n\
             \x20 source  messages\n\
             \x20 kobo    7\n\n\
             Look at it: https://hub.example.org/\n\n\
             --\n\
             Why you get this: You are named.\n\
             How to stop it: Have it taken away.\n\
             Or open this and press the button: https://hub.example.org/unsubscribe/abc\n"
        );
    }

    #[test]
    fn the_html_runs_nothing() {
        let html = letter().html();
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        assert!(html.contains("a=1&amp;b=2"));
        assert!(!html.contains("<img") && !html.contains("http://"));
        assert!(html.contains("unsubscribe here"));
    }

    #[test]
    fn what_is_absent_leaves_no_gap() {
        let bare = Letter {
            headline: "It works.".to_owned(),
            why: "so".to_owned(),
            stop: "thus".to_owned(),
            ..Letter::default()
        };
        let expected = "It works.\n\n--\nWhy you get this: so\nHow to stop it: thus\n";
        assert_eq!(bare.text(), expected);
        assert!(!bare.html().contains("<table>") && !bare.html().contains("blockquote>"));
    }

    #[test]
    fn quotations_are_bounded() {
        let long = "x\n".repeat(10_000);
        assert_eq!(quoted_lines(&long).len(), MOST_QUOTED_LINES);
        assert_eq!(quoted_lines(&"y".repeat(LONGEST_QUOTE + 1)), ["y".repeat(LONGEST_QUOTE)]);
    }
}
