//! "Did you mean": the nearest of the names that exist.

/// The candidate nearest to `wanted`, if any is near enough to be a slip of the finger.
///
/// Distances count swapped neighbours once (Damerau-Levenshtein); a third of the letters may
/// differ. Ties go to the candidate that shares the first letter, then to the alphabet, so that
/// the answer does not depend on the order of the candidates.
pub fn did_you_mean<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = match wanted.chars().count() {
        0 => return None,
        1..=2 => 1,
        length => (length / 3).max(1),
    };
    let folded = wanted.to_lowercase();
    candidates
        .into_iter()
        .filter(|name| *name != wanted && name.len() <= 4 * wanted.len() + 8)
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&folded, &lower);
            // `minc` for `min_cut`: a beginning of at least three letters counts as near.
            let begins = folded.len() >= 3 && lower.starts_with(&folded);
            let near = distance <= allowed && distance < wanted.chars().count();
            (near || begins).then(|| {
                let rank = if near { distance } else { allowed + 1 };
                (rank, name.chars().next() != wanted.chars().next(), name)
            })
        })
        .min()
        .map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn finds_slips_and_ignores_strangers() {
        let names = ["min_cut", "min", "bound", "left_right", "r"];
        assert_eq!(did_you_mean("min_cot", names), Some("min_cut"));
        assert_eq!(did_you_mean("mincut", names), Some("min_cut"));
        assert_eq!(did_you_mean("leftright", names), Some("left_right"));
        assert_eq!(did_you_mean("bond", names), Some("bound"));
        assert_eq!(did_you_mean("entropy", names), None);
        assert_eq!(did_you_mean("", names), None);
        assert_eq!(did_you_mean("x", names), None);
    }
}
