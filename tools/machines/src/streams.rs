//! Streams that are encoded and decoded.

use std::fmt;
use std::io::{Read, Write};

use lmac::{AudioSpec, DecodeOptions, Decoder, EncodeOptions, Encoder, Stats};

use crate::Work;

impl Work<'_> {
    /// Encodes audio and decodes the stream, with a digest of each. Panics if the decoded audio
    /// differs.
    pub(crate) fn there_and_back(
        &mut self,
        name: impl fmt::Display,
        spec: &AudioSpec,
        pcm: &[u8],
        encode: EncodeOptions,
        decode: DecodeOptions,
    ) -> Stats {
        let encode = encode.with_threads(self.options.threads);
        let mut encoder =
            Encoder::with_options(Vec::new(), *spec, encode).expect("options that are possible");
        encoder.write_all(pcm).expect("whole frames");
        let finished = encoder.finish().expect("room in memory");
        self.digest(format_args!("{name}/encoded"), &finished.writer);
        let back = self.decoded(&finished.writer, decode);
        assert!(back == pcm, "{name}: other audio comes back");
        self.digest(format_args!("{name}/decoded"), back);
        finished.stats
    }

    /// Decodes a stream.
    pub(crate) fn decoded(&self, stream: &[u8], options: DecodeOptions) -> Vec<u8> {
        let options = options.with_threads(self.options.threads);
        let mut decoder = Decoder::with_options(stream, options).expect("a stream");
        let mut pcm = Vec::new();
        decoder.read_to_end(&mut pcm).expect("a sound stream");
        pcm
    }
}
