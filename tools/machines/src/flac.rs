//! FLAC files: made of audio, taken apart, and put together again.

use std::io::Read;

use lmac::source::{NewFile, Restored, encode_file};
use lmac::{AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, Preset, SampleFormat};

use crate::Work;
use crate::signals::Signal;

pub(crate) fn run(work: &mut Work<'_>) {
    let formats = [(SampleFormat::S16, 2), (SampleFormat::S24, 1), (SampleFormat::S32, 2)];
    for (format, channels) in formats {
        let spec = AudioSpec::new(format, channels, 44100);
        let name = format!("flac/{}-bit/{channels}", format.bits());
        let pcm = Signal::Melody.pcm(&spec, 9000);
        let options =
            EncodeOptions::default().with_preset(Preset::Light).with_threads(work.options.threads);

        let mut encoder =
            Encoder::with_options(Vec::new(), spec, options.clone()).expect("options");
        std::io::Write::write_all(&mut encoder, &pcm).expect("whole frames");
        let stream = encoder.finish().expect("room in memory").writer;
        let decoder = Decoder::new(stream.as_slice()).expect("a stream");
        let mut file = Vec::new();
        Restored::converted(decoder, NewFile::Flac, None, None)
            .and_then(|mut restored| Ok(restored.read_to_end(&mut file)?))
            .expect("integers");
        work.digest(format_args!("{name}/file"), &file);

        let stream =
            encode_file(file.as_slice(), Vec::new(), &options).expect("a FLAC file").writer;
        work.digest(format_args!("{name}/encoded"), &stream);
        let options = DecodeOptions::default().with_threads(work.options.threads);
        let decoder = Decoder::with_options(stream.as_slice(), options).expect("a stream");
        let mut back = Vec::new();
        Restored::new(decoder).read_to_end(&mut back).expect("a sound stream");
        assert!(back == file, "{name}: another file comes back");
        work.digest(format_args!("{name}/restored"), back);
    }
}
