//! From an `XLSForm`, a table that people write, to the `XForm` that phones read: by `pyxform`, the
//! program that everybody in the field converts with, where it is installed beside the hub.
//!
//! It is a program of others that reads a file of strangers. So it runs as a child of its own, without a
//! shell, in an empty folder, with nothing of the hub's environment but what Python needs; with a bound on
//! time, memory and what it writes; and one at a time. What it has to say of the form is told to whoever
//! uploaded it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::json::Value;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// How long a conversion may take.
const MOST_TIME: Duration = Duration::from_mins(1);
/// The address space that a conversion may have, in bytes.
const MOST_MEMORY: u64 = 2 * 1_024 * 1_024 * 1_024;
/// What a conversion may write into one file, in bytes.
const MOST_WRITTEN: u64 = 64 * 1_024 * 1_024;
/// What is read of what it says, in bytes.
const MOST_SAID: u64 = 256 * 1_024;
/// What is told of that, in characters.
const MOST_TOLD: usize = 2_000;
/// How long the name of a form's file may be, in bytes.
const MOST_NAME: usize = 64;
/// What of the hub's environment Python needs to find itself.
const ENVIRONMENT: [&str; 7] =
    ["PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"];
/// The choices that `pyxform` writes beside a form, for phones to fetch with it.
pub const ITEMSETS: &str = "itemsets.csv";

/// Which `pyxform` converts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pyxform {
    /// `xls2xform` on the `PATH`, else that of the `python3` there.
    #[default]
    OnPath,
    /// This command: `xls2xform`, or a Python that has it.
    At(PathBuf),
    /// None.
    Off,
}

/// What an `XLSForm` became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedForm {
    /// The `XForm`.
    pub xform: Vec<u8>,
    /// The choices that phones fetch as a file of their own, with its name.
    pub itemsets: Option<(&'static str, Vec<u8>)>,
    /// What `pyxform` warns of.
    pub warnings: Vec<String>,
}

/// Why an `XLSForm` was not converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversionError {
    /// There is no `pyxform` here.
    Missing,
    /// The operator does not want it to run.
    Off,
    /// It refuses the form; in its own words.
    Refused(String),
    /// It could not be run.
    Trouble(String),
}

/// Converts forms, one at a time.
#[derive(Debug)]
pub struct XlsformConverter {
    pyxform: Pyxform,
    turn: Semaphore,
}

impl XlsformConverter {
    /// A converter by that program.
    pub fn new(pyxform: Pyxform) -> Self {
        Self { pyxform, turn: Semaphore::new(1) }
    }

    /// Converts an `XLSForm` in XLSX. A form that does not name itself is named after `file_name`.
    pub async fn convert(
        &self,
        xlsx: Bytes,
        file_name: Option<&str>,
    ) -> Result<ConvertedForm, ConversionError> {
        let command = command_of(&self.pyxform)?;
        let stem = stem_of(file_name);
        let _turn = self.turn.acquire().await.map_err(|error| trouble(&error))?;
        let prepared = tokio::task::spawn_blocking(move || {
            let folder = tempfile::Builder::new().prefix("fieldpost-xlsform-").tempdir()?;
            std::fs::write(folder.path().join(format!("{stem}.xlsx")), xlsx)?;
            Ok::<_, std::io::Error>((folder, stem))
        });
        let (folder, stem) =
            prepared.await.map_err(|error| trouble(&error))?.map_err(|error| trouble(&error))?;
        let said = run(&command, &folder, &stem).await?;
        let read = move || read_result(&folder, &stem, &said);
        tokio::task::spawn_blocking(read).await.map_err(|error| trouble(&error))?
    }
}

fn trouble(error: &dyn std::fmt::Display) -> ConversionError {
    ConversionError::Trouble(error.to_string())
}

/// The program and its first arguments. It is looked for each time: whoever installs it need not start
/// the hub anew.
fn command_of(pyxform: &Pyxform) -> Result<Vec<OsString>, ConversionError> {
    match pyxform {
        Pyxform::Off => Err(ConversionError::Off),
        Pyxform::At(path) => Ok(command_at(path)),
        Pyxform::OnPath => ["xls2xform", "python3"]
            .into_iter()
            .find_map(on_path)
            .map(|path| command_at(&path))
            .ok_or(ConversionError::Missing),
    }
}

fn command_at(path: &Path) -> Vec<OsString> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut command = vec![path.as_os_str().to_owned()];
    if name.starts_with("python") || name.starts_with("pypy") {
        command.extend(["-m", "pyxform.xls2xform"].map(OsString::from));
    }
    command
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = inherited("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// What the machine says to every program, Python among them.
#[expect(clippy::disallowed_methods, reason = "handed on to a child, and no setting of the hub")]
fn inherited(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The name that the file gets: a form may be named after it.
fn stem_of(file_name: Option<&str>) -> String {
    let stem = Path::new(file_name.unwrap_or_default()).file_stem().and_then(OsStr::to_str);
    let allowed = |character: &char| character.is_ascii_alphanumeric() || "-_".contains(*character);
    let stem: String = stem.unwrap_or_default().chars().filter(allowed).take(MOST_NAME).collect();
    // What begins with a dash would be taken for an option.
    let stem = stem.trim_start_matches('-');
    if stem.is_empty() { "form".to_owned() } else { stem.to_owned() }
}

async fn run(
    command: &[OsString],
    folder: &TempDir,
    stem: &str,
) -> Result<Vec<u8>, ConversionError> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(ConversionError::Missing);
    };
    let kept = ENVIRONMENT.into_iter().filter_map(|name| Some((name, inherited(name)?)));
    let mut child = Command::new(program)
        .args(arguments)
        .args(["--json", "--skip_validate"])
        .args([format!("{stem}.xlsx"), format!("{stem}.xml")])
        .env_clear()
        .envs(kept)
        .env("PYTHONIOENCODING", "utf-8")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TMPDIR", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ConversionError::Missing,
            _ => trouble(&error),
        })?;
    bound(&child);
    match tokio::time::timeout(MOST_TIME, said_by(&mut child)).await {
        Ok(said) => said.map_err(|error| trouble(&error)),
        // It ends with the child's handle.
        Err(_) => Err(ConversionError::Refused(format!(
            "pyxform takes longer than {} seconds for it",
            MOST_TIME.as_secs()
        ))),
    }
}

/// Holds a child to its memory and to what it may write. Where the system cannot, time is the bound.
fn bound(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    for (resource, most) in [(Resource::As, MOST_MEMORY), (Resource::Fsize, MOST_WRITTEN)] {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        if let Some(id) = id
            && let Err(error) = prlimit(Some(id), resource, limit)
        {
            tracing::debug!(%error, "a conversion runs without a bound on {resource:?}");
        }
    }
}

/// Waits for the child and returns what it says, on either way.
async fn said_by(child: &mut Child) -> std::io::Result<Vec<u8>> {
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let (output, errors, status) = tokio::join!(beginning(output), beginning(errors), child.wait());
    status?;
    let (mut said, errors) = (output?, errors?);
    said.push(b'\n');
    said.extend(errors);
    Ok(said)
}

/// The beginning of what comes; the rest is read and dropped, so that the child can end.
async fn beginning(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let Some(mut from) = from else { return Ok(Vec::new()) };
    let mut beginning = Vec::new();
    (&mut from).take(MOST_SAID).read_to_end(&mut beginning).await?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok(beginning)
}

fn read_result(
    folder: &TempDir,
    stem: &str,
    said: &[u8],
) -> Result<ConvertedForm, ConversionError> {
    let said = String::from_utf8_lossy(said);
    if said.contains("No module named") && said.contains("pyxform") {
        return Err(ConversionError::Missing);
    }
    let report = said
        .lines()
        .rev()
        .find(|line| line.starts_with('{'))
        .and_then(|line| Value::parse(line.as_bytes()).ok());
    let Some(report) = report else {
        return Err(ConversionError::Trouble(told(said.trim(), "it said nothing")));
    };
    let file = |name: &str| std::fs::read(folder.path().join(name)).ok();
    let xform = file(&format!("{stem}.xml")).filter(|xform| !xform.is_empty());
    // 100: converted; 101: converted, with warnings; anything else: not.
    let is_converted = matches!(report.get("code").and_then(Value::as_number), Some("100" | "101"));
    match xform {
        Some(xform) if is_converted => {
            let warnings = report.get("warnings").and_then(Value::as_array).unwrap_or_default();
            let warnings = warnings.iter().filter_map(Value::as_str);
            Ok(ConvertedForm {
                xform,
                itemsets: file(ITEMSETS).map(|bytes| (ITEMSETS, bytes)),
                warnings: warnings.map(|warning| told(warning, "")).collect(),
            })
        }
        _ => {
            let message = report.get("message").and_then(Value::as_str).unwrap_or_default();
            Err(ConversionError::Refused(told(message.trim(), "it says no reason")))
        }
    }
}

/// As much of a text as is told.
fn told(text: &str, nothing: &str) -> String {
    let text = if text.is_empty() { nothing } else { text };
    text.chars().take(MOST_TOLD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_asked_for_its_module() {
        for (path, expected) in [
            ("/usr/bin/python3", vec!["/usr/bin/python3", "-m", "pyxform.xls2xform"]),
            ("/venv/bin/python3.12", vec!["/venv/bin/python3.12", "-m", "pyxform.xls2xform"]),
            ("/usr/bin/xls2xform", vec!["/usr/bin/xls2xform"]),
        ] {
            let command = command_of(&Pyxform::At(path.into())).unwrap();
            assert_eq!(command, expected.into_iter().map(OsString::from).collect::<Vec<_>>());
        }
        assert_eq!(command_of(&Pyxform::Off), Err(ConversionError::Off));
    }

    #[test]
    fn a_name_becomes_one_that_is_a_name_and_nothing_else() {
        let longest = "n".repeat(MOST_NAME);
        for (name, expected) in [
            (Some("births.xlsx"), "births"),
            (Some("../../etc/passwd"), "passwd"),
            (Some("--json.xlsx"), "json"),
            (Some("a b;c$(d).xlsx"), "abcd"),
            (Some("é.xlsx"), "form"),
            (Some(&*format!("{longest}n.xlsx")), &*longest),
            (None, "form"),
        ] {
            assert_eq!(stem_of(name), expected, "{name:?}");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_or_says_nothing_is_told_of() {
        let convert = async |path: &str| {
            let converter = XlsformConverter::new(Pyxform::At(path.into()));
            converter.convert(Bytes::from_static(b"x"), None).await
        };
        assert_eq!(convert("/nowhere/xls2xform").await, Err(ConversionError::Missing));
        let said = convert("/bin/true").await;
        assert_eq!(said, Err(ConversionError::Trouble("it said nothing".to_owned())));
    }
}
