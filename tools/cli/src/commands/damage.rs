//! What recovery has to report.

use lmac::Damage;
use serde::Serialize;

use crate::report::Report;
use crate::time::clock;
use crate::units::count;

/// Ranges that are listed for people.
const LISTED: usize = 100;

/// Damage, for programs.
#[derive(Serialize)]
pub(crate) struct DamageReport<'a> {
    first_error: Option<&'a str>,
    lost: Vec<Lost>,
    lost_frames: u64,
    skipped_bytes: u64,
    dropped_chunks: u64,
    truncated: bool,
    header_restored: bool,
    header_repaired: bool,
    head_lost: bool,
    tail_lost: bool,
    wrong_total: bool,
    wrong_md5: bool,
    /// Something follows the stream's end.
    trailing_bytes: bool,
}

#[derive(Serialize)]
struct Lost {
    first_frame: u64,
    end_frame: u64,
}

impl<'a> DamageReport<'a> {
    /// A report, where there is something to report.
    pub(crate) fn new(damage: &'a Damage, trailing_bytes: bool) -> Option<Self> {
        if !damage.any() && !trailing_bytes {
            return None;
        }
        let lost = damage.lost.iter();
        Some(DamageReport {
            first_error: damage.first_error.as_deref(),
            lost: lost.map(|lost| Lost { first_frame: lost.start, end_frame: lost.end }).collect(),
            lost_frames: damage.lost_frames,
            skipped_bytes: damage.skipped_bytes,
            dropped_chunks: damage.dropped_chunks,
            truncated: damage.truncated,
            header_restored: damage.header_restored,
            header_repaired: damage.header_repaired,
            head_lost: damage.head_lost,
            tail_lost: damage.tail_lost,
            wrong_total: damage.wrong_total,
            wrong_md5: damage.wrong_md5,
            trailing_bytes,
        })
    }

    /// Says it to people.
    pub(crate) fn tell(&self, report: &Report, file: &str, rate: u32) {
        let note = |text: &str| report.note(file, text);
        let time = |frame| clock(frame, rate).unwrap_or_else(|| "at an unknown rate".into());
        note(&match self.first_error {
            Some(error) => format!("damaged, and recovered as far as possible: {error}"),
            None => "damaged, and recovered as far as possible".to_string(),
        });
        for lost in self.lost.iter().take(LISTED) {
            let (first, last) = (lost.first_frame, lost.end_frame - 1);
            note(&format!(
                "frames {first} to {last} are lost ({} to {}); silence takes their place",
                time(first),
                time(lost.end_frame)
            ));
        }
        if self.lost.len() > LISTED {
            note(&format!("{} more are lost", count_ranges(self.lost.len() - LISTED)));
        }
        if self.lost_frames > 0 {
            let frames = count(self.lost_frames, "frame");
            note(&format!("{frames} lost in all ({})", time(self.lost_frames)));
        }
        if self.skipped_bytes > 0 {
            note(&format!("{} could not be read", count(self.skipped_bytes, "byte")));
        }
        if self.dropped_chunks > 0 {
            note(&format!("{} fitted nowhere", count(self.dropped_chunks, "chunk")));
        }
        for (happened, text) in [
            (self.header_restored, "the header was replaced with its copy at the end"),
            (self.header_repaired, "a byte of the header was set right by its checksum"),
            (self.truncated, "the end of the stream is missing; there may have been more audio"),
            (self.head_lost, "the original bytes before the audio are lost"),
            (self.tail_lost, "the original bytes after the audio are lost"),
            (self.wrong_total, "the stream's end counts another number of frames"),
            (self.wrong_md5, "all chunks are good, and the audio is not what its MD5 says"),
            (self.trailing_bytes, "something follows the stream's end, and was left out"),
        ] {
            if happened {
                note(text);
            }
        }
    }
}

fn count_ranges(number: usize) -> String {
    count(number as u64, "range")
}
