//! Nothing is overwritten, lost or left half-written, whatever the machine does.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

mod safety {
    #[cfg(unix)]
    mod changing_files;
    mod files;
    #[cfg(unix)]
    mod full_disk;
    #[cfg(target_os = "linux")]
    mod little_memory;
    #[cfg(unix)]
    mod random_moments;
    #[cfg(unix)]
    mod sent;
    #[cfg(unix)]
    mod signals;
    #[cfg(unix)]
    mod special_files;
}
