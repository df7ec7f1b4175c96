//! Pieces of files that were decoded, shared by all readers of these files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::piece::{Kind, Piece};

/// Keeps what was decoded of [restored files](super::RestoredFile), up to so many bytes, and
/// limits how many readers decode at the same time.
///
/// Clones share what they keep. What was not asked for the longest is dropped first.
#[derive(Clone)]
pub struct FileCache {
    shared: Arc<Shared>,
}

struct Shared {
    most_bytes: u64,
    pieces: Mutex<Pieces>,
    /// Readers that may begin to decode now.
    turns: Mutex<usize>,
    turn_ended: Condvar,
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
    /// Makes a cache of so many bytes. At most `readers` readers decode at the same time, 0 is one
    /// for each core, and each of them may need a few more pieces than fit.
    pub fn new(bytes: u64, readers: usize) -> Self {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let readers = if readers == 0 { cores() } else { readers };
        FileCache {
            shared: Arc::new(Shared {
                most_bytes: bytes,
                pieces: Mutex::default(),
                turns: Mutex::new(readers),
                turn_ended: Condvar::new(),
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

    /// Keeps a piece, in place of older ones if there is no room. The newest one stays, however
    /// many bytes it has.
    pub(super) fn insert(&self, file: u64, piece: &Arc<Piece>) {
        let mut pieces = self.pieces();
        let place = (file, piece.kind, piece.start);
        pieces.drop_piece(&place);
        pieces.now += 1;
        let (bytes, asked) = (piece.bytes(), pieces.now);
        pieces.by_place.insert(place, Kept { piece: Arc::clone(piece), bytes, asked });
        pieces.by_age.insert(asked, place);
        pieces.bytes += bytes;
        while pieces.bytes > self.shared.most_bytes
            && let Some((_, &oldest)) = pieces.by_age.first_key_value()
            && oldest != place
        {
            pieces.drop_piece(&oldest);
        }
    }

    /// Takes note of the bytes that a piece takes now.
    pub(super) fn weigh(&self, file: u64, piece: &Arc<Piece>) {
        let mut pieces = self.pieces();
        let pieces = &mut *pieces;
        let kept = pieces.by_place.get_mut(&(file, piece.kind, piece.start));
        if let Some(kept) = kept.filter(|kept| Arc::ptr_eq(&kept.piece, piece)) {
            let before = std::mem::replace(&mut kept.bytes, piece.bytes());
            pieces.bytes = pieces.bytes - before + kept.bytes;
        }
    }

    /// Drops a piece that could not be decoded.
    pub(super) fn drop_piece(&self, file: u64, piece: &Piece) {
        self.pieces().drop_piece(&(file, piece.kind, piece.start));
    }

    /// Waits until this reader may decode.
    pub(super) fn take_turn(&self) -> Turn<'_> {
        let turns = locked(&self.shared.turns);
        let waited = self.shared.turn_ended.wait_while(turns, |turns| *turns == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Turn(&self.shared)
    }
}

impl Pieces {
    fn drop_piece(&mut self, place: &Place) {
        if let Some(kept) = self.by_place.remove(place) {
            self.by_age.remove(&kept.asked);
            self.bytes -= kept.bytes;
        }
    }
}

/// The time in which a reader decodes.
pub(super) struct Turn<'a>(&'a Shared);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *locked(&self.0.turns) += 1;
        self.0.turn_ended.notify_one();
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
