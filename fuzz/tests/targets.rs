//! Each target with the inputs of its corpus, and with variations of them.
//!
//! `FUZZ_INPUTS` is how many variations each target gets, `FUZZ_SEED` where they begin.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz::{TARGETS, Target, Variations};

/// A few seconds, where the code is not optimized.
const INPUTS: usize = 20_000;
const SEED: u64 = 1;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let mut files: Vec<_> =
        fs::read_dir(folder().join(target.name)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Keeps an input that fails, so that it can be tried alone and put into the corpus.
fn try_input(target: &Target, input: &[u8]) {
    if catch_unwind(|| (target.run)(input)).is_err() {
        let file = std::env::temp_dir().join(format!("fuzz-{}-{}", target.name, std::process::id()));
        fs::write(&file, input).unwrap();
        panic!("{}: {:?} fails; it is in {}", target.name, input.escape_ascii().to_string(), file.display());
    }
}

fn try_target(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "{name} has no corpus");
    for input in &corpus {
        try_input(target, input);
    }
    let inputs = number("FUZZ_INPUTS").map_or(INPUTS, |inputs| inputs as usize);
    let mut variations = Variations::new(number("FUZZ_SEED").unwrap_or(SEED), &corpus, target.words);
    for _ in 0..inputs {
        try_input(target, &variations.next_input());
    }
    println!("{name}: {} inputs", corpus.len() + inputs);
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                try_target(stringify!($name));
            }
        )*

        #[test]
        fn every_target_has_its_test_and_no_folder_is_left_over() {
            let mut names: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
            names.sort();
            let mut tests: Vec<_> = [$(stringify!($name).to_owned()),*].into();
            tests.sort();
            assert_eq!(tests, names);
            let mut folders: Vec<_> =
                fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            folders.sort();
            assert_eq!(folders, names);
            for name in names {
                let file = format!("../libfuzzer/fuzz_targets/{name}.rs");
                assert!(folder().join(&file).exists(), "{file} is missing");
            }
        }
    };
}

targets! { frames inflate decode diagnosis session codec addresses origins cookies extensions patterns }
