//! Haiku's names for the parts of a byte transformer.
//!
//! Modules of one kind are numbered through the whole model; the first has no number.

/// The name of the embedding.
pub(super) const EMBEDDING: &str = "embed/embeddings";

/// The name of the first feed-forward matrix.
pub(super) const FIRST_UP: &str = "linear/w";

/// The name of the query matrix of a layer.
pub(super) fn attention(layer: usize) -> String {
    format!("{}/linear/w", counted("multi_head_dot_product_attention", layer))
}

/// Haiku's name for a canonical one in a model of `layers` layers, and whether its matrix is
/// transposed: it has a row for each input.
pub(super) fn name(canonical: &str, layers: usize) -> Option<(String, bool)> {
    let rest = match canonical {
        "embedding" => return Some((EMBEDDING.into(), false)),
        "head" => return Some((counted("linear", 2 * layers) + "/w", true)),
        "head.bias" => return Some((counted("linear", 2 * layers) + "/b", false)),
        _ => canonical.strip_prefix("layers.")?,
    };
    let (layer, part) = rest.split_once('.')?;
    let layer: usize = layer.parse().ok()?;
    let attention = || counted("multi_head_dot_product_attention", layer);
    Some(match part {
        "query" => (attention() + "/linear/w", true),
        "key" => (attention() + "/linear_1/w", true),
        "value" => (attention() + "/linear_2/w", true),
        "output" => (attention() + "/linear_3/w", true),
        "attention_norm.scale" => (counted("layer_norm", 2 * layer) + "/scale", false),
        "attention_norm.offset" => (counted("layer_norm", 2 * layer) + "/offset", false),
        "up" => (counted("linear", 2 * layer) + "/w", true),
        "up.bias" => (counted("linear", 2 * layer) + "/b", false),
        "down" => (counted("linear", 2 * layer + 1) + "/w", true),
        "down.bias" => (counted("linear", 2 * layer + 1) + "/b", false),
        "feed_norm.scale" => (counted("layer_norm", 2 * layer + 1) + "/scale", false),
        "feed_norm.offset" => (counted("layer_norm", 2 * layer + 1) + "/offset", false),
        _ => return None,
    })
}

fn counted(module: &str, number: usize) -> String {
    match number {
        0 => module.to_owned(),
        _ => format!("{module}_{number}"),
    }
}
