//! Patterns of text in which `*` stands for anything: keys of a collection, addresses of a rehearsal.
//!
//! There is no way to mean a star itself: what is to be exactly one text is asked for as such.

/// Whether a text looks like a pattern. The parts between stars are looked for from the left, each at its
/// first place, which is enough: what a star before it could have taken, the star behind it can.
pub fn meets(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// What every text that looks like the pattern begins with.
pub fn beginning(pattern: &str) -> &str {
    pattern.split('*').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, meant, not_meant) in [
            ("a", &["a"][..], &["", "ab", "b"][..]),
            ("*", &["", "a", "*"], &[]),
            ("2024*", &["2024", "2024-01"], &["202", "x2024"]),
            ("*-b", &["a-b", "-b", "a-b-b"], &["a-c", "b"]),
            ("a*b*c", &["abc", "axbxc", "abbcc"], &["ab", "acb", "xabc"]),
            ("a*a", &["aa", "axa"], &["a"]),
            ("https://a/x*", &["https://a/x", "https://a/x?y=1"], &["https://a/"]),
            ("*/b/*", &["https://a/b/c"], &["https://a/b"]),
            ("*b*b", &["a/b/b"], &["https://a/b"]),
        ] {
            for text in meant {
                assert!(meets(text, pattern), "{text} {pattern}");
                assert!(text.starts_with(beginning(pattern)), "{text} {pattern}");
            }
            for text in not_meant {
                assert!(!meets(text, pattern), "{text} {pattern}");
            }
        }
    }
}
