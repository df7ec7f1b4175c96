//! The layouts' names for the tensors of a Llama.

/// The names of one layout.
#[derive(Debug)]
pub(crate) struct LlamaNames {
    embedding: &'static str,
    norm: &'static str,
    head: &'static str,
    /// The prefix of a layer's number.
    layers: &'static str,
    attention_norm: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    output: &'static str,
    feed_norm: &'static str,
    gate: &'static str,
    up: &'static str,
    down: &'static str,
}

/// The names of Hugging Face.
pub(crate) const HUGGINGFACE: LlamaNames = LlamaNames {
    embedding: "model.embed_tokens.weight",
    norm: "model.norm.weight",
    head: "lm_head.weight",
    layers: "model.layers",
    attention_norm: "input_layernorm.weight",
    query: "self_attn.q_proj.weight",
    key: "self_attn.k_proj.weight",
    value: "self_attn.v_proj.weight",
    output: "self_attn.o_proj.weight",
    feed_norm: "post_attention_layernorm.weight",
    gate: "mlp.gate_proj.weight",
    up: "mlp.up_proj.weight",
    down: "mlp.down_proj.weight",
};

/// The names of Meta.
pub(crate) const META: LlamaNames = LlamaNames {
    embedding: "tok_embeddings.weight",
    norm: "norm.weight",
    head: "output.weight",
    layers: "layers",
    attention_norm: "attention_norm.weight",
    query: "attention.wq.weight",
    key: "attention.wk.weight",
    value: "attention.wv.weight",
    output: "attention.wo.weight",
    feed_norm: "ffn_norm.weight",
    gate: "feed_forward.w1.weight",
    up: "feed_forward.w3.weight",
    down: "feed_forward.w2.weight",
};

/// The names of GGUF.
pub(crate) const GGUF: LlamaNames = LlamaNames {
    embedding: "token_embd.weight",
    norm: "output_norm.weight",
    head: "output.weight",
    layers: "blk",
    attention_norm: "attn_norm.weight",
    query: "attn_q.weight",
    key: "attn_k.weight",
    value: "attn_v.weight",
    output: "attn_output.weight",
    feed_norm: "ffn_norm.weight",
    gate: "ffn_gate.weight",
    up: "ffn_up.weight",
    down: "ffn_down.weight",
};

impl LlamaNames {
    /// The layout's name for a canonical one; `None` if a Llama has no such tensor.
    pub(crate) fn name(&self, canonical: &str) -> Option<String> {
        let rest = match canonical {
            "embedding" => return Some(self.embedding.into()),
            "norm" => return Some(self.norm.into()),
            "head" => return Some(self.head.into()),
            _ => canonical.strip_prefix("layers.")?,
        };
        let (layer, part) = rest.split_once('.')?;
        let part = match part {
            "attention_norm" => self.attention_norm,
            "query" => self.query,
            "key" => self.key,
            "value" => self.value,
            "output" => self.output,
            "feed_norm" => self.feed_norm,
            "gate" => self.gate,
            "up" => self.up,
            "down" => self.down,
            _ => return None,
        };
        Some(format!("{}.{layer}.{part}", self.layers))
    }

    /// The name of the embedding.
    pub(crate) fn embedding(&self) -> &'static str {
        self.embedding
    }

    /// The name of the output head.
    pub(crate) fn head(&self) -> &'static str {
        self.head
    }
}
