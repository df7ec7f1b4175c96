//! What an encoder chooses for a chunk by trying it on a piece of it.
//!
//! The choices depend on sizes alone, which are the same on every machine.

use super::ParameterSet;
use super::prepare::Prepared;
use crate::error::Result;

/// The number of samples by which a channel is coded behind its partner if that pays.
const LEAD: usize = 4;

/// A lead pays in the long run if it costs less than this many frames of a piece.
const LEAD_FRAMES: u64 = 24;

/// A chunk has this many times the frames of a piece, at least: trials shall cost little.
const LEAST_PIECES: usize = 4;

/// The pieces of a parameter set, in frames.
struct Pieces {
    /// For tables of values, which few chunks have.
    tables: usize,
    /// For the order of channels.
    order: Option<usize>,
}

impl Pieces {
    fn of(set: ParameterSet, frames: usize) -> Self {
        let whole = |most: usize| (frames >= LEAST_PIECES * most).then_some(most);
        match set {
            // Trials of the order would cost more time than they gain.
            ParameterSet::Fast => Pieces { tables: 16_384, order: None },
            ParameterSet::Standard => Pieces { tables: 16_384, order: whole(8192) },
            ParameterSet::Max => Pieces { tables: 65_536, order: Some(65_536) },
        }
    }
}

/// Chooses the tables of values, and the order and the lead of channels.
pub(super) fn make(prepared: &mut Prepared, set: ParameterSet) -> Result<()> {
    if prepared.frames() == 0 {
        return Ok(());
    }
    let pieces = Pieces::of(set, prepared.frames());
    choose_tables(prepared, set, pieces.tables)?;
    if let Some(frames) = pieces.order
        && prepared.coded.len() > 1
    {
        choose_order(prepared, set, frames)?;
    }
    Ok(())
}

/// Takes the tables with which the chunk becomes smallest, if any.
fn choose_tables(prepared: &mut Prepared, set: ParameterSet, frames: usize) -> Result<()> {
    let sets = prepared.find_tables()?;
    if sets.is_empty() {
        return Ok(());
    }
    let mut piece = prepared.piece(frames)?;
    let size = |piece: &mut Prepared| -> Result<u64> {
        Ok(size(piece, set)? * prepared.frames() as u64 / piece.frames() as u64)
    };
    let mut best = (size(&mut piece)?, None);
    for tables in sets {
        piece.set_tables(tables.clone());
        let size = size(&mut piece)? + tables.most_bytes() as u64;
        if size < best.0 {
            best = (size, Some(tables));
        }
    }
    if let Some(tables) = best.1 {
        prepared.set_tables(tables);
    }
    Ok(())
}

/// Lets channels lead their partners if that pays, and codes the second of two channels first
/// if that pays.
fn choose_order(prepared: &mut Prepared, set: ParameterSet, frames: usize) -> Result<()> {
    let mut piece = prepared.piece(frames)?;
    let usual = size(&mut piece, set)?;
    piece.order.delay(LEAD);
    let mut best = size(&mut piece, set)?;
    if best > usual + usual * LEAD_FRAMES / piece.frames() as u64 {
        piece.order.delay(0);
        best = usual;
    }
    let mut order = piece.order.clone();
    if piece.coded.len() == 2 {
        piece.reverse();
        if size(&mut piece, set)? < best {
            prepared.reverse();
            order = piece.order;
        }
    }
    prepared.order = order;
    Ok(())
}

/// Returns the bytes of a piece, in 64 bits on every machine.
fn size(piece: &mut Prepared, set: ParameterSet) -> Result<u64> {
    let (tokens, raw) = set.encode(piece)?;
    Ok(tokens.len() as u64 + raw.len() as u64)
}
