//! Installs the programs that the tests need and the machine lacks, from Debian's packages.

use std::process::Command;

use crate::failure::Failure;
use crate::shell::{Shell, succeeds};
use crate::steps::Outcome;

/// A program that some step runs.
struct Tool {
    program: &'static str,
    /// With these arguments it succeeds if it is new enough.
    probe: &'static [&'static str],
    /// The Debian package that brings it.
    package: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "python3", probe: &["-c", PYTHON_IS_3_11], package: "python3" },
    Tool { program: "python3", probe: &["-c", "import ensurepip, venv"], package: "python3-venv" },
    Tool { program: "node", probe: &["-e", NODE_IS_18], package: "nodejs" },
    Tool { program: "npm", probe: &["--version"], package: "npm" },
    Tool { program: "valgrind", probe: &["--version"], package: "valgrind" },
    Tool { program: "redis-server", probe: &["--version"], package: "redis-server" },
    Tool { program: "chromium", probe: &["--version"], package: "chromium" },
    Tool { program: "chromedriver", probe: &["--version"], package: "chromium-driver" },
];

/// Packages whose service Debian starts, now and at every boot. The tests start servers of their own.
const SERVICES: &[&str] = &["redis-server"];

const NODE_IS_18: &str = "process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)";

const PYTHON_IS_3_11: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// Installs what is missing, and makes sure that it is there afterwards.
pub(crate) fn install(shell: &Shell) -> Outcome {
    let packages = missing(shell);
    if packages.is_empty() {
        return Ok(None);
    }
    let list = packages.join(" ");
    let Some(root) = Root::find(shell) else {
        return Err(Failure::new(format!(
            "missing: {list} (Debian's names); install them, or run this as root on a system with apt-get"
        )));
    };
    shell.run(root.apt(shell, &["update"]))?;
    shell.run(root.apt(shell, &[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat()))?;
    for service in SERVICES.iter().filter(|service| packages.contains(service)) {
        shell.run(root.command(shell, &["service", service, "stop"]))?;
        shell.run(root.command(shell, &["update-rc.d", service, "disable"]))?;
    }
    match missing(shell).as_slice() {
        [] => Ok(Some(format!("installed {list}"))),
        still => Err(Failure::new(format!("installed, but missing or too old all the same: {}", still.join(" ")))),
    }
}

fn missing(shell: &Shell) -> Vec<&'static str> {
    TOOLS.iter().filter(|tool| !is_there(shell, tool)).map(|tool| tool.package).collect()
}

fn is_there(shell: &Shell, tool: &Tool) -> bool {
    let mut probe = shell.command(tool.program);
    probe.args(tool.probe);
    succeeds(probe)
}

/// How this machine lets us do what only root may.
struct Root {
    with_sudo: bool,
}

impl Root {
    /// `None` if it does not, or has no apt-get.
    fn find(shell: &Shell) -> Option<Self> {
        let root = Self { with_sudo: !is_root(shell) };
        succeeds(root.apt(shell, &["--version"])).then_some(root)
    }

    /// An apt-get that asks no questions and waits for another that is at work.
    fn apt(&self, shell: &Shell, args: &[&str]) -> Command {
        let apt = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--option", "DPkg::Lock::Timeout=300"];
        self.command(shell, &[&apt, args].concat())
    }

    /// A command as `env` takes it: variables may come first.
    fn command(&self, shell: &Shell, words: &[&str]) -> Command {
        let mut command = shell.command(if self.with_sudo { "sudo" } else { "env" });
        if self.with_sudo {
            command.args(["--non-interactive", "env"]);
        }
        command.args(words);
        command
    }
}

fn is_root(shell: &Shell) -> bool {
    let mut id = shell.command("id");
    id.arg("-u");
    shell.read(id).is_ok_and(|uid| uid.trim() == "0")
}
