//! The policy file: the one that is named, or the built-in one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use consentry_policy::Policy;

use crate::Failure;

/// Reads the policy in force.
pub(crate) fn load(named: Option<&Path>) -> Result<Policy, Failure> {
    let Some(path) = named else {
        return Ok(Policy::demo());
    };
    let unusable = |error: io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let file = if path.is_dir() {
        only_file(path).map_err(unusable)??
    } else {
        path.to_path_buf()
    };
    let source = fs::read_to_string(&file).map_err(unusable)?;
    Policy::parse(&source, &file.display().to_string())
        .map_err(|errors| Failure::usage(format!("the policy is not valid\n{errors}")))
}

/// A process serves one controller, so a folder holds one file.
fn only_file(folder: &Path) -> io::Result<Result<PathBuf, Failure>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    Ok(match files.as_slice() {
        [file] => Ok(file.clone()),
        files => Err(Failure::usage(format!(
            "{}: {} policy files; a process serves one controller, name one of the files",
            folder.display(),
            files.len()
        ))),
    })
}
