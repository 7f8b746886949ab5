//! Inputs that are like others, the same from the same seed.

/// Numbers of a linear congruential generator.
#[derive(Debug)]
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Variations of some inputs.
#[derive(Debug)]
pub struct Variations<'a> {
    numbers: Numbers,
    inputs: &'a [Vec<u8>],
    words: &'a [&'a [u8]],
}

/// No input is longer.
const MAX_LENGTH: usize = 16 * 1024;

impl<'a> Variations<'a> {
    /// Variations of `inputs`, with `words` among them.
    pub fn new(seed: u64, inputs: &'a [Vec<u8>], words: &'a [&'a [u8]]) -> Self {
        Self { numbers: Numbers(seed), inputs, words }
    }

    /// The next one.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.any();
        for _ in 0..=self.numbers.below(6) {
            self.change(&mut input);
        }
        input.truncate(MAX_LENGTH);
        input
    }

    fn any(&mut self) -> Vec<u8> {
        if self.inputs.is_empty() || self.numbers.below(50) == 0 {
            let len = self.numbers.below(200);
            return (0..len).map(|_| self.numbers.below(256) as u8).collect();
        }
        self.inputs[self.numbers.below(self.inputs.len())].clone()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.numbers.below(input.len() + 1);
        let end = at + self.numbers.below((input.len() - at).min(64) + 1);
        match self.numbers.below(8) {
            0 => input.insert(at, self.numbers.below(256) as u8),
            1 => drop(input.drain(at..end)),
            2 => {
                let piece = input[at..end].to_vec();
                let to = self.numbers.below(input.len() + 1);
                drop(input.splice(to..to, piece));
            }
            3 => {
                let other = self.any();
                let from = self.numbers.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            4 | 5 if !self.words.is_empty() => {
                let word = self.words[self.numbers.below(self.words.len())];
                drop(input.splice(at..if self.numbers.below(2) == 0 { at } else { end }, word.iter().copied()));
            }
            6 => {
                let run = vec![self.numbers.below(256) as u8; self.numbers.below(300)];
                drop(input.splice(at..at, run));
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = match self.numbers.below(3) {
                        0 => *byte ^ (1 << self.numbers.below(8)),
                        1 => byte.wrapping_add(1),
                        _ => self.numbers.below(256) as u8,
                    };
                }
            }
        }
    }
}
