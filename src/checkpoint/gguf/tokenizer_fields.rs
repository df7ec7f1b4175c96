//! The tokenizer in the metadata of a GGUF file.

use super::metadata::Metadata;
use crate::checkpoint::tokenizer::GgufTokenizer;
use crate::error::Result;

/// Takes the fields of the tokenizer out of the metadata.
pub(super) fn take(metadata: &mut Metadata) -> Result<GgufTokenizer> {
    let Some(model) = metadata.text("tokenizer.ggml.model")?.map(str::to_owned) else {
        return Err(metadata.error("the file has no tokenizer: tokenizer.ggml.model is missing"));
    };
    let beginning = metadata.integer("tokenizer.ggml.bos_token_id")?.map(u32::try_from);
    let beginning = beginning
        .transpose()
        .map_err(|_| metadata.error("tokenizer.ggml.bos_token_id must be less than 2^32"))?;
    let types = metadata.take_integers("tokenizer.ggml.token_type")?.into_iter();
    let types = types.map(i32::try_from).collect::<Result<_, _>>();
    Ok(GgufTokenizer {
        model,
        pre: metadata.text("tokenizer.ggml.pre")?.map(str::to_owned),
        tokens: metadata.take_texts("tokenizer.ggml.tokens")?,
        scores: metadata
            .take_numbers("tokenizer.ggml.scores")?
            .into_iter()
            .map(|score| score as f32)
            .collect(),
        types: types.map_err(|_| {
            metadata.error("a number in tokenizer.ggml.token_type does not fit in 32 bits")
        })?,
        merges: metadata.take_texts("tokenizer.ggml.merges")?,
        beginning,
    })
}
