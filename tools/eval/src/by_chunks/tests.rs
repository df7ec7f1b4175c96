use lmac::SampleFormat;

use super::*;
use crate::contestant::Interrupt;

/// Puts a header before what differs from the byte before it.
struct Repeats {
    header: usize,
    decodes: bool,
    /// A byte that does not come back.
    wrong: Option<u8>,
}

impl Default for Repeats {
    fn default() -> Self {
        Repeats { header: 10, decodes: true, wrong: None }
    }
}

impl Codec for Repeats {
    fn name(&self) -> &str {
        "repeats"
    }

    fn description(&self) -> String {
        "runs of bytes".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn decodes(&self) -> bool {
        self.decodes
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let coded = |piece: &&[u8]| {
            let runs = piece.chunk_by(|one, other| one == other);
            let runs = runs.flat_map(|run| [run[0], u8::try_from(run.len()).unwrap()]);
            std::iter::repeat_n(0, self.header).chain(runs).collect()
        };
        Ok(pieces.iter().map(coded).collect())
    }

    fn decode(&self, coded: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        let piece = |coded: &Vec<u8>| {
            let runs = coded[self.header..].chunks(2);
            let right = runs.flat_map(|run| vec![run[0]; usize::from(run[1])]);
            right.map(|byte| if Some(byte) == self.wrong { byte ^ 1 } else { byte }).collect()
        };
        Ok(coded.iter().map(piece).collect())
    }
}

fn clip(pcm: &[u8]) -> Clip {
    let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
    Clip { name: "clip".into(), spec, pcm: pcm.to_vec(), file: None }
}

fn job(arrangement: Arrangement, headers: Headers) -> Job {
    Job {
        arrangement,
        chunk_bytes: 4,
        headers,
        check: true,
        threads: 1,
        interrupt: Interrupt::default(),
    }
}

fn chunks(headers: Headers) -> Job {
    job(Arrangement::Chunks, headers)
}

/// Runs: two, one and, in a tail, one.
const AUDIO: &[u8] = &[5, 5, 6, 6, 7, 7, 7, 7, 8];

#[test]
fn each_chunk_has_its_header_and_tails_count() {
    let outcome =
        ByChunks::new(Repeats::default()).measure(&clip(AUDIO), &chunks(Headers::Each)).unwrap();
    assert_eq!((outcome.bytes, outcome.check), (14 + 12 + 12, Check::Passed));
    assert_eq!(outcome.chunks, [14.0, 12.0, 12.0]);
    assert!(outcome.decoding.is_some() && !outcome.estimated);
}

#[test]
fn headers_count_once_without_what_the_shortest_piece_takes() {
    let measure = |header, audio: &[u8]| {
        let codec = ByChunks::new(Repeats { header, ..Repeats::default() });
        let outcome = codec.measure(&clip(audio), &chunks(Headers::Once)).unwrap();
        assert!((outcome.chunks.iter().sum::<f64>() - outcome.bytes as f64).abs() < 1e-9);
        outcome
    };
    // The shortest piece takes 12 bytes: 14 + 12 + 12 less twice that.
    let outcome = measure(10, AUDIO);
    assert_eq!(outcome.bytes, 14);
    assert_eq!(outcome.chunks, [6.0, 4.0, 4.0]);
    assert_eq!(measure(0, AUDIO).bytes, 4 + 2 + 2 - 2 * 2);
    assert_eq!(measure(10, &AUDIO[..4]).bytes, 14);
}

/// Compresses long pieces to nothing, short ones badly.
struct Absurd;

impl Codec for Absurd {
    fn name(&self) -> &str {
        "absurd"
    }

    fn description(&self) -> String {
        "absurd".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn decodes(&self) -> bool {
        false
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(pieces.iter().map(|piece| vec![0; 4 / piece.len()]).collect())
    }

    fn decode(&self, _: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(Vec::new())
    }
}

#[test]
fn no_chunk_counts_below_zero() {
    let outcome = ByChunks::new(Absurd).measure(&clip(AUDIO), &chunks(Headers::Once)).unwrap();
    // 1, 1 and 4 bytes with a header of 4.
    assert_eq!((outcome.bytes, outcome.chunks.len(), outcome.clamped), (1, 3, 1));
    let outcome = ByChunks::new(Absurd).measure(&clip(AUDIO), &chunks(Headers::Each)).unwrap();
    assert_eq!((outcome.bytes, outcome.clamped), (6, 0));
    assert_eq!((outcome.check, outcome.decoding), (Check::Skipped, None));
}

/// Takes no piece of a single frame.
struct Long;

impl Codec for Long {
    fn name(&self) -> &str {
        "long"
    }

    fn description(&self) -> String {
        "long".into()
    }

    fn refuses(&self, _: &AudioSpec) -> Option<String> {
        None
    }

    fn encode(&self, pieces: &[&[u8]], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        match pieces {
            [[_]] => Err(Error::new("too short")),
            pieces if pieces.len() > 1 => panic!("chunks came before the shortest piece"),
            _ => Ok(vec![Vec::new()]),
        }
    }

    fn decode(&self, _: &[Vec<u8>], _: &AudioSpec) -> Result<Vec<Vec<u8>>> {
        Ok(vec![AUDIO.to_vec()])
    }
}

#[test]
fn the_shortest_piece_comes_first_and_is_named() {
    let measure = |job: Job| ByChunks::new(Long).measure(&clip(AUDIO), &job);
    let error = measure(chunks(Headers::Once)).unwrap_err().to_string();
    assert_eq!(error, "the shortest possible piece, one frame of zeros: too short");
    // Nothing else needs it.
    assert!(measure(job(Arrangement::Whole, Headers::Once)).is_ok());
}

#[test]
fn a_clip_as_a_whole_has_one_header() {
    for headers in [Headers::Once, Headers::Each] {
        let job = job(Arrangement::Whole, headers);
        let outcome = ByChunks::new(Repeats::default()).measure(&clip(AUDIO), &job).unwrap();
        assert_eq!((outcome.bytes, outcome.chunks), (10 + 8, vec![]));
    }
}

#[test]
fn differences_are_found() {
    let codec = ByChunks::new(Repeats { wrong: Some(7), ..Repeats::default() });
    let outcome = codec.measure(&clip(AUDIO), &chunks(Headers::Each)).unwrap();
    let Check::Failed(reason) = outcome.check else { panic!("{:?}", outcome.check) };
    assert_eq!(reason, "chunk 1: byte 0 came back as 0x06, not 0x07");
    let outcome = codec.measure(&clip(AUDIO), &job(Arrangement::Whole, Headers::Once)).unwrap();
    assert_eq!(outcome.check, Check::Failed("byte 4 came back as 0x06, not 0x07".into()));

    let unseen = Job { check: false, ..chunks(Headers::Each) };
    let outcome = codec.measure(&clip(AUDIO), &unseen).unwrap();
    assert_eq!((outcome.check, outcome.decoding), (Check::Skipped, None));
}

#[test]
fn many_pieces_go_in_several_batches() {
    let pcm: Vec<u8> = (0..8 * PIECES + 2).map(|at| (at / 3) as u8).collect();
    let mut pieces: Vec<&[u8]> = pcm.chunks(4).collect();
    let lengths: Vec<usize> = batches(&pieces).map(<[_]>::len).collect();
    assert_eq!(lengths, [PIECES, PIECES, 1]);
    let long = vec![0; BYTES + 1];
    pieces.truncate(2);
    pieces.insert(1, &long);
    assert!(batches(&pieces).map(<[_]>::len).eq([1, 1, 1]));
    assert_eq!(batches(&[]).count(), 0);

    let each = ByChunks::new(Repeats::default()).measure(&clip(&pcm), &chunks(Headers::Each));
    let each = each.unwrap();
    assert_eq!((each.chunks.len(), each.check), (2 * PIECES + 1, Check::Passed));
    assert_eq!(each.bytes as f64, each.chunks.iter().sum::<f64>());
}

#[test]
fn an_interrupt_is_no_failure() {
    let job = chunks(Headers::Each);
    job.interrupt.stop();
    let error = ByChunks::new(Repeats::default()).measure(&clip(AUDIO), &job).unwrap_err();
    assert!(error.is_interrupted());
}

#[test]
fn boxed_codecs_are_codecs() {
    let boxed: Box<dyn Codec> = Box::new(Repeats { decodes: false, ..Repeats::default() });
    let contestant: Box<dyn Contestant> = Box::new(ByChunks::new(boxed));
    let outcome = contestant.measure(&clip(AUDIO), &chunks(Headers::Each)).unwrap();
    assert_eq!((contestant.name(), outcome.check), ("repeats", Check::Skipped));
}
