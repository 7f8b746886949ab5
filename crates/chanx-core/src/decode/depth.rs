//! How deep a text nests, before any parser follows it.
//!
//! A parser that skips an unknown field does not count its depth, so the limit is checked on the text itself.

/// Whether arrays and objects stand more than `limit` deep in each other. Brackets inside strings do not count.
pub(super) fn exceeds(text: &[u8], limit: usize) -> bool {
    // A text that nests deeper than the limit opens and closes more brackets than that; most texts are shorter.
    text.len() > 2 * limit && opening_brackets(text) > limit && depth(text) > limit
}

/// The bytes that are counted at once: their count fits into a byte, and they fill whole registers of every size.
const PIECE: usize = 192;

/// Counts without looking at strings: an upper bound, at the speed of memory.
fn opening_brackets(text: &[u8]) -> usize {
    let in_piece = |piece: &[u8]| piece.iter().map(|byte| u8::from(matches!(byte, b'[' | b'{'))).sum::<u8>();
    let (pieces, rest) = text.as_chunks::<PIECE>();
    pieces.iter().map(|piece| usize::from(in_piece(piece))).sum::<usize>() + usize::from(in_piece(rest))
}

fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        assert!(!exceeds(nested(128).as_bytes(), 128));
        assert!(exceeds(nested(129).as_bytes(), 128));
    }

    #[test]
    fn width_is_not_depth() {
        assert!(!exceeds(format!("[{}1]", "[],".repeat(1000)).as_bytes(), 128));
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert!(!exceeds(format!(r#"["\"{}"]"#, "[".repeat(1000)).as_bytes(), 128));
    }
}
