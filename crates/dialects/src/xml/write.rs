//! Writing XML: elements with attributes and text, on one line.

use super::characters::is_allowed;

/// A document under construction.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    text: String,
}

impl Writer {
    /// Begins an element.
    pub(crate) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.text.push('>');
    }

    /// Ends an element.
    pub(crate) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element with nothing but text.
    pub(crate) fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.tag(name, attributes);
        if text.is_empty() {
            self.text.push_str("/>");
        } else {
            self.text.push('>');
            self.escaped(text);
            self.close(name);
        }
    }

    /// Text beside elements.
    pub(crate) fn text(&mut self, text: &str) {
        self.escaped(text);
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escaped(value);
            self.text.push('"');
        }
    }

    fn escaped(&mut self, text: &str) {
        escape(&mut self.text, text);
    }
}

/// The text as it may stand in an element or an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    escape(&mut written, text);
    written
}

/// White space that readers would change is written as references; what XML cannot hold at all becomes
/// the character that stands for the unknown.
fn escape(written: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '&' => written.push_str("&amp;"),
            '"' => written.push_str("&quot;"),
            '\r' => written.push_str("&#13;"),
            '\n' => written.push_str("&#10;"),
            '\t' => written.push_str("&#9;"),
            other if is_allowed(other) => written.push(other),
            _ => written.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_empty_elements_are_short() {
        let mut writer = Writer::default();
        writer.open("a", &[("x", "\"<&>\"\t"), ("y", "")]);
        writer.leaf("b", &[], "é\r\n\u{1}]]>'");
        writer.leaf("c", &[("z", "1")], "");
        writer.close("a");
        assert_eq!(
            writer.finish(),
            "<a x=\"&quot;&lt;&amp;&gt;&quot;&#9;\" y=\"\"><b>é&#13;&#10;\u{FFFD}]]&gt;'</b><c z=\"1\"/></a>"
        );
    }
}
