//! The macro that makes a table of builtins.

/// Makes a table of builtins from Rust functions with docs.
///
/// ```text
/// builtins! { NUMBERS "Numbers":
///     /// The absolute value.
///     ///
///     /// > abs(-3)
///     /// 3
///     pure fn abs(cx, call; /** A number. */ x: Number) -> Number { … }
/// }
/// ```
///
/// The word before `fn` is how the evaluator treats it: `pure`, `heavy` (may take long: unknown
/// in a check), `effect` (acts on the world, in order), `printing` (an effect that takes any
/// number of arguments) or `constant` (a value: its name alone calls it). `cx` is the
/// [`Scope`](crate::evaluate::Scope), `call` the [`Args`](crate::evaluate::Args) with their
/// spans. A parameter's type decides what it takes and how it is converted, its default is source
/// text of the language.
macro_rules! builtins {
    ($list:ident $group:literal: $(
        $(#[doc = $doc:literal])+
        $kind:ident fn $name:ident($cx:ident, $call:ident
            $(; $( $(#[doc = $pdoc:literal])* $param:ident: $ty:ty $(= $default:literal)? ),* $(,)?)?)
            -> $ret:ty $body:block
    )+) => {
        $(
            #[allow(
                unused_variables,
                clippy::needless_pass_by_value,
                clippy::too_many_arguments,
                clippy::unnecessary_wraps
            )]
            fn $name(
                $cx: &$crate::evaluate::Scope<'_>,
                $call: &$crate::evaluate::Args
                $($(, $param: $ty)*)?
            ) -> $crate::evaluate::Eval<$ret> $body
        )+
        /// The builtins of this file.
        pub(in crate::builtins) static $list: &[$crate::evaluate::Builtin] = &[ $( $crate::evaluate::Builtin {
            name: stringify!($name),
            group: $group,
            doc: concat!($($doc, "\n"),+),
            params: &[ $($( $crate::evaluate::Param {
                name: stringify!($param),
                types: <$ty as $crate::value::FromValue>::TYPES,
                default: { let given: &[&str] = &[$($default)?]; match given { [] => None, [text, ..] => Some(*text) } },
                doc: concat!($($pdoc),*),
            } ),*)? ],
            returns: <$ret as $crate::value::IntoValue>::TYPES,
            traits: $crate::evaluate::Traits::of(stringify!($kind)),
            #[allow(unused_mut)] // for builtins without parameters
            call: |cx, mut args| {
                #[allow(unused_mut, unused_variables)]
                let mut number = 0_usize;
                $($( let $param: $ty = args.take(number)?; number += 1; )*)?
                let _ = number;
                let value = $name(cx, &args $($(, $param)*)?)?;
                Ok($crate::value::IntoValue::into_value(value)?)
            },
        } ),+ ];
    };
}

pub(super) use builtins;
