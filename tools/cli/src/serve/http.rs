//! Requests and the heads of answers in HTTP/1.1, as far as players and browsers need them.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The most bytes of a request.
const MOST_BYTES: usize = 1 << 14;
const MOST_FIELDS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
}

pub(super) struct Request {
    pub(super) method: Method,
    /// The path, without a query, decoded; it begins with a slash.
    pub(super) path: String,
    /// Whether another request may follow.
    pub(super) keep: bool,
    /// The host that the client asked for; `None` in HTTP/1.0.
    host: Option<String>,
    range: Option<String>,
    if_range: Option<String>,
    if_match: Option<String>,
    if_none_match: Option<String>,
}

/// What a request wants of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Part {
        from: u64,
        to: u64,
    },
    /// Bytes behind the end.
    Nothing,
    /// The client has it already.
    NotModified,
    /// The client wants another file, which was here before.
    Another,
}

/// The bytes of a file that are sent.
pub(super) struct Part {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) whole: bool,
}

/// A connection, and the bytes that came behind the last request.
pub(super) struct Connection<'a> {
    stream: &'a TcpStream,
    patience: Duration,
    bytes: Vec<u8>,
}

impl<'a> Connection<'a> {
    pub(super) fn new(stream: &'a TcpStream, patience: Duration) -> Self {
        Connection { stream, patience, bytes: Vec::new() }
    }

    /// The next request, or the answer to a wrong one; `None` if the client is done.
    pub(super) fn next_request(&mut self) -> io::Result<Option<Result<Request, Answer>>> {
        let end = Instant::now() + self.patience;
        loop {
            match parse(&self.bytes) {
                Ok(Some((request, length))) => {
                    self.bytes.drain(..length);
                    return Ok(Some(Ok(request)));
                }
                Ok(None) if self.bytes.len() < MOST_BYTES => {}
                Ok(None) => return Ok(Some(Err(Answer::too_large()))),
                Err(answer) => return Ok(Some(Err(answer))),
            }
            // A client that sends a byte now and then is not waited for longer.
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.set_read_timeout(Some(left))?;
            let mut buffer = [0; 4096];
            match (&mut &*self.stream).read(&mut buffer)? {
                0 => return Ok(None),
                more => self.bytes.extend_from_slice(&buffer[..more]),
            }
        }
    }
}

/// Parses a request, and returns its length; `None` if it is not whole.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Answer> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let bad = || Answer::refusal(400, "Bad Request");
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Answer::too_large()),
        Err(_) => return Err(bad()),
    };
    let method = match parsed.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        _ => return Err(Answer::refusal(405, "Method Not Allowed").with("Allow", "GET, HEAD")),
    };
    let all = |name: &'static str| {
        let fields = parsed.headers.iter();
        let named = fields.filter(move |field| field.name.eq_ignore_ascii_case(name));
        named.map(|field| field.value.trim_ascii())
    };
    // Several fields of one name are a list.
    let field = |name| {
        let values: Vec<_> = all(name).map(String::from_utf8_lossy).collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    if all("Transfer-Encoding").next().is_some()
        || all("Content-Length").any(|length| length != b"0")
    {
        // What follows would be taken for a request.
        return Err(bad());
    }
    let newer = parsed.version == Some(1);
    if all("Host").count() > 1 || (newer && all("Host").next().is_none()) {
        return Err(bad());
    }
    let (mut target, mut host) = (parsed.path.unwrap_or_default(), field("Host"));
    // Proxies send the whole address.
    if let Some((scheme, rest)) = target.split_once("://")
        && scheme.eq_ignore_ascii_case("http")
    {
        let path = rest.find('/').unwrap_or(rest.len());
        host = Some(rest[..path].to_string());
        target = if path < rest.len() { &rest[path..] } else { "/" };
    }
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().map_err(|_| bad())?.into_owned();
    if !path.starts_with('/') {
        return Err(bad());
    }
    let closes = field("Connection").is_some_and(|options| {
        options.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"))
    });
    let request = Request {
        method,
        path,
        keep: newer && !closes,
        host,
        range: field("Range"),
        if_range: field("If-Range"),
        if_match: field("If-Match"),
        if_none_match: field("If-None-Match"),
    };
    Ok(Some((request, length)))
}

impl Request {
    /// Whether the client asked for an address or for localhost, and not for a name that may
    /// stand for anything.
    pub(super) fn names_this_machine(&self) -> bool {
        let Some(host) = &self.host else { return true };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
    }

    /// What it wants of a file with this length and tag.
    pub(super) fn wanted(&self, length: u64, tag: &str) -> Wanted {
        let lists = |tags: &str, weak: bool| {
            tags.split(',').map(str::trim).any(|known| {
                known == "*" || known == tag || (weak && known.strip_prefix("W/") == Some(tag))
            })
        };
        if self.if_match.as_deref().is_some_and(|tags| !lists(tags, false)) {
            return Wanted::Another;
        }
        if self.if_none_match.as_deref().is_some_and(|tags| lists(tags, true)) {
            return Wanted::NotModified;
        }
        match &self.range {
            Some(range) if self.if_range.as_deref().is_none_or(|known| known == tag) => {
                wanted(range, length)
            }
            _ => Wanted::All,
        }
    }
}

/// The bytes of a range. One that is wrong, of another unit, or that has several parts, counts as
/// none: a client must take the whole file then.
fn wanted(range: &str, length: u64) -> Wanted {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse());
    let Some((unit, range)) = range.split_once('=') else { return Wanted::All };
    let Some((first, last)) = range.split_once('-') else { return Wanted::All };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Wanted::All;
    }
    match (first, last, number(first), number(last)) {
        ("", "", ..) => Wanted::All,
        ("", _, _, Some(last)) => {
            // A number beyond 64 bits is more than there is.
            let from = length.saturating_sub(last.unwrap_or(u64::MAX));
            if from < length { Wanted::Part { from, to: length } } else { Wanted::Nothing }
        }
        (_, _, Some(first), Some(last)) => {
            let first: u64 = first.unwrap_or(u64::MAX);
            let last: u64 = last.unwrap_or(u64::MAX);
            match first {
                _ if last < first => Wanted::All,
                from if from < length => {
                    Wanted::Part { from, to: last.saturating_add(1).min(length) }
                }
                _ => Wanted::Nothing,
            }
        }
        _ => Wanted::All,
    }
}

/// An answer: its head, and the page that follows it, if any.
pub(super) struct Answer {
    status: u16,
    reason: &'static str,
    fields: Vec<(&'static str, String)>,
    /// Bytes that follow the head: those of `page`, unless a file follows.
    length: u64,
    page: Vec<u8>,
}

impl Answer {
    fn new(status: u16, reason: &'static str) -> Self {
        Answer { status, reason, fields: Vec::new(), length: 0, page: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Says what is wrong.
    pub(super) fn refusal(status: u16, reason: &'static str) -> Self {
        let mut answer = Answer::new(status, reason).with("Content-Type", "text/plain");
        answer.page = format!("{status} {reason}\n").into_bytes();
        answer.length = answer.page.len() as u64;
        answer
    }

    /// Adds what to do about it.
    pub(super) fn explained(mut self, text: &str) -> Self {
        self.page.extend_from_slice(text.as_bytes());
        self.length = self.page.len() as u64;
        self
    }

    fn too_large() -> Self {
        Answer::refusal(431, "Request Header Fields Too Large")
    }

    pub(super) fn page(page: String) -> Self {
        let mut answer = Answer::new(200, "OK")
            .with("Content-Type", "text/html; charset=utf-8")
            .with("Cache-Control", "no-cache")
            .with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        answer.page = page.into_bytes();
        answer.length = answer.page.len() as u64;
        answer
    }

    /// Sends the client to another path.
    pub(super) fn moved(path: &str) -> Self {
        Answer::new(301, "Moved Permanently").with("Location", encoded(path))
    }

    pub(super) fn not_modified(tag: &str) -> Self {
        Answer::new(304, "Not Modified").with("ETag", tag)
    }

    /// Says that a range begins behind the end of a file.
    pub(super) fn beyond(length: u64) -> Self {
        let answer = Answer::refusal(416, "Range Not Satisfiable");
        answer.with("Content-Range", format!("bytes */{length}"))
    }

    /// The head of an answer with a part of a file.
    pub(super) fn file(part: &Part, length: u64, kind: &str, tag: &str) -> Self {
        let mut answer = match part.whole {
            true => Answer::new(200, "OK"),
            false => Answer::new(206, "Partial Content")
                .with("Content-Range", format!("bytes {}-{}/{length}", part.from, part.to - 1)),
        };
        answer.length = part.to - part.from;
        answer.with("Content-Type", kind).with("Accept-Ranges", "bytes").with("ETag", tag)
    }

    pub(super) fn send(self, to: &mut impl Write, method: Method, keep: bool) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason);
        head += &format!("Date: {}\r\n", httpdate::fmt_http_date(SystemTime::now()));
        for (name, value) in &self.fields {
            head += &format!("{name}: {value}\r\n");
        }
        if self.status != 304 {
            head += &format!("Content-Length: {}\r\n", self.length);
        }
        head += "X-Content-Type-Options: nosniff\r\n";
        head += if keep { "Connection: keep-alive\r\n\r\n" } else { "Connection: close\r\n\r\n" };
        let mut bytes = head.into_bytes();
        if method == Method::Get {
            bytes.extend_from_slice(&self.page);
        }
        to.write_all(&bytes)
    }
}

/// What stays as it is in the path of an address.
const PLAIN: AsciiSet =
    NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path as it stands in an address.
pub(super) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, &PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-9", Wanted::Part { from: 0, to: 10 }),
            ("bytes=90-", Wanted::Part { from: 90, to: 100 }),
            ("bytes=99-99", Wanted::Part { from: 99, to: 100 }),
            ("bytes=0-1000", Wanted::Part { from: 0, to: 100 }),
            ("bytes=5-18446744073709551615", Wanted::Part { from: 5, to: 100 }),
            ("bytes=5-99999999999999999999999", Wanted::Part { from: 5, to: 100 }),
            ("Bytes=-1", Wanted::Part { from: 99, to: 100 }),
            ("bytes=-1000", Wanted::Part { from: 0, to: 100 }),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=9-8", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=--5", Wanted::All),
            ("bytes=+1-5", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("frames=0-1", Wanted::All),
        ] {
            assert_eq!(wanted(range, 100), expected, "{range}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Nothing);
    }

    fn request(text: &str) -> Result<Option<Request>, u16> {
        match parse(text.as_bytes()) {
            Ok(parsed) => Ok(parsed.map(|(request, _)| request)),
            Err(answer) => Err(answer.status),
        }
    }

    #[test]
    fn requests() {
        let parsed = request("GET /a%20b/%C3%A9?x#y HTTP/1.1\r\nHost: localhost:80\r\n\r\n");
        let parsed = parsed.ok().flatten().expect("a request");
        assert_eq!((parsed.path.as_str(), parsed.keep), ("/a b/é", true));
        assert!(request("GET / HTTP/1.1\r\nHost:").is_ok_and(|request| request.is_none()));
        let lines = "Host: a\r\n";
        for (text, status) in [
            ("POST / HTTP/1.1\r\n\r\n", 405),
            ("GET / HTTP/1.1\r\nContent-Length: 5\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 5\r\n", 400),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: b\r\n", 400),
            ("GET a HTTP/1.1\r\n", 400),
            ("GET /%FF HTTP/1.1\r\n", 400),
            ("nonsense\r\n", 400),
            (&format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(70)), 431),
        ] {
            assert_eq!(request(&format!("{text}{lines}\r\n")).err(), Some(status), "{text}");
        }
        assert_eq!(request("GET / HTTP/1.1\r\n\r\n").err(), Some(400));
        assert!(request("GET / HTTP/1.0\r\n\r\n").is_ok());
        for (options, keep) in [("close, TE", false), ("TE, Close", false), ("TE", true)] {
            let text = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {options}\r\n\r\n");
            let parsed = request(&text).ok().flatten().expect("a request");
            assert_eq!(parsed.keep, keep, "{options}");
        }
    }

    #[test]
    fn conditions() {
        for (fields, expected) in [
            ("If-None-Match: \"t\"", Wanted::NotModified),
            ("If-None-Match: W/\"t\"", Wanted::NotModified),
            ("If-None-Match: \"u\"\r\nIf-None-Match: \"v\", \"t\"", Wanted::NotModified),
            ("If-None-Match: \"u\"", Wanted::All),
            ("If-Match: \"u\", \"t\"", Wanted::All),
            ("If-Match: \"u\"", Wanted::Another),
            ("If-Match: W/\"t\"", Wanted::Another),
            ("Range: bytes=0-1\r\nIf-Range: \"t\"", Wanted::Part { from: 0, to: 2 }),
            ("Range: bytes=0-1\r\nIf-Range: \"u\"", Wanted::All),
        ] {
            let parsed = request(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
            let parsed = parsed.ok().flatten().expect("a request");
            assert_eq!(parsed.wanted(10, "\"t\""), expected, "{fields}");
        }
    }

    #[test]
    fn hosts() {
        let absolute = request("GET HTTP://example.org/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let absolute = absolute.ok().flatten().expect("a request");
        assert_eq!((absolute.path.as_str(), absolute.names_this_machine()), ("/a", false));
        for (host, ours) in [
            ("127.0.0.1:8417", true),
            ("LOCALHOST", true),
            ("[::1]:80", true),
            ("[::1]", true),
            ("192.168.1.2", true),
            ("example.org", false),
            ("localhost.example.org:8417", false),
            ("127.0.0.1.example.org", false),
        ] {
            let parsed = request(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            let parsed = parsed.ok().flatten().expect("a request");
            assert_eq!(parsed.names_this_machine(), ours, "{host}");
        }
    }
}
