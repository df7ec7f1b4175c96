//! Finding whole items in damaged bytes.

use std::io::Read;

use crate::container::header::Sealed;
use crate::container::item::ItemHeader;
use crate::container::trailer::Trailer;
use crate::error::Result;
use crate::stream::input::Input;
use crate::stream::items::check;

/// Bytes of items that may be tried for each byte that is looked at. Without a limit, a stream
/// of nothing but beginnings of long items would take for ever.
const TRIALS_PER_BYTE: u64 = 64;

/// Goes to the next whole item or trailer; `false` if there is none.
pub(super) fn find_item<R: Read>(
    input: &mut Input<R>,
    stream: &Sealed,
    trials: &mut u64,
) -> Result<bool> {
    loop {
        if !input.fill(1)? {
            return Ok(false);
        }
        if begins_item(input, stream, trials)? {
            return Ok(true);
        }
        input.consume(1);
        *trials = trials.saturating_add(TRIALS_PER_BYTE);
    }
}

/// Whether a whole item or a trailer begins here. The bytes of an item that is not whole are
/// taken off `trials`.
pub(super) fn begins_item<R: Read>(
    input: &mut Input<R>,
    stream: &Sealed,
    trials: &mut u64,
) -> Result<bool> {
    input.fill(2)?;
    let start = &input.window()[..input.window().len().min(2)];
    if start.is_empty() || !(ItemHeader::looks_like(start) || Trailer::looks_like(start)) {
        return Ok(false);
    }
    match check(input, stream, 0, trials) {
        Err(error) if error.is_damage() => Ok(false),
        checked => checked.map(|_| true),
    }
}
