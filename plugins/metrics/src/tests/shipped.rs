//! The metrics that come with the program.

use std::path::Path;

use engine::script::Library;

use crate::catalog::Metrics;
use crate::proof;

#[test]
fn what_is_shipped_proves_itself_and_replaces_no_load() {
    let library = Library::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let texts = library.matching(crate::METRICS);
    assert!(texts.len() >= 2);
    for (path, text) in texts {
        assert_eq!(proof::mistakes(&path, text), [], "{path}");
    }
    assert!(Metrics::of(&library, crate::METRICS).ready.iter().all(|entry| !entry.replaces));
}
