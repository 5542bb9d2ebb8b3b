//! Starts the real server and waits until it serves.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interval at which a starting or ending process is checked.
const INTERVAL: Duration = Duration::from_millis(1);

/// Why a server does not serve.
#[derive(Debug)]
pub enum StartError {
    /// The process could not be started, or its log could not be read.
    Io(io::Error),
    /// The process ended with this status and this log.
    Ended(ExitStatus, String),
    /// The process announced no address in time. Its log so far.
    Silent(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "cannot start the server: {error}"),
            Self::Ended(status, log) => write!(formatter, "the server ended, {status}: {log}"),
            Self::Silent(log) => write!(formatter, "the server does not get ready: {log}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command` without waiting for anything. Its standard error is a pipe.
    ///
    /// # Errors
    /// If the process cannot be started.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        command.stderr(Stdio::piped());
        Self::with_stderr(command)
    }

    fn with_stderr(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        Ok(Self(command.spawn()?))
    }

    /// Takes the pipe of its standard error, once.
    pub const fn stderr(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }

    /// Reads the first line of its standard output, once.
    ///
    /// # Errors
    /// If it cannot be read, or was read before.
    pub fn first_line(&mut self) -> io::Result<String> {
        let output = self.0.stdout.take();
        let output = output.ok_or_else(|| io::Error::other("the line was read before"))?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(line)
    }

    /// Takes its standard output, once.
    pub const fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }

    /// Sends SIGTERM, as `systemd` and Kubernetes do.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn terminate(&self) -> io::Result<()> {
        let id = self.0.id().to_string();
        // Ended or not: waiting for it gives its status.
        Command::new("kill")
            .args(["-TERM", &id])
            .output()
            .map(|_| ())
    }

    /// Kills it without warning, and waits for its end.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(|_| ())
    }

    /// Its exit status, if it has ended.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            sleep(INTERVAL);
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the process does not end",
        ))
    }

    /// The number of file descriptors it has open.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn open_files(&self) -> io::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.0.id()))?.count())
    }

    /// Its resident memory in KiB.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn resident_kib(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().next());
        let figure = figure.and_then(|figure| figure.parse().ok());
        figure.ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors mean that it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The addresses of a server, as its log announces them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The address of the API.
    pub public: SocketAddr,
    /// The address of health checks and metrics, if they have a listener of their own.
    pub admin: Option<SocketAddr>,
}

/// A server that accepts requests.
#[derive(Debug)]
pub struct Serving {
    /// Its process.
    pub process: Process,
    /// The addresses on which it listens.
    pub addresses: Addresses,
    log: PathBuf,
}

impl Serving {
    /// Runs `command`, which serves, and waits until it accepts requests. Its log is appended to
    /// the file `log`. The target `talk_server::serve` must log at level `info`, because this is
    /// where the addresses come from: a command can listen at port 0.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(mut command: Command, log: &Path) -> Result<Self, StartError> {
        let file = File::options().create(true).append(true).open(log)?;
        let before = file.metadata()?.len();
        command.stderr(file);
        let mut process = Process::with_stderr(command)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            // In this order: what a process that has ended logged is complete.
            let ended = process.try_wait()?;
            let logged = read_from(log, before)?;
            if let Some(addresses) = announced(&logged) {
                return Ok(Self {
                    process,
                    addresses,
                    log: log.to_owned(),
                });
            }
            if let Some(status) = ended {
                return Err(StartError::Ended(status, logged));
            }
            if Instant::now() > deadline {
                return Err(StartError::Silent(logged));
            }
            sleep(INTERVAL);
        }
    }

    /// The URL of the API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addresses.public)
    }

    /// Everything in its log, also of earlier processes with the same one.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn log(&self) -> io::Result<String> {
        read_from(&self.log, 0)
    }

    /// Sends SIGTERM and waits for the end. Returns the exit status and the log.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn stop(mut self) -> io::Result<(ExitStatus, String)> {
        self.process.terminate()?;
        let status = self.process.wait()?;
        Ok((status, self.log()?))
    }
}

/// The text of a file after this many bytes.
fn read_from(file: &Path, before: u64) -> io::Result<String> {
    let bytes = std::fs::read(file)?;
    let before = usize::try_from(before).unwrap_or(usize::MAX);
    let bytes = bytes.get(before..).unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// The addresses in the line of a log, of either format, that says that a server serves.
fn announced(log: &str) -> Option<Addresses> {
    let complete = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let mut serving = complete.filter(|line| line.contains("serving"));
    serving.find_map(|line| {
        Some(Addresses {
            public: field(line, "bind")?.parse().ok()?,
            admin: field(line, "admin_bind")?.parse().ok(),
        })
    })
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let in_text = line.split_once(&format!(" {name}="));
    let in_json = || line.split_once(&format!("\"{name}\":\""));
    let (_, value) = in_text.or_else(in_json)?;
    value.split(['"', ' ', '\n']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_announces_its_addresses_in_either_format() {
        let text = "… INFO talk_server::serve: serving bind=127.0.0.1:1 admin_bind=[::1]:2 version=\"0\"\n";
        let json =
            "{\"message\":\"serving\",\"bind\":\"127.0.0.1:1\",\"admin_bind\":\"[::1]:2\"}\n";
        let both = Addresses {
            public: SocketAddr::from(([127, 0, 0, 1], 1)),
            admin: "[::1]:2".parse().ok(),
        };
        assert_eq!(announced(text), Some(both));
        assert_eq!(announced(json), Some(both));
        assert_eq!(announced(text.trim_end()), None, "the line is not complete");
        let without = text.replace("[::1]:2", "none");
        let admin = None;
        assert_eq!(announced(&without), Some(Addresses { admin, ..both }));
    }

    #[test]
    fn a_command_that_ends_is_no_server() {
        let log = std::env::temp_dir().join(format!("talk-testkit-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo serving nobody >&2; exit 3"]);
        let error = Serving::start(command, &log).unwrap_err();
        std::fs::remove_file(&log).unwrap();
        let StartError::Ended(status, said) = error else {
            panic!("{error}");
        };
        assert_eq!((status.code(), &*said), (Some(3), "serving nobody\n"));
    }
}
