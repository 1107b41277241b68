//! HTML as it is written: every text and every attribute is escaped where it is put in, and nothing is
//! put in that is not one of these. So no answer, no label and no name of a file can become a tag.

/// An attribute: its name, and its value as a text.
pub(super) type Attribute<'a> = (&'static str, &'a str);

/// Some HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Markup(String);

impl Markup {
    /// The beginning of an element.
    pub(super) fn open(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) -> &mut Self {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            // `required` and the like are there or not.
            if !value.is_empty() || matches!(*name, "value" | "alt") {
                self.0.push_str("=\"");
                escape(value, &mut self.0);
                self.0.push('"');
            }
        }
        self.0.push('>');
        self
    }

    /// The end of an element.
    pub(super) fn close(&mut self, tag: &'static str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        self
    }

    /// A text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        escape(text, &mut self.0);
        self
    }

    /// An element with a text in it.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        attributes: &[Attribute<'_>],
        text: &str,
    ) -> &mut Self {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// A text in which empty lines begin a paragraph, and others a line.
    pub(super) fn paragraphs(&mut self, attributes: &[Attribute<'_>], text: &str) -> &mut Self {
        let text = text.replace("\r\n", "\n");
        for paragraph in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
            self.open("p", attributes);
            for (place, line) in paragraph.lines().enumerate() {
                if place > 0 {
                    self.open("br", &[]);
                }
                self.text(line);
            }
            self.close("p");
        }
        self
    }

    /// More of it.
    pub(super) fn add(&mut self, more: &Self) -> &mut Self {
        self.0.push_str(&more.0);
        self
    }

    /// A line's end, so that the source can be read.
    pub(super) fn line(&mut self) -> &mut Self {
        self.0.push('\n');
        self
    }

    /// The text of it.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // The first line break of a text area is left out by browsers; this one is not.
            '\n' => html.push_str("&#10;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_put_in_becomes_a_tag() {
        let mut html = Markup::default();
        html.element("b", &[("title", "\"><script>"), ("required", "")], "<i>&'");
        assert_eq!(
            html.into_string(),
            "<b title=\"&quot;&gt;&lt;script&gt;\" required>&lt;i&gt;&amp;&#39;</b>"
        );
    }

    #[test]
    fn texts_have_paragraphs_and_lines() {
        let mut html = Markup::default();
        html.paragraphs(&[], "one\r\ntwo\n\n\n three ");
        assert_eq!(html.into_string(), "<p>one<br>two</p><p>three</p>");
    }
}
