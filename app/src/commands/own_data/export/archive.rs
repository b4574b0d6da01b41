//! A zip file that is written as its content comes, and stands under its name only once it is whole.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An archive under another name as long as it is not whole; then it is the only one that is left.
pub(super) struct Archive {
    file: PathBuf,
    part: PathBuf,
    zip: Option<ZipWriter<BufWriter<File>>>,
}

impl Archive {
    /// Begins. Nobody but the owner can read it.
    pub(super) fn begin(file: &Path) -> anyhow::Result<Self> {
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
        let opened = opened.with_context(|| format!("cannot write `{}`", part.display()))?;
        let zip = Some(ZipWriter::new(BufWriter::new(opened)));
        Ok(Self { file: file.to_owned(), part, zip })
    }

    fn zip(&mut self) -> anyhow::Result<&mut ZipWriter<BufWriter<File>>> {
        self.zip.as_mut().context("the archive is closed")
    }

    /// Begins an entry; what is written next is of it.
    pub(super) fn entry(&mut self, name: &str) -> anyhow::Result<()> {
        let options = SimpleFileOptions::default().large_file(true).unix_permissions(0o600);
        Ok(self.zip()?.start_file(name, options)?)
    }

    /// Writes a line of the entry.
    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        let zip = self.zip()?;
        zip.write_all(text.as_bytes())?;
        Ok(zip.write_all(b"\n")?)
    }

    /// Writes bytes of the entry.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.zip()?.write_all(bytes)?)
    }

    /// Ends it, and gives it its name.
    pub(super) fn close(mut self) -> anyhow::Result<()> {
        let zip = self.zip.take().context("the archive is closed")?;
        let file = zip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&self.part, &self.file)
            .with_context(|| format!("cannot write `{}`", self.file.display()))
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        if self.zip.take().is_some() {
            // Half an archive is of no use to anybody.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
