use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use gst::prelude::*;
use gst::subclass::prelude::*;
use gst::{ClockTime, FlowError, FlowSuccess, glib};
use gst_audio::prelude::*;
use gst_audio::subclass::prelude::*;
use gst_audio::{AudioInfo, audio_decoder_error};
use lmac::packets::{ChunkDecoder, StreamHeader};
use lmac::{DecodeOptions, ErrorKind};

use crate::channels::Reordering;
use crate::{MEDIA_TYPE, format, time};

/// Pieces of a second. A chunk comes out in pieces of this length while it is decoded.
const PIECES: u32 = 20;

/// The chunks in a row that may be damaged before the stream is given up, unless `max-errors` says
/// another number.
const MAX_ERRORS: i32 = 10;

#[derive(Debug, Default)]
pub(crate) struct LmacDec {
    stream: Mutex<Option<Stream>>,
    output: Mutex<Output>,
}

#[derive(Debug, Clone)]
struct Stream {
    decoder: ChunkDecoder,
    info: AudioInfo,
    /// For channels that GStreamer wants in another order.
    reordering: Option<Reordering>,
}

/// What is to be done with the audio that the base class is about to push.
#[derive(Debug, Default)]
struct Output {
    /// Whether it comes before the segment.
    before_segment: bool,
    /// Whether audio that was dropped carried the flag that tells of a jump.
    discont: bool,
}

/// Why a chunk did not come out.
enum Failure {
    Damage(lmac::Error),
    Flow(FlowError),
}

#[glib::object_subclass]
impl ObjectSubclass for LmacDec {
    const NAME: &'static str = "GstLmacDec";
    type Type = super::LmacDec;
    type ParentType = gst_audio::AudioDecoder;
}

impl ObjectImpl for LmacDec {
    fn constructed(&self) {
        self.parent_constructed();
        self.obj().set_needs_format(true);
        self.obj().set_max_errors(MAX_ERRORS);
    }
}

impl GstObjectImpl for LmacDec {}

impl ElementImpl for LmacDec {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "lmac decoder",
                "Codec/Decoder/Audio",
                "Decodes lmac streams",
                "The lmac project",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let sink = gst::Caps::builder(MEDIA_TYPE).field("framed", true).build();
            let src = format::raw_caps();
            [("sink", gst::PadDirection::Sink, sink), ("src", gst::PadDirection::Src, src)]
                .into_iter()
                .filter_map(|(name, direction, caps)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).ok()
                })
                .collect()
        });
        TEMPLATES.as_ref()
    }
}

impl AudioDecoderImpl for LmacDec {
    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.stream) = None;
        *lock(&self.output) = Output::default();
        Ok(())
    }

    fn set_format(&self, caps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let opened = open(caps);
        if let Err(message) = &opened {
            gst::element_imp_error!(self, gst::StreamError::Format, ["{message}"]);
        }
        let stream = opened.map_err(|message| gst::loggable_error!(gst::CAT_RUST, "{message}"))?;
        self.obj()
            .set_output_format(&stream.info)
            .map_err(|error| gst::loggable_error!(gst::CAT_RUST, "{error}"))?;
        *lock(&self.stream) = Some(stream);
        Ok(())
    }

    fn handle_frame(&self, buffer: Option<&gst::Buffer>) -> Result<FlowSuccess, FlowError> {
        let Some(buffer) = buffer else { return Ok(FlowSuccess::Ok) };
        let decoded = self.decode(&buffer.clone());
        // Also after a failure: the base class would take what follows for more of this chunk, and
        // keep back the segment of a seek.
        let finished = self.obj().finish_frame(None, 1);
        match decoded {
            Ok(()) => finished,
            Err(Failure::Flow(error)) => Err(error),
            Err(Failure::Damage(error)) => {
                gst::element_imp_warning!(self, gst::StreamError::Decode, ["{error}"]);
                audio_decoder_error!(self.obj(), 1, gst::StreamError::Decode, ["{error}"])
            }
        }
    }

    fn pre_push(&self, mut buffer: gst::Buffer) -> Result<Option<gst::Buffer>, FlowError> {
        let mut output = lock(&self.output);
        if output.before_segment {
            output.discont |= buffer.flags().contains(gst::BufferFlags::DISCONT);
            return Ok(None);
        }
        if std::mem::take(&mut output.discont) {
            buffer.make_mut().set_flags(gst::BufferFlags::DISCONT);
        }
        Ok(Some(buffer))
    }
}

impl LmacDec {
    /// Decodes a chunk and hands out its audio in pieces, so that the first ones play before the
    /// last ones are decoded.
    ///
    /// Pieces begin and end exactly where the segment does: the base class, which compares times,
    /// would be off by a frame.
    fn decode(&self, buffer: &gst::Buffer) -> Result<(), Failure> {
        let Some(stream) = lock(&self.stream).clone() else {
            return Err(Failure::Flow(FlowError::NotNegotiated));
        };
        let (rate, frame_bytes) = (stream.info.rate(), u64::from(stream.info.bpf()));
        let mut decoding = {
            let bytes = buffer.map_readable().map_err(|_| Failure::Flow(FlowError::Error))?;
            stream.decoder.begin(&bytes)?
        };
        let (first, end) = self.wanted(buffer.pts(), rate);
        let mut at = 0;
        while at < end {
            let most = u64::from(rate / PIECES).max(1);
            let until = if at < first { first } else { end };
            let Some(piece) = decoding.next_frames(most.min(until - at))? else { break };
            let mut pcm = piece.pcm;
            if at < first {
                // Nothing is pushed that could fail.
                if self.obj().src_pad().pad_flags().contains(gst::PadFlags::FLUSHING) {
                    return Err(Failure::Flow(FlowError::Flushing));
                }
                let before = pcm.split_to(pcm.len().min(((first - at) * frame_bytes) as usize));
                at += before.len() as u64 / frame_bytes;
                self.hand_out(&stream, before.into(), true)?;
            }
            pcm.truncate(pcm.len().min(((end - at).saturating_mul(frame_bytes)) as usize));
            if !pcm.is_empty() {
                at += pcm.len() as u64 / frame_bytes;
                self.hand_out(&stream, pcm.into(), false)?;
            }
        }
        Ok(())
    }

    /// Returns the first frame that the segment has of a chunk, and the frame behind the last one.
    fn wanted(&self, pts: Option<ClockTime>, rate: u32) -> (u64, u64) {
        let segment = self.obj().input_segment();
        let (Some(segment), Some(pts)) = (segment.downcast_ref::<ClockTime>(), pts) else {
            return (0, u64::MAX);
        };
        // Backwards, the base class needs all of the chunk.
        if segment.rate() < 0.0 {
            return (0, u64::MAX);
        }
        let start = segment.start().and_then(|start| start.checked_sub(pts));
        let first = start.filter(|ahead| !ahead.is_zero());
        let stop = segment.stop().map(|stop| stop.saturating_sub(pts));
        (
            first.map_or(0, |ahead| time::frame_at(ahead, rate)),
            stop.map_or(u64::MAX, |ahead| time::frames_before(ahead, rate)),
        )
    }

    fn hand_out(
        &self,
        stream: &Stream,
        mut pcm: Vec<u8>,
        before_segment: bool,
    ) -> Result<(), Failure> {
        if let Some(reordering) = &stream.reordering {
            reordering.apply(&mut pcm);
        }
        lock(&self.output).before_segment = before_segment;
        self.obj()
            .finish_subframe(Some(gst::Buffer::from_mut_slice(pcm)))
            .map(|_| ())
            .map_err(Failure::Flow)
    }
}

impl From<lmac::Error> for Failure {
    fn from(error: lmac::Error) -> Self {
        Failure::Damage(error)
    }
}

/// Makes the decoder of a stream from the caps that the parser gives it.
fn open(caps: &gst::Caps) -> Result<Stream, String> {
    let structure = caps.structure(0).ok_or("the caps are empty")?;
    let header = structure
        .get::<gst::Buffer>("codec_data")
        .map_err(|_| "the caps have no codec_data; put lmacparse before lmacdec")?;
    let header = header.map_readable().map_err(|error| error.to_string())?;
    let header = StreamHeader::parse(&header).map_err(|error| error.to_string())?;
    let decoder = ChunkDecoder::new(&header, &DecodeOptions::default());
    let decoder = decoder.map_err(|error| match error.kind() {
        ErrorKind::MissingModel(_) => format!("{error}; this plug-in has none"),
        _ => error.to_string(),
    })?;
    let (info, reordering) = format::info(header.spec()).map_err(|error| error.to_string())?;
    Ok(Stream { decoder, info, reordering })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
