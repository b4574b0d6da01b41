//! The file that holds the keys, one in a line.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::Generate;
use zeroize::Zeroizing;

use super::SecretError;
use super::ring::KEY_BYTES;

/// Nobody but the owner may read it.
const MODE: u32 = 0o600;
const OTHERS: u32 = 0o077;

pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    text.map_err(|source| SecretError::Missing { path: path.to_owned(), source })
}

/// Of processes that begin at once, one makes the key and all read it.
pub(super) fn read_or_make(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    match read(path) {
        Err(SecretError::Missing { source, .. }) if source.kind() == io::ErrorKind::NotFound => make(path)?,
        read => return read,
    }
    read(path)
}

/// Whether others than the owner may read it.
pub(super) fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS != 0)
}

fn make(path: &Path) -> Result<(), SecretError> {
    let key = <[u8; KEY_BYTES]>::try_generate().map(Zeroizing::new).map_err(|_| SecretError::Random)?;
    let name = u64::try_generate().map_err(|_| SecretError::Random)?;
    let draft = path.with_extension(format!("{name:016x}.new"));
    let text = Zeroizing::new(format!("{}\n", BASE64_STANDARD.encode(&key[..])));
    let made = make_folder(path).and_then(|()| write(&draft, &text)).and_then(|()| publish(&draft, path));
    let _ = fs::remove_file(&draft);
    made.map_err(|source| SecretError::Make { path: path.to_owned(), source })
}

/// The folder, and the owner's alone where it is new.
fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        None => Ok(()),
    }
}

fn write(draft: &PathBuf, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Gives the draft its name, whole, unless another process was first.
fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        linked => linked?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
