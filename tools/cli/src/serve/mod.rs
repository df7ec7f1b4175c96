//! A server that gives out the files of streams, for `lmac serve`.
//!
//! `find.rs` finds files in the archive, `http.rs` reads requests and writes the heads of
//! answers, and `listing.rs` makes the pages of folders. Here are connections and threads.

mod find;
mod http;
mod listing;

use std::io::{self, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use self::find::{Content, Found};
use self::http::{Answer, Connection, Method, Part, Request, Wanted};
use crate::archive::Archive;
use crate::failure::Failure;
use crate::report::Report;

/// How long a client may take for a request, and between two of them.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a client may take none of an answer's bytes: a player that is paused reads nothing.
const LONG_PATIENCE: Duration = Duration::from_secs(600);

/// Bytes of a file that are decoded and sent at a time.
const PIECE: usize = 1 << 16;

/// Bytes of the stack of a connection's thread. Decoding keeps little on it.
const STACK: usize = 1 << 20;

pub(crate) struct Server<'a> {
    archive: Archive<'a>,
    most_connections: usize,
    connections: AtomicUsize,
    report: &'a Report,
}

impl<'a> Server<'a> {
    pub(crate) fn new(archive: Archive<'a>, most_connections: usize, report: &'a Report) -> Self {
        Server { archive, most_connections, connections: AtomicUsize::new(0), report }
    }

    /// Answers clients until the program ends.
    pub(crate) fn run(&self, listener: &TcpListener) -> Result<(), Failure> {
        let local = listener.local_addr()?.ip();
        thread::scope(|scope| {
            loop {
                let stream = match listener.accept() {
                    Ok((stream, _)) => stream,
                    // The client is gone already, or there are too many open files.
                    Err(_) => {
                        thread::sleep(Duration::from_millis(20));
                        continue;
                    }
                };
                if self.connections.load(Ordering::Relaxed) >= self.most_connections {
                    turn_away(&stream);
                    continue;
                }
                self.connections.fetch_add(1, Ordering::Relaxed);
                let answer = move || {
                    // A client that leaves is no concern of anybody.
                    let _ = self.answer(&stream, local);
                    self.connections.fetch_sub(1, Ordering::Relaxed);
                };
                let thread = thread::Builder::new().stack_size(STACK);
                if thread.spawn_scoped(scope, answer).is_err() {
                    self.connections.fetch_sub(1, Ordering::Relaxed);
                }
            }
        })
    }

    /// Answers the requests of a connection, one after the other.
    fn answer(&self, stream: &TcpStream, local: IpAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(LONG_PATIENCE))?;
        let mut connection = Connection::new(stream, PATIENCE);
        loop {
            let request = match connection.next_request()? {
                None => return Ok(()),
                Some(Ok(request)) => request,
                Some(Err(answer)) => return answer.send(&mut &*stream, Method::Get, false),
            };
            let keep = request.keep;
            if local.is_loopback() && !request.names_this_machine() {
                // A page of another site reached this machine under a name of its own.
                let answer = Answer::refusal(421, "Misdirected Request");
                return answer.send(&mut &*stream, request.method, false);
            }
            self.answer_request(&request, stream)?;
            if !keep {
                return Ok(());
            }
        }
    }

    fn answer_request(&self, request: &Request, mut stream: &TcpStream) -> io::Result<()> {
        let keep = request.keep;
        let found = match find::find(&self.archive, &request.path) {
            Ok(found) => found,
            Err(failure) => {
                let _ = self.report.failure(&request.path, &failure);
                let answer = Answer::refusal(500, "Internal Server Error");
                return answer.send(&mut stream, request.method, keep);
            }
        };
        match found {
            Found::Nothing => {
                Answer::refusal(404, "Not Found").send(&mut stream, request.method, keep)
            }
            Found::Moved(path) => Answer::moved(&path).send(&mut stream, request.method, keep),
            Found::Page(page) => Answer::page(page).send(&mut stream, request.method, keep),
            Found::File(content) => self.send_file(request, &content, stream),
        }
    }

    fn send_file(
        &self,
        request: &Request,
        content: &Content,
        mut stream: &TcpStream,
    ) -> io::Result<()> {
        let length = content.bytes.length();
        let part = match request.wanted(length, &content.tag) {
            Wanted::NotModified => {
                return Answer::not_modified(&content.tag).send(
                    &mut stream,
                    request.method,
                    request.keep,
                );
            }
            Wanted::Nothing => {
                let answer = Answer::beyond(length);
                return answer.send(&mut stream, request.method, request.keep);
            }
            Wanted::All => Part { from: 0, to: length, whole: true },
            Wanted::Part { from, to } => Part { from, to, whole: false },
        };
        Answer::file(&part, length, content.kind, &content.tag).send(
            &mut stream,
            request.method,
            request.keep,
        )?;
        if request.method == Method::Head {
            return Ok(());
        }
        let mut buffer = vec![0; PIECE];
        let mut place = part.from;
        while place < part.to {
            let most = (part.to - place).min(PIECE as u64) as usize;
            let read = match content.bytes.read_at(place, &mut buffer[..most]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(failure) => {
                    let _ = self.report.failure(&request.path, &failure);
                    // The answer ends early, which the client notices.
                    return Err(io::ErrorKind::InvalidData.into());
                }
            };
            stream.write_all(&buffer[..read])?;
            place += read as u64;
        }
        Ok(())
    }
}

fn turn_away(mut stream: &TcpStream) {
    let _ = stream.set_write_timeout(Some(Duration::from_secs(1)));
    let answer = Answer::refusal(503, "Service Unavailable");
    let _ = answer.send(&mut stream, Method::Get, false);
}
