//! Many rows in one statement. The statements are static texts of one or of many rows, so that the database
//! prepares each once.

/// Rows in one statement of many.
pub(super) const ROWS: usize = 64;

/// The rows of an `INSERT`, numbered on from the placeholders of the first one.
pub(super) fn values(rows: usize, first: &str) -> String {
    let parts: Vec<&str> = first.split('$').collect();
    let numbered: Vec<(u64, &str)> = parts.iter().skip(1).map(|part| number(part)).collect();
    let width = numbered.iter().map(|(place, _)| *place).max().unwrap_or(0);
    let mut text = String::new();
    for row in 0..rows as u64 {
        if row > 0 {
            text.push_str(", ");
        }
        text.push_str(parts.first().copied().unwrap_or_default());
        for (place, rest) in &numbered {
            text.push_str(&format!("${}{rest}", row * width + place));
        }
    }
    text
}

/// The number that a text begins with, and what follows.
fn number(text: &str) -> (u64, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    (digits.parse().unwrap_or(0), rest)
}

/// Cuts rows into pieces for the statement of many and, where there are not so many left, for that of one.
pub(super) fn pieces<'a, T>(
    rows: &'a [T],
    one: &'static str,
    many: &'static str,
) -> impl Iterator<Item = (&'static str, &'a [T])> + use<'a, T> {
    let whole = rows.chunks_exact(ROWS);
    let rest = whole.remainder().chunks(1);
    whole
        .map(move |piece| (many, piece))
        .chain(rest.map(move |piece| (one, piece)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_on() {
        let expected = "($1, $2, $2, 'x', $3), ($4, $5, $5, 'x', $6)";
        assert_eq!(values(2, "($1, $2, $2, 'x', $3)"), expected);
    }

    #[test]
    fn every_row_is_in_one_piece() {
        let rows: Vec<usize> = (0..ROWS * 2 + 3).collect();
        let cut: Vec<_> = pieces(&rows, "one", "many").collect();
        assert_eq!(cut.len(), 5);
        assert_eq!(cut[1].0, "many");
        assert_eq!(cut[4].0, "one");
        let together: Vec<usize> = cut.iter().flat_map(|(_, piece)| piece.to_vec()).collect();
        assert_eq!(together, rows);
    }
}
