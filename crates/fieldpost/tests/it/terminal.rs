//! A terminal for a command, and somebody who sits at it: only there does it ask.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::world::{LOOK_AGAIN, PATIENCE};

/// A command at a terminal. The command ends with it.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    process: Child,
}

impl Terminal {
    /// Starts the command at a terminal of its own.
    pub(crate) fn start(mut command: Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let name = OsStr::from_bytes(name.as_bytes());
        let theirs = File::options().read(true).write(true).open(name).unwrap();
        command.stdin(theirs.try_clone().unwrap()).stdout(theirs.try_clone().unwrap());
        let process = command.stderr(theirs).spawn().unwrap();
        let keyboard = File::from(ours);
        let mut output = keyboard.try_clone().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error when the last program has left the terminal.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { keyboard, screen, process }
    }

    /// Types something.
    pub(crate) fn enter(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// What Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    }

    /// Waits until this is shown.
    pub(crate) async fn until(&self, text: &str) {
        let begun = Instant::now();
        loop {
            let shown = self.screen.lock().unwrap().clone();
            if shown.contains(text) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{text} is not shown: {shown}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until the command has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {:?}", self.screen);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
