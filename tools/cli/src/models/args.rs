//! The options for language models.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use lmac::language::LanguageOptions;
use lmac::{Precision, TokenKind};

use crate::units::parse_size;

/// The options of `lmac encode` for a language model.
#[derive(Args)]
pub(crate) struct ModelArgs {
    /// Encode with this model: a folder of Hugging Face or Meta, a .gguf or .npz file, or
    /// the name org/model of one in Hugging Face's local cache. Takes a long time
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) model: Option<PathBuf>,
    /// Characters of a context [default: 2048, or fewer if the model allows fewer]
    #[arg(long, value_name = "N", requires = "model")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) context: Option<u32>,
    /// Put the samples of N frames one channel after the other; 0 leaves them interleaved
    #[arg(long, value_name = "N", requires = "model", default_value_t = 0)]
    pub(crate) blocking: u32,
    #[command(flatten)]
    pub(crate) way: ModelWay,
}

/// The options of all commands that run a model.
#[derive(Debug, Args)]
pub struct ModelWay {
    /// The arithmetic: f32 takes the weights as they are stored, int8 is several times as
    /// fast and predicts a little worse
    #[arg(long, value_name = "NAME", value_parser = precisions(), requires = "model")]
    #[arg(default_value = Precision::default().name())]
    pub precision: Precision,
    /// Give only the N likeliest tokens a probability of their own; all others cost an escape
    #[arg(long, value_name = "N|all", value_parser = top_k, requires = "model")]
    #[arg(default_value = "all")]
    pub top_k: TopK,
    /// What the model predicts: tokens of its own tokenizer, or single characters [default:
    /// bpe where there is a tokenizer]
    #[arg(long, value_name = "KIND", value_parser = tokens(), requires = "model")]
    pub tokens: Option<TokenKind>,
    /// Contexts that a decoder decodes side by side [default: 128, or as many as fit]
    #[arg(long, value_name = "N", requires = "model")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub lockstep: Option<u32>,
    /// Memory that these contexts may take, in the encoder and in decoders [default: 1G]
    #[arg(long, value_name = "LIMIT", value_parser = parse_size, requires = "model")]
    pub memory: Option<u64>,
}

impl ModelArgs {
    /// Returns the library's options.
    pub(super) fn options(&self) -> LanguageOptions {
        let mut options = self.way.options().with_blocking(self.blocking);
        options.context = self.context;
        options
    }
}

impl ModelWay {
    /// Returns the library's options.
    pub fn options(&self) -> LanguageOptions {
        let mut options = LanguageOptions::default();
        options.tokens = self.tokens;
        options.top_k = self.top_k.0;
        options.lockstep = self.lockstep;
        if let Some(memory) = self.memory {
            options = options.with_memory(memory);
        }
        options
    }
}

/// The number of tokens with a probability of their own, or all.
#[derive(Debug, Clone, Copy)]
pub struct TopK(pub Option<u32>);

impl std::fmt::Display for TopK {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(k) => write!(f, "{k}"),
            None => f.write_str("all"),
        }
    }
}

fn top_k(text: &str) -> Result<TopK, String> {
    match (text, text.parse()) {
        ("all", _) => Ok(TopK(None)),
        (_, Ok(k)) if k > 0 => Ok(TopK(Some(k))),
        _ => Err("it must be a number above 0, or all".into()),
    }
}

fn precisions() -> impl TypedValueParser<Value = Precision> {
    named(Precision::ALL, Precision::name)
}

fn tokens() -> impl TypedValueParser<Value = TokenKind> {
    named(TokenKind::ALL, TokenKind::name)
}

fn named<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |&value| name(value))).try_map(move |given| {
        all.iter().copied().find(|&value| name(value) == given).ok_or("it has no such name")
    })
}
