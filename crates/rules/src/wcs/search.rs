//! The full text search of lists: `q`.
//!
//! A record is found if it has every word of the search, whole. Accents, case and how a letter is put
//! together make no difference: `föô` finds `FOO`. What is neither letter nor digit separates words.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// How many words of a search count; what follows them is not looked at.
pub const MOST_WORDS: usize = 32;

/// What a list is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    words: Vec<String>,
}

impl Search {
    /// The search for all words of a text; `None` where it has none.
    pub fn of(text: &str) -> Option<Self> {
        let words: BTreeSet<String> = words(text).take(MOST_WORDS).collect();
        (!words.is_empty()).then(|| Self { words: words.into_iter().collect() })
    }

    /// Its words, folded as [`words`] folds those of a record.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// How well a record with these texts is found: how often its words stand there. `None` where one
    /// of them does not.
    pub fn rank<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> Option<usize> {
        let mut counts = vec![0_usize; self.words.len()];
        for word in texts.into_iter().flat_map(words) {
            if let Ok(place) = self.words.binary_search(&word)
                && let Some(count) = counts.get_mut(place)
            {
                *count += 1;
            }
        }
        counts.iter().all(|count| *count > 0).then(|| counts.iter().sum())
    }
}

/// The words of a text, without accents and in lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let words: Vec<String> = folded(text)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

/// A text in lower case, without its accents.
fn folded(text: &str) -> String {
    let letters = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    let lower: String = letters.flat_map(char::to_lowercase).collect();
    // Lower case can bring marks of its own: `İ` becomes an `i` with a dot above.
    lower.nfkd().filter(|letter| !is_combining_mark(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_found_whatever_their_accents() {
        for (search, text, found) in [
            ("foo", "FOO BAR 01", true),
            ("föô", "FOO BAR 01", true),
            ("foo", "föô", true),
            ("bar foo", "foo, bar!", true),
            ("bar baz", "foo bar", false),
            ("fo", "foo", false),
            ("foo foo", "foo", true),
            ("jean@example.org", "mail: jean@example.org", true),
            ("İstanbul", "istanbul", true),
            ("ﬁn", "FIN", true),
            ("straße 7", "Straße, 7", true),
            ("北京", "北京", true),
        ] {
            let search = Search::of(search).unwrap();
            assert_eq!(search.rank([text]).is_some(), found, "{search:?} {text}");
        }
        assert_eq!(Search::of(""), None);
        assert_eq!(Search::of(" ?! "), None);
    }

    #[test]
    fn words_may_stand_in_several_texts_and_count_each_time() {
        let search = Search::of("foo bar").unwrap();
        assert_eq!(search.rank(["foo", "foo bar"]), Some(3));
        assert_eq!(search.rank(["foo", "foo"]), None);
    }

    proptest! {
        /// What is folded once stays as it is, so that words can be stored.
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}") {
            let once: Vec<_> = words(&text).collect();
            let again: Vec<_> = once.iter().flat_map(|word| words(word)).collect();
            prop_assert_eq!(&once, &again);
            if let Some(search) = Search::of(&text) {
                prop_assert!(search.rank([text.as_str()]).is_some());
            }
        }
    }
}
