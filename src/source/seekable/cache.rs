//! Pieces of files that were decoded, shared by all readers of these files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::piece::{Kind, Piece};

/// Keeps what was decoded of [restored files](super::RestoredFile), up to so many bytes, and
/// limits how many readers decode at the same time.
///
/// Clones share what they keep. What was asked for least recently is dropped first. Each
/// [`RestoredFile`](super::RestoredFile) also holds the chunk that it read last, so that it can go
/// on: many of them may take more than the bytes of the cache. Chunks are then decoded as a whole
/// even for [provisional](crate::DecodeOptions::provisional) audio, since a whole one takes less
/// memory than one that is being decoded.
#[derive(Clone)]
pub struct FileCache {
    shared: Arc<Shared>,
}

struct Shared {
    most_bytes: u64,
    pieces: Mutex<Pieces>,
    /// Readers that may decode at the same time.
    readers: u64,
    turns: Mutex<Turns>,
    /// Each reader waits at the one that its number chooses, so that few wake up in vain.
    turn_comes: [Condvar; 64],
}

/// Turns are taken in the order in which readers ask.
#[derive(Default)]
struct Turns {
    asked: u64,
    ended: u64,
}

#[derive(Default)]
struct Pieces {
    by_place: BTreeMap<Place, Kept>,
    /// The places by the time when they were asked for.
    by_age: BTreeMap<u64, Place>,
    bytes: u64,
    now: u64,
    files: u64,
}

/// A file, a kind of piece, and where the piece begins.
type Place = (u64, Kind, u64);

struct Kept {
    piece: Arc<Piece>,
    bytes: u64,
    asked: u64,
}

impl FileCache {
    /// Makes a cache of so many bytes. At most `readers` readers decode at the same time; 0 is one
    /// for each core.
    pub fn new(bytes: u64, readers: usize) -> Self {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let readers = if readers == 0 { cores() } else { readers };
        FileCache {
            shared: Arc::new(Shared {
                most_bytes: bytes,
                pieces: Mutex::default(),
                readers: readers as u64,
                turns: Mutex::default(),
                turn_comes: std::array::from_fn(|_| Condvar::new()),
            }),
        }
    }

    /// Returns the bytes of memory that pieces take, about.
    pub fn bytes(&self) -> u64 {
        self.pieces().bytes
    }

    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        locked(&self.shared.pieces)
    }

    /// Returns a number for another file.
    pub(super) fn add_file(&self) -> u64 {
        let mut pieces = self.pieces();
        pieces.files += 1;
        pieces.files
    }

    /// Drops all pieces of a file.
    pub(super) fn drop_file(&self, file: u64) {
        let mut pieces = self.pieces();
        let all = pieces.by_place.range((file, Kind::Chunk, 0)..(file + 1, Kind::Chunk, 0));
        let places: Vec<Place> = all.map(|(&place, _)| place).collect();
        places.iter().for_each(|place| pieces.drop_piece(place));
    }

    /// Returns the piece that has this frame or byte.
    pub(super) fn find(&self, file: u64, kind: Kind, at: u64) -> Option<Arc<Piece>> {
        let mut pieces = self.pieces();
        let pieces = &mut *pieces;
        let before = pieces.by_place.range_mut((file, kind, 0)..=(file, kind, at));
        let (&place, kept) = before.last().filter(|(_, kept)| kept.piece.has(at))?;
        pieces.now += 1;
        pieces.by_age.remove(&kept.asked);
        pieces.by_age.insert(pieces.now, place);
        kept.asked = pieces.now;
        Some(Arc::clone(&kept.piece))
    }

    /// Keeps a piece, in place of older ones if there is no room.
    pub(super) fn insert(&self, file: u64, piece: &Arc<Piece>) {
        let mut pieces = self.pieces();
        let place = (file, piece.kind, piece.start);
        pieces.drop_piece(&place);
        pieces.now += 1;
        let (bytes, asked) = (piece.bytes(), pieces.now);
        pieces.by_place.insert(place, Kept { piece: Arc::clone(piece), bytes, asked });
        pieces.by_age.insert(asked, place);
        pieces.bytes += bytes;
        pieces.shrink_to(self.shared.most_bytes);
    }

    /// Drops what does not fit, after a reader has let go of a piece.
    pub(super) fn shrink(&self) {
        self.pieces().shrink_to(self.shared.most_bytes);
    }

    /// Whether the pieces that readers hold are more than what fits.
    pub(super) fn is_full(&self) -> bool {
        self.bytes() > self.shared.most_bytes
    }

    /// Takes note of the bytes that a piece takes now.
    pub(super) fn weigh(&self, file: u64, piece: &Arc<Piece>) {
        let mut pieces = self.pieces();
        let pieces = &mut *pieces;
        let kept = pieces.by_place.get_mut(&(file, piece.kind, piece.start));
        if let Some(kept) = kept.filter(|kept| Arc::ptr_eq(&kept.piece, piece)) {
            let (before, bytes) = (kept.bytes, piece.bytes());
            if before != bytes {
                kept.bytes = bytes;
                pieces.bytes = pieces.bytes - before + bytes;
                pieces.shrink_to(self.shared.most_bytes);
            }
        }
    }

    /// Drops a piece that could not be decoded.
    pub(super) fn drop_piece(&self, file: u64, piece: &Arc<Piece>) {
        let mut pieces = self.pieces();
        let place = (file, piece.kind, piece.start);
        // Another reader may have put a new one in its place.
        if pieces.by_place.get(&place).is_some_and(|kept| Arc::ptr_eq(&kept.piece, piece)) {
            pieces.drop_piece(&place);
        }
    }

    /// Waits until this reader may decode.
    ///
    /// Who has a turn must not wait for a piece: another reader may hold it and wait for a turn.
    pub(super) fn take_turn(&self) -> Turn<'_> {
        let mut turns = locked(&self.shared.turns);
        let number = turns.asked;
        turns.asked += 1;
        // Readers that came later may have ended before this one wakes up.
        let too_early =
            |turns: &mut Turns| number.saturating_sub(turns.ended) >= self.shared.readers;
        drop(self.shared.turn_comes(number).wait_while(turns, too_early));
        Turn(&self.shared)
    }
}

impl Shared {
    fn turn_comes(&self, number: u64) -> &Condvar {
        &self.turn_comes[(number % self.turn_comes.len() as u64) as usize]
    }
}

impl Pieces {
    /// Drops the oldest pieces that no reader holds until the others have so many bytes. To drop
    /// one that is held would free nothing, and its holder would decode it again.
    fn shrink_to(&mut self, most_bytes: u64) {
        let mut over = self.bytes.saturating_sub(most_bytes);
        let mut dropped = Vec::new();
        for place in self.by_age.values() {
            if over == 0 {
                break;
            }
            if let Some(kept) = self.by_place.get(place).filter(|kept| !kept.is_held()) {
                over = over.saturating_sub(kept.bytes);
                dropped.push(*place);
            }
        }
        dropped.iter().for_each(|place| self.drop_piece(place));
    }

    fn drop_piece(&mut self, place: &Place) {
        if let Some(kept) = self.by_place.remove(place) {
            self.by_age.remove(&kept.asked);
            self.bytes -= kept.bytes;
        }
    }
}

impl Kept {
    fn is_held(&self) -> bool {
        // Only who has locked the cache can make the first other one.
        Arc::strong_count(&self.piece) > 1
    }
}

/// The time in which a reader decodes.
pub(super) struct Turn<'a>(&'a Shared);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut turns = locked(&self.0.turns);
        turns.ended += 1;
        let next = turns.ended.saturating_add(self.0.readers - 1);
        drop(turns);
        self.0.turn_comes(next).notify_all();
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left behind is checked like the bytes of any stream.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for FileCache {
    /// 64 MiB, and a reader for each core.
    fn default() -> Self {
        FileCache::new(64 << 20, 0)
    }
}

impl fmt::Debug for FileCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileCache")
            .field("most_bytes", &self.shared.most_bytes)
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::audio::{AudioSpec, SampleFormat};
    use crate::source::RestoredFile;
    use crate::{DecodeOptions, Decoder};

    #[test]
    fn what_is_decoded_needs_no_turn() {
        let spec = AudioSpec::new(SampleFormat::S16, 1, 8000);
        let stream = crate::encode(&[257; 2000], &spec).expect("a stream");
        let decoder = Decoder::open(Cursor::new(stream), DecodeOptions::default());
        let cache = FileCache::new(1 << 20, 1);
        let file = RestoredFile::original(decoder.expect("a decoder"), &cache).expect("a file");
        let mut buffer = [0; 100];
        file.read_at(60, &mut buffer).expect("the first bytes");
        // Somebody decodes for ever.
        let _turn = cache.take_turn();
        assert_eq!(file.read_at(1000, &mut buffer).expect("other bytes"), 100);
        assert_eq!(buffer, [1; 100]);
    }

    #[test]
    fn turns_come_in_the_order_of_asking() {
        let cache = FileCache::new(0, 1);
        let order = Mutex::new(Vec::new());
        let first = cache.take_turn();
        thread::scope(|scope| {
            for reader in 0..5 {
                let (cache, order) = (&cache, &order);
                scope.spawn(move || {
                    let _turn = cache.take_turn();
                    locked(order).push(reader);
                });
                // The next one asks after this one has.
                while locked(&cache.shared.turns).asked < reader + 2 {
                    thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(*locked(&order), [0, 1, 2, 3, 4]);
    }
}
