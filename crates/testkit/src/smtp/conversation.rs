//! One conversation: commands, answers, and the mail between them.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;

use super::{ReceivedMail, Shared, SmtpSecurity};

/// A way to the client, plain or not.
trait Way: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Way for T {}

type Stream = BufStream<Box<dyn Way>>;

struct Conversation<'s> {
    shared: &'s Shared,
    secured: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// What follows on a command.
enum Next {
    GoOn,
    StartTls,
    End,
}

pub(super) async fn hold(socket: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut talk = Conversation { shared, secured: false, user: None, from: None, to: Vec::new() };
    let mut stream: Stream = if shared.security == SmtpSecurity::Tls {
        talk.secured = true;
        BufStream::new(Box::new(shared.tls.accept(socket).await?))
    } else {
        BufStream::new(Box::new(socket))
    };
    say(&mut stream, "220 fake.example.org ESMTP").await?;
    loop {
        match talk.turn(&mut stream).await? {
            Next::GoOn => {}
            Next::StartTls => {
                let secured = shared.tls.accept(stream.into_inner()).await?;
                stream = BufStream::new(Box::new(secured));
                talk.secured = true;
            }
            Next::End => return Ok(()),
        }
    }
}

async fn say(stream: &mut Stream, line: &str) -> io::Result<()> {
    stream.write_all(line.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.flush().await
}

/// The next line without its end; `None` where the client hung up.
async fn hear(stream: &mut Stream) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&line);
    Ok(Some(line.strip_suffix("\r\n").unwrap_or(&line).to_owned()))
}

impl Conversation<'_> {
    async fn turn(&mut self, stream: &mut Stream) -> io::Result<Next> {
        let Some(line) = hear(stream).await? else { return Ok(Next::End) };
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greet(stream).await?,
            "STARTTLS" if self.shared.security == SmtpSecurity::StartTls && !self.secured => {
                say(stream, "220 go ahead").await?;
                return Ok(Next::StartTls);
            }
            "AUTH" => self.authenticate(stream, rest).await?,
            "MAIL" | "RCPT" | "DATA" if self.must_secure() => {
                say(stream, "530 5.7.0 say STARTTLS first").await?;
            }
            "MAIL" if self.shared.credentials.is_some() && self.user.is_none() => {
                say(stream, "530 5.7.0 prove yourself first").await?;
            }
            "MAIL" => {
                self.from = Some(address(rest));
                say(stream, "250 2.1.0 fine").await?;
            }
            "RCPT" => self.recipient(stream, &address(rest)).await?,
            "DATA" => self.data(stream).await?,
            "RSET" | "NOOP" => say(stream, "250 2.0.0 fine").await?,
            "QUIT" => {
                say(stream, "221 2.0.0 good bye").await?;
                return Ok(Next::End);
            }
            _ => say(stream, "502 5.5.1 what?").await?,
        }
        Ok(Next::GoOn)
    }

    fn must_secure(&self) -> bool {
        self.shared.security == SmtpSecurity::StartTls && !self.secured
    }

    async fn greet(&self, stream: &mut Stream) -> io::Result<()> {
        say(stream, "250-fake.example.org").await?;
        if self.must_secure() {
            say(stream, "250-STARTTLS").await?;
        } else if self.shared.credentials.is_some() {
            let login_only = self.shared.script().login_only;
            let offer = if login_only { "250-AUTH LOGIN" } else { "250-AUTH PLAIN LOGIN" };
            say(stream, offer).await?;
        }
        say(stream, "250 8BITMIME").await
    }

    async fn authenticate(&mut self, stream: &mut Stream, rest: &str) -> io::Result<()> {
        let (mechanism, first) = rest.split_once(' ').unwrap_or((rest, ""));
        let (user, word) = if mechanism.eq_ignore_ascii_case("plain") {
            let text = if first.is_empty() { ask(stream, "").await? } else { decoded(first) };
            let mut parts = text.split('\0').skip(1).map(str::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        } else {
            let user =
                if first.is_empty() { ask(stream, "Username:").await? } else { decoded(first) };
            (user, ask(stream, "Password:").await?)
        };
        let is_right =
            self.shared.credentials.as_ref().is_some_and(|known| *known == (user.clone(), word));
        if is_right {
            self.user = Some(user);
            say(stream, "235 2.7.0 welcome").await
        } else {
            say(stream, "535 5.7.8 wrong user or password").await
        }
    }

    async fn recipient(&mut self, stream: &mut Stream, address: &str) -> io::Result<()> {
        let refusal = self.shared.script().unwanted.get(address).cloned();
        if let Some(refusal) = refusal {
            return say(stream, &refusal).await;
        }
        self.to.push(address.to_owned());
        say(stream, "250 2.1.5 fine").await
    }

    async fn data(&mut self, stream: &mut Stream) -> io::Result<()> {
        let Some(from) = self.from.clone().filter(|_| !self.to.is_empty()) else {
            return say(stream, "503 5.5.1 whom to, and from whom?").await;
        };
        say(stream, "354 go ahead").await?;
        let mut text = String::new();
        loop {
            let Some(line) = hear(stream).await? else { return Ok(()) };
            if line == "." {
                break;
            }
            // A line that begins with a dot came with one more (RFC 5321 §4.5.2).
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        let to = std::mem::take(&mut self.to);
        let refusal = self.shared.script().refusals.pop_front();
        if let Some(refusal) = refusal {
            return say(stream, &refusal).await;
        }
        let (secured, user) = (self.secured, self.user.clone());
        let mail = ReceivedMail { from, to, text, secured, user };
        self.shared.mails.send_modify(|mails| mails.push(mail));
        if self.shared.is_silent() {
            // The client has to end this.
            hear(stream).await?;
            return Ok(());
        }
        say(stream, "250 2.0.0 taken").await
    }
}

/// The address of `FROM:<…> …` or `TO:<…>`.
fn address(rest: &str) -> String {
    let after = rest.split_once('<').map_or("", |(_, after)| after);
    after.split_once('>').map_or("", |(address, _)| address).to_owned()
}

async fn ask(stream: &mut Stream, what: &str) -> io::Result<String> {
    say(stream, &format!("334 {}", STANDARD.encode(what))).await?;
    Ok(decoded(&hear(stream).await?.unwrap_or_default()))
}

fn decoded(text: &str) -> String {
    let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
