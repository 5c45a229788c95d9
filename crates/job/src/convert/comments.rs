//! Which comment belongs to which value.
//!
//! Owns the rule: a comment on the line of a value belongs to it, one on a line of its own to what follows,
//! or to the value before when nothing follows in that list or object.

use std::collections::HashMap;
use std::ops::Range;

use crate::document::lexeme::{Kind, Lexeme};

/// The comments of a document by the byte where their value begins or ends.
pub(super) struct Comments {
    leading: HashMap<usize, Vec<Range<usize>>>,
    trailing: HashMap<usize, Vec<Range<usize>>>,
}

impl Comments {
    pub(super) fn of(text: &str, lexemes: &[Lexeme]) -> Self {
        let mut comments = Self {
            leading: HashMap::new(),
            trailing: HashMap::new(),
        };
        // The end of the value before, unless a list or object has begun since.
        let mut value_end: Option<usize> = None;
        let mut line_from = 0;
        for (at, lexeme) in lexemes.iter().enumerate() {
            match lexeme.kind {
                Kind::Comment => {}
                Kind::Mark(b',' | b':') => {
                    line_from = lexeme.range.end;
                    continue;
                }
                Kind::Mark(b'{' | b'[') => {
                    value_end = None;
                    line_from = lexeme.range.end;
                    continue;
                }
                Kind::Mark(_) | Kind::Quoted | Kind::Word => {
                    value_end = Some(lexeme.range.end);
                    line_from = lexeme.range.end;
                    continue;
                }
            }
            let same_line = !text[line_from..lexeme.range.start].contains('\n');
            let next = lexemes[at..].iter().find(|next| next.kind != Kind::Comment);
            let next_start = next
                .filter(|next| !matches!(next.kind, Kind::Mark(b'}' | b']' | b',' | b':')))
                .map(|next| next.range.start);
            let (map, place) = match (value_end, next_start) {
                (Some(end), _) if same_line => (&mut comments.trailing, end),
                (_, Some(start)) => (&mut comments.leading, start),
                (Some(end), None) => (&mut comments.trailing, end),
                // The only content of an empty list or object, which is copied as a whole or not at all.
                (None, None) => continue,
            };
            map.entry(place).or_default().push(lexeme.range.clone());
        }
        comments
    }

    /// The comments before what begins at `start`; each is given once.
    pub(super) fn take_leading(&mut self, start: usize) -> Vec<Range<usize>> {
        self.leading.remove(&start).unwrap_or_default()
    }

    /// The comments after what ends at `end`; each is given once.
    pub(super) fn take_trailing(&mut self, end: usize) -> Vec<Range<usize>> {
        self.trailing.remove(&end).unwrap_or_default()
    }
}
