//! The style sheet, the icon and the one script: part of the program, cached for good under a name that changes
//! with their content.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::LazyLock,
};

use axum::{
    extract::Path,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};

use crate::problem::Problem;

/// A file of the site.
pub(crate) struct Asset {
    /// Its name below `/assets/`.
    pub(crate) name: String,
    content: String,
    content_type: &'static str,
}

/// The one style sheet: of the pages, and of what is printed from the policy.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "style",
        "css",
        "text/css; charset=utf-8",
        &[include_str!("../assets/style.css"), consentry_notice::STYLE],
    )
});

/// The icon in the browser's tab.
pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "icon",
        "svg",
        "image/svg+xml; charset=utf-8",
        &[include_str!("../assets/icon.svg")],
    )
});

/// The script that does the work before a sign-up, where work is asked for.
pub(crate) static WORK: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "work",
        "js",
        "text/javascript; charset=utf-8",
        &[include_str!("../assets/work.js")],
    )
});

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, parts: &[&str]) -> Self {
        let content = parts.join("\n");
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self {
            name: format!("{stem}.{:016x}.{extension}", hasher.finish()),
            content,
            content_type,
        }
    }
}

/// `GET /assets/{name}`
pub(crate) async fn serve(Path(name): Path<String>) -> Result<Response, Problem> {
    let asset = [&STYLE, &ICON, &WORK]
        .into_iter()
        .find(|asset| asset.name == name)
        .ok_or(Problem::NotFound)?;
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content.as_str()).into_response())
}
