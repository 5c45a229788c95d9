//! Which rows of which partition one task reads. Pure arithmetic.

/// Slices per channel, so that a slow one does not leave the other channels idle at the end.
const SLICES_PER_CHANNEL: u64 = 4;

/// Fewer rows than this are not worth a request of their own.
const SMALLEST_SLICE: u64 = 1_000;

/// A range of rows of the partition with this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub partition: usize,
    pub start: u64,
    pub row_count: u64,
}

/// One slice for every partition that has rows.
pub(super) fn whole(row_counts: &[u64]) -> Vec<Slice> {
    row_counts
        .iter()
        .enumerate()
        .filter(|(_, row_count)| **row_count > 0)
        .map(|(partition, row_count)| Slice {
            partition,
            start: 0,
            row_count: *row_count,
        })
        .collect()
}

/// Even ranges, none much longer than the total of rows shared out among all slices of all channels.
pub(super) fn ranges(row_counts: &[u64], channels: usize) -> Vec<Slice> {
    let total: u64 = row_counts
        .iter()
        .fold(0, |total, row_count| total.saturating_add(*row_count));
    let wanted = SLICES_PER_CHANNEL.saturating_mul(channels.max(1) as u64);
    let longest = total.div_ceil(wanted).max(SMALLEST_SLICE);
    let mut slices = Vec::new();
    for whole in whole(row_counts) {
        let parts = whole.row_count.div_ceil(longest);
        let (length, longer) = (whole.row_count / parts, whole.row_count % parts);
        let mut start = 0;
        for part in 0..parts {
            let row_count = length + u64::from(part < longer);
            slices.push(Slice {
                partition: whole.partition,
                start,
                row_count,
            });
            start += row_count;
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_exactly_one_slice() {
        for channels in [0, 1, 2, 7, 100] {
            for row_counts in [
                vec![],
                vec![0],
                vec![1],
                vec![999, 0, 1_001],
                vec![4_000_000_000, 3],
                vec![1_000_003; 5],
                vec![u64::MAX / 2, u64::MAX / 2, 12_345],
            ] {
                let slices = ranges(&row_counts, channels);
                for (partition, row_count) in row_counts.iter().enumerate() {
                    let mut next = 0;
                    for slice in slices.iter().filter(|slice| slice.partition == partition) {
                        assert_eq!(slice.start, next);
                        assert!(slice.row_count > 0);
                        next += slice.row_count;
                    }
                    assert_eq!(next, *row_count);
                }
            }
        }
    }

    #[test]
    fn many_rows_make_more_slices_than_channels() {
        let slices = ranges(&[2_000_000], 4);
        assert_eq!(slices.len(), 16);
        assert!(slices.iter().all(|slice| slice.row_count == 125_000));
        assert_eq!(ranges(&[500, 400], 4).len(), 2);
        assert_eq!(ranges(&[10, 90_000], 3).len(), 1 + 12);
        assert_eq!(whole(&[5, 0, 7]).len(), 2);
    }
}
