//! What lies in the folder of packages.
//!
//! Each package has a folder of its own, called by its name and version, with `manifest.json` beside what npm has
//! put there. A folder without one was not finished, and is not looked at.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::adaptors;
use crate::compile::Adaptor;

/// What is written about a package beside it.
const MANIFEST: &str = "manifest.json";
/// What OpenFn's adaptors are called before their short name.
const ADAPTOR: &str = "@openfn/language-";

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name, as jobs import it: `@openfn/language-dhis2`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The names that it exports.
    pub exports: Vec<String>,
}

impl Package {
    /// `name@version`: what tells it from other versions of the same package.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The name of its folder.
    pub(super) fn folder_name(&self) -> String {
        self.id().replace('/', "+")
    }
}

/// The folder of packages.
#[derive(Debug, Clone)]
pub struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// The packages in this folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// No packages at all: the adaptors of the binary are what there is.
    pub fn none() -> Self {
        Self::new("")
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them, by name, the newest version of each first.
    pub fn list(&self) -> io::Result<Vec<Package>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let is_hidden =
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let Ok(text) = fs::read(path.join(MANIFEST)) else { continue };
            if let (false, Ok(package)) = (is_hidden, serde_json::from_slice::<Package>(&text)) {
                found.push(package);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| newer_first(&a.version, &b.version)));
        Ok(found)
    }

    /// The package that a step calls so: by its name or OpenFn's short one, with a version or without. Without
    /// one, or where `latest` is asked for, it is the newest that is there.
    pub fn find(&self, asked: &str) -> io::Result<Option<Package>> {
        let (name, version) = parts(asked);
        let full = format!("{ADAPTOR}{name}");
        let mut all = self.list()?.into_iter();
        Ok(all.find(|package| {
            (package.name == name || package.name == full)
                && version.is_none_or(|version| version == "latest" || package.version == version)
        }))
    }

    /// The package of exactly this version, where a step names one.
    pub fn find_exactly(&self, asked: &str) -> io::Result<Option<Package>> {
        match parts(asked).1 {
            None | Some("latest") => Ok(None),
            Some(_) => self.find(asked),
        }
    }

    /// Takes a package away; whether it was there.
    pub fn remove(&self, package: &Package) -> io::Result<bool> {
        match fs::remove_dir_all(self.folder.join(package.folder_name())) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes down what was installed in this folder.
    pub(super) fn describe(folder: &Path, package: &Package) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(package).map_err(io::Error::other)?;
        fs::write(folder.join(MANIFEST), text)
    }
}

/// What a step means by the name of an adaptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// An adaptor of the binary, by the name of its module.
    BuiltIn(&'static str),
    /// A package that is installed.
    Package(Package),
}

impl Meant {
    /// What the compiler is told of it.
    pub fn adaptor(&self) -> Adaptor {
        let (specifier, exports) = match self {
            Self::BuiltIn(specifier) => ((*specifier).to_owned(), adaptors::exports(specifier)),
            Self::Package(package) => (package.name.clone(), Some(package.exports.as_slice())),
        };
        Adaptor { specifier, exports: exports.map(<[String]>::to_vec), reexport: true }
    }

    /// The module as a step that runs in Node.js is given it.
    pub fn module(&self) -> String {
        match self {
            Self::BuiltIn(specifier) => (*specifier).to_owned(),
            Self::Package(package) => package.id(),
        }
    }
}

impl Packages {
    /// What a step means by the name of an adaptor: the package of the version that it names, if that is
    /// installed; else the adaptor of the binary, of which there is one version; else any package of that name.
    pub fn meant(&self, name: &str) -> io::Result<Option<Meant>> {
        if let Some(package) = self.find_exactly(name)? {
            return Ok(Some(Meant::Package(package)));
        }
        if let Some(specifier) = adaptors::named(name) {
            return Ok(Some(Meant::BuiltIn(specifier)));
        }
        Ok(self.find(name)?.map(Meant::Package))
    }

    /// What to do about a name that no adaptor and no package here has: the nearest one that there is, else where
    /// packages come from. It is advice: a folder that cannot be read counts as empty.
    pub fn advice(&self, name: &str) -> String {
        let has_version = parts(name).1.is_some();
        let mut installed: Vec<String> = Vec::new();
        for package in self.list().unwrap_or_default() {
            let short = package.name.strip_prefix(ADAPTOR).unwrap_or(&package.name);
            let called =
                if has_version { format!("{short}@{}", package.version) } else { short.to_owned() };
            if !installed.contains(&called) {
                installed.push(called);
            }
        }
        adaptors::advice(name, &installed)
    }
}

/// The name and the version of `name@version`.
fn parts(asked: &str) -> (&str, Option<&str>) {
    let at = asked.char_indices().skip(1).filter(|(_, letter)| *letter == '@').last();
    match at {
        Some((at, _)) => (asked.get(..at).unwrap_or(asked), asked.get(at + 1..)),
        None => (asked, None),
    }
}

/// Numbers are compared as such; what has a tail, as a version before its time has, comes after the one without.
fn newer_first(a: &str, b: &str) -> std::cmp::Ordering {
    let key = |version: &str| {
        let (numbers, tail) =
            version.split_once('-').map_or((version, None), |(a, b)| (a, Some(b)));
        let numbers: Vec<u64> = numbers.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        (numbers, tail.is_none(), tail.map(str::to_owned))
    };
    key(b).cmp(&key(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(ids: &[(&str, &str)]) -> (tempfile::TempDir, Packages) {
        let folder = tempfile::tempdir().unwrap();
        for (name, version) in ids {
            let package = Package {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                exports: Vec::new(),
            };
            let own = folder.path().join(package.folder_name());
            fs::create_dir(&own).unwrap();
            Packages::describe(&own, &package).unwrap();
        }
        let packages = Packages::new(folder.path());
        (folder, packages)
    }

    #[test]
    fn a_package_is_found_by_each_of_its_names() {
        let (_folder, packages) = packages(&[
            ("@openfn/language-dhis2", "8.2.1"),
            ("@openfn/language-dhis2", "8.10.0"),
            ("@openfn/language-dhis2", "9.0.0-rc.1"),
            ("my-own", "1.0.0"),
        ]);
        for (asked, version) in [
            ("dhis2", Some("9.0.0-rc.1")),
            ("dhis2@latest", Some("9.0.0-rc.1")),
            ("dhis2@8.2.1", Some("8.2.1")),
            ("@openfn/language-dhis2@8.10.0", Some("8.10.0")),
            ("my-own", Some("1.0.0")),
            ("my-own@2.0.0", None),
            ("@openfn/language-my-own", None),
            ("", None),
        ] {
            let found = packages.find(asked).unwrap();
            assert_eq!(found.map(|package| package.version).as_deref(), version, "{asked}");
        }
        assert_eq!(packages.find_exactly("dhis2").unwrap(), None);
        assert!(packages.find_exactly("dhis2@8.2.1").unwrap().is_some());
        let versions: Vec<String> =
            packages.list().unwrap().into_iter().map(|package| package.version).collect();
        assert_eq!(versions, ["9.0.0-rc.1", "8.10.0", "8.2.1", "1.0.0"]);
    }

    #[test]
    fn what_is_installed_may_have_been_meant() {
        let (_folder, packages) = packages(&[
            ("@openfn/language-salesforce", "6.0.0"),
            ("@openfn/language-salesforce", "7.1.0"),
            ("my-own", "1.0.0"),
        ]);
        for (asked, advice) in [
            ("salesfroce", "did you mean `salesforce`?"),
            ("my-wn", "did you mean `my-own`?"),
            ("my-own@2.0.0", "did you mean `my-own@1.0.0`?"),
            ("htpp", "did you mean `http`?"),
        ] {
            assert_eq!(packages.advice(asked), advice);
        }
        let told = packages.advice("zzz");
        assert!(told.contains("; installed: salesforce, my-own; others are packages"), "{told}");
    }

    #[test]
    fn what_is_unfinished_or_gone_is_not_there() {
        let (folder, packages) = packages(&[("a", "1.0.0")]);
        fs::create_dir(folder.path().join("b@1.0.0")).unwrap();
        fs::create_dir(folder.path().join(".c@1.0.0")).unwrap();
        fs::copy(
            folder.path().join("a@1.0.0/manifest.json"),
            folder.path().join(".c@1.0.0/manifest.json"),
        )
        .unwrap();
        let found = packages.list().unwrap();
        assert_eq!(found.len(), 1);
        assert!(packages.remove(&found[0]).unwrap());
        assert!(!packages.remove(&found[0]).unwrap());
        assert!(Packages::new(folder.path().join("missing")).list().unwrap().is_empty());
    }
}
