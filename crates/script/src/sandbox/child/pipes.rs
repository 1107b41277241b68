//! The two pipes to the hub: what it says, and what is said to it.
//!
//! The script's own thread reads and writes them. A thread that read for it would have to wake it for each step,
//! which costs as much as a small step itself. While the script reckons nobody reads, and the hub waits with what it
//! writes. So that the two never wait for each other, what the hub says is taken in as well whenever this process
//! would have to wait with what it says. A script that asks for much and waits for none of it lets answers gather
//! here, so they have a bound, the memory that its step has left. Beyond it the step is lost: what comes is taken in
//! all the same, for the hub has to get on, and is thrown away.
//!
//! That the hub has gone is noticed by a thread of its own, whatever the script does. It reads nothing, so what comes
//! does not wake it.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};

use super::confine;
use crate::protocol::frame::{self, LENGTH_BYTES};
use crate::protocol::{FromWorker, ToWorker};

/// How long a message of the hub may be. The hub is trusted: this only turns nonsense away.
const MESSAGE_BYTES: usize = 1 << 30;
/// How much is read at once, where it is not known how much comes.
const READ_BYTES: usize = 64 * 1024;
/// How much room stays for what comes. What was larger gives its room back.
const KEPT_BYTES: usize = 1024 * 1024;
/// By which part room grows that what comes has filled. Doubled, it would soon be more than the process has.
const GROWTH: usize = 8;

/// What came while somebody waited.
pub(super) enum Heard {
    /// A message.
    Message(ToWorker),
    /// Nothing, for as long as was waited.
    Nothing,
    /// The hub says no more, or what no hub says.
    End,
}

/// What lies between the pipes and the script.
struct Pipes {
    /// What is still to be said.
    held: Vec<u8>,
    /// What came and was not heard yet, and from where on.
    came: Vec<u8>,
    from: usize,
    /// How many bytes may come while something is said.
    most: usize,
    /// Whether more came than that, and was thrown away: nothing that comes can be understood any more.
    is_lost: bool,
}

impl Pipes {
    const EMPTY: Self =
        Self { held: Vec::new(), came: Vec::new(), from: 0, most: usize::MAX, is_lost: false };
}

thread_local! {
    static PIPES: RefCell<Pipes> = const { RefCell::new(Pipes::EMPTY) };
}

/// Makes the pipes ready. A full one is told rather than waited for from now on.
pub(super) fn open() -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(stdout(), true)?)
}

/// Says something to the hub with the next message, or before the script waits: each message wakes the hub.
pub(super) fn hold(message: &FromWorker) -> io::Result<()> {
    let frame = frame::encode(message)?;
    PIPES.with_borrow_mut(|pipes| pipes.held.extend_from_slice(&frame));
    Ok(())
}

/// Says what is held. Without a hub there is nothing left to do.
pub(super) fn say_held() -> io::Result<()> {
    PIPES.with_borrow_mut(Pipes::say_held)
}

/// Says something to the hub, and what was held before it.
pub(super) fn say(message: &FromWorker) -> io::Result<()> {
    hold(message)?;
    say_held()
}

/// Bounds what may come while something is said.
pub(super) fn bound(most: usize) {
    PIPES.with_borrow_mut(|pipes| pipes.most = most);
}

/// Whether more came than may wait here. Nothing that is said from then on is answered.
pub(super) fn is_lost() -> bool {
    PIPES.with_borrow(|pipes| pipes.is_lost)
}

/// The next message, however long it takes; nothing where the hub says no more, or what no hub says.
pub(super) fn next() -> Option<ToWorker> {
    loop {
        match PIPES.with_borrow_mut(|pipes| pipes.next_within(None)) {
            Heard::Message(message) => return Some(message),
            Heard::Nothing => {}
            Heard::End => return None,
        }
    }
}

/// The next message, if it comes within so much time.
pub(super) fn next_within(time: Duration) -> Heard {
    PIPES.with_borrow_mut(|pipes| pipes.next_within(Some(time)))
}

/// Ends this process when the hub has gone.
pub(super) fn watch() {
    loop {
        // Without a flag, the end of the pipe alone is told.
        match poll(&mut [PollFd::from_borrowed_fd(stdin(), PollFlags::empty())], None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return confine::end(),
        }
    }
}

impl Pipes {
    fn say_held(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let mut left = held.as_slice();
        while !left.is_empty() {
            match rustix::io::write(stdout(), left) {
                Ok(written) => left = left.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait_to_say()?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until there is room for what is to be said, and takes in what comes meanwhile.
    fn wait_to_say(&mut self) -> io::Result<()> {
        let mut both = [
            PollFd::from_borrowed_fd(stdout(), PollFlags::OUT),
            PollFd::from_borrowed_fd(stdin(), PollFlags::IN),
        ];
        match poll(&mut both, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [_, incoming] = &both;
        if incoming.revents().is_empty() {
            return Ok(());
        }
        let goes_on = self.take_in()?;
        if self.came.len() > self.most || self.is_lost {
            self.is_lost = true;
            self.came = Vec::new();
        }
        if goes_on { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// The next message. Without a time it is waited for; with one, the time begins anew with each part that comes.
    fn next_within(&mut self, time: Option<Duration>) -> Heard {
        // A time that cannot be said is none that ends.
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        loop {
            match self.heard() {
                Ok(Some(message)) => return Heard::Message(message),
                Ok(None) => {}
                Err(_) => return Heard::End,
            }
            if time.is_some() {
                let mut incoming = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
                match poll(&mut incoming, time.as_ref()) {
                    // Whoever waits looks at the clock, and waits again.
                    Ok(0) | Err(Errno::INTR) => return Heard::Nothing,
                    Ok(_) => {}
                    Err(_) => return Heard::End,
                }
            }
            match self.take_in() {
                Ok(true) => {}
                Ok(false) | Err(_) => return Heard::End,
            }
        }
    }

    /// A message that has come as a whole.
    fn heard(&mut self) -> io::Result<Option<ToWorker>> {
        let came = self.came.get(self.from..).unwrap_or_default();
        let Some((length, rest)) = came.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MESSAGE_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Some(bytes) = rest.get(..length) else {
            let missing = length - rest.len();
            self.forget_heard();
            self.came.reserve_exact(missing);
            return Ok(None);
        };
        let message = frame::decode(bytes)?;
        self.from += LENGTH_BYTES + length;
        if self.from == self.came.len() {
            self.forget_heard();
            self.came.shrink_to(KEPT_BYTES);
        }
        Ok(Some(message))
    }

    /// What was heard gives its room to what comes: many answers may come one behind the other.
    fn forget_heard(&mut self) {
        self.came.drain(..self.from);
        self.from = 0;
    }

    /// Reads what there is, and waits where there is nothing. Whether anything comes any more.
    fn take_in(&mut self) -> io::Result<bool> {
        self.forget_heard();
        if self.came.len() == self.came.capacity() {
            self.came.reserve_exact(READ_BYTES.max(self.came.len() / GROWTH));
        }
        loop {
            match rustix::io::read(stdin(), spare_capacity(&mut self.came)) {
                Ok(count) => return Ok(count > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
