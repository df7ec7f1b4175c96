//! The codings of audio, by their ids in Symphonia.

use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{AudioCodecId, CODEC_ID_NULL_AUDIO};

use crate::error::Error;

/// The coding of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Alac,
    Flac,
    Pcm,
}

impl Coding {
    pub(crate) fn of(id: AudioCodecId) -> Result<Coding, Error> {
        Ok(match id {
            CODEC_ID_ALAC => Coding::Alac,
            CODEC_ID_FLAC => Coding::Flac,
            CODEC_ID_PCM_S32LE | CODEC_ID_PCM_S32BE | CODEC_ID_PCM_S24LE | CODEC_ID_PCM_S24BE
            | CODEC_ID_PCM_S16LE | CODEC_ID_PCM_S16BE | CODEC_ID_PCM_S8 | CODEC_ID_PCM_U32LE
            | CODEC_ID_PCM_U32BE | CODEC_ID_PCM_U24LE | CODEC_ID_PCM_U24BE | CODEC_ID_PCM_U16LE
            | CODEC_ID_PCM_U16BE | CODEC_ID_PCM_U8 | CODEC_ID_PCM_F32LE | CODEC_ID_PCM_F32BE
            | CODEC_ID_PCM_F64LE | CODEC_ID_PCM_F64BE => Coding::Pcm,

            CODEC_ID_WAVPACK => return Err(Error::NoDecoder("WavPack")),
            CODEC_ID_MONKEYS_AUDIO => return Err(Error::NoDecoder("Monkey's Audio")),
            CODEC_ID_TTA => return Err(Error::NoDecoder("TTA")),
            CODEC_ID_RALF => return Err(Error::NoDecoder("RealAudio Lossless")),
            CODEC_ID_TRUEHD => return Err(Error::NoDecoder("TrueHD")),
            // The id does not tell whether it is lossy.
            CODEC_ID_DCA => return Err(Error::NoDecoder("DTS")),

            CODEC_ID_PCM_ALAW => return Err(Error::Lossy("A-law")),
            CODEC_ID_PCM_MULAW => return Err(Error::Lossy("mu-law")),
            CODEC_ID_ADPCM_G722
            | CODEC_ID_ADPCM_G726
            | CODEC_ID_ADPCM_G726LE
            | CODEC_ID_ADPCM_MS
            | CODEC_ID_ADPCM_IMA_WAV
            | CODEC_ID_ADPCM_IMA_QT => {
                return Err(Error::Lossy("ADPCM"));
            }
            CODEC_ID_VORBIS => return Err(Error::Lossy("Vorbis")),
            CODEC_ID_OPUS => return Err(Error::Lossy("Opus")),
            CODEC_ID_SPEEX => return Err(Error::Lossy("Speex")),
            CODEC_ID_MUSEPACK => return Err(Error::Lossy("Musepack")),
            CODEC_ID_MP1 => return Err(Error::Lossy("MP1")),
            CODEC_ID_MP2 => return Err(Error::Lossy("MP2")),
            CODEC_ID_MP3 => return Err(Error::Lossy("MP3")),
            CODEC_ID_AAC => return Err(Error::Lossy("AAC")),
            CODEC_ID_AC3 => return Err(Error::Lossy("AC-3")),
            CODEC_ID_EAC3 => return Err(Error::Lossy("E-AC-3")),
            CODEC_ID_AC4 => return Err(Error::Lossy("AC-4")),
            CODEC_ID_ATRAC1 | CODEC_ID_ATRAC3 | CODEC_ID_ATRAC3PLUS | CODEC_ID_ATRAC9 => {
                return Err(Error::Lossy("ATRAC"));
            }
            CODEC_ID_WMA => return Err(Error::Lossy("Windows Media")),
            CODEC_ID_RA10 | CODEC_ID_RA20 | CODEC_ID_SIPR | CODEC_ID_COOK => {
                return Err(Error::Lossy("RealAudio"));
            }
            CODEC_ID_SBC => return Err(Error::Lossy("SBC")),
            CODEC_ID_APTX | CODEC_ID_APTX_HD => return Err(Error::Lossy("aptX")),
            CODEC_ID_LDAC => return Err(Error::Lossy("LDAC")),
            CODEC_ID_BINK_AUDIO => return Err(Error::Lossy("Bink")),
            CODEC_ID_SMACKER_AUDIO => return Err(Error::Lossy("Smacker")),
            CODEC_ID_NULL_AUDIO => return Err(unknown("")),
            // PCM with a plane for each channel has ids but no decoder, and no reader makes it.
            id => return Err(unknown(&id.to_string())),
        })
    }

    /// The name of the coding.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Coding::Alac => "ALAC",
            Coding::Flac => "FLAC",
            Coding::Pcm => "PCM",
        }
    }
}

/// The error for a coding that has no name here.
pub(crate) fn unknown(id: &str) -> Error {
    let id = if id.is_empty() { String::new() } else { format!(" ({id})") };
    Error::File(format!("the coding of the audio in this file is not known{id}"))
}
