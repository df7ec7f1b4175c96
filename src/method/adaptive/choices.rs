//! What an encoder chooses for a chunk by trying it on a piece of it.
//!
//! The choices depend on sizes alone, which are the same on every machine.

use super::deep::{Factor, Setting};
use super::prepare::Prepared;
use super::{Model, ParameterSet};
use crate::error::Result;

/// The number of samples by which a channel is coded behind its partner if that pays.
const LEAD: usize = 4;

/// A lead pays in the long run if it costs less than this many frames of a piece.
const LEAD_FRAMES: u64 = 24;

/// A chunk has this many times the frames of a piece, at least: trials shall cost little.
const LEAST_PIECES: usize = 4;

/// A setting is taken if it saves more than one of this many bytes of a piece: a smaller gain
/// may be a loss in the whole chunk.
const LEAST_PART: u64 = 4096;

/// The most and the fewest frames of a piece for settings. What helps a short piece often harms
/// the chunk, as long filters learn slowly.
const SETTINGS_PIECE: usize = 131_072;
const LEAST_SETTINGS_PIECE: usize = 16_384;

/// The pieces of a parameter set, in frames.
struct Pieces {
    /// For tables of values, which few chunks have.
    tables: usize,
    /// For the order of channels.
    order: Option<usize>,
    /// For the settings.
    settings: Option<usize>,
}

impl Pieces {
    fn of(set: ParameterSet, frames: usize) -> Self {
        let whole = |most: usize| (frames >= LEAST_PIECES * most).then_some(most);
        match set {
            // Trials of the order would cost more time than they gain.
            ParameterSet::Fast => Pieces { tables: 16_384, order: None, settings: None },
            // So would trials of settings here.
            ParameterSet::Standard => Pieces { tables: 16_384, order: whole(8192), settings: None },
            ParameterSet::Max => {
                let settings = SETTINGS_PIECE.min(frames / LEAST_PIECES);
                let settings = (settings >= LEAST_SETTINGS_PIECE).then_some(settings);
                Pieces { tables: 65_536, order: Some(65_536), settings }
            }
        }
    }
}

/// Chooses the tables of values, the order and the lead of channels, and the settings of the
/// model.
pub(super) fn make(prepared: &mut Prepared, set: ParameterSet) -> Result<Model> {
    let mut model = Model::usual(set);
    if prepared.frames() == 0 {
        return Ok(model);
    }
    let pieces = Pieces::of(set, prepared.frames());
    choose_tables(prepared, model, pieces.tables)?;
    if let Some(frames) = pieces.order
        && prepared.coded.len() > 1
    {
        choose_order(prepared, model, frames)?;
    }
    if let Some(frames) = pieces.settings {
        choose_settings(prepared, &mut model, frames)?;
    }
    Ok(model)
}

/// Takes the tables with which the chunk becomes smallest, if any.
fn choose_tables(prepared: &mut Prepared, model: Model, frames: usize) -> Result<()> {
    let sets = prepared.find_tables()?;
    if sets.is_empty() {
        return Ok(());
    }
    let mut piece = prepared.piece(frames)?;
    let size = |piece: &mut Prepared| -> Result<u64> {
        Ok(size(piece, model)? * prepared.frames() as u64 / piece.frames() as u64)
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
fn choose_order(prepared: &mut Prepared, model: Model, frames: usize) -> Result<()> {
    let mut piece = prepared.piece(frames)?;
    let usual = size(&mut piece, model)?;
    piece.order.delay(LEAD);
    let mut best = size(&mut piece, model)?;
    if best > usual + usual * LEAD_FRAMES / piece.frames() as u64 {
        piece.order.delay(0);
        best = usual;
    }
    let mut order = piece.order.clone();
    if piece.coded.len() == 2 {
        piece.reverse();
        if size(&mut piece, model)? < best {
            prepared.reverse();
            order = piece.order;
        }
    }
    prepared.order = order;
    Ok(())
}

/// Takes the settings with which a piece becomes smallest, one after the other.
fn choose_settings(prepared: &Prepared, model: &mut Model, frames: usize) -> Result<()> {
    let mut piece = prepared.piece(frames)?;
    let mut best = size(&mut piece, *model)?;
    let mut is_better = |setting, factor| -> Result<bool> {
        let other = Model { settings: model.settings.with(setting, factor), ..*model };
        let size = size(&mut piece, other)?;
        let better = size + size / LEAST_PART < best;
        if better {
            best = size;
            *model = other;
        }
        Ok(better)
    };
    for setting in Setting::ALL {
        match is_better(setting, Factor::Half)? {
            true => is_better(setting, Factor::Quarter)?,
            false => is_better(setting, Factor::Two)?,
        };
    }
    Ok(())
}

/// Returns the bytes of a piece, in 64 bits on every machine.
fn size(piece: &mut Prepared, model: Model) -> Result<u64> {
    let (tokens, raw) = model.encode(piece)?;
    Ok(tokens.len() as u64 + raw.len() as u64)
}
