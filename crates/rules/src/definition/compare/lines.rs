//! The difference of two texts of several lines, line by line: what changed in a job.
//!
//! Lines that both have are kept as many as can be; what lies between them was changed, added or taken
//! away. Texts that differ in too much of what is large are told as a whole, since nobody reads more.

use super::Detail;

/// How many lines are told of one text.
const MOST_TOLD: usize = 60;

/// Characters of a line that are shown.
const SHOWN_CHARACTERS: usize = 160;

/// How many pairs of lines are compared at the most, after what both begin and end with.
const MOST_COMPARED: usize = 1_000_000;

/// What differs between two texts, as details of `path line N`. `None` where one of the two is no text of
/// several lines.
pub(super) fn differing_lines(path: &str, before: &str, after: &str) -> Option<Vec<Detail>> {
    if !before.contains('\n') && !after.contains('\n') {
        return None;
    }
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.lines().collect(), after.lines().collect());
    let mut details = Vec::new();
    for Stretch { removed, added } in stretches(&before, &after) {
        let (gone, come) = (removed.lines, added.lines);
        for place in 0..gone.len().max(come.len()) {
            let first = if place < come.len() { added.first } else { removed.first };
            let number = first + place + 1;
            details.push(Detail {
                path: format!("{path} line {number}"),
                before: gone.get(place).map(|line| shown(line)),
                after: come.get(place).map(|line| shown(line)),
            });
        }
    }
    if details.is_empty() {
        // They differ in how the last line ends.
        details.push(Detail {
            path: path.to_owned(),
            before: None,
            after: Some("another end of the last line".to_owned()),
        });
    }
    if details.len() > MOST_TOLD {
        let more = details.len() - MOST_TOLD;
        details.truncate(MOST_TOLD);
        let after = Some(format!("… and {more} lines more"));
        details.push(Detail { path: path.to_owned(), before: None, after });
    }
    Some(details)
}

/// A text of several lines in few words.
pub(super) fn in_few_words(text: &str) -> Option<String> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    text.contains('\n').then(|| format!("{} lines: {}", text.lines().count(), shown(first)))
}

/// Lines that stand together, with the place of the first.
struct Part<'l> {
    first: usize,
    lines: &'l [&'l str],
}

/// Lines that took the place of others.
struct Stretch<'l> {
    removed: Part<'l>,
    added: Part<'l>,
}

/// The stretches in which two texts differ, in their order.
fn stretches<'l>(before: &'l [&'l str], after: &'l [&'l str]) -> Vec<Stretch<'l>> {
    let start = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let room = before.len().min(after.len()) - start;
    let pairs = before.iter().rev().zip(after.iter().rev());
    let end = pairs.take(room).take_while(|(one, other)| one == other).count();
    let common = common(
        before.get(start..before.len() - end).unwrap_or_default(),
        after.get(start..after.len() - end).unwrap_or_default(),
    );
    let ends = [(before.len() - end, after.len() - end)];
    let common = common.into_iter().map(|(one, other)| (start + one, start + other)).chain(ends);
    let (mut old, mut new) = (start, start);
    let mut found = Vec::new();
    for (one, other) in common {
        if (old, new) != (one, other) {
            let removed = before.get(old..one).unwrap_or_default();
            let added = after.get(new..other).unwrap_or_default();
            found.push(Stretch {
                removed: Part { first: old, lines: removed },
                added: Part { first: new, lines: added },
            });
        }
        (old, new) = (one + 1, other + 1);
    }
    found
}

/// The places of the most lines that both have in the same order; none where looking takes too long.
fn common(before: &[&str], after: &[&str]) -> Vec<(usize, usize)> {
    let width = after.len() + 1;
    if before.len().saturating_mul(width) > MOST_COMPARED {
        return Vec::new();
    }
    // `most[one * width + other]`: how many lines the texts have in common from these places on.
    let mut most = vec![0_u32; (before.len() + 1) * width];
    let at = |most: &[u32], one: usize, other: usize| {
        most.get(one * width + other).copied().unwrap_or_default()
    };
    for (one, line) in before.iter().enumerate().rev() {
        for (other, opposite) in after.iter().enumerate().rev() {
            let count = if line == opposite {
                at(&most, one + 1, other + 1) + 1
            } else {
                at(&most, one + 1, other).max(at(&most, one, other + 1))
            };
            if let Some(place) = most.get_mut(one * width + other) {
                *place = count;
            }
        }
    }
    let (mut one, mut other) = (0, 0);
    let mut found = Vec::new();
    while let (Some(line), Some(opposite)) = (before.get(one), after.get(other)) {
        if line == opposite {
            found.push((one, other));
            (one, other) = (one + 1, other + 1);
        } else if at(&most, one + 1, other) >= at(&most, one, other + 1) {
            one += 1;
        } else {
            other += 1;
        }
    }
    found
}

/// A line for people: on one line of theirs, whatever it holds.
fn shown(line: &str) -> String {
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    let mut text: String = line.chars().take(SHOWN_CHARACTERS).map(printable).collect();
    if line.chars().nth(SHOWN_CHARACTERS).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expected: &[&str]) {
        let found = differing_lines("job", before, after).unwrap_or_default();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{before:?} {after:?}");
    }

    #[test]
    fn lines_that_changed_are_told() {
        check("a\nb\nc\n", "a\nB\nc\n", &["~ job line 2: b → B"]);
        check("a\nb\nc\n", "a\nb\nx\nc\n", &["+ job line 3: x"]);
        check("a\nb\nc\n", "a\nc\n", &["- job line 2: b"]);
        check(
            "a\nb\nc\nd\ne\n",
            "x\nb\nd\ny\n",
            &["~ job line 1: a → x", "- job line 3: c", "~ job line 4: e → y"],
        );
        check("a\n", "a\nb\n", &["+ job line 2: b"]);
        check("a\nb", "a\nb\n", &["+ job: another end of the last line"]);
        check("a", "b", &[]);
    }

    #[test]
    fn no_more_is_told_than_anybody_reads() {
        let many = |word: &str| {
            (0..200).map(|at| format!("{word}{at}")).collect::<Vec<_>>().join("\n") + "\n"
        };
        let found = differing_lines("job", &many("a"), &many("b")).unwrap();
        assert_eq!(found.len(), MOST_TOLD + 1);
        assert_eq!(found[MOST_TOLD].to_string(), "+ job: … and 140 lines more");
        let long = format!("a\n{}\n", "é".repeat(SHOWN_CHARACTERS + 1));
        let found = differing_lines("job", "a\n", &long).unwrap();
        assert_eq!(found[0].after.as_ref().unwrap().chars().count(), SHOWN_CHARACTERS + 1);
        // What is too large to be compared is told as one stretch.
        let large = |word: &str| {
            (0..2_000).map(|at| format!("{word}{}", at % 7)).collect::<Vec<_>>().join("\n") + "\n"
        };
        let found = differing_lines("job", &large("a"), &large("b")).unwrap();
        assert_eq!(found[MOST_TOLD].to_string(), "+ job: … and 1940 lines more");
    }
}
