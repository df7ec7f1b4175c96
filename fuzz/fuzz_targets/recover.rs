//! A damaged stream, decoded with recovery: it comes to an end, its audio has the right
//! length if the trailer is there, and everything that is not reported as lost is right.

#![no_main]

use std::io::{Cursor, Read};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use lmac::{DecodeOptions, Decoder, SampleFormat, Verification};
use lmac_fuzz::audio::Audio;
use lmac_fuzz::damage::{Damage, chunks, header_end};
use lmac_fuzz::settings::Settings;

#[derive(Debug, Arbitrary)]
struct Input {
    audio: Audio,
    settings: Settings,
    damage: Vec<Damage>,
}

fuzz_target!(|input: Input| {
    let Input { audio, settings, damage } = input;
    let spec = audio.spec();
    let pcm = audio.pcm(settings.most_samples() / 2);
    let whole = settings.encode(spec, &pcm).writer;
    let chunks = chunks(&whole);
    let places: Vec<_> = chunks.iter().map(|chunk| chunk.bytes.clone()).collect();
    let mut stream = whole.clone();
    damage.iter().take(8).for_each(|damage| damage.apply(&mut stream, &places));

    // Compared here, as the decoder is not trusted about its header and trailer.
    let kept = damage.iter().take(8).all(Damage::keeps_places);
    let header_end = header_end(&whole);
    let keeps_header = stream.starts_with(&whole[..header_end]);
    let chunks_end = chunks.last().map_or(header_end, |chunk| chunk.bytes.end);
    let keeps_trailer = kept && stream[chunks_end..] == whole[chunks_end..];

    let options = DecodeOptions::default().with_threads(settings.threads());
    let mut decoder = match Decoder::recover(Cursor::new(&stream), options) {
        Ok(decoder) => decoder,
        Err(error) => {
            assert!(!(kept && keeps_header), "{error}");
            return;
        }
    };
    let mut back = Vec::new();
    decoder.read_to_end(&mut back).unwrap();
    let said = decoder.damage();
    assert!(stream != whole || !said.any());
    assert_eq!(said.any(), decoder.verification() == Verification::Damaged);

    let frame_bytes = spec.frame_bytes();
    let whole_ends = keeps_header && keeps_trailer;
    if whole_ends || (!said.truncated && !said.wrong_total) {
        assert_eq!(back.len(), pcm.len());
    }
    // Frames are those of their place, or lost and silent.
    let silence = if spec.format == SampleFormat::U8 { 128 } else { 0 };
    let mut lost = 0;
    let mut position = 0;
    for range in &said.lost {
        let good = position..range.start as usize * frame_bytes;
        assert!(back.get(good.clone()) == pcm.get(good), "wrong audio before {range:?}");
        position = range.end as usize * frame_bytes;
        let silent = &back[range.start as usize * frame_bytes..position];
        assert!(silent.iter().all(|&byte| byte == silence));
        lost += range.end - range.start;
    }
    assert_eq!(lost, said.lost_frames);
    assert!(pcm[position.min(pcm.len())..].starts_with(&back[position..]));

    // Where nothing was moved, only chunks that were touched are lost.
    if kept {
        let touched = |chunk: &lmac_fuzz::damage::Chunk| {
            stream[chunk.bytes.clone()] != whole[chunk.bytes.clone()]
        };
        for chunk in chunks.iter().filter(|chunk| !touched(chunk)) {
            let hit = said
                .lost
                .iter()
                .any(|lost| lost.start < chunk.frames.end && chunk.frames.start < lost.end);
            assert!(!hit, "{chunk:?} is lost, and was not touched");
            assert!(back.len() as u64 >= chunk.frames.end * frame_bytes as u64);
        }
    }
});
