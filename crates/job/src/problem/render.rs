//! Problems as text for people.
//!
//! Owns layout, colours, masking of secrets and the cutting of long lines.
//! Control characters of the document never reach the terminal.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

use super::{Colour, Problem, Severity};
use crate::secret::MASK;
use crate::source::{Source, Span};

/// Widest piece of a source line that is shown.
const LINE_WIDTH: usize = 120;
/// How much of a cut line is shown before the place.
const LEAD_WIDTH: usize = 40;
/// How many bytes around a place are looked at; more than a shown line takes.
const REACH: usize = 4 * LINE_WIDTH;
/// More problems than this are counted, not shown.
const SHOWN: usize = 100;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[1;34m";
const RESET: &str = "\x1b[0m";

pub(super) fn render(source: Option<&Source>, problems: &[Problem], colour: Colour) -> String {
    let mut text = String::new();
    for problem in problems.iter().take(SHOWN) {
        block(&mut text, source, problem, colour);
        text.push('\n');
    }
    if problems.len() > SHOWN {
        line(&mut text, &format!("… and {} more", problems.len() - SHOWN));
    }
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let warnings = problems.len() - errors;
    let counts = match (errors, warnings) {
        (0, 0) => return text,
        (0, w) => counted(w, "warning"),
        (e, 0) => counted(e, "error"),
        (e, w) => format!("{}, {}", counted(e, "error"), counted(w, "warning")),
    };
    match source {
        Some(source) => line(&mut text, &format!("{}: {counts}", clean(&source.name))),
        None => line(&mut text, &counts),
    }
    text
}

fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}

fn block(text: &mut String, source: Option<&Source>, problem: &Problem, colour: Colour) {
    let (word, tint) = match problem.severity {
        Severity::Error => ("error", RED),
        Severity::Warning => ("warning", YELLOW),
    };
    let message = painted(&format!(": {}", clean(&problem.message)), BOLD, colour);
    line(text, &format!("{}{message}", painted(word, tint, colour)));

    let gutter = match problem.span {
        Some(span) => span.line.to_string().len(),
        None => 1,
    };
    let pad = " ".repeat(gutter);
    let name = source.map_or("job", |source| source.name.as_str());
    let arrow = painted("-->", BLUE, colour);
    match problem.span {
        Some(span) => line(
            text,
            &format!("{pad}{arrow} {}:{}:{}", clean(name), span.line, span.column),
        ),
        None => line(text, &format!("{pad}{arrow} {}", clean(name))),
    }
    let bar = painted("|", BLUE, colour);
    if let (Some(span), Some(source)) = (problem.span, source) {
        let shown = shown_line(source, span);
        let number = painted(&span.line.to_string(), BLUE, colour);
        line(text, &format!("{pad} {bar}"));
        line(text, &format!("{number} {bar} {}", shown.text));
        let carets = painted(&"^".repeat(shown.width), tint, colour);
        line(
            text,
            &format!("{pad} {bar} {}{carets}", " ".repeat(shown.column)),
        );
    }
    let equals = painted("=", BLUE, colour);
    let path = problem.path();
    if !path.is_empty() {
        line(text, &format!("{pad} {equals} at: {}", clean(&path)));
    }
    if let Some(hint) = &problem.hint {
        line(text, &format!("{pad} {equals} help: {}", clean(hint)));
    }
}

fn line(text: &mut String, content: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{}", content.trim_end());
}

fn painted(text: &str, tint: &str, colour: Colour) -> String {
    match colour {
        Colour::Plain => text.to_owned(),
        Colour::Ansi => format!("{tint}{text}{RESET}"),
    }
}

/// Text of the document's author without anything that would steer a terminal, and not without end.
fn clean(text: &str) -> String {
    const LONGEST: usize = 2_000;
    let mut clean: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        clean.push('…');
    }
    clean
}

/// A source line as shown, with the place of the carets under it.
struct ShownLine {
    text: String,
    column: usize,
    width: usize,
}

fn shown_line(source: &Source, span: Span) -> ShownLine {
    let text = &source.text;
    let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[span.start..]
        .find('\n')
        .map_or(text.len(), |at| at + span.start);
    // A document may be one line of megabytes; only what can be shown is looked at.
    let start = text.ceil_char_boundary(span.start.saturating_sub(REACH));
    let start = start.clamp(line_start, span.start);
    let end = line_end.min(text.floor_char_boundary(span.start + REACH));
    let mut cells = Cells {
        cut_before: start > line_start,
        cut_after: end < line_end,
        ..Cells::default()
    };
    let secrets = &source.secrets;
    let mut next_secret = secrets.partition_point(|range| range.end <= start);
    for (at, c) in text[start..end].char_indices() {
        let at = start + at;
        if at == span.start {
            cells.mark_start();
        }
        if at == span.end {
            cells.mark_end();
        }
        while secrets
            .get(next_secret)
            .is_some_and(|range| range.end <= at)
        {
            next_secret += 1;
        }
        match secrets.get(next_secret) {
            Some(range) if range.contains(&at) => {
                if at == range.start.max(start) {
                    MASK.chars().for_each(|c| cells.push(c));
                }
            }
            _ => cells.push(c),
        }
    }
    cells.finish()
}

/// The characters of a line with the columns they take on a terminal.
#[derive(Default)]
struct Cells {
    glyphs: Vec<(char, usize)>,
    start: Option<usize>,
    end: Option<usize>,
    cut_before: bool,
    cut_after: bool,
}

impl Cells {
    fn push(&mut self, c: char) {
        match c {
            '\t' => (0..4).for_each(|_| self.glyphs.push((' ', 1))),
            '\r' => {}
            c if c.is_control() => self.glyphs.push(('\u{fffd}', 1)),
            c => self.glyphs.push((c, c.width().unwrap_or(0))),
        }
    }

    fn mark_start(&mut self) {
        self.start = Some(self.glyphs.len());
    }

    fn mark_end(&mut self) {
        self.end = Some(self.glyphs.len());
    }

    fn finish(mut self) -> ShownLine {
        while self.glyphs.last().is_some_and(|(c, _)| *c == ' ') {
            self.glyphs.pop();
        }
        let start = self.start.unwrap_or(self.glyphs.len());
        let end = self.end.unwrap_or(self.glyphs.len()).max(start);
        let width = |glyphs: &[(char, usize)]| glyphs.iter().map(|(_, w)| w).sum::<usize>();
        let glyphs = &self.glyphs[..];
        let start = start.min(glyphs.len());
        let end = end.min(glyphs.len());

        let mut first = 0;
        if self.cut_before || width(glyphs) > LINE_WIDTH {
            let mut lead = width(&glyphs[..start]);
            while lead > LEAD_WIDTH {
                lead -= glyphs[first].1;
                first += 1;
            }
        }
        let mut last = first;
        let mut shown = 0;
        while last < glyphs.len() && shown + glyphs[last].1 <= LINE_WIDTH {
            shown += glyphs[last].1;
            last += 1;
        }
        let mut text = String::new();
        let mut column = width(&glyphs[first..start.clamp(first, last)]);
        if first > 0 || self.cut_before {
            text.push('…');
            column += 1;
        }
        text.extend(glyphs[first..last].iter().map(|(c, _)| c));
        if last < glyphs.len() || self.cut_after {
            text.push('…');
        }
        let end = end.clamp(first, last);
        let carets = width(&glyphs[start.clamp(first, last)..end]);
        ShownLine {
            text,
            column,
            width: carets.max(1),
        }
    }
}
