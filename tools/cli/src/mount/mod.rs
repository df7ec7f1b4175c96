//! Archives as folders that every program reads, for `lmac mount`.
//!
//! `view.rs` says what is in the folders. `filesystem.rs` answers the kernel, with the numbers of
//! `nodes.rs` for files and the threads of `readers.rs` for reading. Here are the beginning and
//! the end.

mod filesystem;
mod nodes;
mod readers;
mod view;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use fuser::{BackgroundSession, Config, MountOption, Session, SessionACL};
use nix::mount::{MntFlags, umount2};

use self::filesystem::Files;
use self::readers::Readers;
pub(crate) use self::view::View;
use crate::failure::Failure;
use crate::interrupt;

/// Threads that the kernel talks to.
const LOOPS: usize = 4;

const DEVICE: &str = "/dev/fuse";

/// Why the mount ends.
enum Event {
    /// A signal wants it.
    Asked,
    /// Somebody has unmounted it.
    Unmounted,
}

/// Mounts an archive, calls `mounted`, and returns when the archive is no longer mounted. Files are
/// read by so many threads; other users can read them too if `allow_other`.
pub(crate) fn run(
    mut view: View,
    dir: &Path,
    threads: usize,
    allow_other: bool,
    mounted: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let name = dir.display().to_string();
    let here = |message: String| Failure::elsewhere(&name, message);
    let dir = check(&view, dir).map_err(here)?;
    view.set_place(dir.clone());
    if let Err(error) = fs::File::options().read(true).write(true).open(DEVICE) {
        let message = format!(
            "cannot be opened: {error}; modprobe fuse makes it, and in a container --device \
             {DEVICE} --cap-add SYS_ADMIN"
        );
        return Err(Failure::elsewhere(DEVICE, message));
    }
    let (tell, events) = mpsc::channel();
    let asked = tell.clone();
    let ask = move || drop(asked.send(Event::Asked));
    interrupt::ask_first(ask, || {});
    let files = Files::new(view, Readers::start(threads)?, tell)?;
    let session = Session::new(files, &dir, &config(allow_other))
        .and_then(Session::spawn)
        .map_err(|error| here(reason(&error)))?;
    let result = mounted();
    if result.is_err() || matches!(events.recv(), Ok(Event::Asked)) {
        unmount(session, &dir);
    } else {
        // It would unmount the folder once more, or what was mounted there since.
        std::mem::forget(session);
    }
    result
}

/// Checks that an archive can be mounted in a folder, and returns its path without links.
fn check(view: &View, dir: &Path) -> Result<PathBuf, String> {
    let real = dir.canonicalize().and_then(|real| fs::metadata(&real).map(|found| (real, found)));
    let (real, found) = real.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no such folder to mount in; mkdir {} makes it", dir.display())
        }
        io::ErrorKind::NotConnected => format!(
            "a program that mounted it has ended; fusermount3 -u {} unmounts it",
            dir.display()
        ),
        _ => error.to_string(),
    })?;
    if !found.is_dir() {
        return Err("it is not a folder; an archive can be mounted in an empty folder".into());
    }
    if let Some(archive) = view.folder().filter(|archive| real.starts_with(archive)) {
        let archive = archive.display();
        return Err(format!("it is in the archive {archive}; mount the archive outside of it"));
    }
    match fs::read_dir(&real).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(real),
        Ok(false) => Err("it is not empty; an archive can be mounted in an empty folder".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn config(allow_other: bool) -> Config {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::RO,
        MountOption::NoExec,
        MountOption::NoAtime,
        MountOption::DefaultPermissions,
        MountOption::FSName("lmac".into()),
    ];
    config.acl = if allow_other { SessionACL::All } else { SessionACL::Owner };
    config.n_threads = Some(LOOPS);
    config
}

/// Why a folder cannot be mounted.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        // Nothing else is started.
        io::ErrorKind::NotFound => "cannot be mounted without the program fusermount3; install \
                                    the package fuse3"
            .into(),
        _ => format!("cannot be mounted: {}", error.to_string().trim()),
    }
}

/// Unmounts a folder, also one in use: programs that read in it get errors when this one ends.
fn unmount(session: BackgroundSession, dir: &Path) {
    let detached = umount2(dir, MntFlags::MNT_DETACH).is_ok() || {
        // Users other than root need its help.
        let mut helper = Command::new("fusermount3");
        helper.args(["-u", "-z", "--"]).arg(dir).stdin(Stdio::null());
        helper.status().is_ok_and(|status| status.success())
    };
    match detached {
        true => std::mem::forget(session),
        false => drop(session),
    }
}
