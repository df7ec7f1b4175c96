//! Streams of language models.

use lmac::Precision;
use lmac::language::LanguageOptions;
use lmac_support::models::llama;
use lmac_symphonia::LmacReader;

use super::*;

#[test]
fn a_stream_of_a_model_needs_the_model() {
    let spec = AudioSpec::new(SampleFormat::U8, 1, 8000);
    let pcm = pcm(&spec, 900, Signal::Melody, 3);
    let model = llama(1, 0.1, Precision::Int8);
    let language = LanguageOptions::default().with_context(128);
    let options =
        EncodeOptions::default().with_chunk_frames(400).with_model(model.clone(), language);
    let stream = stream(&pcm, &spec, options);

    for refused in [probe(Cursor::new(&stream)), probe(ReadOnlySource::new(&*stream))] {
        let Err(Error::Unsupported(sentence)) = refused else { panic!("opened") };
        assert!(sentence.starts_with("the stream needs the language model"), "{sentence}");
    }

    let options = DecodeOptions::default().with_model(model);
    let opened =
        LmacReader::with_options(source(Cursor::new(&stream)), Default::default(), options);
    let mut reader: Reader<'_> = Box::new(opened.unwrap());
    assert!(rest(&mut reader, 0) == pcm);
    seek(&mut reader, 555).unwrap();
    assert!(rest(&mut reader, 555) == pcm[555..]);
}

#[test]
fn limits_are_kept() {
    let (stream, _) = melody();
    let limits = lmac::Limits::default().with_memory(1000);
    let options = DecodeOptions::default().with_limits(limits);
    let opened =
        LmacReader::with_options(source(Cursor::new(&stream)), Default::default(), options);
    let Err(Error::LimitError(sentence)) = opened else { panic!("opened") };
    assert!(sentence.contains("more than the limit of 1000"), "{sentence}");
}
