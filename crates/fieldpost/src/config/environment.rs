//! The process's environment, for `${NAME}` in project files. Settings come from it by way of the
//! command line's reader.

/// The value of a variable; `None` where it is not set or is no text.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
