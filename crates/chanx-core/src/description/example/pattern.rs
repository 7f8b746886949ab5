//! Texts that match a regular expression, by taking the expression apart.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Repetition};

/// Characters by how readable they are; of the first group that a class has any of, they are taken in turn.
const READABLE: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "123456789",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0-_. /:@",
    "!\"#$%&'()*+,;<=>?[\\]^`{|}~",
];
/// How often what may be repeated is repeated, in the order of trying; later ones reach greater lengths.
const REPEATS: &[u32] = &[3, 1, 0, 2, 4, 5, 6, 8, 12, 16, 24, 32, 64, 128, 256];
/// Bytes of a text that is worth making.
const MAX_LENGTH: usize = 10_000;

/// Texts that match, if nothing else is said about what stands around them. None if the expression is not understood.
pub(super) fn texts(pattern: &str) -> impl Iterator<Item = String> + use<> {
    let parsed = regex_syntax::parse(pattern).ok();
    parsed.into_iter().flat_map(|hir| REPEATS.iter().filter_map(move |repeats| text(&hir, *repeats)))
}

fn text(hir: &Hir, repeats: u32) -> Option<String> {
    let mut writer = Writer { text: String::new(), turn: 0, repeats };
    writer.write(hir)?;
    Some(writer.text)
}

struct Writer {
    text: String,
    /// Which character of a class comes next.
    turn: usize,
    repeats: u32,
}

impl Writer {
    fn write(&mut self, hir: &Hir) -> Option<()> {
        if self.text.len() > MAX_LENGTH {
            return None;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(std::str::from_utf8(&literal.0).ok()?),
            HirKind::Class(Class::Unicode(class)) => {
                self.text.push(character(class, self.turn)?);
                self.turn += 1;
            }
            HirKind::Class(Class::Bytes(_)) => return None,
            HirKind::Repetition(repetition) => self.repeat(repetition)?,
            HirKind::Capture(group) => self.write(&group.sub)?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.write(part))?,
            HirKind::Alternation(branches) => self.write(branches.first()?)?,
        }
        Some(())
    }

    /// What may be there or not is left out until nothing else does.
    fn repeat(&mut self, repetition: &Repetition) -> Option<()> {
        let most = repetition.max.unwrap_or(u32::MAX);
        let wanted = if most == 1 { self.repeats.saturating_sub(3) } else { self.repeats };
        self.turn = 0;
        (0..wanted.clamp(repetition.min, most)).try_for_each(|_| self.write(&repetition.sub))
    }
}

fn character(class: &ClassUnicode, turn: usize) -> Option<char> {
    let has = |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(c));
    let readable = READABLE.iter().find_map(|group| {
        let some: Vec<_> = group.chars().filter(has).collect();
        some.get(turn % some.len().max(1)).copied()
    });
    readable.or_else(|| class.iter().next().map(regex_syntax::hir::ClassUnicodeRange::start))
}
