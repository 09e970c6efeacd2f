//! The pages and the JSON of Consentry as an axum router.
