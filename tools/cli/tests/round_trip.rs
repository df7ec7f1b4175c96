//! What is encoded comes back, whichever way it takes.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use common::{Folder, pcm, rich_wav, wav, wav_samples};

#[test]
fn files_and_pipes_give_the_same_bytes() {
    let folder = Folder::new();
    let original = rich_wav(50_000);
    folder.write("song.wav", &original);
    folder.run("encode song.wav --chunk-frames 7000 -T 1").expect(0);
    let stream = folder.read("song.lmac");
    assert!(stream.len() < original.len());

    for threads in [1, 2] {
        let encode = format!("encode -T {threads} --chunk-frames 7000");
        folder.run(&format!("{encode} song.wav again.lmac -f")).expect(0);
        assert_eq!(folder.read("again.lmac"), stream);
        let piped = folder.pipe(&format!("{encode} -"), &original).expect(0);
        assert!(piped.stdout == stream);
        let out = folder.run(&format!("{encode} song.wav -")).expect(0);
        assert!(out.stdout == stream);
        folder.pipe(&format!("{encode} - piped.lmac -f"), &original).expect(0);
        assert_eq!(folder.read("piped.lmac"), stream);

        let decode = format!("decode -T {threads}");
        folder.run(&format!("{decode} song.lmac back.wav -f")).expect(0);
        assert_eq!(folder.read("back.wav"), original);
        assert!(folder.pipe(&format!("{decode} -"), &stream).expect(0).stdout == original);
        assert!(folder.run(&format!("{decode} song.lmac -")).expect(0).stdout == original);
        assert!(folder.run(&format!("{decode} song.lmac -o -")).expect(0).stdout == original);
        folder.pipe(&format!("{decode} - piped.wav -f"), &stream).expect(0);
        assert_eq!(folder.read("piped.wav"), original);
    }
}

#[test]
fn paths_beyond_ascii_and_260_characters() {
    let folder = Folder::new();
    let original = wav(500, 1);
    // The last letter takes two units of UTF-16.
    let deep = "Übung-日本-🎵/".repeat(25);
    folder.write(&format!("{deep}é.wav"), &original);
    folder.run(&format!("encode {deep}é.wav")).expect(0);
    folder.run(&format!("tag --set TITLE=É --padding 9 {deep}é.lmac")).expect(0);
    assert!(folder.run("tag -r Übung-日本-🎵").expect(0).text().contains("TITLE=É"));
    folder.run("decode -r Übung-日本-🎵 --output-dir out").expect(0);
    let below = deep.split_once('/').unwrap().1;
    assert_eq!(folder.read(&format!("out/{below}é.wav")), original);
}

#[test]
fn nothing_is_said_where_nobody_watches() {
    let folder = Folder::new();
    folder.write("song.wav", &wav(1000, 1));
    let ran = folder.run("encode song.wav").expect(0);
    assert_eq!((ran.text(), ran.stderr), (String::new(), String::new()));
    let ran = folder.run("decode -v song.lmac -f").expect(0);
    assert!(ran.stderr.starts_with("song.lmac: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("x real time"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1);
}

#[test]
fn results_are_not_named_after_other_formats() {
    let folder = Folder::new();
    folder.write("song.wav", &wav(100, 1));
    folder.run("encode song.wav").expect(0);
    for arguments in ["song.lmac a.au", "song.lmac A.MP3", "song.lmac -o a.wv"] {
        let ran = folder.run(&format!("decode {arguments}")).expect(1);
        assert!(ran.stderr.contains("WAV, FLAC or raw PCM"), "{}", ran.stderr);
    }
    for name in ["a.au", "A.MP3", "a.wv"] {
        assert!(!folder.has(name), "{name}");
    }
    for name in ["a.wav", "a", "a.old"] {
        folder.run(&format!("decode song.lmac {name}")).expect(0);
        assert_eq!(folder.read(name), folder.read("song.wav"));
    }
}

#[test]
fn files_of_other_formats() {
    let folder = Folder::new();
    // An AU file: its head, and 16-bit samples whose most significant byte comes first.
    let mut au = b".snd\0\0\0\x18\xFF\xFF\xFF\xFF\0\0\0\x03\0\0\x1F\x40\0\0\0\x01".to_vec();
    au.extend(pcm(500, 1).chunks_exact(2).flat_map(|sample| [sample[1], sample[0]]));
    folder.write("in/song.snd", &au);
    folder.run("encode -r in --output-dir out").expect(0);
    let text = folder.run("info out/song.lmac").expect(0).text();
    assert!(text.contains("au, big-endian, head of 24 bytes, tail of 0 bytes"), "{text}");
    folder.run("decode out/song.lmac").expect(0);
    assert_eq!(folder.read("out/song.au"), au);
    folder.run("decode out/song.lmac back.snd").expect(0);
    assert_eq!(folder.read("back.snd"), au);
    folder.run("decode out/song.lmac back.wav").expect(0);
    assert!(folder.read("back.wav") == wav(500, 1));
    folder.run("decode --end 100 out/song.lmac part.au").expect(1).says("cannot be made");
    folder.run("decode --end 100 out/song.lmac part.wav").expect(0);
    let part = folder.read("part.wav");
    assert!(part.starts_with(b"RIFF") && part.ends_with(&pcm(500, 1)[..200]));
    folder.run("encode --rm -f in/song.snd").expect(0);
    assert!(!folder.has("in/song.snd"));
}

#[test]
fn names_of_results() {
    let folder = Folder::new();
    let original = wav(100, 1);
    for name in ["a.wav", "B.WAVE", "c", "d.e"] {
        folder.write(name, &original);
    }
    folder.run("encode a.wav B.WAVE c d.e").expect(0);
    for name in ["a.lmac", "B.lmac", "c.lmac", "d.e.lmac"] {
        assert!(folder.has(name), "{name}: {:?}", folder.files());
    }
    folder.run("encode -f a.wav x.LMAC").expect(0);
    assert!(folder.has("x.LMAC"));

    // A name without the extension of streams is a second input, which does not exist.
    folder.run("encode -f a.wav x.y").expect(1).says("x.y: ");
    folder.run("decode a.lmac x").expect(0);
    assert_eq!(folder.read("x"), original);
    folder.run("decode a.lmac out.copy").expect(0);
    assert_eq!(folder.read("out.copy"), original);
    folder.run("decode a.lmac -o plain").expect(0);
    assert_eq!(folder.read("plain"), original);

    folder.write("s.pcm", &pcm(100, 1));
    folder.run("encode --raw --rate 8000 --channels 1 --bits 16 s.pcm").expect(0);
    folder.run("decode s.lmac").expect(0);
    assert_eq!(folder.read("s.raw"), folder.read("s.pcm"));
    folder.run("decode s.lmac s.wav").expect(0);
    folder.run("decode a.lmac a.raw").expect(0);
    assert_eq!(folder.read("s.wav"), original);
    assert_eq!(folder.read("a.raw"), folder.read("s.pcm"));
}

#[test]
fn flac_files() {
    let folder = Folder::new();
    folder.write("song.wav", &wav(5000, 2));
    folder.run("encode song.wav").expect(0);
    folder.run("decode song.lmac album/song.flac").expect(0);
    let flac = folder.read("album/song.flac");
    assert!(flac.starts_with(b"fLaC"));
    folder.run("encode --rm -r album").expect(0);
    assert!(!folder.has("album/song.flac"));
    let text = folder.run("info album/song.lmac").expect(0).text();
    assert!(text.contains("the FLAC file, byte for byte"), "{text}");
    folder.run("tag --set TITLE=Aria album/song.lmac").expect(0);
    folder.run("decode album/song.lmac").expect(0);
    assert!(folder.read("album/song.flac") == flac);
    folder.run("decode album/song.lmac back.wav").expect(0);
    assert!(folder.read("back.wav") == folder.read("song.wav"));
    let stream = folder.pipe("encode - -", &flac).expect(0).stdout;
    assert!(folder.pipe("decode - -", &stream).expect(0).stdout == flac);

    // Broken frames are kept, and a broken file only as a whole.
    let mut broken = flac.clone();
    broken[flac.len() - 20] ^= 1;
    folder.write("broken.flac", &broken);
    folder.run("encode broken.flac").expect(0).says("are no sound frames");
    folder.run("decode -f broken.lmac").expect(0);
    assert!(folder.read("broken.flac") == broken);
    folder.write("ruin.flac", &flac[..30]);
    folder.run("encode ruin.flac").expect(1).says("--preset store keeps the file as it is");
    folder.run("encode --preset store ruin.flac").expect(0).says("kept as it is");
    for recover in ["", "--recover"] {
        folder.run(&format!("decode -f {recover} ruin.lmac back.flac")).expect(0);
        assert_eq!(folder.read("back.flac"), flac[..30]);
    }
}

#[test]
fn raw_files() {
    let folder = Folder::new();
    let bytes = pcm(3001, 2);
    folder.write("in.raw", &bytes);
    let layouts = [
        ("--bits 8", "u8", 6002),
        ("--bits 8 --signed", "u8", 6002),
        ("--bits 8 --unsigned", "u8", 6002),
        ("--bits 16", "s16", 3001),
        ("--bits 16 --signed", "s16", 3001),
        ("--bits 16 --big-endian", "s16", 3001),
        ("--bits 16 --unsigned", "s16", 3001),
        ("--bits 16 --unsigned --big-endian --valid-bits 12", "s16", 3001),
        ("--bits 24", "s24", 2000),
        ("--bits 24 --unsigned --big-endian", "s24", 2000),
        ("--bits 32 --valid-bits 20", "s32", 1500),
        ("--bits 32 --float", "f32", 1500),
        ("--bits 64 --float --big-endian", "f64", 750),
    ];
    for (layout, format, frames) in layouts {
        let encode = format!("encode --raw --rate 8000 --channels 2 {layout} -f");
        folder.run(&format!("{encode} in.raw out.lmac")).expect(0);
        let info = folder.run("info --json out.lmac").expect(0).json();
        assert_eq!(info["sample_format"], format, "{layout}");
        assert_eq!(info["source"], "raw");
        assert_eq!(info["frames"], frames, "{layout}");
        assert_eq!(info["declared_frames"], frames, "{layout}");
        folder.run("decode out.lmac -f back.raw").expect(0);
        assert_eq!(folder.read("back.raw"), bytes, "{layout}");

        let piped = folder.pipe(&format!("{encode} -"), &bytes).expect(0);
        assert!(folder.pipe("decode -", &piped.stdout).expect(0).stdout == bytes, "{layout}");
        if let Some((_, valid)) = layout.split_once("--valid-bits ") {
            assert_eq!(info["valid_bits"].to_string(), valid);
        }
    }
    let info = folder.run("info out.lmac").expect(0).text();
    assert!(info.contains("raw, big-endian, tail of 4 bytes"), "{info}");

    for wrong in [
        "--bits 64",
        "--bits 16 --float",
        "--bits 8 --float",
        "--bits 16 --valid-bits 17",
        "--bits 16 --valid-bits 0",
        "--bits 12",
        "",
    ] {
        let encode = "encode --raw --rate 8000 --channels 2";
        let ran = folder.run(&format!("{encode} {wrong} in.raw wrong.lmac")).expect(2);
        assert!(ran.stderr.contains("error:"), "{}", ran.stderr);
    }
    folder.run("encode --bits 16 in.raw").expect(2);
    assert!(!folder.has("wrong.lmac"));
}

#[test]
fn options_of_the_encoder() {
    let folder = Folder::new();
    let original = wav(20_000, 2);
    folder.write("song.wav", &original);
    for options in [
        "--preset store",
        "--preset light",
        "--preset fast",
        "--mapping auto",
        "--mapping twos-complement",
        "--mapping offset-binary",
        "--mapping residual",
        "--no-verify",
        "--no-md5",
        "--chunk-frames 1000",
    ] {
        folder.run(&format!("encode -f song.wav {options}")).expect(0);
        folder.run("decode -f song.lmac back.wav").expect(0);
        assert_eq!(folder.read("back.wav"), original, "{options}");
        let info = folder.run("info --json --chunks song.lmac").expect(0).json();
        assert_eq!(info["md5"].is_null(), options == "--no-md5");
        let first = &info["chunk_list"][0];
        let mapping = options.strip_prefix("--mapping ").filter(|name| *name != "auto");
        let method = match mapping {
            Some(mapping) => {
                assert_eq!(first["mapping"], mapping);
                "light"
            }
            None if options.ends_with("store") => "stored",
            None if options.ends_with("light") => "light",
            None => "adaptive",
        };
        assert_eq!(first["method"], method);
        assert_eq!(info["chunks"], if options.ends_with("1000") { 20 } else { 1 });
    }
    folder.run("encode -f song.wav --chunk-frames 999999999999").expect(1).says("possible");
}

#[test]
fn audio_alone() {
    let folder = Folder::new();
    let rich = rich_wav(5000);
    let plain = wav(5000, 2);
    folder.write("rich.wav", &rich);
    folder.run("encode rich.wav").expect(0);
    folder.run("decode --audio-only rich.lmac plain.wav").expect(0);
    assert_eq!(folder.read("plain.wav"), plain);
    let stream = folder.read("rich.lmac");
    assert!(folder.pipe("decode --audio-only -", &stream).expect(0).stdout == plain);

    folder.run("encode --audio-only rich.wav alone.lmac").expect(0);
    let info = folder.run("info --json alone.lmac").expect(0).json();
    assert_eq!(info["source"], "samples");
    folder.run("decode alone.lmac").expect(0);
    assert_eq!(folder.read("alone.wav"), plain);
}

#[test]
fn a_length_that_only_the_end_tells() {
    let folder = Folder::new();
    let spec = lmac::AudioSpec::new(lmac::SampleFormat::S16, 1, 8000);
    let mut encoder = lmac::Encoder::new(Vec::new(), spec).unwrap();
    let samples: Vec<i32> = common::samples(3000, 1).into_iter().map(i32::from).collect();
    encoder.write_samples(&samples).unwrap();
    let stream = encoder.finish().unwrap().writer;
    let expected = wav(3000, 1);

    folder.write("a.lmac", &stream);
    folder.run("decode a.lmac").expect(0);
    assert_eq!(folder.read("a.wav"), expected);
    // The head of a file can be completed at the end, that of a pipe cannot.
    folder.pipe("decode - b.wav", &stream).expect(0);
    assert_eq!(folder.read("b.wav"), expected);
    let piped = folder.pipe("decode -", &stream).expect(0);
    assert_eq!(piped.stdout[40..44], [0xFF; 4]);
    assert_eq!(piped.stdout[44..], expected[44..]);
    assert_eq!(piped.stderr, "");
    assert_eq!(wav_samples(&expected).len(), 3000);
}

#[test]
fn empty_audio() {
    let folder = Folder::new();
    for original in [wav(0, 1), wav(1, 1)] {
        folder.write("a.wav", &original);
        folder.run("encode -f a.wav").expect(0);
        folder.run("decode -f a.lmac b.wav").expect(0);
        assert_eq!(folder.read("b.wav"), original);
        folder.run("verify a.lmac").expect(0);
        folder.run("info --chunks a.lmac").expect(0);
        folder.run("info --json a.lmac").expect(0).json();
    }
}
