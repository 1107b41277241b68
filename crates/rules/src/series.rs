//! Series for charts: counts by time, with nothing left out between them.

use std::collections::BTreeMap;

/// Counts of equal stretches of time, from the first on.
pub type Counts = Vec<u64>;

/// Lays counts out by their step. Steps without any are zero, and what lies beyond `steps` is left
/// out.
pub fn lay_out<K: Ord>(
    steps: usize,
    counts: impl IntoIterator<Item = (K, usize, u64)>,
) -> BTreeMap<K, Counts> {
    let mut series = BTreeMap::new();
    for (key, step, count) in counts {
        let line: &mut Counts = series.entry(key).or_insert_with(|| vec![0; steps]);
        if let Some(place) = line.get_mut(step) {
            *place = place.saturating_add(count);
        }
    }
    series
}

/// Keeps the `most` names with the greatest sums, and adds the others up: nobody reads a chart of a
/// hundred lines. The answer has the names in their order, and the others last.
pub fn keep_greatest(
    series: BTreeMap<String, Counts>,
    most: usize,
) -> Vec<(Option<String>, Counts)> {
    let mut sums: Vec<(u64, &String)> =
        series.iter().map(|(name, counts)| (counts.iter().sum(), name)).collect();
    sums.sort_by(|(one, one_name), (other, other_name)| {
        other.cmp(one).then_with(|| one_name.cmp(other_name))
    });
    let kept: Vec<String> = sums.into_iter().take(most).map(|(_, name)| name.clone()).collect();
    let mut lines = Vec::with_capacity(kept.len());
    let mut others: Option<Counts> = None;
    for (name, counts) in series {
        if kept.contains(&name) {
            lines.push((Some(name), counts));
            continue;
        }
        match &mut others {
            None => others = Some(counts),
            Some(sum) => {
                for (place, count) in sum.iter_mut().zip(counts) {
                    *place = place.saturating_add(count);
                }
            }
        }
    }
    lines.extend(others.map(|counts| (None, counts)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_without_counts_are_zero() {
        let counts = [("kobo", 2, 5), ("kobo", 0, 1), ("odk", 1, 2), ("kobo", 2, 1), ("odk", 3, 9)];
        let series = lay_out(3, counts);
        assert_eq!(series, BTreeMap::from([("kobo", vec![1, 0, 6]), ("odk", vec![0, 2, 0])]));
        assert_eq!(lay_out::<&str>(3, []), BTreeMap::new());
        assert_eq!(lay_out(0, [("kobo", 0, 1)]), BTreeMap::from([("kobo", vec![])]));
    }

    #[track_caller]
    fn check(most: usize, expected: &[(Option<&str>, [u64; 2])]) {
        let named = |name: &str, counts: [u64; 2]| (name.to_owned(), counts.to_vec());
        let series =
            [named("a", [1, 1]), named("b", [9, 0]), named("c", [2, 2]), named("d", [0, 2])];
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, counts)| (name.map(str::to_owned), counts.to_vec()))
            .collect();
        assert_eq!(keep_greatest(BTreeMap::from(series), most), expected, "{most}");
    }

    #[test]
    fn the_least_are_added_up() {
        let all = [("a", [1, 1]), ("b", [9, 0]), ("c", [2, 2]), ("d", [0, 2])];
        check(4, &all.map(|(name, counts)| (Some(name), counts)));
        check(3, &[(Some("a"), [1, 1]), (Some("b"), [9, 0]), (Some("c"), [2, 2]), (None, [0, 2])]);
        check(1, &[(Some("b"), [9, 0]), (None, [3, 5])]);
        check(0, &[(None, [12, 5])]);
    }
}
