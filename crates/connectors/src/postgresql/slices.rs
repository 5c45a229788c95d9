//! The arithmetic of splits: bounds within values, and the conditions between bounds.

use super::sql::identifier;

/// A condition and what to call the rows it selects; no condition means all.
pub(crate) type Slice = (String, Option<String>);

pub(crate) fn whole() -> Vec<Slice> {
    vec![(String::new(), None)]
}

/// The inner bounds of `count` even ranges from `low` to `high`.
pub(crate) fn integer_bounds(low: i128, high: i128, count: usize) -> Vec<i128> {
    let span = (high - low + 1).max(1);
    let count = span.min(count.max(1) as i128);
    (1..count).map(|place| low + span * place / count).collect()
}

/// Of the bounds of even shares, extremes included, those that make `count` shares.
pub(crate) fn inner_bounds(mut bounds: Vec<i128>, count: usize) -> Vec<i128> {
    bounds.sort_unstable();
    bounds.dedup();
    let shares = bounds.len().saturating_sub(1);
    let count = count.min(shares);
    (1..count)
        .map(|place| bounds[place * shares / count])
        .collect()
}

/// Slices below, between and above bounds in ascending order, and one for NULL.
///
/// Their names count them: names stand in logs, reports and the console, where the bounds, which are values
/// of rows, do not belong.
pub(crate) fn slices_between<T>(
    name: &str,
    bounds: &[T],
    nullable: bool,
    sql: impl Fn(&T) -> String,
) -> Vec<Slice> {
    let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else {
        return whole();
    };
    let key = identifier(name);
    let mut conditions = vec![format!("{key} < {}", sql(first))];
    for pair in bounds.windows(2) {
        conditions.push(format!(
            "{key} >= {} AND {key} < {}",
            sql(&pair[0]),
            sql(&pair[1])
        ));
    }
    conditions.push(format!("{key} >= {}", sql(last)));
    let mut slices: Vec<Slice> = (1..)
        .zip(conditions)
        .map(|(number, condition)| (format!("{name} part {number}"), Some(condition)))
        .collect();
    if nullable {
        slices.push((format!("{name} is null"), Some(format!("{key} IS NULL"))));
    }
    slices
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sql::literal;
    use super::*;

    #[test]
    fn slices_are_counted_and_quote_their_bounds() {
        let bounds = ["it's".to_string(), "z".to_string()];
        let slices = slices_between("Name", &bounds, true, |b| literal(b));
        assert_eq!(
            slices,
            [
                ("Name part 1".into(), Some("\"Name\" < 'it''s'".into())),
                (
                    "Name part 2".into(),
                    Some("\"Name\" >= 'it''s' AND \"Name\" < 'z'".to_string())
                ),
                ("Name part 3".into(), Some("\"Name\" >= 'z'".into())),
                ("Name is null".into(), Some("\"Name\" IS NULL".into())),
            ]
        );
        assert_eq!(
            slices_between::<i128>("id", &[], true, |b| b.to_string()),
            whole()
        );
    }

    #[test]
    fn shares_are_joined_evenly() {
        assert_eq!(inner_bounds(vec![0, 10, 20, 30, 40], 2), [20]);
        assert_eq!(inner_bounds(vec![-5, 7, 7, 90], 4), [7]);
        assert_eq!(inner_bounds(vec![3], 4), [0; 0]);
        assert_eq!(inner_bounds(vec![], 4), [0; 0]);
    }

    proptest! {
        #[test]
        fn integer_bounds_ascend_within_the_values(low: i64, span: u32, count in 1_usize..200) {
            let (low, high) = (i128::from(low), i128::from(low) + i128::from(span));
            let bounds = integer_bounds(low, high, count);
            prop_assert!(bounds.len() < count);
            prop_assert!(bounds.is_sorted_by(|a, b| a < b));
            prop_assert!(bounds.iter().all(|bound| low < *bound && *bound <= high));
        }
    }
}
