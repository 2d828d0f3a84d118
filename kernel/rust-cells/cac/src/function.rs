//! Functions of cells that `.cac` calls, many calls at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{FromCac, IntoCac, Value};

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which call, from 0.
    pub call: usize,
    /// What happened, in one line.
    pub why: String,
}

/// A function whose parameters and result cross. `Args` is the tuple of its parameters.
#[diagnostic::on_unimplemented(
    message = "`.cac` cannot call this function",
    label = "not a function whose parameters and result cross by value",
    note = "it takes one to six parameters that own what they hold (Vec<f64> and String, not slices and &str), is not generic, and gives a value or a Result"
)]
pub trait Function<Args>: Send + 'static {
    /// `(f64, Vec<i64>) -> bool`
    fn signature(&self) -> String;

    /// The number of parameters.
    fn arity(&self) -> usize;

    /// The results of `calls` calls, in order, as a list. Each column holds one parameter of all calls.
    ///
    /// # Errors
    /// The first call that fails: an argument of another type, an `Err`, a panic.
    fn call_each(&self, calls: usize, columns: Vec<Value>) -> Result<Value, Fault>;
}

/// `alloc::vec::Vec<f64>` is `Vec<f64>`.
fn short<T>() -> String {
    let name = std::any::type_name::<T>();
    let mut out = String::new();
    let mut word = String::new();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            word.clear();
        } else {
            out.push_str(&std::mem::take(&mut word));
            out.push(c);
        }
    }
    out + &word
}

/// What a panic says.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

macro_rules! functions {
    ($count:literal: $($name:ident)+) => {
        impl<Fun, Out, $($name),+> Function<($($name,)+)> for Fun
        where
            Fun: Fn($($name),+) -> Out + Send + 'static,
            Out: IntoCac,
            $($name: FromCac,)+
        {
            fn signature(&self) -> String {
                let params: [String; $count] = [$(short::<$name>()),+];
                format!("({}) -> {}", params.join(", "), short::<Out>())
            }

            fn arity(&self) -> usize {
                $count
            }

            #[allow(non_snake_case)]
            fn call_each(&self, calls: usize, columns: Vec<Value>) -> Result<Value, Fault> {
                let given = columns.len();
                if given != $count {
                    let why = format!("the function takes {} arguments, and got {given}", $count);
                    return Err(Fault { call: 0, why });
                }
                let mut columns = columns.into_iter().enumerate();
                $(
                    let mut $name = {
                        let (at, column) = columns.next().unwrap_or((0, Value::None));
                        match $name::list(column.clone()) {
                            Ok(items) => items.into_iter(),
                            Err(_) => return Err(blame::<$name>(at, column)),
                        }
                    };
                )+
                let mut results = Vec::with_capacity(calls);
                let run = || {
                    for _ in 0..calls {
                        let ($(Some($name),)+) = ($($name.next(),)+) else { break };
                        results.push(self($($name),+));
                    }
                };
                let done = catch_unwind(AssertUnwindSafe(run));
                let panicked = results.len();
                // A call before the one that panicked may have given an `Err`.
                let given = Out::into_list(results).map_err(|(call, why)| Fault { call, why })?;
                match done {
                    Ok(()) => Ok(given),
                    Err(payload) => Err(Fault {
                        call: panicked,
                        why: format!("it panicked: {}", panic_text(payload.as_ref())),
                    }),
                }
            }
        }
    };
}

functions! { 1: A }
functions! { 2: A B }
functions! { 3: A B C }
functions! { 4: A B C D }
functions! { 5: A B C D E }
functions! { 6: A B C D E F }

/// Which item of a column is of another type.
fn blame<T: FromCac>(parameter: usize, column: Value) -> Fault {
    let wrong = match column.into_items() {
        Ok(items) => items
            .into_iter()
            .enumerate()
            .find_map(|(call, item)| T::from_cac(item).err().map(|wrong| (call, wrong))),
        Err(wrong) => Some((0, wrong)),
    };
    let (call, why) = wrong.map_or((0, String::new()), |(call, wrong)| (call, wrong.to_string()));
    Fault { call, why: format!("parameter {} of the Rust function {why}", parameter + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<A>(f: &impl Function<A>, calls: usize, columns: Vec<Value>) -> Result<Value, Fault> {
        f.call_each(calls, columns)
    }

    #[test]
    fn calls_in_batches() {
        fn area(a: f64, b: i64) -> f64 {
            a * b as f64
        }
        let columns = vec![Value::Reals(vec![1.5, 2.0]), Value::Ints(vec![2, 3])];
        assert_eq!(call(&area, 2, columns), Ok(Value::Reals(vec![3.0, 6.0])));
        assert_eq!(area.signature(), "(f64, i64) -> f64");
        assert_eq!(area.arity(), 2);
        let vectors =
            |x: Vec<f64>| -> Option<Vec<String>> { Some(x.iter().map(f64::to_string).collect()) };
        assert_eq!(vectors.signature(), "(Vec<f64>) -> Option<Vec<String>>");
        assert_eq!(call(&vectors, 0, vec![Value::List(vec![])]), Ok(Value::List(vec![])));
    }

    #[test]
    fn faults_name_the_call() {
        let root = |x: i64| -> Result<f64, String> {
            match x {
                13 => panic!("unlucky {x}"),
                x if x < 0 => Err(format!("{x} is negative")),
                x => Ok((x as f64).sqrt()),
            }
        };
        let ints = |ints: &[i64]| vec![Value::Ints(ints.to_vec())];
        assert_eq!(
            call(&root, 3, ints(&[4, -1, 13])),
            Err(Fault { call: 1, why: "-1 is negative".into() }),
            "the first one"
        );
        assert_eq!(
            call(&root, 3, ints(&[4, 13, -1])),
            Err(Fault { call: 1, why: "it panicked: unlucky 13".into() })
        );
        assert_eq!(
            call(&root, 2, ints(&[4, -1])),
            Err(Fault { call: 1, why: "-1 is negative".into() })
        );
        let mixed = vec![Value::List(vec![Value::Int(1), Value::Real(0.5)])];
        assert_eq!(
            call(&root, 2, mixed),
            Err(Fault {
                call: 1,
                why: "parameter 1 of the Rust function wants an int of 64 bits, and this is the real 0.5"
                    .into()
            })
        );
        assert_eq!(
            call(&root, 1, vec![]),
            Err(Fault { call: 0, why: "the function takes 1 arguments, and got 0".into() })
        );
    }
}
