//! `fieldpost import wcs`: forms of a w.c.s. become forms of a project file.
//!
//! What a w.c.s. tells of a form is not all of it: lists of items and what a status does are its own. So every
//! thing that is left to be written stands as a comment at the head of the file, and is told. So does everything
//! that a schema says and a form here cannot have, or has under another name: nothing is lost without a word. Names
//! that had to be changed, and what keeps the file from being applied as it is, are told by the exit code, too: a
//! script that goes on to `fieldpost apply` is to stop there.
//!
//! Forms can be put into a project file that is there. It is changed as a text, so that its comments, its
//! order and its variables stay as they are; what comes of it is read again and compared before it is written.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use fieldpost_dialects::wcs::schema::{self, Missing, MissingCode};
use fieldpost_model::json::Value;
use fieldpost_rules::definition::form::{read_form, write_form};
use fieldpost_rules::definition::{Problem, yaml};

use super::super::Ending;
use super::super::show::counted;
use super::files;
use crate::failure::Failure;
use crate::output;

/// The section of a project file that forms stand in.
const FORMS: &str = "forms";
/// How far what stands in a section is indented by whoever writes project files here.
const INDENT: usize = 2;
/// What stands for a file that comes in by standard input.
const STANDARD_INPUT: &str = "-";

/// Make forms of a project file of forms of a w.c.s.
///
/// Takes what a w.c.s. answers at `/api/formdefs/<slug>/schema` (with `include-id=on` fields keep their ids), one form
/// or a list of them in each file. What such a schema does not say, as the items of lists and what a status
/// does, and what it says that a form here cannot have, is told and stands as a comment in the file: complete it,
/// then apply it. Ends with 1 where ids or roles are called otherwise here, as the second of two with one id is, or
/// where the file cannot be applied as it is.
#[derive(Args, Debug)]
pub(crate) struct Wcs {
    /// The files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The name of the project that the file is of; a file without one can be applied beside others.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Write the forms to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write over a file that is there.
    #[arg(long, requires = "output")]
    force: bool,

    /// Put the forms into the project file that is there; all else in it stays as it is written.
    #[arg(long, requires = "output", conflicts_with_all = ["force", "project"])]
    merge: bool,
}

/// A form that was read.
struct Imported {
    name: String,
    written: Value<'static>,
    missing: Vec<Missing>,
    problems: Vec<Problem>,
}

impl Wcs {
    pub(super) fn execute(self) -> Result<Ending, Failure> {
        let mut forms: Vec<Imported> = Vec::new();
        for file in &self.files {
            for form in read(file)? {
                if forms.iter().any(|other| other.name == form.name) {
                    let message = format!("the form \"{}\" is there twice", form.name);
                    return Err(Failure::usage(message).within(file.display()));
                }
                forms.push(form);
            }
        }
        match &self.output {
            None => output::bytes(self.text(&forms).as_bytes())?,
            Some(file) if self.merge => write(file, &merged(file, &forms)?)?,
            Some(file) if file.exists() && !self.force => {
                let message = format!("{} is there already", file.display());
                return Err(Failure::usage(message).hint(
                    "give --merge to put the forms into it, or --force to write over it; `fieldpost apply` \
                     takes several files, too",
                ));
            }
            Some(file) => write(file, &self.text(&forms))?,
        }
        Ok(tell(&forms))
    }

    /// The whole file.
    fn text(&self, forms: &[Imported]) -> String {
        let mut text =
            "# Made by `fieldpost import wcs`. Complete it, and apply it with `fieldpost apply`.\n"
                .to_owned();
        text.push_str(&to_complete(forms));
        if let Some(project) = &self.project {
            text.push_str(&yaml::write(&Value::object([("project", project.clone())])));
        }
        text.push_str(&yaml::write(&Value::object([(FORMS, section(forms))])));
        text
    }
}

/// Reads the forms in a file.
fn read(file: &Path) -> Result<Vec<Imported>, Failure> {
    let document = if file.as_os_str() == STANDARD_INPUT {
        let mut text = String::new();
        let most = yaml::MAX_BYTES as u64;
        let read = std::io::stdin().take(most + 1).read_to_string(&mut text);
        read.map_err(|error| Failure::new(format!("standard input cannot be read: {error}")))?;
        if text.len() as u64 > most {
            return Err(Failure::new(format!("standard input has more than {most} bytes")));
        }
        let parsed = Value::parse(text.as_bytes()).map(Value::into_owned);
        parsed.map_err(|error| Failure::new(format!("standard input is no JSON: {error}")))?
    } else {
        files::value(file)?
    };
    let documents = document.as_array().unwrap_or(std::slice::from_ref(&document));
    let imported = documents.iter().map(|document| {
        let found = schema::read(document).ok_or_else(|| {
            let message = "this is no schema of a form: it lacks `name` or `fields`";
            Failure::new(message).within(file.display()).hint(
                "give what a w.c.s. answers at `/api/formdefs/<slug>/schema`; see the guide to w.c.s.",
            )
        })?;
        let written = write_form(&found.definition);
        let name = found.definition.name;
        let problems = read_form(&name, &written).err().unwrap_or_default();
        Ok(Imported { name, written, missing: found.missing, problems })
    });
    imported.collect()
}

fn section(forms: &[Imported]) -> Value<'static> {
    Value::object(forms.iter().map(|form| (form.name.clone(), form.written.clone())))
}

/// What a person looks for in what is told of an import, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// What keeps the file from being applied as it is.
    ToMend,
    /// What is called otherwise here.
    Changed,
    /// What the schema says nothing of use about.
    ToWrite,
    /// What there is not here.
    LeftOut,
}

impl Group {
    const ALL: [Self; 4] = [Self::ToMend, Self::Changed, Self::ToWrite, Self::LeftOut];

    fn of(code: MissingCode) -> Self {
        match code {
            MissingCode::Renamed | MissingCode::Twice => Self::Changed,
            MissingCode::Field | MissingCode::LeftOut => Self::LeftOut,
            MissingCode::Items
            | MissingCode::BlockFields
            | MissingCode::Condition
            | MissingCode::StatusActions
            | MissingCode::Action
            | MissingCode::FunctionRole
            | MissingCode::Role => Self::ToWrite,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::ToMend => "To be mended before it can be applied",
            Self::Changed => "Called otherwise here",
            Self::ToWrite => "Left to be written",
            Self::LeftOut => "Left out",
        }
    }

    /// All of it, each in one line: labels can have several.
    fn lines(self, forms: &[Imported]) -> Vec<String> {
        let mut lines = Vec::new();
        for form in forms {
            for missing in form.missing.iter().filter(|it| self == Self::of(it.code)) {
                lines.push(format!("{FORMS}.{}.{}: {}", form.name, missing.path, missing.what()));
            }
            for problem in form.problems.iter().filter(|_| self == Self::ToMend) {
                let Problem { path, code, message, hint } = problem;
                let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                lines.push(format!("{path}: {message} [{code}]{hint}"));
            }
        }
        lines.iter().map(|line| line.replace(['\n', '\r'], " ")).collect()
    }
}

/// What a person should know of the forms, as comments.
fn to_complete(forms: &[Imported]) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let lines = group.lines(forms);
        if !lines.is_empty() {
            text.extend(["# ", group.heading(), ":\n"]);
        }
        for line in lines {
            text.extend(["#   ", &line, "\n"]);
        }
    }
    text
}

/// The project file with the forms in it.
fn merged(file: &Path, forms: &[Imported]) -> Result<String, Failure> {
    let text = files::text(file)?;
    let trouble = |message: String| Failure::new(message).within(file.display());
    let before = yaml::read_as_is(&text).map_err(|problem| trouble(problem.message))?;
    let there = before.get(FORMS).and_then(Value::as_object).unwrap_or_default();
    if let Some(form) = forms.iter().find(|form| there.iter().any(|(name, _)| *name == form.name)) {
        let message = format!("the project has a form \"{}\" already", form.name);
        return Err(trouble(message).hint(
            "take it out first, or write the imported one to another file and compare the two",
        ));
    }
    let merged = with_section(&text, forms);
    // Texts can be written in ways that no rule for lines sees through.
    let is_whole = yaml::read_as_is(&merged).is_ok_and(|after| after == expected(&before, forms));
    if !is_whole {
        let message = "the forms cannot be put into this file as it is written".to_owned();
        return Err(trouble(message).hint(
            "write them to a file of their own: `fieldpost apply` takes several; or indent `forms` by two",
        ));
    }
    Ok(merged)
}

/// What the merged file has to say.
fn expected(before: &Value<'static>, forms: &[Imported]) -> Value<'static> {
    let Value::Object(mut members) = before.clone() else { return before.clone() };
    // As it stands in a file, a text may begin with what means a variable there.
    let own = yaml::read_as_is(&yaml::write(&section(forms))).unwrap_or(Value::Null);
    let Value::Object(own) = own else { return before.clone() };
    match members.iter_mut().find(|(name, _)| name == FORMS) {
        Some((_, Value::Object(there))) => there.extend(own),
        Some((_, there)) => *there = Value::Object(own),
        None => members.push((FORMS.into(), Value::Object(own))),
    }
    Value::Object(members)
}

/// The text with the forms at the end of its section, which is made where there is none.
fn with_section(text: &str, forms: &[Imported]) -> String {
    let written = yaml::write(&Value::object([(FORMS, section(forms))]));
    let (heading, inside) = written.split_once('\n').unwrap_or((&written, ""));
    let comments = to_complete(forms);
    let lines: Vec<&str> = text.lines().collect();
    let is_heading = |line: &&str| line.split('#').next().map(str::trim_end) == Some(heading);
    let Some(begin) = lines.iter().position(is_heading) else {
        let text = text.trim_end();
        return format!("{text}\n\n{comments}{heading}\n{inside}");
    };
    let is_inside = |line: &str| line.is_empty() || line.starts_with([' ', '\t', '#']);
    let after = lines.iter().skip(begin + 1).position(|line| !is_inside(line));
    let mut end = after.map_or(lines.len(), |after| begin + 1 + after);
    // What stands right above the next section belongs to it.
    while end > begin + 1 && lines.get(end - 1).is_some_and(|line| !line.starts_with(' ')) {
        end -= 1;
    }
    let indent = lines.get(begin + 1..end).unwrap_or_default().iter().find_map(|line| {
        let inner = line.trim_start();
        (!inner.is_empty() && !inner.starts_with('#')).then(|| line.len() - inner.len())
    });
    let more = " ".repeat(indent.unwrap_or(INDENT).saturating_sub(INDENT));
    let added: Vec<String> = inside.lines().map(|line| format!("{more}{line}\n")).collect();
    let added = added.concat();
    let part = |lines: Option<&[&str]>| {
        let lines = lines.unwrap_or_default().iter();
        lines.flat_map(|line| [line, "\n"]).collect::<String>()
    };
    format!("{}{comments}{added}{}", part(lines.get(..end)), part(lines.get(end..)))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(file, text));
    written.map_err(|error| Failure::new(format!("{} cannot be written: {error}", file.display())))
}

/// Says what a person should know of what was made, and whether it can be used as it is.
fn tell(forms: &[Imported]) -> Ending {
    let [to_mend, changed, to_write, left_out] = Group::ALL.map(|group| {
        let lines = group.lines(forms);
        if !lines.is_empty() {
            output::note(format!("{}:", group.heading()));
        }
        for line in &lines {
            output::note(format!("  {line}"));
        }
        lines.len()
    });
    let parts = [
        counted(forms.len() as u64, "form", "forms"),
        format!("; {} left to be written", counted(to_write as u64, "thing", "things")),
        told_of(left_out, "left out"),
        told_of(changed, "called otherwise"),
        told_of(to_mend, "to be mended"),
    ];
    output::note(parts.concat());
    if to_mend + changed > 0 { Ending::NotWell } else { Ending::Well }
}

/// A further part of the sum, where there is any of it.
fn told_of(many: usize, what: &str) -> String {
    if many > 0 { format!(", {many} {what}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str) -> Imported {
        let document = format!(
            r#"{{"name":"A","url_name":"{name}","fields":[{{"type":"string","label":"${{x}}"}}]}}"#
        );
        let found = schema::read(&Value::parse(document.as_bytes()).unwrap()).unwrap();
        let written = write_form(&found.definition);
        let name = found.definition.name;
        Imported { name, written, missing: Vec::new(), problems: Vec::new() }
    }

    /// What stands in the file, as it is written, and what it says with a form more.
    #[track_caller]
    fn check(text: &str, begin: &str, end: &str) {
        let before = yaml::read_as_is(text).unwrap();
        let merged = with_section(text, &[form("ask")]);
        assert!(merged.starts_with(begin), "{merged}");
        assert!(merged.ends_with(end), "{merged}");
        assert_eq!(
            yaml::read_as_is(&merged).unwrap(),
            expected(&before, &[form("ask")]),
            "{merged}"
        );
    }

    #[test]
    fn forms_are_put_into_a_file_without_another_word_of_it_changing() {
        check("project: clinic # ours\n", "project: clinic # ours\n\nforms:\n  ask:", "\n");
        check(
            "forms: # all\n  a: { fields: [] }\n",
            "forms: # all\n  a: { fields: [] }\n  ask:",
            "\n",
        );
        check(
            "forms:\n    a:\n        fields: []\n\n# Ways in.\nsources: {}\n",
            "forms:\n    a:\n        fields: []\n    ask:",
            "\n\n# Ways in.\nsources: {}\n",
        );
    }

    #[test]
    fn what_no_line_can_be_added_to_is_found_out() {
        let text = "forms: { a: { fields: [] } }\n";
        let before = yaml::read_as_is(text).unwrap();
        let merged = with_section(text, &[form("ask")]);
        let read = yaml::read_as_is(&merged);
        assert!(!read.is_ok_and(|after| after == expected(&before, &[form("ask")])), "{merged}");
    }
}
