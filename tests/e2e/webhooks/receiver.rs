//! A receiver of webhooks on the loopback that answers as a test wants.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a test waits for requests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request to the receiver.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// The answer to a request: the whole response. An empty one breaks the connection off.
type Answer = Box<dyn FnMut(&Received) -> String + Send>;

struct State {
    requests: Vec<Received>,
    answer: Answer,
}

/// A receiver; it ends with the process of the tests.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    /// Whether answers wait.
    is_holding: Arc<AtomicBool>,
}

/// A response with this status.
pub(crate) fn status(code: u16) -> String {
    format!("HTTP/1.1 {code} X\r\ncontent-length: 0\r\n\r\n")
}

impl Receiver {
    /// Starts a receiver that accepts everything.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State {
            requests: Vec::new(),
            answer: Box::new(|_| status(200)),
        }));
        let is_holding = Arc::new(AtomicBool::new(false));
        let shared = (Arc::clone(&state), Arc::clone(&is_holding));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, is_holding) = shared.clone();
                std::thread::spawn(move || serve(stream, &state, &is_holding));
            }
        });
        Self {
            port,
            state,
            is_holding,
        }
    }

    /// Answers from now on like this.
    pub(crate) fn answers(&self, answer: impl FnMut(&Received) -> String + Send + 'static) {
        lock(&self.state).answer = Box::new(answer);
    }

    /// Notes requests without answering them, or answers those as well that wait.
    pub(crate) fn hold(&self, is_holding: bool) {
        self.is_holding.store(is_holding, Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        lock(&self.state).requests.clone()
    }

    /// Waits until there are `count` requests, and returns all.
    pub(crate) async fn received(&self, count: usize) -> Vec<Received> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let all = self.all();
            if all.len() >= count {
                return all;
            }
            assert!(
                Instant::now() < deadline,
                "{} of {count}: {all:#?}",
                all.len()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: TcpStream, state: &Mutex<State>, is_holding: &AtomicBool) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    while let Some(request) = read(&mut reader) {
        let response = {
            let mut state = lock(state);
            state.requests.push(request.clone());
            (state.answer)(&request)
        };
        while is_holding.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if response.is_empty() || stream.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl std::io::BufRead) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let method = line.split(' ').next()?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        method,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}
