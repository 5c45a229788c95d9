//! Input as a hostile user would write it: nothing panics, nothing hangs, every mistake is named.

use std::fs;
use std::path::Path;

use job::{Document, Options, Parameters, Spelling};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::{STREAM, now, read, seed};

#[path = "../../../../fuzz/bodies/job.rs"]
mod job_body;
#[path = "../../../../fuzz/bodies/parameters.rs"]
mod parameters_body;

/// Runs a text through everything that takes a document.
fn exercise(text: &str) {
    job_body::run(text.as_bytes());
}

#[test]
fn the_corpus_is_harmless() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut count = 0;
    for entry in fs::read_dir(corpus.join("job")).expect("the corpus of documents") {
        job_body::run(&fs::read(entry.expect("an entry").path()).expect("a file"));
        count += 1;
    }
    for entry in fs::read_dir(corpus.join("parameters")).expect("the corpus of expressions") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        parameters_body::run(&text);
        count += text.lines().count();
    }
    assert!(count > 40, "{count}");
}

#[test]
fn deep_nesting_is_a_problem_not_a_crash() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [101, 300, 600, 100_000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let problems = Document::parse("job.json", &text).expect_err("too deep");
            assert!(
                problems
                    .to_string()
                    .contains("nested deeper than 100 levels"),
                "{problems}"
            );
            assert!(Document::parse("job.json", &open.repeat(depth)).is_err());
        }
    }
    let deepest = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    let reader = format!(r#"{{"plugin": "stream", "parameter": {{"x": {deepest}}}}}"#);
    let (job, _) = read(&seed(&reader, STREAM)).expect("a job");
    let sent = serde_json::to_string(&job).expect("plain data");
    let received: Result<job::Job, _> = serde_json::from_str(&sent);
    assert_eq!(received.ok(), Some(job));
}

#[test]
fn one_long_line_is_cut_around_the_place() {
    let noise = format!("\"é{}\",", "x".repeat(2_000)).repeat(500);
    let reader = format!(
        r#"{{"plugin": "stream", "parameter": {{"x": [{noise}]}}, "plugni": 1, "y": [{noise}]}}"#
    );
    let problems = read(&seed(&reader, STREAM)).expect_err("two unknown keys");
    let rendered = problems.to_string();
    assert!(
        rendered.lines().all(|line| line.chars().count() < 160),
        "{rendered}"
    );
    assert!(rendered.contains("did you mean `plugin`?"), "{rendered}");
    let caret = rendered
        .lines()
        .position(|line| line.contains("^^^^^^^^"))
        .expect("carets");
    let lines: Vec<Vec<char>> = rendered
        .lines()
        .map(|line| line.chars().collect())
        .collect();
    let column = lines[caret]
        .iter()
        .position(|c| *c == '^')
        .expect("a caret");
    assert_eq!(
        lines[caret - 1][column..column + 8]
            .iter()
            .collect::<String>(),
        "\"plugni\""
    );
}

#[test]
fn many_problems_are_counted_not_all_shown() {
    let keys: String = (0..20_000).map(|n| format!("\"key{n}\": 1, ")).collect();
    let text = seed(STREAM, STREAM).replacen('{', &format!("{{{keys}"), 1);
    let problems = read(&text).expect_err("unknown keys");
    assert_eq!(problems.len(), 20_000);
    let rendered = problems.to_string();
    assert!(rendered.contains("… and 19900 more"));
    assert!(rendered.ends_with("job.json: 20000 errors\n"));
}

#[test]
fn terminal_sequences_do_not_reach_the_terminal() {
    let text = seed(STREAM, STREAM).replacen('{', "{\"\u{1b}[2Jx\u{7}\": \"\u{9b}\",", 1);
    let rendered = read(&text).expect_err("an unknown key").to_string();
    assert!(
        !rendered.contains(['\u{1b}', '\u{7}', '\u{9b}']),
        "{rendered:?}"
    );
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    let text = format!("\u{feff}{}", seed(STREAM, STREAM));
    assert!(read(&text).is_ok());
}

#[test]
fn strictness_can_be_chosen() {
    let text = seed(STREAM, STREAM).replacen('{', "{\"extra\": 1,", 1);
    let document = Document::parse("job.json", &text).expect("a document");
    assert_eq!(document.spelling(), Spelling::Seed);
    let mut options = Options::new(Parameters::at(now(), None, None));
    assert!(job::normalise(&document, &options).is_err());
    options.strictness = Some(job::Strictness::Lenient);
    let (_, warnings) = job::normalise(&document, &options).expect("a job");
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings
            .iter()
            .next()
            .map(|problem| problem.pointer.as_str()),
        Some("/extra")
    );
}

fn piece() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "'",
        "#",
        "//",
        "/*",
        "*/",
        "\n",
        "\\",
        "\\u00",
        "-",
        "1",
        "0x",
        "null",
        "true",
        "${x}",
        "$[yyyy",
        "$x",
        "\"job\":",
        "\"content\":",
        "\"reader\":",
        "\"writer\":",
        "\"parameter\":",
        "\"name\":",
        "\"steps\":",
        "\"configuration\":",
        "\"setting\":",
        "\"speed\":",
        "\"connection\":",
        "\"password\":",
        "\"core\":",
        "\"column\":",
        "\"stream\"",
        "\"transformer\":",
    ];
    let word = proptest::sample::select(words.to_vec()).prop_map(str::to_owned);
    prop_oneof![8 => word, 1 => any::<char>().prop_map(String::from), 1 => Just("\"odpsreader\"".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        exercise(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn nothing_like_a_document_panics(pieces in proptest::collection::vec(piece(), 0..60)) {
        exercise(&pieces.concat());
    }

    #[test]
    fn no_cut_or_broken_document_panics(cut in any::<proptest::sample::Index>(), piece in piece(), which in 0..3_usize) {
        let text = crate::convert::SAMPLES[which];
        let at = text.floor_char_boundary(cut.index(text.len()));
        exercise(&text[..at]);
        exercise(&format!("{}{piece}{}", &text[..at], &text[at..]));
        let end = text.floor_char_boundary(at + 7);
        exercise(&format!("{}{piece}{}", &text[..at], &text[end..]));
    }
}

#[test]
fn a_text_beyond_the_limit_is_refused_unread() {
    let problems =
        Document::parse("job.json", &"[".repeat(4 * 1024 * 1024 + 1)).expect_err("too long");
    assert_eq!(
        problems.to_string(),
        "error: the document is 4194305 bytes long, at most 4194304 are read\n --> job.json\n\njob.json: 1 error\n"
    );
}
