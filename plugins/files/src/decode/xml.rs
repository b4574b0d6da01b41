//! Walks XML as a stream under guards: no DTD, bounded depth and attributes, and lenient about the rest.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::notes::Notes;
use super::{Limits, Refusal};

/// Text of one element beyond this is of no use to any reader here.
const MOST_TEXT: usize = 4096;

/// Receives elements by local name; an unknown prefix does not matter.
pub(super) trait Handler {
    fn open(&mut self, name: &str, attributes: &Attributes<'_>);
    /// The text is that since the last tag, so it is whole for elements without children.
    fn close(&mut self, name: &str, text: &str);
    /// False ends the walk early.
    fn wants_more(&self) -> bool {
        true
    }
}

/// The attributes of an element.
pub(super) struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// The value of an attribute by its name.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let mut all = self.0.attributes();
        let found = all.with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
        Some(found.value.to_string())
    }
}

/// The document as text: UTF-8, UTF-16 with a mark, else Latin-1; leading blanks are cut.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |word: fn([u8; 2]) -> u16| {
        let words = bytes[2..].chunks_exact(2).map(|pair| word([pair[0], pair[1]]));
        let characters = char::decode_utf16(words).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER));
        Cow::Owned(characters.collect())
    };
    match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => match std::str::from_utf8(skip_blanks(bytes)) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(skip_blanks(bytes).iter().map(|byte| char::from(*byte)).collect()),
        },
    }
}

/// True if the content begins like XML.
pub(super) fn looks_like(content: &[u8]) -> bool {
    let marked = content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]);
    marked || skip_blanks(content).first() == Some(&b'<')
}

/// The local name of the root element; a DTD before it is refused.
pub(super) fn root(content: &[u8]) -> Result<Option<String>, Refusal> {
    let text = text(content);
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                return Ok(Some(start.local_name().as_ref().to_owned()));
            }
            Ok(Event::DocType(_)) => return Err(dtd_refused()),
            Ok(Event::Eof) | Err(_) => return Ok(None),
            Ok(_) => {}
        }
    }
}

/// Hands all elements to the handler. A guard refuses; a cut or broken end is noted, and what came before stands.
pub(super) fn walk(
    source: &str,
    limits: &Limits,
    handler: &mut impl Handler,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    let mut walk = Walk { limits, handler, depth: 0, text: String::new() };
    let mut reader = Reader::from_str(source);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => {
                if walk.depth > 0 {
                    notes.add("xml_truncated", || {
                        format!("the text ends on line {}", line(source, source.len()))
                    });
                }
                return Ok(());
            }
            Ok(event) => walk.event(event)?,
            Err(error) => {
                let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
                note_break(&error, line(source, at), notes);
                return Ok(());
            }
        }
        if !walk.handler.wants_more() {
            return Ok(());
        }
    }
}

struct Walk<'h, H> {
    limits: &'h Limits,
    handler: &'h mut H,
    depth: usize,
    text: String,
}

impl<H: Handler> Walk<'_, H> {
    fn event(&mut self, event: Event<'_>) -> Result<(), Refusal> {
        match event {
            Event::Start(start) => {
                self.open(&start)?;
                self.depth += 1;
            }
            Event::Empty(start) => {
                self.open(&start)?;
                self.handler.close(start.local_name().as_ref(), "");
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                self.handler.close(end.local_name().as_ref(), &self.text);
                self.text.clear();
            }
            Event::Text(text) => self.add(&text.into_inner()),
            Event::CData(data) => self.add(&data.into_inner()),
            Event::GeneralRef(reference) => self.add_reference(&reference),
            Event::DocType(_) => return Err(dtd_refused()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Refusal> {
        self.text.clear();
        let (depth, attributes) = (self.limits.xml_depth, self.limits.xml_attributes);
        if self.depth >= depth {
            return Err(Refusal::new(
                "xml_too_deep",
                format!("more than {depth} elements inside each other"),
            ));
        }
        if start.attributes().with_checks(false).take(attributes + 1).count() > attributes {
            let reason = format!("an element has more than {attributes} attributes");
            return Err(Refusal::new("xml_too_complex", reason));
        }
        self.handler.open(start.local_name().as_ref(), &Attributes(start));
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if self.text.len() + text.len() <= MOST_TEXT {
            self.text.push_str(text);
        }
    }

    fn add_reference(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.add(character.encode_utf8(&mut [0; 4]));
            return;
        }
        let known = match &**reference {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "quot" => "\"",
            "apos" => "'",
            _ => return,
        };
        self.add(known);
    }
}

fn note_break(error: &Error, line: usize, notes: &mut Notes) {
    let cut = match error {
        Error::Syntax(error) => !matches!(error, SyntaxError::InvalidBangMarkup),
        Error::IllFormed(error) => matches!(error, IllFormedError::MissingEndTag(_)),
        _ => false,
    };
    let code = if cut { "xml_truncated" } else { "xml_malformed" };
    notes.add(code, || format!("line {line}: {error}"));
}

fn dtd_refused() -> Refusal {
    Refusal::new("xml_dtd_refused", "the document has a DTD; no entity is ever expanded or fetched")
}

fn line(source: &str, position: usize) -> usize {
    source.as_bytes().iter().take(position).filter(|byte| **byte == b'\n').count() + 1
}

fn skip_blanks(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}
