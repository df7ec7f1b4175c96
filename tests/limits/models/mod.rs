//! Hostile files of language models, and hostile streams that need a model.

mod files;
mod streams;
