//! Writers that fail at each byte: a full disk, a pipe whose reader has gone, a signal.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};

use lmac::source::{Restored, encode_file};
use lmac::{DecodeOptions, Decoder};

use crate::{encoded, injected, options, wav};

/// The fault when the room is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Each write fails with this kind.
    Error(ErrorKind),
    /// Each write takes no bytes.
    TakesNothing,
    /// One write is interrupted.
    Interrupt,
    /// Every write succeeds, and flushing fails.
    Flush,
}

const FAULTS: [Fault; 7] = [
    Fault::Error(ErrorKind::StorageFull),
    Fault::Error(ErrorKind::BrokenPipe),
    Fault::Error(ErrorKind::WouldBlock),
    Fault::Error(ErrorKind::Other),
    Fault::TakesNothing,
    Fault::Interrupt,
    Fault::Flush,
];

/// A writer that takes `room` bytes, and then has a fault.
struct Faulty {
    room: usize,
    fault: Fault,
    interrupted: bool,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Faulty {
    fn new(room: usize, fault: Fault) -> (Self, Arc<Mutex<Vec<u8>>>) {
        let taken = Arc::new(Mutex::new(Vec::new()));
        (Faulty { room, fault, interrupted: false, taken: Arc::clone(&taken) }, taken)
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.taken.lock().unwrap();
        let here = bytes.len().min(self.room.saturating_sub(taken.len()));
        match self.fault {
            Fault::Flush => {}
            _ if here > 0 || bytes.is_empty() => {
                taken.extend(&bytes[..here]);
                return Ok(here);
            }
            Fault::Error(kind) => return Err(kind.into()),
            Fault::TakesNothing => return Ok(0),
            Fault::Interrupt if !self.interrupted => {
                self.interrupted = true;
                return Err(ErrorKind::Interrupted.into());
            }
            Fault::Interrupt => {}
        }
        taken.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.fault {
            Fault::Flush => Err(ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

/// Returns the kind of error that a fault ends in, if any.
fn expected(fault: Fault) -> Option<ErrorKind> {
    match fault {
        Fault::Error(kind) => Some(kind),
        Fault::TakesNothing => Some(ErrorKind::WriteZero),
        Fault::Interrupt => None,
        Fault::Flush => Some(ErrorKind::StorageFull),
    }
}

#[test]
fn a_failing_writer_ends_encoding_with_its_error() {
    let wav = wav();
    let whole = encoded(&wav);
    let mut count = 0;
    for threads in [1, 3] {
        for room in 0..whole.len() {
            for fault in FAULTS {
                count += 1;
                let (writer, taken) = Faulty::new(room, fault);
                let result = encode_file(wav.as_slice(), writer, &options(threads));
                let taken = taken.lock().unwrap();
                let result = result.map(drop).map_err(io::Error::from);
                assert_eq!(result.err().map(|error| error.kind()), expected(fault), "{room}");
                match fault {
                    Fault::Interrupt | Fault::Flush => assert!(*taken == whole),
                    _ => assert!(*taken == whole[..room], "{room} bytes, {fault:?}"),
                }
            }
        }
    }
    injected("writers while encoding", count);
}

#[test]
fn a_stream_cut_short_by_a_fault_is_truncated() {
    let wav = wav();
    let whole = encoded(&wav);
    for room in 0..whole.len() {
        let read = Decoder::new(&whole[..room]).and_then(|decoder| {
            let mut file = Vec::new();
            Restored::new(decoder).read_to_end(&mut file)?;
            Ok(file)
        });
        let error = read.expect_err("cut off");
        assert!(matches!(error.kind(), lmac::ErrorKind::Truncated), "{room}: {error}");
    }
}

#[test]
fn a_failing_writer_ends_decoding_with_its_error() {
    let wav = wav();
    let stream = encoded(&wav);
    let mut count = 0;
    for threads in [1, 3] {
        for room in 0..wav.len() {
            for fault in FAULTS {
                count += 1;
                let options = DecodeOptions::default().with_threads(threads);
                let decoder = Decoder::with_options(stream.as_slice(), options).unwrap();
                let (mut writer, taken) = Faulty::new(room, fault);
                let copied = io::copy(&mut Restored::new(decoder), &mut writer);
                let copied = copied.and_then(|_| writer.flush());
                assert_eq!(copied.err().map(|error| error.kind()), expected(fault), "{room}");
                let taken = taken.lock().unwrap();
                match fault {
                    Fault::Interrupt | Fault::Flush => assert!(*taken == wav),
                    _ => assert!(*taken == wav[..room], "{room} bytes, {fault:?}"),
                }
            }
        }
    }
    injected("writers while decoding", count);
}
