//! Files that `ffmpeg` and `flac` make, against what they decode.
//!
//! `tools/import/test.sh` runs these tests and names the programs that are missing.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use lmac::SampleFormat;
use lmac_import::{Error, Imported, ReadOnlySource};
use tempfile::TempDir;

/// A folder with `s16.wav` and `s24.wav`, in stereo, and `cover.jpg`.
struct Folder(TempDir);

const TAGS: &[&str] = &[
    "-metadata",
    "title=Títle",
    "-metadata",
    "artist=Some one",
    "-metadata",
    "album=An album",
    "-metadata",
    "album_artist=Several",
    "-metadata",
    "track=3/12",
    "-metadata",
    "disc=1/2",
    "-metadata",
    "composer=Bach",
    "-metadata",
    "genre=Jazz",
    "-metadata",
    "date=2020",
];

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        // Noise, a tone, silence and full scale: every kind of packet.
        let sound = "aevalsrc=0.3*sin(2000*t)+0.1*random(0)|if(lt(t\\,0.5)\\,0\\,random(1)*2-1)\
                     :s=44100:d=1.1";
        folder.ffmpeg(&["-f", "lavfi", "-i", sound, "-c:a", "pcm_s24le", "s24.wav"]);
        folder.ffmpeg(&["-i", "s24.wav", "-c:a", "pcm_s16le", "s16.wav"]);
        let color = "color=red:size=16x12";
        folder.ffmpeg(&["-f", "lavfi", "-i", color, "-frames:v", "1", "cover.jpg"]);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, name: &str) -> Result<Imported, Error> {
        Imported::open(File::open(self.path(name)).unwrap())
    }

    fn ffmpeg(&self, arguments: &[&str]) {
        self.run("ffmpeg", &[&["-nostdin", "-loglevel", "error", "-y"], arguments].concat());
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = Command::new(program).args(arguments).current_dir(self.0.path()).status();
        let status = status.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(status.success(), "{program} {arguments:?}");
    }

    /// Makes a file from a WAV file with these options.
    fn make(&self, wav: &str, options: &[&str], name: &str) {
        self.ffmpeg(&[&["-i", wav], options, &[name]].concat());
    }

    /// Compares a file with what ffmpeg decodes, read in any way.
    fn compare(&self, name: &str, format: SampleFormat) -> Imported {
        let raw = match format {
            SampleFormat::U8 => "u8",
            SampleFormat::S16 => "s16le",
            SampleFormat::S24 => "s24le",
            SampleFormat::S32 => "s32le",
            SampleFormat::F32 => "f32le",
            _ => "f64le",
        };
        self.ffmpeg(&["-i", name, "-map", "0:a", "-f", raw, "expected.pcm"]);
        let expected = fs::read(self.path("expected.pcm")).unwrap();
        assert!(expected.len() > 10_000);

        let mut song = self.open(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(song.spec().format, format, "{name}");
        let mut pcm = Vec::new();
        song.read_to_end(&mut pcm).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(pcm == expected, "{name}");
        let frames = (expected.len() / song.spec().frame_bytes()) as u64;
        assert!(song.frames().is_none_or(|told| (frames..frames + 4096).contains(&told)));
        song
    }

    /// The PCM of a file as a pipe gives it.
    fn piped(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut pcm = Vec::new();
        Imported::open(ReadOnlySource::new(File::open(self.path(name))?))?.read_to_end(&mut pcm)?;
        Ok(pcm)
    }
}

fn tag<'a>(song: &'a Imported, name: &str) -> Vec<&'a str> {
    let tags = song.tags().comments.iter();
    tags.filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
}

const S16: (&str, SampleFormat) = ("s16.wav", SampleFormat::S16);
const S24: (&str, SampleFormat) = ("s24.wav", SampleFormat::S24);

#[test]
#[ignore = "needs ffmpeg and flac"]
fn lossless_files_give_the_same_audio_as_their_decoders() {
    let folder = Folder::new();
    for ((wav, format), sample_format) in [(S16, "s16p"), (S24, "s32p")] {
        for channels in ["1", "2"] {
            for name in ["alac.m4a", "alac.caf", "alac.mka"] {
                let options = ["-c:a", "alac", "-sample_fmt", sample_format, "-ac", channels];
                folder.make(wav, &options, name);
                folder.compare(name, format);
            }
            let sample_format = sample_format.trim_end_matches('p');
            for name in ["flac.ogg", "flac.mka", "flac.mp4", "flac.flac"] {
                let options = ["-c:a", "flac", "-sample_fmt", sample_format, "-ac", channels];
                folder.make(wav, &[&options[..], &["-strict", "-2"]].concat(), name);
                folder.compare(name, format);
            }
        }
        folder.run("flac", &["--silent", "--force", "--ogg", "-o", "other.oga", wav]);
        folder.compare("other.oga", format);
    }
    let pcm = [
        ("pcm_s16le", SampleFormat::S16),
        ("pcm_s16be", SampleFormat::S16),
        ("pcm_s24le", SampleFormat::S24),
        ("pcm_s24be", SampleFormat::S24),
        ("pcm_s32le", SampleFormat::S32),
        ("pcm_s32be", SampleFormat::S32),
        ("pcm_f32le", SampleFormat::F32),
        ("pcm_f32be", SampleFormat::F32),
        ("pcm_f64le", SampleFormat::F64),
        ("pcm_f64be", SampleFormat::F64),
        ("pcm_u8", SampleFormat::U8),
    ];
    for (coding, format) in pcm {
        folder.make("s24.wav", &["-c:a", coding], "pcm.mov");
        folder.compare("pcm.mov", format);
        // Matroska has no big-endian floats, and Symphonia no 8-bit samples in it.
        if !coding.ends_with("be") && coding != "pcm_u8" {
            folder.make("s24.wav", &["-c:a", coding], "pcm.mkv");
            folder.compare("pcm.mkv", format);
        }
    }
}

#[test]
#[ignore = "needs ffmpeg and flac"]
fn channels_come_in_the_order_of_wav_files() {
    let folder = Folder::new();
    let layouts = [
        ("3.0", 3, 0x7),
        ("4.0", 4, 0x107),
        ("5.0", 5, 0x37),
        ("5.1", 6, 0x3F),
        ("6.1(back)", 7, 0x13F),
        ("7.1(wide)", 8, 0xFF),
    ];
    for (layout, channels, mask) in layouts {
        let sounds: Vec<String> =
            (1..=channels).map(|it| format!("0.1*{it}*sin({}*t)", 700 * it)).collect();
        let sound = format!("aevalsrc={}:c={layout}:s=48000:d=0.3", sounds.join("|"));
        folder.ffmpeg(&["-f", "lavfi", "-i", &sound, "-c:a", "pcm_s16le", "many.wav"]);
        for name in ["many.m4a", "many.caf"] {
            folder.make("many.wav", &["-c:a", "alac"], name);
            let song = folder.compare(name, SampleFormat::S16);
            assert_eq!(song.spec().channel_mask, Some(mask), "{layout}");
        }
    }
    let sound = "aevalsrc=0.1*sin(t)|0.2*sin(t)|0.3*sin(t)|0.4*sin(t)|0.5*sin(t)|0.6*sin(t)\
                 :c=5.1:s=48000:d=0.3";
    folder.ffmpeg(&["-f", "lavfi", "-i", sound, "-c:a", "pcm_s16le", "many.wav"]);
    folder.make("many.wav", &["-c:a", "flac"], "many.ogg");
    let song = folder.compare("many.ogg", SampleFormat::S16);
    assert_eq!(song.spec().channel_mask, Some(0x3F));
}

#[test]
#[ignore = "needs ffmpeg and flac"]
fn tags_and_pictures_are_kept() {
    let folder = Folder::new();
    let picture = ["-i", "cover.jpg", "-map", "0", "-map", "1", "-disposition:v", "attached_pic"];
    let attachment =
        ["-attach", "cover.jpg", "-metadata:s:t", "mimetype=image/jpeg", "-c:a", "flac"];
    let options = [&picture[..], &["-c:v", "copy", "-c:a", "alac"]].concat();
    folder.make("s16.wav", &[&options[..], TAGS].concat(), "tags.m4a");
    folder.make("s16.wav", &[&attachment[..], TAGS].concat(), "tags.mka");
    folder.make("s16.wav", &[&["-c:a", "flac"], TAGS].concat(), "tags.ogg");
    let cover = fs::read(folder.path("cover.jpg")).unwrap();
    for name in ["tags.m4a", "tags.mka", "tags.ogg"] {
        let song = folder.open(name).unwrap();
        let expected = [
            ("TITLE", "Títle"),
            ("ARTIST", "Some one"),
            ("ALBUM", "An album"),
            ("ALBUMARTIST", "Several"),
            ("COMPOSER", "Bach"),
            ("GENRE", "Jazz"),
            ("DATE", "2020"),
        ];
        for (field, value) in expected {
            assert_eq!(tag(&song, field), [value], "{name}: {:?}", song.tags());
        }
        if name == "tags.ogg" {
            assert_eq!(tag(&song, "TRACKNUMBER"), ["3/12"]);
            continue;
        }
        assert_eq!(tag(&song, "TRACKNUMBER"), ["3"], "{name}");
        assert_eq!(tag(&song, "TRACKTOTAL"), ["12"], "{name}");
        assert_eq!(tag(&song, "DISCNUMBER"), ["1"], "{name}");
        let [picture] = &song.tags().pictures[..] else { panic!("{name}: {:?}", song.tags()) };
        assert_eq!((picture.kind, picture.mime.as_str()), (3, "image/jpeg"), "{name}");
        assert!(picture.data == cover, "{name}");
    }
}

#[test]
#[ignore = "needs ffmpeg and flac"]
fn lossy_files_are_refused_by_name() {
    let folder = Folder::new();
    let files: &[(&str, &[&str], &str)] = &[
        ("libmp3lame", &["lossy.mp4", "lossy.mka"], "MP3"),
        ("aac", &["lossy.m4a", "lossy.aac", "lossy.mka"], "AAC"),
        ("libvorbis", &["lossy.ogg", "lossy.mka"], "Vorbis"),
        ("libopus", &["lossy.opus", "lossy.mka"], "Opus"),
        ("ac3", &["lossy.mkv"], "AC-3"),
    ];
    for (coding, names, expected) in files {
        for name in *names {
            folder.make("s16.wav", &["-c:a", coding], name);
            let error = folder.open(name).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "this file holds {expected} audio, which is lossy: lmac takes lossless audio \
                     only"
                ),
                "{name}"
            );
        }
    }
    folder.make("s16.wav", &["-c:a", "libmp3lame"], "lossy.mp3");
    assert!(matches!(folder.open("lossy.mp3"), Err(Error::Lossy("MP3 or AAC"))));
    for (coding, names) in [("wavpack", &["x.wv", "x.mka"][..]), ("tta", &["x.tta", "x.mka"])] {
        for name in names {
            folder.make("s16.wav", &["-c:a", coding], name);
            let error = folder.open(name).unwrap_err();
            assert!(matches!(error, Error::NoDecoder(_)), "{name}: {error}");
            assert!(error.to_string().ends_with("convert it to WAV or FLAC first"));
        }
    }
    assert!(matches!(folder.open("s16.wav"), Err(Error::Unknown)));
}

#[test]
#[ignore = "needs ffmpeg and flac"]
fn pipes_give_the_same_or_a_reason() {
    let folder = Folder::new();
    let options = ["-c:a", "alac", "-movflags", "+faststart"];
    folder.make("s16.wav", &options, "front.m4a");
    folder.make("s16.wav", &["-c:a", "flac"], "flac.ogg");
    folder.make("s16.wav", &["-c:a", "flac"], "flac.mka");
    for name in ["front.m4a", "flac.ogg"] {
        let mut expected = Vec::new();
        folder.open(name).unwrap().read_to_end(&mut expected).unwrap();
        let piped = folder.piped(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(piped == expected, "{name}");
    }
    folder.make("s16.wav", &["-c:a", "alac"], "back.m4a");
    assert!(folder.piped("back.m4a").is_err());
    folder.make("s24.wav", &["-c:a", "pcm_s24le", "-movflags", "+faststart"], "front.mov");
    for name in ["front.mov", "flac.mka"] {
        let error = folder.piped(name).unwrap_err();
        assert!(error.to_string().contains("pipe"), "{error}");
    }
}

#[test]
#[ignore = "needs ffmpeg and flac"]
fn damage_is_an_error_and_no_panic() {
    let folder = Folder::new();
    let files: &[(&str, &str)] = &[
        ("alac", "damaged.m4a"),
        ("alac", "damaged.caf"),
        ("flac", "damaged.ogg"),
        ("flac", "damaged.mka"),
        ("pcm_s16le", "damaged.mkv"),
    ];
    for (coding, name) in files {
        folder.make("s16.wav", &["-c:a", coding], name);
        let whole = fs::read(folder.path(name)).unwrap();
        let read = |bytes: &[u8]| -> io::Result<Vec<u8>> {
            fs::write(folder.path(name), bytes)?;
            let mut pcm = Vec::new();
            folder.open(name)?.read_to_end(&mut pcm)?;
            Ok(pcm)
        };
        let expected = read(&whole).unwrap();
        for part in 1..40 {
            let cut = &whole[..whole.len() * part / 40];
            assert!(read(cut).is_err(), "{name} cut to {} bytes", cut.len());
        }
        for part in 0..200 {
            let mut bytes = whole.clone();
            bytes[whole.len() * part / 200] ^= 0x55;
            // ALAC and PCM have no checksums. FLAC's are checked, so no wrong audio comes out.
            if let Ok(pcm) = read(&bytes)
                && *coding == "flac"
            {
                assert!(pcm == expected, "{name}, part {part}");
            }
        }
    }
}

#[test]
#[ignore = "needs ffmpeg and flac"]
fn flac_of_32_bits_is_exact_or_refused() {
    let folder = Folder::new();
    folder.make("s24.wav", &["-c:a", "pcm_s32le"], "s32.wav");
    for (options, exact) in [("--no-mid-side", true), ("--mid-side", false)] {
        let made = Command::new("flac")
            .args(["--silent", "--force", "--ogg", options, "-o", "wide.oga", "s32.wav"])
            .current_dir(Path::new(folder.0.path()))
            .status()
            .unwrap();
        // Versions before 1.4 have no 32 bits.
        if !made.success() {
            continue;
        }
        if exact {
            folder.compare_with_flac("wide.oga", "s32.wav");
        } else {
            let mut song = folder.open("wide.oga").unwrap();
            match song.read_to_end(&mut Vec::new()) {
                Err(error) => assert!(error.to_string().contains("32 bits"), "{error}"),
                Ok(_) => folder.compare_with_flac("wide.oga", "s32.wav"),
            }
        }
    }
}

impl Folder {
    /// Compares a file with the WAV file that it was made from.
    fn compare_with_flac(&self, name: &str, wav: &str) {
        let mut pcm = Vec::new();
        self.open(name).unwrap().read_to_end(&mut pcm).unwrap();
        let wav = fs::read(self.path(wav)).unwrap();
        assert!(wav.windows(pcm.len()).any(|part| part == pcm), "{name}");
    }
}
