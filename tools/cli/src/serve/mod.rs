//! A server that gives out the files of streams, for `lmac serve`.
//!
//! `find.rs` finds files in the archive, `http.rs` reads requests and writes the heads of
//! answers, and `listing.rs` makes the pages of folders. Here are connections and threads.

mod find;
mod http;
mod listing;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
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
        thread::scope(|scope| {
            let mut refused = false;
            loop {
                let stream = match listener.accept() {
                    Ok((stream, _)) => stream,
                    // The client is gone already, or there are too many open files.
                    Err(error) => {
                        if !refused {
                            let _ = self.report.failure("a new connection", &error.into());
                        }
                        refused = true;
                        thread::sleep(Duration::from_millis(20));
                        continue;
                    }
                };
                refused = false;
                let Some(place) = self.take_place() else {
                    turn_away(&stream);
                    continue;
                };
                let answer = move || {
                    // A client that leaves is no concern of anybody.
                    let _ = self.answer(&stream);
                    drop(place);
                };
                let thread = thread::Builder::new().stack_size(STACK);
                // Without a thread, the connection is closed.
                let _ = thread.spawn_scoped(scope, answer);
            }
        })
    }

    /// Counts a connection, unless there are enough.
    fn take_place(&self) -> Option<Place<'_>> {
        let place = Place(&self.connections);
        (self.connections.fetch_add(1, Ordering::Relaxed) < self.most_connections).then_some(place)
    }

    /// Answers the requests of a connection, one after the other.
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        let local = stream.local_addr()?.ip().to_canonical();
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(LONG_PATIENCE))?;
        let mut connection = Connection::new(stream, PATIENCE);
        loop {
            let request = match connection.next_request()? {
                None => return Ok(()),
                Some(Ok(request)) => request,
                Some(Err(answer)) => {
                    answer.send(&mut &*stream, Method::Get, false)?;
                    return linger(stream);
                }
            };
            let keep = request.keep;
            if local.is_loopback() && !request.names_this_machine() {
                // A page of another site reached this machine under a name of its own.
                let answer = Answer::refusal(421, "Misdirected Request").explained(
                    "Ask for localhost or an address. Other names are refused, so that pages of \
                     other sites cannot read this folder.\n",
                );
                return answer.send(&mut &*stream, request.method, false);
            }
            self.answer_request(&request, stream)?;
            if !keep {
                return Ok(());
            }
        }
    }

    /// Prints an error. A name from the network must not move the cursor.
    fn complain(&self, request: &Request, failure: &Failure) {
        let path: String =
            request.path.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        // Nobody is left to tell where this fails.
        let _ = self.report.failure(&path, failure);
    }

    fn answer_request(&self, request: &Request, mut stream: &TcpStream) -> io::Result<()> {
        let keep = request.keep;
        let found = match find::find(&self.archive, &request.path) {
            Ok(found) => found,
            Err(failure) => {
                self.complain(request, &failure);
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
            Wanted::Another => {
                let answer = Answer::refusal(412, "Precondition Failed");
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
                    self.complain(request, &failure);
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

/// A connection that is counted.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn turn_away(mut stream: &TcpStream) {
    // Bytes that are not read may take the answer with them when the connection ends.
    let _ = stream.set_nonblocking(true);
    let _ = stream.read(&mut [0; 1 << 14]);
    let answer = Answer::refusal(503, "Service Unavailable");
    let _ = answer.send(&mut stream, Method::Get, false);
}

/// Ends a connection whose client may still be sending, so that it gets the answer first.
fn linger(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut buffer = [0; 1 << 14];
    for _ in 0..100 {
        if stream.read(&mut buffer)? == 0 {
            break;
        }
    }
    Ok(())
}
