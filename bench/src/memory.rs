//! The memory of processes, as the kernel counts it.

use std::fs;
use std::io;
use std::ops::Add;

/// What a process holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All its pages in memory.
    pub(crate) resident: u64,
    /// The same, where a page of several processes is divided among them.
    pub(crate) shared: u64,
}

impl Add for Memory {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { resident: self.resident + other.resident, shared: self.shared + other.shared }
    }
}

/// What a process holds now.
///
/// # Errors
/// There is no such process.
pub(crate) fn of_process(id: u32) -> io::Result<Memory> {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
    let bytes = |key| field(&text, key).ok_or(io::ErrorKind::InvalidData);
    Ok(Memory { resident: bytes("Rss")?, shared: bytes("Pss")? })
}

/// The value of a line such as `Rss:   1234 kB`.
fn field(text: &str, key: &str) -> Option<u64> {
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| *name == key)?;
    let kib: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_more_is_seen_to() {
        let before = of_process(std::process::id()).unwrap();
        let held = vec![1_u8; 64 << 20];
        let after = of_process(std::process::id()).unwrap();
        assert!(held.iter().all(|byte| *byte == 1));
        assert!(after.resident - before.resident > 48 << 20 && after.shared - before.shared > 48 << 20);
    }
}
