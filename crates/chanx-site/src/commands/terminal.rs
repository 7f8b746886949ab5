//! Where a command writes and whom it asks. Knows no command.

use std::io::{self, IsTerminal, Write};

/// The person at the keyboard, or whatever stands in for them.
pub(crate) trait Terminal {
    /// Whether somebody is there to be asked.
    fn is_interactive(&self) -> bool;

    /// Writes a line of the command's result.
    fn say(&mut self, line: &str) -> io::Result<()>;

    /// Writes a line about what is wrong or remarkable, apart from the result.
    fn warn(&mut self, line: &str) -> io::Result<()>;

    /// Asks for a line of text, without its end.
    fn ask(&mut self, prompt: &str) -> io::Result<String>;

    /// Asks for a text that must not be seen.
    fn ask_secret(&mut self, prompt: &str) -> io::Result<String>;
}

/// Standard input, output and error.
#[derive(Debug)]
pub(crate) struct StandardTerminal;

impl Terminal for StandardTerminal {
    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{line}")
    }

    fn warn(&mut self, line: &str) -> io::Result<()> {
        writeln!(io::stderr(), "{line}")
    }

    fn ask(&mut self, prompt: &str) -> io::Result<String> {
        let mut stdout = io::stdout();
        write!(stdout, "{prompt}")?;
        stdout.flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn ask_secret(&mut self, prompt: &str) -> io::Result<String> {
        rpassword::prompt_password(prompt)
    }
}

#[cfg(test)]
pub(crate) mod script {
    //! A terminal with prepared answers that keeps what was written.

    use std::collections::VecDeque;
    use std::io;

    use super::Terminal;

    #[derive(Debug, Default)]
    pub(crate) struct Script {
        interactive: bool,
        answers: VecDeque<&'static str>,
        /// Everything that was written, prompts included.
        pub(crate) written: String,
    }

    impl Script {
        /// Nobody is there.
        pub(crate) fn alone() -> Self {
            Self::default()
        }

        /// Somebody is there and gives these answers.
        pub(crate) fn answering<const N: usize>(answers: [&'static str; N]) -> Self {
            Self { interactive: true, answers: answers.into(), ..Self::default() }
        }

        fn write(&mut self, line: &str) {
            self.written.push_str(line);
            self.written.push('\n');
        }
    }

    impl Terminal for Script {
        fn is_interactive(&self) -> bool {
            self.interactive
        }

        fn say(&mut self, line: &str) -> io::Result<()> {
            self.write(line);
            Ok(())
        }

        fn warn(&mut self, line: &str) -> io::Result<()> {
            self.write(line);
            Ok(())
        }

        fn ask(&mut self, prompt: &str) -> io::Result<String> {
            self.write(prompt);
            self.answers.pop_front().map(str::to_owned).ok_or(io::ErrorKind::UnexpectedEof.into())
        }

        fn ask_secret(&mut self, prompt: &str) -> io::Result<String> {
            self.ask(prompt)
        }
    }
}
