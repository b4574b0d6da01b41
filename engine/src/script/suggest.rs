//! Finds what a misspelt name was probably meant to be.

/// The candidate that is nearest to the name, where one is near enough to be worth a hint.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (name.chars().count() / 3).max(1) + 1;
    let distance = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    let near = candidates.into_iter().map(|candidate| (distance(candidate), candidate));
    near.filter(|(distance, _)| (1..far).contains(distance)).min().map(|(_, candidate)| candidate)
}

/// The hint that names the nearest candidate.
pub(super) fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("raed", ["read", "write"]), Some("read"));
        assert_eq!(nearest("weather", ["read", "write"]), None);
        assert_eq!(nearest("a", ["b", "ccc"]), Some("b"));
    }
}
