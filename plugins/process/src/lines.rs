//! Lines out of a pipe, and never more than one of them held.

use std::io;

use memchr::{memchr, memrchr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at once: as much as a pipe holds, several times.
const CHUNK: usize = 256 * 1024;

/// Lines as they come in.
pub(crate) struct Lines<R> {
    pipe: R,
    buffer: Vec<u8>,
    filled: usize,
    /// Up to here there are whole lines.
    whole: usize,
    most: usize,
}

/// What a read led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Bytes(usize),
    End,
    /// There is a line that is longer than any may be.
    TooLong,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most so many bytes.
    pub(crate) fn new(pipe: R, most: usize) -> Self {
        Self { pipe, buffer: vec![0; CHUNK], filled: 0, whole: 0, most }
    }

    /// Reads some more. What was whole is let go of; nothing is lost where this is not waited for.
    pub(crate) async fn more(&mut self) -> io::Result<Read> {
        self.let_go();
        if self.filled > self.most {
            return Ok(Read::TooLong);
        }
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled.saturating_mul(2), 0);
        }
        let count = self.pipe.read(&mut self.buffer[self.filled..]).await?;
        if count == 0 {
            return Ok(Read::End);
        }
        let fresh = self.filled;
        self.filled += count;
        if let Some(last) = memrchr(b'\n', &self.buffer[fresh..self.filled]) {
            self.whole = fresh + last + 1;
        }
        Ok(Read::Bytes(count))
    }

    fn let_go(&mut self) {
        self.buffer.copy_within(self.whole..self.filled, 0);
        self.filled -= self.whole;
        self.whole = 0;
    }

    /// The whole lines that were read last, without their ends; as text too where all of them are text, which is found
    /// out sooner for all at once.
    pub(crate) fn whole(&self) -> impl Iterator<Item = (&[u8], Option<&str>)> {
        let bytes = &self.buffer[..self.whole];
        let text = std::str::from_utf8(bytes).ok();
        let mut next = 0;
        std::iter::from_fn(move || {
            let begin = next;
            let end = begin + memchr(b'\n', &bytes[begin..])?;
            next = end + 1;
            Some((&bytes[begin..end], text.map(|text| &text[begin..end])))
        })
    }

    /// What came behind the last line.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.whole..self.filled]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text, and how it ended.
    async fn check(text: &[u8], most: usize, wanted: &[&str], end: Read) {
        let mut lines = Lines::new(text, most);
        let mut found = Vec::new();
        let ended = loop {
            match lines.more().await.unwrap() {
                Read::Bytes(_) => {
                    found.extend(lines.whole().map(|(line, text)| {
                        assert_eq!(text.map(str::as_bytes), Some(line));
                        String::from_utf8(line.to_vec()).unwrap()
                    }));
                }
                other => break other,
            }
        };
        if !lines.rest().is_empty() && ended == Read::End {
            found.push(format!("rest: {}", String::from_utf8(lines.rest().to_vec()).unwrap()));
        }
        assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ended), (wanted, end));
    }

    #[tokio::test]
    async fn lines_come_whole_whatever_their_length() {
        check(b"", 9, &[], Read::End).await;
        check(b"a\nbc\n", 9, &["a", "bc"], Read::End).await;
        check(b"\n\na", 9, &["", "", "rest: a"], Read::End).await;
        let long = "x".repeat(3 * CHUNK);
        check(format!("a\n{long}\nb\n").as_bytes(), 4 * CHUNK, &["a", &long, "b"], Read::End).await;
    }

    #[tokio::test]
    async fn lines_that_are_no_text_come_as_bytes() {
        let mut lines = Lines::new(&b"a\n\xff\n"[..], 9);
        assert_eq!(lines.more().await.unwrap(), Read::Bytes(4));
        let found: Vec<_> = lines.whole().collect();
        assert_eq!(found, [(&b"a"[..], None::<&str>), (&b"\xff"[..], None)]);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_not_read_to_its_end() {
        let text = vec![b'x'; 64 * CHUNK];
        let mut lines = Lines::new(&*text, 1024);
        while lines.more().await.unwrap() != Read::TooLong {}
        assert!(lines.buffer.len() <= 2 * CHUNK, "{} bytes are held", lines.buffer.len());
    }
}
