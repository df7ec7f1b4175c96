//! lmac's language models beside candle's: the same weights in both, so that logits and
//! speed can be compared.

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
