//! The nearest known word to a misspelt one.
//!
//! Owns the "did you mean" rule for keys and values; the wording of the hint is left to the caller.

/// How alike two words must be (Jaro-Winkler, 0 to 1) before one is offered for the other.
const ALIKE: f64 = 0.8;

/// Finds the word of `known` that `word` most likely stands for.
///
/// Case, `-` and `_` do not count. Nothing is returned when no known word is close,
/// because a far-fetched guess costs the reader more than none.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let other = folded(candidate);
        // One slip (a letter missing, doubled or swapped) always counts, however short the word.
        let slip = word.len().min(other.len()) > 2 && strsim::osa_distance(&word, &other) <= 1;
        let score = match slip || word == other {
            true => 1.0,
            false => strsim::jaro_winkler(&word, &other),
        };
        if score >= ALIKE && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        // A word of a hostile document may be megabytes long; no known word is.
        .take(64)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn prefers_the_closest_word() {
        let known = ["record", "percentage", "retries"];
        assert_eq!(nearest("mbsp", ["mbps", "concurrent"]), Some("mbps"));
        assert_eq!(nearest("colour", ["mbps", "concurrent"]), None);
        assert_eq!(nearest("recrod", known), Some("record"));
        assert_eq!(nearest("PERCENT_AGE", known), Some("percentage"));
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", known), None);
        assert_eq!(nearest(&"record".repeat(100_000), ["write"]), None);
    }
}
