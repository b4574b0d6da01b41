//! Where an export is written to: a zip file, or a folder.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(super) enum Target {
    Zip {
        writer: Box<ZipWriter<BufWriter<File>>>,
        /// Until the last byte is there, the file has another name.
        unfinished: PathBuf,
        path: PathBuf,
    },
    Folder(PathBuf),
}

impl Target {
    /// A zip where the name ends with `.zip`, else a folder.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
            return Ok(Self::Folder(path.to_owned()));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let writer = Box::new(ZipWriter::new(BufWriter::new(File::create(&name)?)));
        Ok(Self::Zip { writer, unfinished: name.into(), path: path.to_owned() })
    }

    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Zip { writer, .. } => {
                let packed = name.ends_with(".gz");
                let method = if packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
                writer.start_file(name, SimpleFileOptions::default().compression_method(method))?;
                writer.write_all(bytes)
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                std::fs::write(path, bytes)
            }
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        let Self::Zip { writer, unfinished, path } = self else { return Ok(()) };
        writer.finish()?.flush()?;
        std::fs::rename(unfinished, path)
    }
}
