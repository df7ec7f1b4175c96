//! The part of a header that names a language model.

use super::fields::{Fields, put_u32, put_varint};
use crate::error::{Error, Result};
use crate::method::identity::{ModelId, ModelUse, Precision, TokenKind};

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::Int8];
const TOKENS: [TokenKind; 2] = [TokenKind::Bpe, TokenKind::Characters];

/// Most bytes of a model's name.
pub(crate) const MOST_NAME: usize = 255;
/// Most characters of a context.
pub(crate) const MOST_CONTEXT: u32 = 1 << 17;
/// Most contexts that are decoded at a time.
pub(crate) const MOST_LOCKSTEP: u32 = 1 << 12;

pub(super) fn write(model: &ModelUse, out: &mut Vec<u8>) {
    let ModelUse { id, tokens, top_k, context, lockstep, blocking } = model;
    let code = |at: Option<usize>| at.unwrap_or_default() as u8;
    put_varint(out, id.name.len() as u64);
    out.extend_from_slice(id.name.as_bytes());
    out.extend_from_slice(&id.hash);
    out.push(code(PRECISIONS.iter().position(|precision| precision == &id.precision)));
    put_u32(out, id.probe);
    out.push(code(TOKENS.iter().position(|kind| kind == tokens)));
    put_varint(out, u64::from(top_k.unwrap_or(0)));
    for number in [context, lockstep, blocking] {
        put_varint(out, u64::from(*number));
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<ModelUse> {
    let length = fields.varint()?;
    if length > MOST_NAME as u64 {
        return Err(Error::malformed(format!(
            "the name of the model has {length} bytes; at most {MOST_NAME} are allowed"
        )));
    }
    let name = String::from_utf8(fields.take(length as usize)?.to_vec())
        .map_err(|_| Error::malformed("the name of the model is not UTF-8"))?;
    let mut hash = [0; 32];
    hash.copy_from_slice(fields.take(32)?);
    let precision = *PRECISIONS
        .get(usize::from(fields.u8()?))
        .ok_or_else(|| Error::unsupported("the precision of the model has an unknown code"))?;
    let probe = fields.u32()?;
    let tokens = *TOKENS
        .get(usize::from(fields.u8()?))
        .ok_or_else(|| Error::unsupported("the tokens of the model have an unknown code"))?;
    let mut number = |name: &str, least: u32, most: u32| {
        let value = fields.varint()?;
        u32::try_from(value).ok().filter(|value| (least..=most).contains(value)).ok_or_else(|| {
            Error::malformed(format!(
                "the {name} of the model is {value}; it must be {least} to {most}"
            ))
        })
    };
    let top_k = number("top-k", 0, 1 << 20)?;
    let context = number("context", 1, MOST_CONTEXT)?;
    let lockstep = number("lockstep", 1, MOST_LOCKSTEP)?;
    let blocking = number("blocking", 0, u32::MAX)?;
    Ok(ModelUse {
        id: ModelId { name, hash, precision, probe },
        tokens,
        top_k: (top_k > 0).then_some(top_k),
        context,
        lockstep,
        blocking,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::container) fn example() -> ModelUse {
        ModelUse {
            id: ModelId {
                name: "tiny".into(),
                hash: std::array::from_fn(|at| at as u8),
                precision: Precision::Int8,
                probe: 12345,
            },
            tokens: TokenKind::Characters,
            top_k: Some(100),
            context: 2048,
            lockstep: 128,
            blocking: 7,
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let good = example();
        let bad = [
            ModelUse { context: 0, ..good.clone() },
            ModelUse { context: MOST_CONTEXT + 1, ..good.clone() },
            ModelUse { lockstep: 0, ..good.clone() },
            ModelUse { lockstep: MOST_LOCKSTEP + 1, ..good.clone() },
            ModelUse { top_k: Some((1 << 20) + 1), ..good.clone() },
        ];
        let read = |model: &ModelUse| {
            let mut bytes = Vec::new();
            write(model, &mut bytes);
            parse(&mut Fields::new(&bytes))
        };
        assert_eq!(read(&good).unwrap(), good);
        for model in bad {
            assert!(read(&model).is_err(), "{model:?}");
        }
        let name = "n".repeat(MOST_NAME + 1);
        let long = ModelUse { id: ModelId { name, ..good.id.clone() }, ..good };
        assert!(read(&long).is_err());
    }
}
