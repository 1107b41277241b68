//! The client: connections that stay open and post one body after the other, and the processes
//! that they post to.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The length of a posted body.
const BODY_BYTES: usize = 1_024;
/// The longest answer head that is read.
const MOST_ANSWER: usize = 16 * 1_024;

/// A process that is ended when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Tells the parent process where this one listens.
pub(crate) fn announce(address: SocketAddr) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "listening on {address}")?;
    Ok(out.flush()?)
}

/// Starts this program again in another role, and waits until it listens.
pub(crate) fn start_role(words: &[&str]) -> Result<(Process, SocketAddr)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(words)
        .stdout(Stdio::piped())
        .spawn()
        .context("this program could not be started again")?;
    let out = child.stdout.take().context("the child has no output")?;
    let process = Process(child);
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on ").context("the child said nothing")?;
    Ok((process, address.parse()?))
}

/// One kept-alive connection.
pub(crate) struct Sender {
    stream: TcpStream,
    host: String,
    answer: Vec<u8>,
}

impl Sender {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: address.to_string(), answer: Vec::with_capacity(MOST_ANSWER) })
    }

    /// Posts a JSON body and waits for the whole answer; the answer is its status.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Result<u16> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(status) = whole_answer(&self.answer)? {
                return Ok(status);
            }
            if self.answer.len() > MOST_ANSWER {
                bail!("the answer is too long");
            }
        }
    }
}

/// The status, once the head and a body of the length that it tells are there.
fn whole_answer(answer: &[u8]) -> Result<Option<u16>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, length)| length.trim().parse())?;
    if answer.len() < end + 4 + length {
        return Ok(None);
    }
    let status = head.split_whitespace().nth(1).context("no status line")?;
    Ok(Some(status.parse()?))
}

/// A JSON body of 1 KiB that no other equals, sent now.
pub(crate) fn body(number: u64, destination: usize) -> String {
    body_sent_at(number, destination, crate::receiver::now_micros())
}

/// A JSON body of 1 KiB that no other equals, with the time of its sending in microseconds since
/// 1970.
pub(crate) fn body_sent_at(number: u64, destination: usize, sent: u64) -> String {
    let mut body = format!(
        "{{\"number\":{number},\"sent\":{sent},\"destination\":\"d{destination}\",\
         \"form\":\"births\",\"padding\":\""
    );
    let padding = BODY_BYTES.saturating_sub(body.len() + 2);
    body.extend(std::iter::repeat_n('x', padding));
    body.push_str("\"}");
    body
}

/// What a run of many posts took.
pub(crate) struct Run {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Posts `count` bodies over so many connections, each waiting for its answer.
pub(crate) async fn post_all(
    address: SocketAddr,
    path: &str,
    connections: usize,
    count: u64,
) -> Result<Run> {
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (next, path) = (Arc::clone(&next), path.to_owned());
        tasks.push(tokio::spawn(async move {
            let mut sender = Sender::connect(address).await?;
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, anyhow::Error>(times);
                }
                let sent = Instant::now();
                let status = sender.post(&path, &body(number, 0)).await?;
                if status != 200 {
                    bail!("answered with {status}");
                }
                times.push(sent.elapsed());
            }
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let took = begun.elapsed();
    times.sort_unstable();
    Ok(Run {
        per_second: count as f64 / took.as_secs_f64(),
        p50: quantile(&times, 0.5),
        p99: quantile(&times, 0.99),
    })
}

/// A quantile of sorted values.
pub(crate) fn quantile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let position = (sorted.len() as f64 * share) as usize;
    sorted.get(position.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The median of a few figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    quantile(&figures, 0.5)
}

/// Milliseconds with three decimals.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    crate::report::rounded(duration.as_secs_f64() * 1_000.0)
}
