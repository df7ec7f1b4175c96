//! Seeks.

use lmac_support::Random;
use symphonia::core::errors::SeekErrorKind;
use symphonia::core::units::Time;

use super::*;

#[track_caller]
fn refused(sought: Result<SeekedTo>, expected: &str) {
    let kind = match sought {
        Err(Error::SeekError(SeekErrorKind::OutOfRange)) => "out of range",
        Err(Error::SeekError(SeekErrorKind::InvalidTrack)) => "track",
        Err(Error::SeekError(SeekErrorKind::ForwardOnly)) => "forward only",
        Err(Error::SeekError(SeekErrorKind::Unseekable)) => "unseekable",
        other => panic!("{other:?}"),
    };
    assert_eq!(kind, expected);
}

#[test]
fn a_hundred_seeks_give_the_same_samples() {
    let mut random = Random::new(2);
    for preset in [Preset::Light, Preset::Fast, Preset::Standard] {
        let spec = AudioSpec::new(SampleFormat::S24, 2, 44100);
        let pcm = pcm(&spec, 6000, Signal::Melody, 1);
        let options = EncodeOptions::default().with_preset(preset).with_chunk_frames(500);
        let stream = stream(&pcm, &spec, options);
        let mut reader = open(&stream);
        let mut codec = codec(&reader).unwrap();
        let mut piece = Vec::new();
        for _ in 0..100 {
            let frame = random.below(6000) as i64;
            let sought = seek(&mut reader, frame).unwrap();
            assert_eq!((sought.required_ts.get(), sought.actual_ts.get()), (frame, frame));
            codec.reset();
            let mut first = frame;
            for _ in 0..random.below(3) {
                let Some(packet) = reader.next_packet().unwrap() else { break };
                assert_eq!(packet.pts.get(), first);
                codec.decode(&packet).unwrap().copy_bytes_to_vec_interleaved(&mut piece);
                let at = first as usize * spec.frame_bytes();
                assert!(piece == pcm[at..at + piece.len()], "{preset:?} {frame}");
                first += packet.dur.get() as i64;
            }
        }
        seek(&mut reader, 0).unwrap();
        assert!(rest(&mut reader, 0) == pcm, "{preset:?}");
    }
}

#[test]
fn both_modes_and_both_units_are_exact() {
    let (stream, pcm) = melody();
    let mut reader = open(&stream);
    for mode in [SeekMode::Accurate, SeekMode::Coarse] {
        for track_id in [None, Some(0)] {
            let time = Time::try_from_secs_f64(0.2).unwrap();
            let sought = reader.seek(mode, SeekTo::Time { time, track_id }).unwrap();
            assert_eq!(sought.actual_ts.get(), 8820);
            assert!(rest(&mut reader, 8820) == pcm[8820 * FRAME..]);
        }
        let to = SeekTo::Timestamp { ts: Timestamp::new(777), track_id: 0 };
        reader.seek(mode, to).unwrap();
        assert!(rest(&mut reader, 777) == pcm[777 * FRAME..]);
    }
}

#[test]
fn a_seek_to_nowhere_is_refused_and_reading_goes_on() {
    let (stream, pcm) = melody();
    let mut reader = open(&stream);
    seek(&mut reader, 5000).unwrap();
    for frame in [-1, i64::MIN, FRAMES + 1, i64::MAX] {
        refused(seek(&mut reader, frame), "out of range");
    }
    for seconds in [-0.5, 0.27, 1e18] {
        let time = Time::try_from_secs_f64(seconds).unwrap();
        let to = SeekTo::Time { time, track_id: None };
        refused(reader.seek(SeekMode::Coarse, to), "out of range");
    }
    let to = SeekTo::Timestamp { ts: Timestamp::new(0), track_id: 1 };
    refused(reader.seek(SeekMode::Accurate, to), "track");
    assert!(rest(&mut reader, 5000) == pcm[5000 * FRAME..]);

    // The end is a place, and after it there are others.
    seek(&mut reader, FRAMES).unwrap();
    assert!(reader.next_packet().unwrap().is_none());
    seek(&mut reader, FRAMES - 1).unwrap();
    assert!(rest(&mut reader, FRAMES - 1) == pcm[pcm.len() - FRAME..]);
}

#[test]
fn a_pipe_goes_forward_only() {
    let (stream, pcm) = melody();
    let mut reader = open_pipe(&stream);
    // Nothing at the beginning of this stream tells its length.
    assert_eq!(track(&reader).num_frames, None);
    seek(&mut reader, 4321).unwrap();
    let packet = reader.next_packet().unwrap().unwrap();
    assert_eq!(packet.pts.get(), 4321);
    let at = 4321 * FRAME;
    assert!(*packet.data == pcm[at..at + packet.data.len()]);
    refused(seek(&mut reader, 4321), "forward only");
    seek(&mut reader, 9000).unwrap();
    assert!(rest(&mut reader, 9000) == pcm[9000 * FRAME..]);
}

#[test]
fn times_need_a_rate() {
    let spec = AudioSpec::new(SampleFormat::S16, 1, 0);
    let stream = stream(&[0; 200], &spec, EncodeOptions::default());
    let mut reader = open(&stream);
    let to = SeekTo::Time { time: Time::ZERO, track_id: None };
    refused(reader.seek(SeekMode::Accurate, to), "unseekable");
    seek(&mut reader, 50).unwrap();
    assert_eq!(reader.next_packet().unwrap().unwrap().pts.get(), 50);
}
