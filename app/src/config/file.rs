//! Secrets that are set by a variable, or by a file that another variable names.

use std::path::PathBuf;

use engine::log::mask;

use super::wrong;
use crate::error::Problem;

/// A setting that may lie in a file.
#[derive(Debug)]
pub(super) enum Given {
    Here(Hidden),
    File { name: &'static str, path: PathBuf },
}

/// Text that is shown to nobody.
pub(super) struct Hidden(String);

impl Given {
    /// What the variable says, or which file the other one names; both are one too many.
    pub(super) fn read(
        text: impl Fn(&'static str) -> Result<Option<String>, Problem>,
        name: &'static str,
        file: &'static str,
    ) -> Result<Option<Self>, Problem> {
        match (text(name)?, text(file)?) {
            (Some(_), Some(_)) => Err(wrong(name, &format!("`{file}` is set too; unset one"))),
            (Some(value), None) => Ok(Some(Self::Here(Hidden(value)))),
            (None, Some(path)) => Ok(Some(Self::File { name: file, path: path.into() })),
            (None, None) => Ok(None),
        }
    }

    /// The text itself, which no step will say.
    pub(super) fn text(self) -> Result<String, Problem> {
        let text = match self {
            Self::Here(Hidden(text)) => text,
            Self::File { name, path } => {
                let text = std::fs::read_to_string(&path);
                text.map_err(|why| {
                    wrong(name, &format!("cannot read the file that it names ({})", why.kind()))
                })?
            }
        };
        text.lines().map(str::trim).for_each(mask::learn);
        Ok(text)
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: Option<&str>, path: Option<&str>) -> Result<Option<String>, String> {
        let text = |name: &'static str| Ok(if name == "NAME" { value } else { path }.map(str::to_owned));
        let given = Given::read(text, "NAME", "NAME_FILE").map_err(|problem| problem.message)?;
        given.map(Given::text).transpose().map_err(|problem| problem.message)
    }

    #[test]
    fn a_secret_is_set_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "in a file\n").unwrap();
        assert_eq!(given(None, None), Ok(None));
        assert_eq!(given(Some("here"), None), Ok(Some("here".to_owned())));
        assert_eq!(given(None, path.to_str()), Ok(Some("in a file\n".to_owned())));
        assert_eq!(
            given(Some("here"), path.to_str()),
            Err("NAME: `NAME_FILE` is set too; unset one".to_owned())
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_told_by_its_variable() {
        let wanted = "NAME_FILE: cannot read the file that it names (entity not found)";
        assert_eq!(given(None, Some("/nowhere/secret")), Err(wanted.to_owned()));
    }
}
