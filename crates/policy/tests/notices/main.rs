//! The five policy files that come with Consentry: what each promises, and what the lint finds in
//! the notices that they were written after.

mod figures;
mod files;
mod originals;
