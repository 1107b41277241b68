//! The adaptors that live in the binary: libraries of functions for jobs, with OpenFn's names.
//!
//! Each is written in JavaScript, in a folder of its own, and reaches the world only by asking the
//! hub. Jobs import them by the names that OpenFn's packages have.

mod catalogue;
mod suggest;

pub use catalogue::{AdaptorDocs, FunctionDocs, documented};
pub(crate) use suggest::advice;

/// The modules of all adaptors: name and source.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("@openfn/language-collections", include_str!("collections/collections.js")),
    ("@openfn/language-collections/functions", include_str!("collections/functions.js")),
    ("@openfn/language-collections/store", include_str!("collections/store.js")),
    ("@openfn/language-commcare", include_str!("commcare/commcare.js")),
    ("@openfn/language-commcare/client", include_str!("commcare/client.js")),
    ("@openfn/language-commcare/http", include_str!("commcare/http.js")),
    ("@openfn/language-commcare/workbook", include_str!("commcare/workbook.js")),
    ("@openfn/language-commcare/xml", include_str!("commcare/xml.js")),
    ("@openfn/language-common", include_str!("common/common.js")),
    ("@openfn/language-common/csv", include_str!("common/csv.js")),
    ("@openfn/language-common/dates", include_str!("common/dates.js")),
    ("@openfn/language-common/expression", include_str!("common/expression.js")),
    ("@openfn/language-common/http", include_str!("common/http.js")),
    ("@openfn/language-common/lodash", LODASH),
    ("@openfn/language-common/parts", include_str!("common/parts.js")),
    ("@openfn/language-common/path", include_str!("common/path.js")),
    ("@openfn/language-common/schema", include_str!("common/schema.js")),
    ("@openfn/language-common/service", include_str!("common/service.js")),
    ("@openfn/language-common/sha256", include_str!("common/sha256.js")),
    ("@openfn/language-common/util", include_str!("common/util.js")),
    ("@openfn/language-dhis2", include_str!("dhis2/dhis2.js")),
    ("@openfn/language-dhis2/client", include_str!("dhis2/client.js")),
    ("@openfn/language-dhis2/http", include_str!("dhis2/http.js")),
    ("@openfn/language-dhis2/legacy", include_str!("dhis2/legacy.js")),
    ("@openfn/language-dhis2/tracker", include_str!("dhis2/tracker.js")),
    ("@openfn/language-dhis2/util", include_str!("dhis2/util.js")),
    ("@openfn/language-godata", include_str!("godata/godata.js")),
    ("@openfn/language-godata/client", include_str!("godata/client.js")),
    ("@openfn/language-godata/http", include_str!("godata/http.js")),
    ("@openfn/language-http", include_str!("http/http.js")),
    ("@openfn/language-http/legacy", include_str!("http/legacy.js")),
    ("@openfn/language-http/xml", include_str!("http/xml.js")),
    ("@openfn/language-kobotoolbox", include_str!("kobotoolbox/kobotoolbox.js")),
    ("@openfn/language-kobotoolbox/client", include_str!("kobotoolbox/client.js")),
    ("@openfn/language-kobotoolbox/http", include_str!("kobotoolbox/http.js")),
    ("@openfn/language-mail", include_str!("mail/mail.js")),
    ("@openfn/language-odk", include_str!("odk/odk.js")),
    ("@openfn/language-odk/client", include_str!("odk/client.js")),
    ("@openfn/language-postgresql", include_str!("postgresql/postgresql.js")),
    ("@openfn/language-postgresql/client", include_str!("postgresql/client.js")),
    ("@openfn/language-postgresql/util", include_str!("postgresql/util.js")),
    ("@openfn/language-wcs", include_str!("wcs/wcs.js")),
    ("@openfn/language-wcs/changes", include_str!("wcs/changes.js")),
    ("@openfn/language-wcs/client", include_str!("wcs/client.js")),
];

/// Lodash as it is published (MIT licence, beside it), made a module: it looks for the names that Node.js
/// would have.
const LODASH: &str = concat!(
    "const module = { exports: {} }, exports = module.exports, global = globalThis;\n",
    include_str!("common/lodash/lodash.min.js"),
    "\nexport default module.exports;\n",
);

/// The adaptor that every job has.
pub const COMMON: &str = "@openfn/language-common";

/// The adaptor that every job has under its name, as `collections.get(…)`, and the name that it has there.
pub const COLLECTIONS: (&str, &str) = ("@openfn/language-collections", "collections");

/// The names that an adaptor of the binary exports; nothing if there is no such adaptor.
pub fn exports(specifier: &str) -> Option<&'static [String]> {
    catalogue::exports(specifier)
}

/// The adaptor of the binary that OpenFn's files call so: `common`, `@openfn/language-common` or
/// either with a version behind `@`. The version is not looked at: there is one.
pub fn named(name: &str) -> Option<&'static str> {
    let at = name.char_indices().skip(1).find(|(_, letter)| *letter == '@').map(|(at, _)| at);
    let name = at.and_then(|at| name.get(..at)).unwrap_or(name);
    names().find(|full| *full == name || short_name(full) == name)
}

/// All adaptors of the binary, by the names that jobs import them by.
pub fn names() -> impl Iterator<Item = &'static str> {
    // What stands behind a slash is a part of an adaptor.
    ALL.iter().map(|(name, _)| *name).filter(|name| !short_name(name).contains('/'))
}

/// The name of an adaptor's module without what all of them have in common.
fn short_name(module: &'static str) -> &'static str {
    module.strip_prefix("@openfn/language-").unwrap_or(module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adaptor_has_several_names() {
        for name in
            ["common", "common@3.3.4", "@openfn/language-common", "@openfn/language-common@latest"]
        {
            assert_eq!(named(name), Some(COMMON), "{name}");
        }
        for name in ["", "@", "commons", "language-common", "@openfn/language-dhis2/http"] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
