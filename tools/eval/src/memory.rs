//! The peak memory of this process.

/// Watches the memory of the process from now on; `None` where the system does not tell.
pub(crate) fn watch() -> Option<Watch> {
    system::reset().then_some(Watch)
}

/// Memory is watched.
pub(crate) struct Watch;

impl Watch {
    /// The most bytes since the watch began.
    pub(crate) fn peak(&self) -> Option<u64> {
        system::peak()
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    /// Resets the peak to the memory that is resident now.
    pub(super) fn reset() -> bool {
        fs::write("/proc/self/clear_refs", "5").is_ok()
    }

    pub(super) fn peak() -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib << 10)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn reset() -> bool {
        false
    }

    pub(super) fn peak() -> Option<u64> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_what_is_watched() {
        // Where the system does not let us ask there is nothing to see.
        let Some(watch) = watch() else { return };
        let large = std::hint::black_box(vec![1u8; 64 << 20]);
        // Other tests may reset the peak meanwhile; it then includes this memory.
        let peak = watch.peak().unwrap();
        assert!(peak > 64 << 20, "{peak}");
        drop(large);
    }
}
