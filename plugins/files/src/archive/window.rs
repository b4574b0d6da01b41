//! A reader of a directory whose entries are looked at one after another, with few calls of the system.

use std::io::{Read, Result, Seek, SeekFrom};

const BYTES: usize = 64 << 10;

/// Keeps a piece of the file, and goes back to the file only for what lies outside of it.
pub(super) struct Window<R> {
    inner: R,
    buffer: Vec<u8>,
    /// Where in the file the piece begins.
    start: u64,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Window<R> {
    pub(super) fn new(mut inner: R) -> Result<Self> {
        let length = inner.seek(SeekFrom::End(0))?;
        Ok(Self { inner, buffer: Vec::new(), start: 0, position: 0, length })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    fn held(&self) -> &[u8] {
        let offset = self.position.checked_sub(self.start).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.buffer.get(offset..)).unwrap_or_default()
    }

    fn fill(&mut self) -> Result<()> {
        self.inner.seek(SeekFrom::Start(self.position))?;
        self.start = self.position;
        self.buffer.clear();
        self.inner.by_ref().take(BYTES as u64).read_to_end(&mut self.buffer)?;
        Ok(())
    }
}

impl<R: Read + Seek> Read for Window<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.held().is_empty() && self.position < self.length {
            self.fill()?;
        }
        let count = self.held().read(into)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for Window<R> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(by) => (self.length, by),
            SeekFrom::Current(by) => (self.position, by),
        };
        let position = base.checked_add_signed(by).ok_or(std::io::ErrorKind::InvalidInput)?;
        self.position = position;
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_window_reads_what_the_file_holds_wherever_one_looks() {
        let file: Vec<u8> = (0..200_000_u32).map(|byte| (byte % 251) as u8).collect();
        let mut window = Window::new(Cursor::new(&file)).unwrap();
        for start in [0_usize, 65_530, 65_536, 199_990, 3, 131_000] {
            let mut piece = [0; 10];
            window.seek(SeekFrom::Start(start as u64)).unwrap();
            window.read_exact(&mut piece).unwrap();
            assert_eq!(piece, file[start..start + 10], "{start}");
        }
        assert_eq!(window.seek(SeekFrom::End(-1)).unwrap(), 199_999);
        assert_eq!(window.read(&mut [0; 4]).unwrap(), 1);
        assert_eq!(window.read(&mut [0; 4]).unwrap(), 0);
    }
}
