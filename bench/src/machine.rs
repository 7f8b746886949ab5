//! What the figures were measured on.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::cores::Cores;

/// The versions that this program was built with.
const LOCK: &str = include_str!("../../Cargo.lock");

/// Machine and versions, as a list in Markdown.
pub(crate) fn description(processors: usize, cores: Option<Cores>, redis: &str) -> String {
    let mut text = versions(processors, redis);
    let _ = match cores {
        Some(Cores { servers, load }) => {
            writeln!(text, "- servers on core {servers}, load on core {load}, loopback, no TLS")
        }
        None => writeln!(text, "- servers and load share ONE core, loopback, no TLS"),
    };
    text
}

/// The same without cores, for servers and a load that run where they like.
pub(crate) fn versions(processors: usize, redis: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "- machine: {}, {processors} processor(s), {}", processor(), memory());
    let _ = writeln!(text, "- system: Linux {}, {}, {redis}", kernel(), compiler());
    let versions: Vec<_> = ["axum", "tungstenite", "tokio", "hyper"].iter().map(|name| version(name)).collect();
    let build = if cfg!(debug_assertions) { "a DEBUG build, whose figures mean nothing" } else { "a release build" };
    let _ = writeln!(text, "- built with {}; {build}", versions.join(", "));
    text
}

fn processor() -> String {
    line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn memory() -> String {
    let kib = line_of("/proc/meminfo", "MemTotal").and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
    format!("{} GiB", kib.unwrap_or(0) / (1024 * 1024))
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

fn compiler() -> String {
    first_line(Command::new("rustc").arg("--version")).unwrap_or_else(|| "an unknown compiler".to_owned())
}

/// The first line that a command prints.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

fn line_of(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (_, value) = text.lines().find_map(|line| line.split_once(':').filter(|(name, _)| name.trim() == key))?;
    Some(value.trim().to_owned())
}

/// A crate's name with its version in the lock file.
pub(crate) fn version(name: &str) -> String {
    let mut lines = LOCK.lines().skip_while(|line| *line != format!("name = \"{name}\"")).skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = "));
    format!("{name} {}", version.unwrap_or("?").trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        let version = version("axum");
        assert!(version.starts_with("axum 0."), "{version}");
    }
}
