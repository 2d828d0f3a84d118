//! What Rust programs get is what the language gives.

use crate::prelude::*;
use crate::value::json;

/// Larger cuts, in bits, are left to the tests of the engine.
const SMALL: f64 = 6.0;

/// A network in both ways of writing it.
fn pairs() -> Vec<(Network, &'static str)> {
    let built = [
        Network::chain(16, 4).conv(2).pool(2).conv(3).pool(8).output(10),
        Network::chain(9, 2)
            .conv_with(3, Sharing::None)
            .pool(3)
            .conv_with(2, Sharing::None)
            .pool(3)
            .output(1),
        Network::grid(4, 4, 3)
            .conv_with(4, Sharing::Window)
            .pool_with([2, 2], Pooling::Product, Geometry::Mirror)
            .conv(5)
            .pool([2, 2])
            .output(2),
        Network::grid(4, 6, 2)
            .pool_by_key([2, 1], |row, col| (row % 2, col))
            .conv(3)
            .pool([2, 6])
            .output(3),
        Network::chain(8, 2)
            .layers([Layer::conv(3), Layer::pool(4), Layer::conv(2)])
            .pool(2)
            .output(4),
    ];
    let written = [
        "network { input(16, dim = 4), conv(2), pool(2), conv(3), pool(8), output(10) }",
        "network { input(9, dim = 2), conv(3, sharing = \"none\"), pool(3),
           conv(2, sharing = \"none\"), pool(3), output(1) }",
        "network { input(4x4, dim = 3), conv(4, sharing = \"window\"), pool(2x2, geometry = \"mirror\"),
           conv(5), pool(2x2), output(2) }",
        "network { input(4x6, dim = 2), pool(2x1, geometry = (row, col) -> [row mod 2, col]), conv(3),
           pool(2x6), output(3) }",
        "network { input(8, dim = 2), conv(3), pool(4), conv(2), pool(2), output(4) }",
    ];
    built.into_iter().map(Result::unwrap).zip(written).collect()
}

/// Partitions in both ways, of chains and of grids.
fn partitions(net: &Network) -> Vec<(Across, &'static str)> {
    let mut all: Vec<(Across, &str)> = vec![
        (Rule::LeftRight.into(), "left_right"),
        (Rule::Blocks(2).into(), "blocks(2)"),
        (Rule::Random { seed: 3 }.into(), "random(seed = 3)"),
        ([0, 3, 5].into(), "sites([0, 3, 5])"),
        ((1..4).into(), "sites([1..3])"),
        (Rule::sites(0..=2).complement().into(), "complement(sites([0..2]))"),
    ];
    let odd = Bipartition::from_fn(net.input_shape(), |row, col| (row + 2 * col) % 3 == 0);
    if net.input_shape().dimensions() == 1 {
        all.push((Rule::Interleaved.into(), "interleaved"));
        all.push((odd.unwrap().into(), "sites(site -> 2*site mod 3 == 0)"));
    } else {
        all.push((Rule::Checkerboard.into(), "checkerboard"));
        all.push((odd.unwrap().into(), "sites((row, col) -> (row + 2*col) mod 3 == 0)"));
    }
    all
}

#[test]
fn networks_are_those_of_the_language() {
    for (built, written) in pairs() {
        assert_eq!(cac!(Session::default(), written => Network).unwrap(), built);
        let params = cac!("params(net)", net = &built => u64).unwrap();
        assert_eq!(params.to_string(), built.params().to_string());
    }
}

#[test]
fn cuts_bounds_and_ranks_are_those_of_the_language() {
    let mut session = Session::default();
    for (net, written) in pairs() {
        session.eval(&format!("let net = {written}")).unwrap();
        for (across, p) in partitions(&net) {
            let cut = net.min_cut(across.clone()).unwrap();
            let other: Cut = session.eval_as(&format!("min_cut(net, {p})")).unwrap();
            assert_eq!((cut.layers(), cut.formula()), (other.layers(), other.formula()), "{p}");
            let value: dashu_int::UBig =
                session.eval_as(&format!("min_cut(net, {p}).value")).unwrap();
            assert_eq!(cut.exact().unwrap(), value, "{p}");
            assert_eq!(cut.partition(), other.partition(), "{p}");
            assert!(cut.prove().unwrap().holds(), "{p}");
            if let Across::Rule(_) = across {
                assert_eq!(cut.text(), other.text());
                assert_eq!(json(cut.as_value()).unwrap(), json(other.as_value()).unwrap());
            }
            let bound = net.bound(across.clone()).unwrap();
            let other: Bounds = session.eval_as(&format!("bound(net, {p})")).unwrap();
            assert_eq!(
                (&bound.upper, &bound.lower, &bound.reason),
                (&other.upper, &other.lower, &other.reason)
            );
            if cut.bits() > SMALL {
                continue;
            }
            let rank = net.rank(across).unwrap();
            let other: Rank = session.eval_as(&format!("rank(net, {p})")).unwrap();
            assert_eq!((&rank.value, rank.proved), (&other.value, other.proved), "{p}");
        }
    }
}

#[test]
fn states_are_those_of_the_language() {
    let mut session = Session::default();
    let mut compared = 0;
    for (seed, (net, _)) in (0u64..).zip(pairs()) {
        let model = net.init(seed).unwrap();
        session.set("net", &net).unwrap();
        session.set("seed", seed).unwrap();
        session.eval("let m = init(net, seed = seed)").unwrap();
        assert_eq!(session.eval_as::<Model>("m").unwrap(), model);
        for (across, p) in partitions(&net) {
            if net.min_cut(across.clone()).unwrap().bits() > SMALL {
                continue;
            }
            compared += 1;
            let spectrum = model.schmidt(across.clone()).unwrap();
            let values: Vec<f64> = session.eval_as(&format!("schmidt(m, {p}).values")).unwrap();
            assert_eq!(spectrum.values(), values, "{p}");
            let entropy: f64 = session.eval_as(&format!("entropy(m, {p})")).unwrap();
            assert_eq!(model.entropy(across.clone()).unwrap().to_bits(), entropy.to_bits(), "{p}");
            let renyi: f64 = session.eval_as(&format!("entropy(m, {p}, order = 2)")).unwrap();
            let own = model.entropy_with(across, 2.0, Output::Class(0)).unwrap();
            assert_eq!(own.to_bits(), renyi.to_bits(), "{p}");
        }
        let samples = model.sample(3, 5).unwrap();
        assert_eq!(session.eval_as::<Vec<Vec<u32>>>("sample(m, 3, seed = 5)").unwrap(), samples);
        for x in samples {
            session.set("x", x.clone()).unwrap();
            let amplitude: f64 = session.eval_as("amplitude(m, x)").unwrap();
            assert_eq!(model.amplitude(&x).unwrap().to_f64().to_bits(), amplitude.to_bits());
        }
        let norm: f64 = session.eval_as("norm(m)").unwrap();
        assert_eq!(model.norm().unwrap().to_f64().to_bits(), norm.to_bits());
    }
    assert!(compared > 20, "{compared} spectra");
}

#[test]
fn pictures_are_those_of_the_language() {
    let mut session = Session::default();
    let (net, _) = pairs().swap_remove(0);
    session.set("net", &net).unwrap();
    let picture: Picture = session.eval_as("draw(net)").unwrap();
    assert_eq!(net.draw().unwrap().svg().unwrap(), picture.svg().unwrap());
    let picture: Picture = session.eval_as("draw(min_cut(net, blocks(2)))").unwrap();
    assert_eq!(net.min_cut(Rule::Blocks(2)).unwrap().draw().unwrap(), picture);
    let error = net.bound(Rule::LeftRight).unwrap().draw().unwrap_err();
    assert_eq!(error.to_string(), "a bound has no picture (hint: ask for its text())");
}

#[test]
fn engine_values_go_in_and_out() {
    let mut session = Session::default();
    let (net, _) = pairs().swap_remove(0);
    let sides = net.partition([0, 2, 4]).unwrap();
    session.set("net", &net).unwrap();
    session.set("p", &sides).unwrap();
    assert_eq!(session.eval_as::<Bipartition>("p").unwrap(), sides);
    assert_eq!(
        session.eval_as::<Rule>("complement(blocks(2))").unwrap(),
        Rule::Blocks(2).complement()
    );
    let cut = net.min_cut(&sides).unwrap();
    session.set("cut", &cut).unwrap();
    assert_eq!(session.eval_as::<f64>("cut.bits").unwrap(), cut.bits());
    assert!(session.eval_as::<bool>("min_cut(net, p).value == cut.value").unwrap());
    assert!(session.eval_as::<Model>("net").is_err());
    assert!(session.eval_as::<Bipartition>("left_right").is_err());
}

#[test]
fn errors_are_told_with_their_place() {
    let mut session = Session::default();
    let error = session
        .eval("let net = network {\n  input(15, dim = 4)\n  conv(8), pool(2)\n}")
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("error[E05]: the pooling window does not tile the sites\n  ┌─ cac:3:12\n"),
        "{text}"
    );
    assert!(text.contains("^^^^^^^ a window of 2 leaves 1 site over\n"), "{text}");
    assert_eq!(format!("{error:?}"), format!("\n{text}"));
    assert!(error.code().is_some_and(|code| code.as_str() == "E05"));
    let text = session.eval_as::<u8>("let r = 300\nr").unwrap_err().to_string();
    assert_eq!(
        text,
        "error[E04]: the value does not fit: it must be from 0 to 255\n  ┌─ cac:2:1\n\
         2 │ r\n  │ ^ this is the value of the program\n  = the value is 300\n  \
         = hint: ask for another Rust type, or `Value` for any"
    );
    // What ran before an error is kept, what is no name is refused.
    assert_eq!(session.eval_as::<i64>("r").unwrap(), 300);
    for name in ["", "1", "let", "a b", "a = 1\nlet b", "f(x)", " a", "a#"] {
        assert!(session.set(name, 1).is_err(), "{name:?}");
    }
    assert!(session.eval("let only = 1").is_ok_and(|value| matches!(value, Value::None)));
}

#[test]
fn a_table_has_its_columns() {
    let rows = [(1u8, "a"), (2, "b")];
    assert_eq!(
        table(["n", "name"], rows).unwrap().to_string(),
        cac!("[{n: 1, name: \"a\"}, {n: 2, name: \"b\"}]").unwrap().to_string()
    );
    assert!(table(["n"], rows).is_err());
}
