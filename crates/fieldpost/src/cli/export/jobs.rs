//! Jobs in files of their own: taken out of a project, and named in it instead.

use std::path::{Component, Path, PathBuf};

use fieldpost_model::json::Value;

use crate::failure::Failure;

/// The file of a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JobFile {
    /// Its name, as the project file has it.
    pub(super) name: String,
    text: String,
}

/// The folder as a project file names it: one that lies beside that file or below.
pub(super) fn folder_name(folder: &Path) -> Result<String, Failure> {
    let mut parts = Vec::new();
    for part in folder.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            _ => {
                let message =
                    format!("{} lies outside the folder of the project file", folder.display());
                return Err(Failure::usage(message)
                    .hint("a project file names jobs below its own folder only: go there, and give --jobs jobs"));
            }
        }
    }
    Ok(parts.join("/"))
}

/// Takes the jobs out of a project, and puts the names of files in their places.
pub(super) fn take_out(
    mut project: Value<'static>,
    folder: &str,
) -> (Value<'static>, Vec<JobFile>) {
    let mut files: Vec<JobFile> = Vec::new();
    for (workflow, value) in members(&mut project, "workflows") {
        for (step, value) in members(value, "steps") {
            let Value::Object(keys) = value else { continue };
            let Some((_, job)) = keys.iter_mut().find(|(key, _)| key == "job") else { continue };
            let Some(text) = job.as_str().filter(|text| !text.trim().is_empty()) else { continue };
            let name = free_name(&files, folder, &[&workflow, &step]);
            files.push(JobFile { name: name.clone(), text: text.to_owned() });
            *job = Value::from(name);
        }
    }
    (project, files)
}

/// The members of an object in a value.
fn members<'v>(
    value: &'v mut Value<'static>,
    key: &str,
) -> impl Iterator<Item = (String, &'v mut Value<'static>)> {
    let members = match value {
        Value::Object(members) => members.iter_mut().find(|(name, _)| name == key),
        _ => None,
    };
    let inner = members.and_then(|(_, value)| match value {
        Value::Object(members) => Some(members),
        _ => None,
    });
    inner.into_iter().flatten().map(|(name, value)| (name.to_string(), value))
}

/// A name that no other job has, also where a file system tells no capital letters from small ones.
fn free_name(files: &[JobFile], folder: &str, parts: &[&str]) -> String {
    let mut path: Vec<String> = parts.iter().map(|part| plain(part)).collect();
    if !folder.is_empty() {
        path.insert(0, folder.to_owned());
    }
    let path = path.join("/");
    let is_taken = |name: &str| files.iter().any(|file| file.name.eq_ignore_ascii_case(name));
    let mut name = format!("{path}.js");
    let mut number = 1_u32;
    while is_taken(&name) {
        number += 1;
        name = format!("{path}-{number}.js");
    }
    name
}

/// A name with nothing in it that a file system or a project file could take for something else.
fn plain(name: &str) -> String {
    let letter = |letter: char| {
        let is_plain = letter.is_alphanumeric() || matches!(letter, '-' | '_');
        if is_plain { letter } else { '-' }
    };
    name.chars().map(letter).collect()
}

/// Writes the files, and the folders that they lie in.
pub(super) fn write(files: &[JobFile]) -> Result<(), Failure> {
    for JobFile { name, text } in files {
        let path = PathBuf::from(name);
        let within = |error: std::io::Error| Failure::from(error).within(path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(within)?;
        }
        std::fs::write(&path, text).map_err(within)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_has_a_file_of_its_own() {
        let project = r#"{"project":"p","workflows":{"a":{"steps":{"x y":{"job":"fn(s => s)\n"},"X-y":{"job":"get('/')"},"z":{"job":""}}},"b":{"steps":{"x":{}}}}}"#;
        let project = Value::parse(project.as_bytes()).unwrap().into_owned();
        let (project, files) = take_out(project, "jobs");
        let expected = r#"{"project":"p","workflows":{"a":{"steps":{"x y":{"job":"jobs/a/x-y.js"},"X-y":{"job":"jobs/a/X-y-2.js"},"z":{"job":""}}},"b":{"steps":{"x":{}}}}}"#;
        assert_eq!(project.to_json(), expected);
        let told: Vec<_> = files.iter().map(|file| (&*file.name, &*file.text)).collect();
        assert_eq!(told, [("jobs/a/x-y.js", "fn(s => s)\n"), ("jobs/a/X-y-2.js", "get('/')")]);
    }

    #[test]
    fn the_folder_lies_beside_the_project_file() {
        for (folder, expected) in [("jobs", Some("jobs")), ("./a/b", Some("a/b")), (".", Some(""))]
        {
            assert_eq!(folder_name(Path::new(folder)).ok().as_deref(), expected, "{folder}");
        }
        assert!(folder_name(Path::new("../jobs")).is_err());
        assert!(folder_name(Path::new("/jobs")).is_err());
    }
}
