//! Decoding a stream to PCM.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use lmac::source::Restored;
use lmac::{Decoder, Tags, Verification};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{closed, exception};
use crate::input::{self, Input};
use crate::options::{self, result};
use crate::tags;

/// Bytes that are decoded first. Each further step is as long as all before it.
const BLOCK: usize = 1 << 20;

/// A stream that is decoded to PCM.
#[pyclass(frozen)]
#[derive(Debug)]
pub(crate) struct Reader {
    decoder: Mutex<Option<Decoder<Input>>>,
    #[pyo3(get)]
    seekable: bool,
}

impl Reader {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl Send + FnOnce(&mut Decoder<Input>) -> lmac::Result<T>,
    ) -> PyResult<T> {
        py.detach(|| {
            let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
            decoder.as_mut().map(work)
        })
        .ok_or_else(closed)?
        .map_err(exception)
    }

    fn find_tags(&self, py: Python<'_>) -> PyResult<Tags> {
        self.with(py, |decoder| match self.seekable {
            true => decoder.find_tags(),
            false => decoder.tags(),
        })
    }
}

#[pymethods]
impl Reader {
    #[new]
    #[pyo3(signature = (source, *, threads=1, memory=None, model=None, recover=false))]
    fn new(
        source: &Bound<'_, PyAny>,
        threads: usize,
        memory: Option<u64>,
        model: Option<&Bound<'_, PyAny>>,
        recover: bool,
    ) -> PyResult<Self> {
        let options = options::decoding(threads, memory, model)?;
        let (input, seekable) = input::open(source)?;
        let decoder = source.py().detach(|| match (recover, seekable) {
            (false, true) => Decoder::open(input, options),
            (false, false) => Decoder::with_options(input, options),
            (true, true) => Decoder::recover(input, options),
            (true, false) => Decoder::recover_in_one_pass(input, options),
        });
        Ok(Reader { decoder: Mutex::new(Some(result(decoder)?)), seekable })
    }

    /// What the stream says about itself.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (info, frames, md5) = self.with(py, |decoder| {
            Ok((decoder.info().clone(), decoder.total_frames(), decoder.stored_md5()))
        })?;
        let items = PyDict::new(py);
        items.set_item("samplerate", info.spec.rate)?;
        items.set_item("channels", info.spec.channels)?;
        items.set_item("frames", frames)?;
        items.set_item("bits", info.spec.format.bits())?;
        items.set_item("float", info.spec.format.is_float())?;
        items.set_item("valid_bits", info.spec.valid_bits)?;
        items.set_item("channel_mask", info.spec.channel_mask)?;
        items.set_item("source", info.source.name())?;
        items.set_item("chunk_frames", info.chunk_frames)?;
        let hex = |md5: [u8; 16]| md5.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        items.set_item("md5", md5.map(hex))?;
        items.set_item("model", info.model.map(|used| used.id.to_string()))?;
        Ok(items)
    }

    /// Decodes up to so many bytes of PCM, or all that are left.
    fn read<'py>(&self, py: Python<'py>, bytes: Option<u64>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let pcm = self.with(py, |decoder| {
            let frame_bytes = decoder.info().spec.frame_bytes() as u64;
            let left = decoder
                .total_frames()
                .map(|frames| frames.saturating_sub(decoder.position()) * frame_bytes);
            let most = bytes.unwrap_or(u64::MAX).min(left.unwrap_or(u64::MAX));
            let mut pcm = Vec::new();
            while (pcm.len() as u64) < most {
                // What a damaged header announces is not allocated at once.
                let from = pcm.len();
                let step = (most - from as u64).min(BLOCK.max(from) as u64) as usize;
                if pcm.try_reserve(step).is_err() {
                    return Ok(Err(from + step));
                }
                pcm.resize(from + step, 0);
                let mut filled = from;
                while filled < pcm.len() {
                    match decoder.read(&mut pcm[filled..])? {
                        0 => break,
                        read => filled += read,
                    }
                }
                if filled < pcm.len() {
                    pcm.truncate(filled);
                    break;
                }
            }
            Ok(Ok(pcm))
        })?;
        let pcm = pcm.map_err(|bytes| {
            PyMemoryError::new_err(format!("not enough memory for {bytes} bytes of audio"))
        })?;
        Ok(pcm.into_pyarray(py))
    }

    /// Goes to a frame.
    fn seek(&self, py: Python<'_>, frame: u64) -> PyResult<u64> {
        self.with(py, |decoder| decoder.seek(frame))
    }

    /// The frame that is read next.
    fn tell(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |decoder| Ok(decoder.position()))
    }

    /// Decodes all, from the file's head to its tail. Fails if anything is wrong with the stream.
    /// Tells whether the MD5 of the audio was compared.
    fn verify(&self, py: Python<'_>) -> PyResult<bool> {
        py.detach(|| {
            let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
            let mut restored = Restored::new(decoder.take()?);
            Some(loop {
                match restored.next_piece() {
                    Ok(piece) if piece.is_empty() => {
                        let whole = restored.decoder_mut().expect_end();
                        let verification = restored.decoder().verification();
                        break whole.map(|()| matches!(verification, Verification::Md5(_)));
                    }
                    Ok(_) => {}
                    Err(error) => break Err(error),
                }
            })
        })
        .ok_or_else(closed)?
        .map_err(exception)
    }

    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        tags::to_python(py, &self.find_tags(py)?)
    }

    /// The pictures: type, MIME type, description, bytes.
    #[allow(clippy::type_complexity)]
    fn pictures(&self, py: Python<'_>) -> PyResult<Vec<(String, String, String, Vec<u8>)>> {
        let found = self.find_tags(py)?;
        let parts = |picture: lmac::Picture| {
            let kind = picture.kind_name().to_owned();
            (kind, picture.mime, picture.description, picture.data)
        };
        Ok(found.pictures.into_iter().map(parts).collect())
    }

    /// What recovery has lost so far.
    fn damage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let damage = self.with(py, |decoder| Ok(decoder.damage().clone()))?;
        let items = PyDict::new(py);
        items.set_item("any", damage.any())?;
        items.set_item("first_error", damage.first_error)?;
        let lost: Vec<_> = damage.lost.iter().map(|range| (range.start, range.end)).collect();
        items.set_item("lost", lost)?;
        items.set_item("lost_frames", damage.lost_frames)?;
        items.set_item("skipped_bytes", damage.skipped_bytes)?;
        items.set_item("truncated", damage.truncated)?;
        Ok(items)
    }

    fn close(&self, py: Python<'_>) {
        let decoder =
            py.detach(|| self.decoder.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(decoder);
    }
}
