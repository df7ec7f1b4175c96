//! Runs lmac's language models and candle's with the same weights, to compare logits and speed.

mod exact;
mod float;
mod quantised;
mod seeded;
mod subject;

pub use exact::Exact;
pub use float::Float;
pub use quantised::Quantised;
pub use seeded::{Seeded, hugging_face_name};
pub use subject::{Result, Subject};
