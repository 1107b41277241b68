//! What somebody has typed into a form so far, under the names of the controls.
//!
//! ```text
//!   a.email            one control            a.people.0.first   a field in the first row of a block
//!   a.kind (often)     boxes that are ticked  a.where.lat, .lon  the two numbers of a position
//! ```
//!
//! It is kept as it was typed, right or wrong, and read anew with each step: so a mistake stays in its
//! control to be mended, and a field that is not asked any more keeps what stands in it until it is.

use fieldpost_model::progress::StoredFile;

/// What the names of all controls for answers begin with.
pub(super) const PREFIX: &str = "a.";

/// What somebody has typed, in the order of typing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// Names and texts; a name may come several times.
    pub(super) texts: Vec<(String, String)>,
    /// How many rows each block and table has.
    pub(super) rows: Vec<(String, usize)>,
    /// The files, by their controls.
    pub(super) files: Vec<(String, StoredFile)>,
}

impl Typed {
    /// The text of a control; empty where there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        let found = self.texts.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text)
    }

    /// All texts of a control.
    pub(super) fn all<'t>(&'t self, name: &'t str) -> impl Iterator<Item = &'t str> {
        self.texts.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Whether a control has that text.
    pub(super) fn has(&self, name: &str, text: &str) -> bool {
        self.all(name).any(|known| known == text)
    }

    /// The file of a control.
    pub(super) fn file(&self, name: &str) -> Option<&StoredFile> {
        self.files.iter().find(|(known, _)| known == name).map(|(_, file)| file)
    }

    /// How many rows a block or table has.
    pub(super) fn rows(&self, name: &str) -> usize {
        self.rows.iter().find(|(known, _)| known == name).map_or(0, |(_, rows)| *rows)
    }

    /// Sets the number of rows.
    pub(super) fn set_rows(&mut self, name: &str, rows: usize) {
        self.rows.retain(|(known, _)| known != name);
        self.rows.push((name.to_owned(), rows));
    }

    /// Puts what was posted in the place of what was typed into these controls before.
    pub(super) fn replace(&mut self, controls: &[String], posted: &[(String, String)]) {
        let belongs = |name: &str| controls.iter().any(|control| is_of(name, control));
        self.texts.retain(|(name, _)| !belongs(name));
        let new = posted.iter().filter(|(name, _)| belongs(name));
        self.texts.extend(new.map(|(name, text)| (name.clone(), text.replace("\r\n", "\n"))));
    }

    /// Puts a file into a control.
    pub(super) fn put_file(&mut self, name: &str, file: StoredFile) {
        self.drop_file(name);
        self.files.push((name.to_owned(), file));
    }

    /// Takes a file out of a control.
    pub(super) fn drop_file(&mut self, name: &str) {
        self.files.retain(|(known, _)| known != name);
    }

    /// Takes a row out of a block or table; those behind it move up.
    pub(super) fn remove_row(&mut self, name: &str, row: usize) {
        let rows = self.rows(name);
        if row >= rows {
            return;
        }
        self.texts = moved_up(std::mem::take(&mut self.texts), name, row);
        self.files = moved_up(std::mem::take(&mut self.files), name, row);
        self.rows = moved_up(std::mem::take(&mut self.rows), name, row);
        self.set_rows(name, rows - 1);
    }

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.texts.iter().map(|(name, text)| name.len() + text.len());
        let files = self.files.iter().map(|(name, file)| name.len() + file.name.len() + 200);
        texts.sum::<usize>() + files.sum::<usize>()
    }
}

/// Whether a name is that of a control or of a part of it.
pub(super) fn is_of(name: &str, control: &str) -> bool {
    name.strip_prefix(control).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn moved_up<T>(entries: Vec<(String, T)>, name: &str, removed: usize) -> Vec<(String, T)> {
    let place = |entry: &str| -> Option<(usize, String)> {
        let inside = entry.strip_prefix(name)?.strip_prefix('.')?;
        let (row, rest) = inside.split_once('.').unwrap_or((inside, ""));
        Some((row.parse().ok()?, rest.to_owned()))
    };
    let moved = entries.into_iter().filter_map(|(entry, value)| match place(&entry) {
        Some((row, _)) if row == removed => None,
        Some((row, rest)) if row > removed => Some((format!("{name}.{}.{rest}", row - 1), value)),
        _ => Some((entry, value)),
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_posted_takes_the_place_of_what_its_controls_held() {
        let mut typed = Typed {
            texts: pairs(&[("a.x", "old"), ("a.xy", "stays"), ("a.where.lat", "1")]),
            ..Typed::default()
        };
        let controls = ["a.x".to_owned(), "a.where".to_owned()];
        typed.replace(&controls, &pairs(&[("a.x", "1\r\n2"), ("a.xy", "no"), ("other", "no")]));
        assert_eq!(typed.texts, pairs(&[("a.xy", "stays"), ("a.x", "1\n2")]));
    }

    #[test]
    fn rows_move_up_when_one_is_removed() {
        let mut typed = Typed {
            texts: pairs(&[
                ("a.p.0.n", "zero"),
                ("a.p.1.n", "one"),
                ("a.p.2.n", "two"),
                ("a.q.2.n", "other"),
            ]),
            rows: vec![("a.p".to_owned(), 3)],
            ..Typed::default()
        };
        typed.remove_row("a.p", 1);
        let expected = pairs(&[("a.p.0.n", "zero"), ("a.p.1.n", "two"), ("a.q.2.n", "other")]);
        assert_eq!(typed.texts, expected);
        assert_eq!(typed.rows("a.p"), 2);
        typed.remove_row("a.p", 7);
        assert_eq!(typed.rows("a.p"), 2);
    }
}
