//! The thread that writes the log. Only it waits for whatever takes the log: a pipe, a file, a terminal.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::format::Writer as Format;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::queue::{Queue, Work};

/// How long the writer lets lines gather after it wrote some, so that it is not woken for each of them.
const GATHERING: Duration = Duration::from_millis(2);

/// The least time between two notices of lost lines, and before such a notice is tried again.
const BETWEEN_NOTICES: Duration = Duration::from_secs(1);

/// How long the writer waits where a stream that does not block takes nothing.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// Starts the thread, which ends with the process.
pub(super) fn start(queue: Arc<Queue>, stream: impl Write + Send + 'static, is_human: bool) -> io::Result<()> {
    let mut writer = Writer { stream, is_human, is_within_line: false, lost: 0, noticed: None };
    thread::Builder::new().name("chanx-log".to_owned()).spawn(move || writer.run(&queue)).map(drop)
}

struct Writer<S> {
    stream: S,
    is_human: bool,
    /// Whether the last write left a line without its end.
    is_within_line: bool,
    /// How many lost lines the log does not tell of yet.
    lost: u64,
    /// When the log was last to tell of lost lines.
    noticed: Option<Instant>,
}

impl<S: Write> Writer<S> {
    fn run(&mut self, queue: &Queue) -> ! {
        loop {
            let mut work = queue.wait((self.lost > 0).then_some(BETWEEN_NOTICES)).or_else(|| Some(Work::default()));
            while let Some(next) = work {
                self.write(&next);
                work = queue.take(next.lines);
            }
            thread::sleep(GATHERING);
        }
    }

    fn write(&mut self, work: &Work) {
        self.lost += work.lost + self.put(&work.lines);
        let is_time = self.noticed.is_none_or(|noticed| noticed.elapsed() >= BETWEEN_NOTICES);
        if self.lost > 0 && (is_time || work.is_last) {
            self.noticed = Some(Instant::now());
            if self.put(&self.notice()) == 0 {
                self.lost = 0;
            }
        }
    }

    /// Writes lines, and says how many of them were lost.
    fn put(&mut self, lines: &[u8]) -> u64 {
        if self.is_within_line && self.put_bytes(b"\n").is_err() {
            return count(lines);
        }
        self.put_bytes(lines).err().map_or(0, count)
    }

    /// If something was not written, gives it.
    fn put_bytes<'b>(&mut self, mut bytes: &'b [u8]) -> Result<(), &'b [u8]> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(bytes),
                Ok(written) => {
                    let (done, rest) = bytes.split_at(written.min(bytes.len()));
                    self.is_within_line = !done.ends_with(b"\n");
                    bytes = rest;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(BETWEEN_ATTEMPTS),
                Err(_) => return Err(bytes),
            }
        }
        Ok(())
    }

    fn notice(&self) -> Vec<u8> {
        let mut time = String::new();
        // Writing to a string cannot fail.
        let _ = SystemTime.format_time(&mut Format::new(&mut time));
        let notice = Notice { time: &time, lost: self.lost };
        if self.is_human { format!("{notice}\n") } else { format!("{}\n", notice.json()) }.into_bytes()
    }
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The line that tells of lost ones. It does not go through the queue, which may be full.
struct Notice<'a> {
    time: &'a str,
    lost: u64,
}

const NOTICE: &str = "lines of the log were lost: they were not read or could not be written in time";

impl Notice<'_> {
    fn json(&self) -> serde_json::Value {
        let target = module_path!();
        serde_json::json!({
            "timestamp": self.time, "level": "WARN", "message": NOTICE, "lines": self.lost, "target": target,
        })
    }
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  WARN {NOTICE} lines={}", self.time, self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so much room.
    #[derive(Debug, Default)]
    struct Disk {
        written: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            let written = bytes.len().min(self.room);
            self.written.extend_from_slice(&bytes[..written]);
            self.room -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn writer(room: usize) -> Writer<Disk> {
        let stream = Disk { room, ..Disk::default() };
        Writer { stream, is_human: true, is_within_line: false, lost: 0, noticed: None }
    }

    fn work(lines: &str) -> Work {
        Work { lines: lines.as_bytes().to_vec(), ..Work::default() }
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_told_when_there_is_room_again() {
        let mut writer = writer("one\ntw".len());
        writer.write(&work("one\ntwo\nthree\n"));
        writer.write(&work("four\n"));
        assert_eq!(writer.lost, 3);
        writer.stream.room = usize::MAX;
        writer.noticed = None;
        writer.write(&work("five\n"));
        let text = String::from_utf8(writer.stream.written).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.by_ref().take(3).collect::<Vec<_>>(), ["one", "tw", "five"]);
        let notice = lines.next().unwrap();
        assert!(notice.contains("WARN") && notice.ends_with("lines=3"), "{notice}");
        assert_eq!((lines.next(), writer.lost), (None, 0));
    }

    #[test]
    fn losses_are_told_now_and_then_and_at_the_end() {
        let mut writer = writer(usize::MAX);
        let loss = Work { lost: 1, ..Work::default() };
        for _ in 0..5 {
            writer.write(&loss);
        }
        writer.write(&Work { is_last: true, ..Work::default() });
        let text = String::from_utf8(writer.stream.written).unwrap();
        let told: Vec<_> = text.lines().map(|line| line.rsplit_once('=').unwrap().1).collect();
        assert_eq!(told, ["1", "4"]);
    }

    #[test]
    fn machines_are_told_in_their_format() {
        let mut writer = Writer { is_human: false, ..writer(usize::MAX) };
        writer.write(&Work { lost: 7, ..Work::default() });
        let notice: serde_json::Value = serde_json::from_slice(&writer.stream.written).unwrap();
        assert_eq!((&notice["level"], &notice["lines"]), (&"WARN".into(), &7.into()));
    }
}
