use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use gst::prelude::*;
use gst::subclass::prelude::*;
use gst::{ClockTime, FlowError, FlowSuccess, PadProbeData, PadProbeReturn, PadProbeType, glib};
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use gst_base::{BaseParseFrame, BaseParseFrameFlags};
use lmac::packets::{IndexFinder, IndexStep, Packet, PacketKind, StreamHeader, StreamIndex};

use super::stream::{Damaged, Found, Stream};
use crate::{MEDIA_TYPE, tags, time};

/// The most bytes of a trailer that are read for the index. Those of the format have less.
const MAX_TRAILER: u64 = 16 << 20;

/// The most bytes that GStreamer takes in one buffer here.
const MAX_PACKET: u64 = i32::MAX as u64;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("lmacparse", gst::DebugColorFlags::empty(), Some("lmac parser"))
});

#[derive(Debug, Default)]
pub(crate) struct LmacParse {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stream: Stream,
    /// Whether bytes before and behind can be asked for.
    seekable: bool,
    /// Whether an error was reported: a second one would only hide it.
    failed: bool,
}

#[glib::object_subclass]
impl ObjectSubclass for LmacParse {
    const NAME: &'static str = "GstLmacParse";
    type Type = super::LmacParse;
    type ParentType = gst_base::BaseParse;
}

impl ObjectImpl for LmacParse {
    fn constructed(&self) {
        self.parent_constructed();
        let parse = self.obj();
        // Every chunk has its own time.
        parse.set_infer_ts(false);
        parse.set_pts_interpolation(false);

        // The base class guesses where to go, from the bit rate, unless a seek is to be accurate;
        // it must go to where a chunk begins.
        parse.src_pad().add_probe(PadProbeType::EVENT_UPSTREAM, |_, info| {
            if let Some(PadProbeData::Event(event)) = &mut info.data
                && let gst::EventView::Seek(seek) = event.view()
            {
                let flags = seek.get().1 | gst::SeekFlags::ACCURATE;
                event.make_mut().structure_mut().set("flags", flags);
            }
            PadProbeReturn::Ok
        });
        let weak = parse.downgrade();
        parse.src_pad().add_probe(PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if let Some(PadProbeData::Event(event)) = &info.data
                && event.type_() == gst::EventType::Eos
                && let Some(parse) = weak.upgrade()
            {
                parse.imp().check_end();
            }
            PadProbeReturn::Ok
        });
    }
}

impl GstObjectImpl for LmacParse {}

impl ElementImpl for LmacParse {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "lmac parser",
                "Codec/Parser/Audio",
                "Cuts lmac streams into chunks",
                "The lmac project",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let sink = gst::Caps::new_empty_simple(MEDIA_TYPE);
            let src = gst::Caps::builder(MEDIA_TYPE)
                .field("framed", true)
                .field("rate", gst::IntRange::new(1, i32::MAX))
                .field("channels", gst::IntRange::new(1, i32::from(u16::MAX)))
                .build();
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

impl BaseParseImpl for LmacParse {
    fn start(&self) -> Result<(), gst::ErrorMessage> {
        *self.state() = State::default();
        self.obj().set_min_frame_size(1);
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *self.state() = State::default();
        Ok(())
    }

    fn handle_frame(&self, frame: BaseParseFrame) -> Result<(FlowSuccess, u32), FlowError> {
        let found = match frame.buffer().map(|buffer| buffer.map_readable()) {
            Some(Ok(bytes)) => self.state().stream.look(frame.offset(), &bytes),
            _ => return Err(FlowError::Error),
        };
        match found {
            Ok(Found::Wants(length)) => self.wait(length),
            Ok(Found::Header(header)) => {
                self.open(&header)?;
                self.drop_bytes(frame, header.bytes().len())
            }
            Ok(Found::HeaderAgain(length)) => self.drop_bytes(frame, length),
            Ok(Found::Packet(packet)) => self.packet(frame, &packet),
            Ok(Found::Damaged(damaged)) => self.damaged(frame, damaged),
            // Bytes of other programs behind the stream.
            Ok(Found::End) => Err(FlowError::Eos),
            Err(message) => self.fail(&message),
        }
    }
}

impl LmacParse {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail<T>(&self, message: &str) -> Result<T, FlowError> {
        self.state().failed = true;
        gst::element_imp_error!(self, gst::StreamError::Decode, ["{message}"]);
        Err(FlowError::Error)
    }

    fn wait(&self, length: u64) -> Result<(FlowSuccess, u32), FlowError> {
        if length > MAX_PACKET {
            return self.fail(&format!("a packet has {length} bytes; the most are {MAX_PACKET}"));
        }
        self.obj().set_min_frame_size(length as u32);
        Ok((FlowSuccess::Ok, 0))
    }

    fn drop_bytes(
        &self,
        mut frame: BaseParseFrame,
        length: usize,
    ) -> Result<(FlowSuccess, u32), FlowError> {
        frame.set_flags(BaseParseFrameFlags::DROP);
        self.finish(frame, length)
    }

    fn finish(
        &self,
        frame: BaseParseFrame,
        length: usize,
    ) -> Result<(FlowSuccess, u32), FlowError> {
        // How long the next packet is, only its first bytes say.
        self.obj().set_min_frame_size(1);
        Ok((self.obj().finish_frame(frame, length as u32)?, 0))
    }

    /// Says downstream what is known from the header, and from the index where it can be read.
    fn open(&self, header: &StreamHeader) -> Result<(), FlowError> {
        let spec = header.spec();
        let Some(rate) = i32::try_from(spec.rate).ok().filter(|&rate| rate > 0) else {
            let rate = spec.rate;
            return self.fail(&format!("the sample rate is {rate}; it must be 1 to {}", i32::MAX));
        };
        let caps = gst::Caps::builder(MEDIA_TYPE)
            .field("framed", true)
            .field("rate", rate)
            .field("channels", i32::from(spec.channels))
            .field("codec_data", gst::Buffer::from_slice(header.bytes().to_vec()))
            .build();
        let parse = self.obj();
        parse.src_pad().push_event(gst::event::Caps::new(&caps));

        let pull = parse.sink_pad().mode() == gst::PadMode::Pull;
        let seekable = pull || self.upstream_is_seekable();
        let index = if pull { self.read_index(header) } else { None };
        let frames = index.as_ref().map(StreamIndex::total_frames).or(header.declared_frames());
        if let Some(frames) = frames {
            parse.set_duration(time::of_frame(frames, spec.rate), 0);
        }
        let mut state = self.state();
        state.seekable = seekable;
        if let Some(index) = index {
            for place in index.places().filter(|place| place.number > 0) {
                let time = time::of_frame(place.first_frame, spec.rate);
                parse.add_index_entry(place.offset, time, true, true);
            }
            state.stream.set_index(index);
        }
        Ok(())
    }

    fn upstream_is_seekable(&self) -> bool {
        let mut query = gst::query::Seeking::new(gst::Format::Bytes);
        self.obj().sink_pad().peer_query(&mut query) && query.result().0
    }

    /// Reads the index in the last bytes of the stream.
    fn read_index(&self, header: &StreamHeader) -> Option<StreamIndex> {
        let pad = self.obj().sink_pad().clone();
        let length = pad.peer_query_duration::<gst::format::Bytes>()?;
        let mut finder = IndexFinder::new(header, *length);
        loop {
            let range = finder.wanted();
            let wanted = range.end - range.start;
            if wanted == 0 || wanted > MAX_TRAILER {
                return None;
            }
            let buffer = pad.pull_range(range.start, wanted as u32).ok()?;
            let bytes = buffer.map_readable().ok()?;
            match finder.give(&bytes) {
                Ok(IndexStep::Further) => {}
                Ok(IndexStep::Found(index)) => return Some(index),
                Ok(_) => return None,
                Err(error) => {
                    gst::warning!(CAT, imp = self, "the index is of no use: {error}");
                    return None;
                }
            }
        }
    }

    fn packet(
        &self,
        frame: BaseParseFrame,
        packet: &Packet,
    ) -> Result<(FlowSuccess, u32), FlowError> {
        match packet.kind {
            PacketKind::Chunk => {}
            PacketKind::Trailer => {
                self.set_length(packet.first_frame);
                return self.drop_bytes(frame, packet.bytes.len());
            }
            _ => return self.drop_bytes(frame, packet.bytes.len()),
        }
        let (tags, rate) = {
            let mut state = self.state();
            let rate = state.stream.header().map_or(1, |header| header.spec().rate);
            if let Some(place) = packet.place()
                && state.seekable
                && state.stream.add_place(place)
            {
                let time = time::of_frame(place.first_frame, rate);
                self.obj().add_index_entry(place.offset, time, true, true);
            }
            (state.stream.take_tags(), rate)
        };
        match tags {
            Some(Ok(found)) => {
                let list = tags::of_stream(&found);
                self.obj().merge_tags(Some(&list), gst::TagMergeMode::Replace);
            }
            Some(Err(error)) => {
                gst::element_imp_warning!(
                    self,
                    gst::StreamError::Decode,
                    ["the tags cannot be read: {error}"]
                );
            }
            None => {}
        }
        self.chunk(frame, rate, packet.first_frame, packet.frames, packet.bytes.len())
    }

    fn chunk(
        &self,
        mut frame: BaseParseFrame,
        rate: u32,
        first_frame: u64,
        frames: u64,
        length: usize,
    ) -> Result<(FlowSuccess, u32), FlowError> {
        let start = time::of_frame(first_frame, rate);
        let end = time::of_frame(first_frame.saturating_add(frames), rate);
        if let Some(buffer) = frame.buffer_mut() {
            buffer.set_pts(start);
            buffer.set_dts(start);
            buffer.set_duration(end - start);
        }
        self.finish(frame, length)
    }

    fn damaged(
        &self,
        mut frame: BaseParseFrame,
        damaged: Damaged,
    ) -> Result<(FlowSuccess, u32), FlowError> {
        let Damaged { first_frame, frames, length, error } = damaged;
        gst::warning!(CAT, imp = self, "{error}");
        let rate = self.state().stream.header().map_or(1, |header| header.spec().rate);
        if let Some(buffer) = frame.buffer_mut() {
            buffer.set_flags(gst::BufferFlags::CORRUPTED);
        }
        self.chunk(frame, rate, first_frame, frames, length as usize)
    }

    /// Corrects the length that the header has declared.
    fn set_length(&self, frames: u64) {
        let (known, rate) = {
            let state = self.state();
            let rate = state.stream.header().map_or(1, |header| header.spec().rate);
            (state.stream.index().is_some(), rate)
        };
        if !known {
            self.obj().set_duration(time::of_frame(frames, rate), 0);
        }
    }

    /// Reports a stream that is cut off, when it ends.
    fn check_end(&self) {
        let segment = self.obj().segment();
        let Some(segment) = segment.downcast_ref::<ClockTime>() else { return };
        let until_stop = segment.stop().is_some_and(|stop| segment.position() >= Some(stop));
        let mut state = self.state();
        let whole = state.stream.trailer_seen() || until_stop || segment.rate() < 0.0;
        if state.failed || whole {
            return;
        }
        state.failed = true;
        drop(state);
        gst::element_imp_error!(
            self,
            gst::StreamError::Decode,
            ["the stream is cut off: it ends before its trailer"]
        );
    }
}
