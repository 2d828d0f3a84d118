//! A function of a cell at a socket in the private folder; the notebook asks it for batches.
//!
//! A question is the number of calls and the columns of arguments, an answer the list of results
//! or the first fault. Both are preceded by their length.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::function::panic_text;
use crate::place::folder;
use crate::{Fault, Function, Value};

/// The longest message that is read.
const MAX_MESSAGE: u64 = 1 << 34;

/// The result of [`serve`]; evcxr shows it by its MIME type, which is how the notebook learns of it.
#[derive(Clone, Debug)]
pub struct Served {
    arity: usize,
    signature: String,
}

impl Served {
    /// Tells the notebook.
    pub fn evcxr_display(&self) {
        let mut out = io::stdout().lock();
        let (arity, signature) = (self.arity, &self.signature);
        let text = format!(
            "EVCXR_BEGIN_CONTENT application/x-cac-function\n{arity} {signature}\nEVCXR_END_CONTENT\n"
        );
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn write_message(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(&(bytes.len() as u64).to_le_bytes())?;
    stream.write_all(bytes)?;
    stream.flush()
}

/// The next message; `None` at the end.
fn read_message(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u64::from_le_bytes(length);
    if length > MAX_MESSAGE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    Read::take(stream, length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(Some(bytes))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn broken(call: usize, why: impl ToString) -> Fault {
    Fault { call, why: why.to_string() }
}

/// The results of a batch of calls, if the other side can read them. Not only the function may panic, what
/// turns arguments and results into values may too.
fn call<Args>(
    function: &impl Function<Args>,
    calls: usize,
    columns: Vec<Value>,
) -> Result<Value, Fault> {
    let done = catch_unwind(AssertUnwindSafe(|| function.call_each(calls, columns)));
    let results = done.unwrap_or_else(|payload| {
        let why = panic_text(payload.as_ref());
        Err(broken(0, format!("what it takes or gives panicked on its way: {why}")))
    })?;
    match results.check() {
        Ok(()) => Ok(results),
        Err(why) => Err(broken(unreadable(results), why)),
    }
}

/// The first of these results that cannot be read.
fn unreadable(results: Value) -> usize {
    let items = results.into_items().unwrap_or_default();
    items.iter().position(|item| item.check().is_err()).unwrap_or(0)
}

/// Answers the questions on a stream until it ends.
///
/// # Errors
/// When the stream breaks.
pub fn answer<Args>(function: &impl Function<Args>, stream: &mut UnixStream) -> io::Result<()> {
    while let Some(question) = read_message(stream)? {
        let result = match Value::decode(&question) {
            Ok(Value::List(mut columns)) if !columns.is_empty() => match columns.remove(0) {
                Value::Int(calls) => call(function, usize::try_from(calls).unwrap_or(0), columns),
                _ => Err(broken(0, "a question without a number")),
            },
            _ => Err(broken(0, "a question that cannot be read")),
        };
        let value = match result {
            Ok(results) => Value::List(vec![Value::Bool(true), results]),
            Err(fault) => Value::List(vec![
                Value::Bool(false),
                Value::Int(fault.call as i64),
                Value::String(fault.why),
            ]),
        };
        write_message(stream, &value.encode())?;
    }
    Ok(())
}

/// Asks a function for so many calls.
///
/// # Errors
/// The outer one when the stream breaks, the inner one for the first call that fails.
pub fn ask(
    stream: &mut (impl Read + Write),
    calls: usize,
    columns: Vec<Value>,
) -> io::Result<Result<Value, Fault>> {
    let mut parts = vec![Value::Int(calls as i64)];
    parts.extend(columns);
    write_message(stream, &Value::List(parts).encode())?;
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let answer = read_message(stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let Ok(Value::List(parts)) = Value::decode(&answer) else { return Err(invalid()) };
    let mut parts = parts.into_iter();
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Value::Bool(true)), Some(results), None) => Ok(Ok(results)),
        (Some(Value::Bool(false)), Some(Value::Int(call)), Some(Value::String(why))) => {
            Ok(Err(Fault { call: usize::try_from(call).unwrap_or(0), why }))
        }
        _ => Err(invalid()),
    }
}

/// Serves a function at the socket `f<number>` of a folder, on a thread of its own.
pub(crate) fn serve_in<Args: 'static>(
    folder: &Path,
    number: u64,
    function: impl Function<Args>,
) -> io::Result<Served> {
    let served = Served { arity: function.arity(), signature: function.signature() };
    let listener = UnixListener::bind(folder.join(format!("f{number}")))?;
    // The name tells the hook of panics that this one is answered.
    std::thread::Builder::new().name(format!("cac-call-{number}")).spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            // A stream that breaks has no other end that could be told.
            let _ = answer(&function, &mut stream);
        }
    })?;
    Ok(served)
}

/// Serves a function of a cell: what `rust_fn` has a cell do.
///
/// # Panics
/// When its socket cannot be made: the private folder is gone.
pub fn serve<Args: 'static>(number: u64, function: impl Function<Args>) -> Served {
    let served = folder()
        .and_then(|folder| serve_in(&folder, number, function).map_err(|error| error.to_string()));
    match served {
        Ok(served) => served,
        Err(why) => panic!("the function cannot be served: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers() {
        let folder = std::env::temp_dir().join(format!("cac-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let served = serve_in(&folder, 7, |x: f64, n: i64| {
            assert!(n != 13, "unlucky");
            x.powi(n as i32)
        });
        assert_eq!(served.unwrap().signature, "(f64, i64) -> f64");
        for _ in 0..2 {
            let mut stream = UnixStream::connect(folder.join("f7")).unwrap();
            for _ in 0..3 {
                let columns = vec![Value::Reals(vec![2.0, 3.0]), Value::Ints(vec![10, 2])];
                let results = ask(&mut stream, 2, columns).unwrap();
                assert_eq!(results, Ok(Value::Reals(vec![1024.0, 9.0])));
                let columns = vec![Value::Reals(vec![2.0, 3.0]), Value::Ints(vec![10, 13])];
                let fault = Fault { call: 1, why: "it panicked: unlucky".into() };
                assert_eq!(ask(&mut stream, 2, columns).unwrap(), Err(fault));
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn results_that_cannot_be_read_are_faults() {
        struct Loud;
        impl std::fmt::Display for Loud {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("no words")
            }
        }
        let misshapen =
            |size: usize| Value::Tensor(crate::Tensor { shape: vec![size], data: vec![0.0; 2] });
        let sizes = || vec![Value::Ints(vec![2, 3])];
        assert_eq!(
            call(&misshapen, 2, sizes()),
            Err(Fault {
                call: 1,
                why: "the tensor has 2 numbers, which is not the product of [3]".into()
            })
        );
        let loud = |_: i64| -> Result<(), Loud> { Err(Loud) };
        let why = "what it takes or gives panicked on its way: no words".into();
        assert_eq!(call(&loud, 2, sizes()), Err(Fault { call: 0, why }));
    }
}
