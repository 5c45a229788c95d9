//! What fuzzing of the COPY codec starts from goes through the body that fuzzing calls.

use std::path::Path;

#[path = "../../../../fuzz/bodies/copy.rs"]
mod copy_body;

#[test]
fn the_corpus_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/copy");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        copy_body::run(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 8, "only {count} files");
}
