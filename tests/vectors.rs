//! The test vectors, asked through the real program: min-cuts, bounds and ranks with and without
//! sharing, spectra of known states.

mod support;

use serde_json::Value;
use support::{code, convac_stdin, root, stderr, stdout};

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(root().join("tests/vectors/mincut.json")).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    vectors["cases"].as_array().unwrap().clone()
}

fn network(case: &Value, sharing: &str) -> String {
    let ints = |name: &str| -> Vec<u64> {
        case[name].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect()
    };
    let (pools, channels) = (ints("pools"), ints("r"));
    let sites: u64 = pools.iter().product();
    let layers: Vec<String> = pools
        .iter()
        .zip(channels)
        .map(|(b, r)| format!("conv({r}, sharing = \"{sharing}\"), pool({b})"))
        .collect();
    format!("network {{ input({sites}, dim = {}), {}, output(3) }}", case["M"], layers.join(", "))
}

fn ask(query: &str) -> Value {
    let output = convac_stdin(&["run", "--json", "-"], query.as_bytes());
    assert_eq!(code(&output), 0, "{query}: {}{}", stdout(&output), stderr(&output));
    let line: Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    line["value"].clone()
}

#[test]
fn min_cuts_are_exact_for_every_sharing() {
    for case in cases() {
        for sharing in ["none", "window", "layer"] {
            let net = network(&case, sharing);
            let cut = ask(&format!("min_cut({net}, sites({}))", case["A"]));
            assert_eq!(cut["value"], case["mincut"], "{} {sharing}", case["id"]);
            let other = ask(&format!("min_cut({net}, complement(sites({})))", case["A"]));
            assert_eq!(other["value"], case["mincut"], "{} complement", case["id"]);
            // The weight recomputed from the listed bonds.
            let product: u64 = cut["edges"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["dim"].as_u64().unwrap())
                .product();
            assert_eq!(cut["value"], product, "{} {sharing}", case["id"]);
        }
    }
}

#[test]
fn bounds_hold_the_known_ranks() {
    for case in cases() {
        let id = &case["id"];
        let rank = case["rank"].as_u64().unwrap();
        let unshared = ask(&format!("bound({}, sites({}))", network(&case, "none"), case["A"]));
        let (lower, upper) =
            (unshared["lower"].as_u64().unwrap(), unshared["upper"].as_u64().unwrap());
        assert!(lower <= rank && rank <= upper, "{id}: {unshared}");
        assert_eq!(upper, case["mincut"].as_u64().unwrap(), "{id}");
        if let Some(known) = case.get("lower") {
            assert_eq!(lower, known.as_u64().unwrap(), "{id}");
        }
        assert_eq!(unshared["tight"], lower == upper, "{id}");
        let shared = ask(&format!("bound({}, sites({}))", network(&case, "layer"), case["A"]));
        if let Some(rank) = case.get("rank_layer") {
            assert!(rank.as_u64().unwrap() <= shared["upper"].as_u64().unwrap(), "{id}: {shared}");
        }
        assert_eq!(shared["tightened"], shared["upper"].as_u64().unwrap() < upper, "{id}");
    }
}

#[test]
fn ranks_are_exact_with_and_without_sharing() {
    for case in cases() {
        for (sharing, field) in [("none", "rank"), ("layer", "rank_layer")] {
            let Some(known) = case.get(field) else { continue };
            let rank = ask(&format!("rank({}, sites({}))", network(&case, sharing), case["A"]));
            assert_eq!(&rank["value"], known, "{} {sharing}", case["id"]);
            let deficit = case["mincut"].as_u64().unwrap() - known.as_u64().unwrap();
            assert_eq!(rank["deficit"], deficit, "{} {sharing}", case["id"]);
            assert!(rank["error"].as_f64().unwrap() < 1e-20, "{} {sharing}", case["id"]);
            // No weights have more; of random ones some values may be below the tolerance.
            let model = format!("init({}, seed = 5)", network(&case, sharing));
            let numerical = ask(&format!("rank({model}, sites({}))", case["A"]));
            let (found, most) = (numerical["value"].as_u64().unwrap(), known.as_u64().unwrap());
            assert!(0 < found && found <= most, "{} {sharing}: {numerical}", case["id"]);
        }
    }
}

#[test]
fn known_states_have_their_entropies() {
    let text = std::fs::read_to_string(root().join("tests/vectors/mincut.json")).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let identity = "[[1, 0], [0, 1]]";
    let two = "input(2, dim = 2), conv(2), pool(2), output(1)";
    let four = "input(4, dim = 2), conv(2), pool(2), conv(1), pool(2), output(1)";
    let states = [
        ("H1", two, format!("{{conv0: {identity}, output: [[1, 1]]}}")),
        ("H2", two, format!("{{conv0: {identity}, output: [[3, 4]]}}")),
        ("H3", four, format!("{{conv0: {identity}, conv1: [[1, 1]], output: [[1]]}}")),
        ("H4", four, format!("{{conv0: {identity}, conv1: [[1, 1]], output: [[1]]}}")),
    ];
    for case in vectors["entropies"].as_array().unwrap() {
        let (_, net, weights) =
            states.iter().find(|(name, _, _)| case["id"] == *name).expect("a known state");
        let model = format!("model(network {{ {net} }}, {weights})");
        let across = format!("sites({})", case["cut"]);
        let spectrum = ask(&format!("schmidt({model}, {across})"));
        assert_eq!(spectrum["rank"], case["schmidt_number"], "{}", case["id"]);
        let near = |found: &Value, wanted: &Value| {
            (found.as_f64().unwrap() - wanted.as_f64().unwrap()).abs() < 1e-7
        };
        assert!(near(&spectrum["entropy"], &case["S_nats"]), "{}: {spectrum}", case["id"]);
        let geometric = ask(&format!("geometric({model}, {across})"));
        assert!(near(&geometric, &case["geometric"]), "{}: {geometric}", case["id"]);
        let entropy = ask(&format!("entropy({model}, {across})"));
        assert!(near(&entropy, &case["S_nats"]), "{}: {entropy}", case["id"]);
    }
}
