//! Places where a delimited file may be cut so that each part begins with a row.
//!
//! A line end inside quotes is not a row end, and whether a place lies inside quotes depends on
//! everything before it. So a file without quotes (found by the fastest search there is) is cut at
//! any line end, and every other file is walked once from its beginning by the very automaton that
//! decodes it. Cuts are therefore exactly the decoder's row starts, whatever the file holds.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

use super::Dialect;
use super::scan::{Row, Scanner};

const BUFFER: usize = 1 << 18;

/// Row starts at or soon after each of the ascending targets, without duplicates; a target behind the
/// last row start gives none. A row longer than `row_limit` bytes, which no reader takes, ends the
/// search. Only for encodings whose ASCII bytes mean ASCII.
pub(crate) fn cuts(
    file: &mut File,
    dialect: &Dialect,
    targets: &[u64],
    row_limit: usize,
) -> Result<Vec<u64>> {
    let quoted = match dialect.quote {
        Some(quote) => contains(file, quote)?,
        None => false,
    };
    let mut found = if quoted {
        walk(file, dialect, targets, row_limit)?
    } else {
        lines(file, dialect.terminator, targets)?
    };
    found.dedup();
    Ok(found)
}

fn contains(file: &mut File, byte: u8) -> Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(false);
        }
        if memchr::memchr(byte, &buffer[..length]).is_some() {
            return Ok(true);
        }
    }
}

/// The byte after the first line end at or behind each target.
pub(crate) fn lines(file: &mut File, terminator: u8, targets: &[u64]) -> Result<Vec<u64>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut buffer = vec![0; BUFFER];
    let mut found = Vec::new();
    for target in targets {
        let mut position = target.saturating_sub(1);
        file.seek(SeekFrom::Start(position))?;
        loop {
            let length = file.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            if let Some(at) = memchr::memchr(terminator, &buffer[..length]) {
                let start = position + at as u64 + 1;
                if start < end {
                    found.push(start);
                }
                break;
            }
            position += length as u64;
        }
    }
    Ok(found)
}

fn walk(file: &mut File, dialect: &Dialect, targets: &[u64], row_limit: usize) -> Result<Vec<u64>> {
    file.seek(SeekFrom::Start(0))?;
    let mut scanner = Scanner::new(dialect);
    let mut buffer = vec![0; BUFFER.min(row_limit)];
    let mut base = 0;
    let mut filled = 0;
    let mut start = 0;
    let mut complete = false;
    let mut found = Vec::new();
    let mut targets = targets.iter().copied().peekable();
    while targets.peek().is_some() {
        if start < filled
            && let Row::Whole { next, .. } = scanner.row(&buffer[..filled], start, complete)
        {
            start = next;
            let position = base + start as u64;
            let mut passed = false;
            while targets.next_if(|target| *target <= position).is_some() {
                passed = true;
            }
            if passed {
                found.push(position);
            }
            continue;
        }
        if complete {
            break;
        }
        buffer.copy_within(start..filled, 0);
        base += start as u64;
        filled -= start;
        start = 0;
        if filled == buffer.len() {
            // Only a row that is longer than the buffer gets here.
            if filled >= row_limit {
                break;
            }
            buffer.resize((2 * filled).min(row_limit), 0);
        }
        let length = file.read(&mut buffer[filled..])?;
        complete = length == 0;
        filled += length;
        scanner.seek(0);
    }
    let end = file.seek(SeekFrom::End(0))?;
    found.retain(|position| *position < end);
    Ok(found)
}
