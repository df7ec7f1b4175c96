//! What language models' files, and streams that need a model, can ask for.

mod files;
mod streams;
