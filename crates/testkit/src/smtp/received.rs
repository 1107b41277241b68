//! A mail as the relay took it, and what its parts say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One mail as the relay took it.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The mail as sent, with the dots of the wire taken away.
    pub text: String,
    /// Whether it came over TLS.
    pub secured: bool,
    /// As whom the client proved itself.
    pub user: Option<String>,
}

impl ReceivedMail {
    /// A header's value, unfolded; what is encoded in it stays so.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        header_of(head, name)
    }

    /// The subject as people read it.
    pub fn subject(&self) -> String {
        decoded_words(&self.header("subject").unwrap_or_default())
    }

    /// The part that is plain text, decoded.
    pub fn plain(&self) -> String {
        self.part("text/plain")
    }

    /// The part that is HTML, decoded.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    fn part(&self, content_type: &str) -> String {
        let whole = self.header("content-type").unwrap_or_default();
        let boundary = whole.split_once("boundary=").map(|(_, after)| {
            let after = after.trim_start_matches('"');
            after.split(['"', ';']).next().unwrap_or_default().to_owned()
        });
        let parts: Vec<&str> = match &boundary {
            Some(boundary) => {
                let marker = format!("--{boundary}");
                let parts = self.text.split(marker.as_str()).skip(1);
                parts.map(|part| part.trim_start_matches("\r\n")).collect()
            }
            None => vec![&self.text],
        };
        let found =
            parts.into_iter().filter_map(|part| part.split_once("\r\n\r\n")).find(|(head, _)| {
                header_of(head, "content-type").is_some_and(|it| it.starts_with(content_type))
            });
        let (head, body) = found.unwrap_or_else(|| panic!("no {content_type} in {}", self.text));
        let encoding = header_of(head, "content-transfer-encoding").unwrap_or_default();
        let bytes = match encoding.to_ascii_lowercase().as_str() {
            "base64" => STANDARD.decode(body.replace(['\r', '\n'], "")).unwrap_or_default(),
            "quoted-printable" => quoted_printable(&body.replace("=\r\n", "")),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn header_of(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut lines = unfolded.split("\r\n").filter_map(|line| line.split_once(':'));
    lines
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
            let digits = String::from_utf8_lossy(&digits).into_owned();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

/// Decodes the words of RFC 2047 (`=?utf-8?b?…?=`). Blanks between two of them belong to neither.
fn decoded_words(text: &str) -> String {
    let joined = text.replace("?= =?", "?==?");
    let mut decoded = String::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once("=?") {
        decoded.push_str(before);
        let mut parts = after.splitn(3, '?');
        let (_, encoding, tail) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
        let (word, behind) = tail.split_once("?=").unwrap_or((tail, ""));
        let bytes = match encoding {
            Some("b" | "B") => STANDARD.decode(word).unwrap_or_default(),
            _ => quoted_printable(&word.replace('_', " ")),
        };
        decoded.push_str(&String::from_utf8_lossy(&bytes));
        rest = behind;
    }
    decoded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_mail_programs_read() {
        let text = "Subject: =?utf-8?b?w7w=?= =?utf-8?b?w7x4?= end\r\n\
                    Content-Type: multipart/alternative;\r\n boundary=\"xyz\"\r\n\r\n\
                    --xyz\r\nContent-Type: text/plain; charset=utf-8\r\n\
                    Content-Transfer-Encoding: quoted-printable\r\n\r\na =C3=BC =\r\nb\r\n\
                    --xyz\r\nContent-Type: text/html\r\n\
                    Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--xyz--\r\n";
        let mail = ReceivedMail {
            from: String::new(),
            to: Vec::new(),
            text: text.to_owned(),
            secured: false,
            user: None,
        };
        assert_eq!(mail.subject(), "üüx end");
        assert_eq!(mail.plain().trim_end(), "a ü b");
        assert_eq!(mail.html(), "<b>");
    }
}
