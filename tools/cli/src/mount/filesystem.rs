//! The answers to what the kernel asks.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, InitFlags,
    KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, Request,
};
use nix::unistd::{getegid, geteuid};

use super::Event;
use super::nodes::{Node, Nodes};
use super::readers::Readers;
use super::view::{Kind, View};
use crate::archive::{Bytes, locked};

/// How long the kernel may take a name for what it was: it asks each time, so that a stream that
/// was replaced is seen at once.
const NO_TIME: Duration = Duration::ZERO;

/// How long the kernel may keep the length and times of a file: they belong to its number.
const LONG_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of a block, as `stat` counts them.
const BLOCK: u64 = 512;

/// The number of what is listed: it gets one when it is looked up.
const UNKNOWN: INodeNo = INodeNo(u32::MAX as u64);

/// An archive as a file system.
pub(super) struct Files {
    view: Arc<View>,
    readers: Readers,
    nodes: Mutex<Nodes>,
    open: Mutex<HashMap<u64, Open>>,
    opened: AtomicU64,
    events: mpsc::Sender<Event>,
}

#[derive(Clone)]
enum Open {
    File(Arc<OpenFile>),
    /// The names, and whether they are folders.
    Folder(Arc<Vec<(OsString, bool)>>),
}

struct OpenFile {
    node: Arc<Node>,
    bytes: Bytes,
    /// Failures that were reported.
    reported: Mutex<HashSet<String>>,
}

impl Files {
    pub(super) fn new(
        view: View,
        readers: Readers,
        events: mpsc::Sender<Event>,
    ) -> io::Result<Self> {
        let root = view.root()?;
        Ok(Files {
            view: Arc::new(view),
            readers,
            nodes: Mutex::new(Nodes::new(root)),
            open: Mutex::default(),
            opened: AtomicU64::new(0),
            events,
        })
    }

    fn node(&self, number: INodeNo) -> Result<Arc<Node>, Errno> {
        locked(&self.nodes).get(number.0).ok_or(Errno::ESTALE)
    }

    fn keep(&self, open: Open) -> FileHandle {
        let handle = self.opened.fetch_add(1, Ordering::Relaxed);
        locked(&self.open).insert(handle, open);
        FileHandle(handle)
    }

    fn find(&self, folder: INodeNo, name: &OsStr) -> Result<Arc<Node>, Errno> {
        let folder = self.node(folder)?;
        let shown = self.view.find(&folder.path, name).ok_or(Errno::ENOENT)?;
        Ok(locked(&self.nodes).give(folder.path.join(name), shown))
    }

    fn open_file(&self, number: INodeNo) -> Result<FileHandle, Errno> {
        let node = self.node(number)?;
        let bytes = self.view.open(&node.shown).map_err(errno)?;
        let reported = Mutex::default();
        Ok(self.keep(Open::File(Arc::new(OpenFile { node, bytes, reported }))))
    }

    fn list(&self, folder: INodeNo) -> Result<FileHandle, Errno> {
        let folder = self.node(folder)?;
        let mut names: Vec<(OsString, bool)> = vec![(".".into(), true), ("..".into(), true)];
        names.extend(self.view.list(&folder.path).map_err(errno)?);
        Ok(self.keep(Open::Folder(Arc::new(names))))
    }
}

impl OpenFile {
    /// Reads as many bytes as there are: the kernel takes fewer for the end of the file.
    fn read(&self, view: &View, place: u64, length: usize) -> Result<Vec<u8>, Errno> {
        let left = self.bytes.length().saturating_sub(place);
        let mut buffer = vec![0; length.min(usize::try_from(left).unwrap_or(usize::MAX))];
        let mut filled = 0;
        while filled < buffer.len() {
            match self.bytes.read_at(place + filled as u64, &mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(failure) => {
                    // The kernel asks again, and so do programs.
                    if locked(&self.reported).insert(format!("{failure:?}")) {
                        view.complain(&self.node.shown.real, failure, "");
                    }
                    return Err(Errno::EIO);
                }
            }
        }
        buffer.truncate(filled);
        Ok(buffer)
    }
}

/// The error of the system, or else that of a device.
fn errno(error: io::Error) -> Errno {
    match error.kind() {
        io::ErrorKind::StaleNetworkFileHandle => Errno::ESTALE,
        _ => error.raw_os_error().map_or(Errno::EIO, Errno::from_i32),
    }
}

/// What `stat` says of a file or folder.
fn attributes(node: &Node) -> FileAttr {
    let shown = &node.shown;
    let folder = shown.kind == Kind::Folder;
    // Files come into a folder and leave it.
    let now = folder.then(|| fs::metadata(&shown.real).ok()).flatten();
    let time = now.as_ref().unwrap_or(&shown.metadata).modified().unwrap_or(SystemTime::UNIX_EPOCH);
    FileAttr {
        ino: INodeNo(node.number),
        size: shown.length,
        blocks: shown.length.div_ceil(BLOCK),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: if folder { FileType::Directory } else { FileType::RegularFile },
        perm: if folder { 0o555 } else { 0o444 },
        // Of a folder, one means that nobody counted the folders in it.
        nlink: 1,
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

/// How long the kernel may keep what `stat` says.
fn lasting(node: &Node) -> Duration {
    if node.shown.kind == Kind::Folder { NO_TIME } else { LONG_TIME }
}

impl Filesystem for Files {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // Names in one folder are looked up side by side, where the kernel can do it.
        let _ = config.add_capabilities(InitFlags::FUSE_PARALLEL_DIROPS);
        Ok(())
    }

    fn destroy(&mut self) {
        let _ = self.events.send(Event::Unmounted);
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.find(parent, name) {
            Ok(node) => {
                let lasting = lasting(&node);
                let attributes = attributes(&node);
                reply.entry_with_ttls(&lasting, &NO_TIME, &attributes, Generation(0));
            }
            Err(error) => reply.error(error),
        }
    }

    fn forget(&self, _: &Request, number: INodeNo, times: u64) {
        locked(&self.nodes).forget(number.0, times);
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.node(number) {
            Ok(node) => reply.attr(&lasting(&node), &attributes(&node)),
            Err(error) => reply.error(error),
        }
    }

    fn open(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.open_file(number) {
            // A file that has changed has another number, and what the kernel keeps stays true.
            Ok(handle) => reply.opened(handle, FopenFlags::FOPEN_KEEP_CACHE),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        place: u64,
        length: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let Some(Open::File(file)) = locked(&self.open).get(&handle.0).cloned() else {
            return reply.error(Errno::EBADF);
        };
        let view = Arc::clone(&self.view);
        self.readers.run(move || match file.read(&view, place, length as usize) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        });
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        let closed = locked(&self.open).remove(&handle.0);
        drop(closed);
        reply.ok();
    }

    fn opendir(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.list(number) {
            Ok(handle) => reply.opened(handle, FopenFlags::empty()),
            Err(error) => reply.error(error),
        }
    }

    fn readdir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        place: u64,
        mut reply: ReplyDirectory,
    ) {
        let Some(Open::Folder(names)) = locked(&self.open).get(&handle.0).cloned() else {
            return reply.error(Errno::EBADF);
        };
        for (at, (name, folder)) in names.iter().enumerate().skip(place as usize) {
            let kind = if *folder { FileType::Directory } else { FileType::RegularFile };
            if reply.add(UNKNOWN, at as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        reply: ReplyEmpty,
    ) {
        locked(&self.open).remove(&handle.0);
        reply.ok();
    }
}
