//! tokio's runtime, set for many connections.

mod stretch;
mod watchdog;

use std::io;

use tokio::runtime::{Builder, Runtime};

pub(crate) use stretch::measured;

/// How many tasks a worker runs before it looks for new input.
const TASKS_BETWEEN_POLLS: u32 = 128;

/// tokio's multi-threaded runtime, set so that all connections have their turn.
///
/// A worker of tokio's queues 256 tasks of its own; more go to a queue that all workers share, and which by default each of
/// them looks into now and then only. With some hundred busy connections for each worker, some of them wait ten times as long
/// as the others: with 512 the 99th percentile of an echo is above 60 ms by default, and about 5 ms here, for the same processor time.
///
/// A thread beside the workers, the watchdog, keeps the other connections going where a handler blocks its worker: on tokio alone
/// the worker that waited for input last may take the wait for input with it, and then the whole process stands still. The
/// watchdog looks ten times a second, wakes another worker, and logs a worker that is blocked for a second. It ends with
/// the runtime. While all workers are blocked nothing runs: use [`spawn_blocking`](tokio::task::spawn_blocking) for work
/// that blocks.
///
/// ```no_run
/// # async fn serve() -> std::io::Result<()> { Ok(()) }
/// fn main() -> std::io::Result<()> {
///     chanx::runtime()?.block_on(serve())
/// }
/// ```
///
/// chanx works on any runtime of tokio's, that of `#[tokio::main]` among them.
///
/// # Errors
/// The system has no room for threads or file descriptors.
pub fn runtime() -> io::Result<Runtime> {
    watched(Builder::new_multi_thread().enable_all().event_interval(TASKS_BETWEEN_POLLS).global_queue_interval(1))
}

fn watched(builder: &mut Builder) -> io::Result<Runtime> {
    let runtime = builder.build()?;
    watchdog::watch(&runtime)?;
    Ok(runtime)
}

#[cfg(all(test, target_has_atomic = "64"))]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Longer than any answer takes on a machine that is not broken, and shorter than the block.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// A task echoes over a socket while another one, which was woken by a socket too, blocks one of two workers until the
    /// end of the test. Whether the echo came.
    fn echoes_beside_a_block(runtime: &Runtime) -> bool {
        let (release, blocked) = mpsc::channel::<()>();
        let (answered, answer) = mpsc::channel();
        let (blocks, is_blocked) = mpsc::channel();
        runtime.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = std::thread::spawn(move || {
                use std::io::{Read, Write};
                let mut echoing = std::net::TcpStream::connect(address).unwrap();
                let mut blocking = std::net::TcpStream::connect(address).unwrap();
                // The echoing task waits for its socket before the other one blocks.
                echoing.write_all(b"e").unwrap();
                echoing.read_exact(&mut [0]).unwrap();
                blocking.write_all(b"b").unwrap();
                is_blocked.recv().unwrap();
                echoing.write_all(b"e").unwrap();
                let _ = answered.send(echoing.read_exact(&mut [0]).is_ok());
            });
            let (mut echoing, _) = listener.accept().await.unwrap();
            let (mut blocking, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                echo(&mut echoing).await;
                echo(&mut echoing).await;
            });
            blocking.read_u8().await.unwrap();
            blocks.send(()).unwrap();
            let _ = blocked.recv();
            drop((blocking, client));
        });
        let came = answer.recv_timeout(PATIENCE).unwrap_or(false);
        drop(release);
        came
    }

    async fn echo(socket: &mut TcpStream) {
        let byte = socket.read_u8().await.unwrap();
        socket.write_all(&[byte]).await.unwrap();
    }

    fn two_workers() -> Builder {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).enable_all();
        builder
    }

    #[test]
    fn a_blocked_worker_stops_nobody_else() {
        for _ in 0..5 {
            let runtime = watched(&mut two_workers()).unwrap();
            assert!(echoes_beside_a_block(&runtime));
        }
    }

    #[test]
    fn the_watchdog_ends_with_its_runtime() {
        let runtime = two_workers().build().unwrap();
        let watchdog = watchdog::watch(&runtime).unwrap();
        drop(runtime);
        watchdog.join().unwrap();
    }
}
