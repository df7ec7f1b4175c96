//! Codecs that models are compared with.
//!
//! gzip, xz, PNG and zstd are the usual libraries, built in. The reference encoder of FLAC is
//! a program.

mod flac;
mod gzip;
mod lzma;
mod png;
mod zstd;

use crate::contestant::Codec;
use crate::{Error, Result};

/// The names of the baselines.
pub const NAMES: &[&str] = &["gzip", "lzma", "png", "flac", "flac-8", "zstd"];

/// Those that take part where nothing else is asked for: the published ones, and zstd.
pub const DEFAULT: &str = "gzip,lzma,png,flac,zstd";

/// The baselines of a list with commas between names, in its order. `all` stands for all
/// there are, `none` for no baselines.
pub fn by_name(list: &str) -> Result<Vec<Box<dyn Codec>>> {
    let names: Vec<&str> = match list.trim() {
        "all" => NAMES.to_vec(),
        "none" => Vec::new(),
        list => list.split(',').map(str::trim).collect(),
    };
    for (number, name) in names.iter().enumerate() {
        if names[..number].contains(name) {
            return Err(Error::new(format!("the baseline {name} is named twice")));
        }
    }
    names.into_iter().map(one).collect()
}

fn one(name: &str) -> Result<Box<dyn Codec>> {
    Ok(match name {
        "gzip" => Box::new(gzip::Gzip),
        "lzma" => Box::new(lzma::Lzma),
        "png" => Box::new(png::Png),
        "flac" => Box::new(flac::Flac::installed("flac", flac::BEST)),
        "flac-8" => Box::new(flac::Flac::installed("flac-8", flac::EIGHT)),
        "zstd" => Box::new(zstd::Zstd),
        _ => {
            return Err(Error::new(format!(
                "there is no baseline \"{name}\"; known are {}, all and none",
                NAMES.join(", ")
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use lmac::{AudioSpec, SampleFormat};

    use super::*;
    use crate::testing::{come_back, eight_bits, noise, triangle};

    #[test]
    fn built_in_codecs_take_all_formats() {
        for codec in by_name("gzip,lzma,png,zstd").unwrap() {
            come_back(codec.as_ref(), &eight_bits());
            for (format, channels) in [
                (SampleFormat::S16, 1),
                (SampleFormat::S24, 2),
                (SampleFormat::S32, 3),
                (SampleFormat::F64, 9),
            ] {
                come_back(codec.as_ref(), &AudioSpec::new(format, channels, 44100));
            }
            assert!(codec.decode(&[vec![1, 2, 3]], &eight_bits()).is_err(), "{}", codec.name());
        }
    }

    #[test]
    fn lists_are_in_their_order_and_may_be_all_or_none() {
        let names = |list: &str| -> Vec<String> {
            by_name(list).unwrap().iter().map(|codec| codec.name().to_owned()).collect()
        };
        assert_eq!(names(" zstd, gzip "), ["zstd", "gzip"]);
        assert_eq!(names(DEFAULT), ["gzip", "lzma", "png", "flac", "zstd"]);
        assert_eq!(names("all"), NAMES);
        assert!(names("none").is_empty());
    }

    #[test]
    fn lists_that_cannot_be_are_refused_by_name() {
        let error = |list: &str| by_name(list).err().unwrap().to_string();
        let unknown = error("gzip,bzip2");
        assert!(unknown.contains("\"bzip2\"") && unknown.contains("gzip, lzma, png"), "{unknown}");
        assert!(error("zstd,png,zstd").contains("zstd is named twice"));
        assert!(error("gzip,").contains("\"\""));
        assert!(error("gzip,none").contains("\"none\""));
    }

    /// Lengths that Python 3.11 (`gzip.compress`, `lzma.compress`) and Pillow 13
    /// (`optimize=True`) make of the same bytes.
    #[test]
    fn sizes_are_those_of_the_published_harness() {
        let mixed = |length: usize| -> Vec<u8> {
            let noise = noise(length, 6);
            triangle(length).iter().zip(noise).map(|(&a, b)| a / 4 + b / 16).collect()
        };
        let cases = [
            (vec![0], [21, 60, 67]),
            (triangle(641), [664, 600, 167]),
            (mixed(641), [544, 560, 627]),
            (noise(641, 5), [664, 704, 998]),
            (triangle(2048), [1516, 1044, 436]),
            (mixed(2048), [1630, 1520, 1419]),
            (noise(2048, 5), [2071, 2108, 2180]),
            (vec![0; 100_000], [132, 148, 177]),
            (triangle(100_000), [2963, 1308, 3654]),
            (mixed(100_000), [76067, 67812, 60667]),
            (noise(100_000, 5), [100_053, 100_064, 100_564]),
        ];
        for (piece, [gzip, lzma, png]) in cases {
            let sizes = by_name("gzip,lzma,png")
                .unwrap()
                .into_iter()
                .map(|codec| codec.encode(&[&piece], &eight_bits()).unwrap()[0].len());
            let sizes: Vec<usize> = sizes.collect();
            assert_eq!(sizes[..2], [gzip, lzma]);
            // Pillow begins a chunk every 64 KiB, and zlib-rs is not zlib to the byte.
            println!("PNG {} bytes, Pillow {png}", sizes[2]);
            assert!(sizes[2].abs_diff(png) * 100 <= png);
        }
    }
}
