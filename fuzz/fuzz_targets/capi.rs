//! The C interface: functions in any order, with any arguments, over whole, damaged and arbitrary
//! streams in memory and behind callbacks that may fail. Nothing crashes, codes are known ones and
//! never that of a fault, everything can be freed, and whole streams give their audio.

#![no_main]

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use lmac_capi::*;
use lmac_fuzz::audio::Audio;
use lmac_fuzz::capi::{Misbehaviour, Sink, Source, structure};
use lmac_fuzz::damage::{Damage, chunks};
use lmac_fuzz::settings::Settings;
use lmac_fuzz::streams::{MEMORY, is_quick, with_checksums};

#[derive(Debug, Arbitrary)]
struct Input {
    audio: Audio,
    settings: Settings,
    damage: Vec<Damage>,
    calls: Calls,
    arbitrary: Vec<u8>,
}

/// Calls, up to so many. A plain vector mostly has one or two.
#[derive(Debug)]
struct Calls(Vec<Call>);

const MOST_CALLS: usize = 32;

impl<'a> Arbitrary<'a> for Calls {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let count = u.int_in_range(0..=MOST_CALLS)?;
        (0..count).map(|_| u.arbitrary()).collect::<arbitrary::Result<_>>().map(Calls)
    }
}

#[derive(Debug, Arbitrary)]
enum Call {
    Open { to: bool, stream: u8, way: Way, options: DecodeChoices },
    Read { of: bool, way: u8, frames: u8 },
    Seek { of: bool, frame: u16 },
    SeekFar { of: bool, frame: u64 },
    Ask { of: bool, info_bytes: u8 },
    Tags { of: bool, to: bool },
    Close { of: bool },
    Encode { to: bool, audio: AudioChoices, options: EncodeChoices, wrong: Misbehaviour },
    Write { of: bool, way: u8, values: Vec<u8>, frames: u8 },
    EndChunk { of: bool },
    Finish { of: bool, stats_bytes: u8 },
    CloseEncoder { of: bool },
    NewTags { to: bool },
    ReadTags { of: bool, number: u8, field: Text },
    ChangeTags { of: bool, way: u8, field: Text, value: Text },
    AddPicture { of: bool, mime: Text, description: Text, data: Vec<u8>, kind: u32 },
    ReadPicture { of: bool, number: u8, bytes: u8 },
    FreeTags { of: bool },
    Model { precision: i32 },
    Look { bytes: Vec<u8>, code: i32 },
}

#[derive(Debug, Arbitrary)]
enum Way {
    Memory,
    Callbacks { seekable: bool, pieces: Vec<u8>, wrong: Misbehaviour },
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct DecodeChoices {
    none: bool,
    size: u8,
    threads: u8,
    provisional: bool,
    recover: bool,
    small: Option<u32>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct AudioChoices {
    format: i8,
    channels: u8,
    rate: u32,
    valid_bits: u8,
    mask: Option<u32>,
    size: u8,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct EncodeChoices {
    none: bool,
    preset: i8,
    verify: i8,
    threads: u8,
    without_md5: bool,
    chunk_frames: u16,
    declared_frames: u16,
    tags: Option<bool>,
    padding: u8,
    size: u8,
}

/// A text for C, or NULL.
#[derive(Debug, Arbitrary)]
enum Text {
    Null,
    Usual(bool),
    Any(Vec<u8>),
}

impl Text {
    fn bytes(&self) -> Option<Vec<u8>> {
        let text: &[u8] = match self {
            Text::Null => return None,
            Text::Usual(true) => b"TITLE",
            Text::Usual(false) => b"artist",
            Text::Any(bytes) => bytes,
        };
        Some(text.iter().copied().filter(|&byte| byte != 0).chain([0]).collect())
    }
}

fn pointer(text: &Option<Vec<u8>>) -> *const c_char {
    text.as_ref().map_or(null(), |text| text.as_ptr().cast())
}

/// Fails if a result is no code that may come, or no number.
#[track_caller]
fn check(code: i64) -> bool {
    assert!(code > lmac_error::LMAC_ERROR_INTERNAL as i64, "the code {code}");
    // SAFETY: the texts are those of the library, which end with a zero byte.
    unsafe {
        if code < 0 {
            assert_ne!(CStr::from_ptr(lmac_last_error_text()), c"");
        }
        assert!(code >= 0 || CStr::from_ptr(lmac_strerror(code as i32)) != c"unknown error");
    }
    code >= 0
}

struct Stream {
    bytes: Vec<u8>,
    /// The audio, if the stream is whole.
    pcm: Option<Vec<u8>>,
}

struct Open {
    decoder: *mut lmac_decoder,
    source: Box<Source>,
    stream: usize,
    /// Whether what comes is known.
    honest: bool,
    frame_bytes: usize,
}

struct Program {
    streams: Vec<Stream>,
    decoders: [Option<Open>; 2],
    encoders: [(*mut lmac_encoder, Box<Sink>); 2],
    tags: [*mut lmac_tags; 2],
}

fuzz_target!(|input: Input| {
    let Input { audio, settings, damage, calls, arbitrary } = input;
    let pcm = audio.pcm(settings.most_samples() / 4);
    let whole = settings.encode(audio.spec(), &pcm).writer;
    let mut damaged = whole.clone();
    let places: Vec<_> = chunks(&whole).into_iter().map(|chunk| chunk.bytes).collect();
    damage.iter().take(4).for_each(|damage| damage.apply(&mut damaged, &places));
    let mut program = Program {
        streams: vec![Stream { bytes: whole, pcm: Some(pcm) }],
        decoders: [None, None],
        encoders: [(null_mut(), Box::default()), (null_mut(), Box::default())],
        tags: [null_mut(); 2],
    };
    for bytes in [with_checksums(&damaged), damaged, with_checksums(&arbitrary)] {
        if is_quick(&bytes) {
            program.streams.push(Stream { bytes, pcm: None });
        }
    }
    // SAFETY: the program keeps the rules of the header.
    unsafe {
        calls.0.iter().for_each(|call| program.call(call));
        for of in 0..2 {
            program.close(of);
            lmac_encoder_close(program.encoders[of].0);
            lmac_tags_free(program.tags[of]);
        }
    }
});

impl Program {
    unsafe fn call(&mut self, call: &Call) {
        unsafe {
            match call {
                Call::Open { to, stream, way, options } => {
                    self.open(usize::from(*to), usize::from(*stream), way, options);
                }
                Call::Read { of, way, frames } => {
                    self.read(usize::from(*of), *way, usize::from(*frames));
                }
                Call::Seek { of, frame } => self.seek(usize::from(*of), u64::from(*frame)),
                Call::SeekFar { of, frame } => self.seek(usize::from(*of), *frame),
                Call::Ask { of, info_bytes } => self.ask(usize::from(*of), *info_bytes),
                Call::Tags { of, to } => {
                    let to = usize::from(*to);
                    lmac_tags_free(self.tags[to]);
                    let code = lmac_decoder_tags(self.decoder(*of), &mut self.tags[to]);
                    assert_eq!(check(code as i64), !self.tags[to].is_null());
                }
                Call::Close { of } => self.close(usize::from(*of)),
                Call::Encode { to, audio, options, wrong } => {
                    self.encode(usize::from(*to), audio, options, wrong);
                }
                Call::Write { of, way, values, frames } => {
                    self.write(usize::from(*of), *way, values, usize::from(*frames));
                }
                Call::EndChunk { of } => {
                    check(lmac_encoder_end_chunk(self.encoders[usize::from(*of)].0) as i64);
                }
                Call::Finish { of, stats_bytes } => {
                    let encoder = self.encoders[usize::from(*of)].0;
                    let mut stats = structure::<lmac_stats>(*stats_bytes);
                    let code = lmac_encoder_finish(encoder, stats.as_mut_ptr().cast());
                    if check(code as i64) {
                        self.keep_stream(usize::from(*of));
                    }
                }
                Call::CloseEncoder { of } => {
                    lmac_encoder_close(self.encoders[usize::from(*of)].0);
                    self.encoders[usize::from(*of)].0 = null_mut();
                }
                Call::NewTags { to } => {
                    lmac_tags_free(self.tags[usize::from(*to)]);
                    self.tags[usize::from(*to)] = lmac_tags_new();
                }
                Call::FreeTags { of } => {
                    lmac_tags_free(self.tags[usize::from(*of)]);
                    self.tags[usize::from(*of)] = null_mut();
                }
                Call::ReadTags { of, number, field } => {
                    let tags = self.tags[usize::from(*of)];
                    let (number, field) = (usize::from(*number), field.bytes());
                    let count = lmac_tags_comment_count(tags);
                    let mut length = usize::MAX;
                    let text = lmac_tags_comment(tags, number, &mut length);
                    assert_eq!(text.is_null(), number >= count);
                    for text in [text, lmac_tags_get(tags, pointer(&field), number, &mut length)] {
                        if !text.is_null() {
                            assert!(CStr::from_ptr(text).count_bytes() < usize::MAX);
                        }
                    }
                }
                Call::ChangeTags { of, way, field, value } => {
                    let tags = self.tags[usize::from(*of)];
                    let (field, value) = (field.bytes(), value.bytes());
                    check(match way % 3 {
                        0 => lmac_tags_add(tags, pointer(&field), pointer(&value)) as i64,
                        1 => lmac_tags_set(tags, pointer(&field), pointer(&value)) as i64,
                        _ => lmac_tags_remove(tags, pointer(&field)),
                    });
                }
                Call::AddPicture { of, mime, description, data, kind } => {
                    let (mime, description) = (mime.bytes(), description.bytes());
                    let mut picture = std::mem::zeroed::<lmac_picture>();
                    lmac_init((&raw mut picture).cast(), size_of::<lmac_picture>());
                    picture.mime = pointer(&mime);
                    picture.description = pointer(&description);
                    picture.data = data.as_ptr();
                    picture.data_size = data.len();
                    picture.kind = *kind;
                    check(lmac_tags_add_picture(self.tags[usize::from(*of)], &picture) as i64);
                }
                Call::ReadPicture { of, number, bytes } => {
                    let mut picture = structure::<lmac_picture>(*bytes);
                    let (tags, number) = (self.tags[usize::from(*of)], usize::from(*number));
                    let code = lmac_tags_picture(tags, number, picture.as_mut_ptr().cast());
                    let found = check(code as i64);
                    assert!(!found || number < lmac_tags_picture_count(tags));
                }
                Call::Model { precision } => {
                    let mut model = null_mut();
                    let path = c"/no/model/here".as_ptr();
                    assert!(!check(lmac_model_load(path, *precision, &mut model) as i64));
                    lmac_model_free(model);
                }
                Call::Look { bytes, code } => {
                    let looks = lmac_is_lmac(bytes.as_ptr().cast(), bytes.len()) == 1;
                    assert_eq!(looks, bytes.starts_with(b"\x89lmac\r\n"));
                    assert!(!lmac_strerror(*code).is_null());
                }
            }
        }
    }

    fn decoder(&self, of: bool) -> *mut lmac_decoder {
        self.decoders[usize::from(of)].as_ref().map_or(null_mut(), |open| open.decoder)
    }

    unsafe fn open(&mut self, to: usize, stream: usize, way: &Way, choices: &DecodeChoices) {
        unsafe {
            self.close(to);
            let stream = stream % self.streams.len();
            let bytes = &self.streams[stream].bytes;
            let mut options = structure::<lmac_decode_options>(choices.size);
            let known = options.len() * size_of::<usize>() >= size_of::<lmac_decode_options>();
            if known {
                let options = &mut *options.as_mut_ptr().cast::<lmac_decode_options>();
                // The chunks of a whole stream may be long, and short of frames.
                let usual = if self.streams[stream].pcm.is_some() { 0 } else { MEMORY };
                options.memory_limit = choices.small.map_or(usual, u64::from);
                options.threads = if choices.threads > 250 { 2 } else { 0 };
                options.provisional = choices.provisional.into();
                options.recover = choices.recover.into();
            }
            let options = if choices.none { null() } else { options.as_ptr().cast() };
            let mut decoder = null_mut();
            let (mut source, mut honest) = (Box::<Source>::default(), true);
            let code = match way {
                Way::Memory => {
                    let data = bytes.as_ptr().cast();
                    lmac_decoder_open_memory(data, bytes.len(), options, &mut decoder)
                }
                Way::Callbacks { seekable, pieces, wrong } => {
                    *source = Source::new(bytes.as_ptr(), bytes.len(), pieces, wrong);
                    honest = wrong.is_none();
                    let callbacks = source.callbacks(*seekable);
                    lmac_decoder_open_callbacks(&callbacks, options, &mut decoder)
                }
            };
            let opened = check(code as i64);
            assert_eq!(opened, !decoder.is_null());
            let honest = honest && self.streams[stream].pcm.is_some();
            let memory = choices.none || !known || choices.small.is_none();
            assert!(opened || !honest || !memory, "a whole stream was not opened");
            if !opened {
                return;
            }
            let mut info = structure::<lmac_info>(0);
            let info = info.as_mut_ptr().cast::<lmac_info>();
            assert!(check(lmac_decoder_info(decoder, info) as i64));
            let frame_bytes = (*info).frame_bytes as usize;
            // The callback uses the decoder, which it must not.
            source.decoder = decoder;
            let honest = honest && memory;
            self.decoders[to] = Some(Open { decoder, source, stream, honest, frame_bytes });
        }
    }

    unsafe fn close(&mut self, of: usize) {
        if let Some(mut open) = self.decoders[of].take() {
            open.source.decoder = null_mut();
            unsafe { lmac_decoder_close(open.decoder) };
        }
    }

    unsafe fn read(&mut self, of: usize, way: u8, frames: usize) {
        unsafe {
            let Some(open) = &self.decoders[of] else {
                assert!(!check(lmac_decoder_read_i32(null_mut(), null_mut(), frames)));
                return;
            };
            let before = lmac_decoder_tell(open.decoder);
            let mut info = structure::<lmac_info>(0);
            let info = info.as_mut_ptr().cast::<lmac_info>();
            lmac_decoder_info(open.decoder, info);
            let samples = frames * (*info).channels as usize;
            let got = match way % 3 {
                0 => {
                    let mut buffer = vec![0i32; samples];
                    lmac_decoder_read_i32(open.decoder, buffer.as_mut_ptr(), frames)
                }
                1 => {
                    let mut buffer = vec![0f32; samples];
                    lmac_decoder_read_float(open.decoder, buffer.as_mut_ptr(), frames)
                }
                _ => {
                    // Some bytes more are no whole frame.
                    let size = frames * open.frame_bytes + usize::from(way) % open.frame_bytes;
                    let mut buffer = vec![0u8; size];
                    let got =
                        lmac_decoder_read_bytes(open.decoder, buffer.as_mut_ptr().cast(), size);
                    let pcm = self.streams[open.stream].pcm.as_ref();
                    if let (true, Some(pcm), true) = (open.honest, pcm, got > 0) {
                        let at = before as usize * open.frame_bytes;
                        assert!(pcm[at..][..got as usize] == buffer[..got as usize]);
                    }
                    if got > 0 { got / open.frame_bytes as i64 } else { got }
                }
            };
            let fine = check(got);
            assert!(got <= frames as i64);
            let after = lmac_decoder_tell(open.decoder);
            assert!(!fine || !open.honest || after == before + got);
            let argument = lmac_error::LMAC_ERROR_ARGUMENT as i64;
            assert!(fine || !open.honest || got == argument, "a whole stream ended with {got}");
        }
    }

    unsafe fn seek(&mut self, of: usize, frame: u64) {
        unsafe {
            let Some(open) = &self.decoders[of] else {
                assert!(!check(lmac_decoder_seek(null_mut(), frame) as i64));
                return;
            };
            if check(lmac_decoder_seek(open.decoder, frame) as i64) {
                assert_eq!(lmac_decoder_tell(open.decoder) as u64, frame);
            }
        }
    }

    unsafe fn ask(&mut self, of: usize, info_bytes: u8) {
        unsafe {
            let decoder = self.decoder(of != 0);
            let mut info = structure::<lmac_info>(info_bytes);
            let known = check(lmac_decoder_info(decoder, info.as_mut_ptr().cast()) as i64);
            assert_eq!(known, !decoder.is_null());
            check(lmac_decoder_checked_to(decoder));
            check(lmac_decoder_lost_frames(decoder));
            check(lmac_decoder_verification(decoder).into());
            assert!(CStr::from_ptr(lmac_decoder_error_text(decoder)).count_bytes() < 1 << 20);
        }
    }

    unsafe fn encode(
        &mut self,
        to: usize,
        audio: &AudioChoices,
        choices: &EncodeChoices,
        wrong: &Misbehaviour,
    ) {
        unsafe {
            lmac_encoder_close(self.encoders[to].0);
            let mut description = structure::<lmac_audio>(audio.size);
            if description.len() * size_of::<usize>() >= size_of::<lmac_audio>() {
                let description = &mut *description.as_mut_ptr().cast::<lmac_audio>();
                description.sample_format = i32::from(audio.format % 8);
                description.channels = u32::from(audio.channels % 9);
                description.rate = audio.rate;
                description.valid_bits = u32::from(audio.valid_bits);
                description.has_channel_mask = audio.mask.is_some().into();
                description.channel_mask = audio.mask.unwrap_or(0);
            }
            let mut options = structure::<lmac_encode_options>(choices.size);
            if options.len() * size_of::<usize>() >= size_of::<lmac_encode_options>() {
                let options = &mut *options.as_mut_ptr().cast::<lmac_encode_options>();
                // The others take long.
                options.preset = match i32::from(choices.preset) {
                    0 | 4 | 5 => 1,
                    some => some,
                };
                options.verify = i32::from(choices.verify % 4);
                options.threads = if choices.threads > 250 { 2 } else { 0 };
                options.without_md5 = choices.without_md5.into();
                options.chunk_frames = u64::from(choices.chunk_frames);
                options.declared_frames = u64::from(choices.declared_frames);
                options.tag_padding = u32::from(choices.padding);
                if let Some(tags) = choices.tags {
                    options.tags = self.tags[usize::from(tags)];
                }
            }
            let options = if choices.none { null() } else { options.as_ptr().cast() };
            let mut sink = Box::new(Sink::new(wrong));
            let mut encoder = null_mut();
            let user = (&raw mut *sink).cast();
            let code = lmac_encoder_open_callback(
                Some(Sink::write),
                user,
                description.as_ptr().cast(),
                options,
                &mut encoder,
            );
            assert_eq!(check(code as i64), !encoder.is_null());
            sink.encoder = encoder;
            self.encoders[to] = (encoder, sink);
        }
    }

    unsafe fn write(&mut self, of: usize, way: u8, values: &[u8], frames: usize) {
        unsafe {
            let encoder = self.encoders[of].0;
            // Enough for the most channels that there are.
            let frames = frames % 40;
            let value = |at: usize| values.get(at % values.len().max(1)).copied().unwrap_or(0);
            let samples = (0..frames * 8).map(|at| i32::from(value(at)) - 128);
            check(match way % 3 {
                0 => {
                    let samples: Vec<i32> = samples.collect();
                    lmac_encoder_write_i32(encoder, samples.as_ptr(), frames) as i64
                }
                1 => {
                    let samples: Vec<f32> = samples.map(|sample| sample as f32 / 128.0).collect();
                    lmac_encoder_write_float(encoder, samples.as_ptr(), frames) as i64
                }
                _ => {
                    let (bytes, size) = (values.as_ptr().cast(), values.len().min(500));
                    lmac_encoder_write_bytes(encoder, bytes, size) as i64
                }
            });
        }
    }

    /// Keeps a finished stream, to be decoded.
    fn keep_stream(&mut self, of: usize) {
        let bytes = std::mem::take(&mut self.encoders[of].1.bytes);
        assert!(bytes.starts_with(b"\x89lmac\r\n"));
        if is_quick(&bytes) {
            self.streams.push(Stream { bytes, pcm: None });
        }
    }
}
