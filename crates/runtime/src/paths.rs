//! Folders: private ones are made private, public ones must not touch them.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Component, Path, PathBuf},
};

use crate::Failure;

/// Makes a folder that only we can read, or takes away what others may do with it.
pub(crate) fn private_folder(path: &Path) -> Result<(), Failure> {
    // A folder that everybody may write to, such as /var/tmp, is not ours to close.
    if fs::metadata(path).is_ok_and(|folder| folder.permissions().mode() & 0o1000 != 0) {
        return Err(Failure::usage(format!(
            "{}: everybody shares this folder; name one for Consentry alone",
            path.display()
        )));
    }
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)));
    made.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Refuses public files that lie inside private ones, or the reverse, symbolic links resolved
/// (S0-35, S0-92).
pub(crate) fn keep_apart(public: &Path, private: &[&Path]) -> Result<(), Failure> {
    let resolved = |path: &Path| {
        resolve(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    };
    let public_real = resolved(public)?;
    for path in private {
        let private_real = resolved(path)?;
        if private_real.starts_with(&public_real) || public_real.starts_with(&private_real) {
            return Err(Failure::usage(format!(
                "static_dir: {} and {} lie inside one another; move one of them, so that no \
                 personal data can be served as a public file",
                public.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

/// The real path, also of what does not exist yet: its nearest existing parent decides.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(Component::Normal(name)) = path.components().next_back() else {
                return Err(error);
            };
            let parent = match path.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            Ok(resolve(parent)?.join(name))
        }
        resolved => resolved,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// S0-35: the data folder and the public folder never lie inside one another.
    #[test]
    fn data_inside_the_public_folder_is_refused_through_links_too() {
        let root = tempfile::tempdir().unwrap();
        let public = root.path().join("public");
        let data = root.path().join("data");
        fs::create_dir_all(&public).unwrap();
        fs::create_dir_all(&data).unwrap();
        assert!(keep_apart(&public, &[&data]).is_ok());
        assert!(keep_apart(&public, &[&public.join("data/not-yet-made")]).is_err());
        assert!(keep_apart(&data.join("files"), &[&data]).is_err());
        let link = public.join("innocent");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        assert!(keep_apart(&link, &[&data]).is_err());
        assert!(keep_apart(root.path(), &[&data]).is_err());
    }

    #[test]
    fn private_folder_is_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        private_folder(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
