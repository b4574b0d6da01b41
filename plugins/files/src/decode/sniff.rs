//! Tells the format by the content; a name proves nothing.

use fitness::recording::Warning;

use super::{Format, Refusal, warning, xml};

/// Decides the format by magic bytes or the root element.
pub(super) fn format(name: &str, content: &[u8]) -> Result<Format, Refusal> {
    if is_fit(content) {
        return Ok(Format::Fit);
    }
    if is_fit_stump(content) && claimed(name) == Some(Format::Fit) {
        return Err(Refusal::new("fit_truncated", format!("`{name}` ends inside the FIT header")));
    }
    if !xml::looks_like(content) {
        return Err(mismatch(name, describe(content)));
    }
    match xml::root(content)? {
        Some(root) if root == "gpx" => Ok(Format::Gpx),
        Some(root) if root == "TrainingCenterDatabase" => Ok(Format::Tcx),
        Some(root) => Err(mismatch(name, &format!("XML with the root element `{root}`"))),
        None => Err(mismatch(name, "XML without an element")),
    }
}

/// Warns where the extension names another format than the one found.
pub(super) fn misnamed(name: &str, found: Format) -> Option<Warning> {
    let claim = claimed(name)?;
    (claim != found).then(|| {
        let detail = format!("`{name}` is a {} file", found.as_str().to_uppercase());
        warning("file_type_mismatch", detail)
    })
}

fn is_fit(content: &[u8]) -> bool {
    content.get(8..12) == Some(b".FIT") && content[0] >= 12
}

fn is_fit_stump(content: &[u8]) -> bool {
    content.len() < 12 && matches!(content.first(), Some(12 | 14))
}

fn claimed(name: &str) -> Option<Format> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
    match plain.rsplit_once('.')?.1 {
        "fit" => Some(Format::Fit),
        "gpx" => Some(Format::Gpx),
        "tcx" => Some(Format::Tcx),
        _ => None,
    }
}

fn mismatch(name: &str, found: &str) -> Refusal {
    Refusal::new("file_type_mismatch", format!("`{name}` is {found}, not FIT, GPX or TCX"))
}

fn describe(content: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 8] = [
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"PK\x03\x04", "a zip archive"),
        (b"%PDF", "a PDF document"),
        (b"SQLite format 3", "a SQLite database"),
        (b"{", "JSON"),
        (b"[", "JSON"),
    ];
    KNOWN.iter().find(|(magic, _)| content.starts_with(magic)).map_or("of an unknown kind", |(_, what)| what)
}
