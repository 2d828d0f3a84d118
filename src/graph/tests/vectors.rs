//! Worked examples with known min-cuts and exact ranks.

use super::generate::{sites_of, tree_network};
use crate::graph::{OutputSide, bound, min_cut};
use crate::interrupt::Interrupt;
use crate::network::Sharing;
use dashu_int::UBig;

struct Case {
    name: &'static str,
    pools: &'static [u64],
    dim: u64,
    channels: &'static [u64],
    sites: &'static [u64],
    min_cut: u64,
    lower: Option<u64>,
    rank: u64,
    rank_shared: Option<u64>,
}

const fn case(
    name: &'static str,
    pools: &'static [u64],
    dim: u64,
    channels: &'static [u64],
    sites: &'static [u64],
    (min_cut, rank): (u64, u64),
    (lower, rank_shared): (Option<u64>, Option<u64>),
) -> Case {
    Case { name, pools, dim, channels, sites, min_cut, lower, rank, rank_shared }
}

const CASES: &[Case] = &[
    case("V1", &[2, 2], 4, &[4, 2], &[0, 1], (2, 2), (None, Some(2))),
    case("V2", &[2, 2], 4, &[4, 2], &[0, 2], (16, 16), (None, Some(16))),
    case("V3", &[2, 2], 4, &[4, 2], &[3], (4, 4), (None, Some(4))),
    case("V4", &[2, 2], 4, &[2, 8], &[0, 1], (2, 2), (None, Some(2))),
    case("V5", &[2, 2, 2], 2, &[16, 8, 32], &[0, 1, 2, 3], (8, 8), (None, Some(6))),
    case("V6", &[2, 2, 2], 2, &[2, 8, 8], &[0, 1, 2, 3], (4, 4), (None, Some(3))),
    case("V7", &[2, 2, 2], 2, &[4, 2, 64], &[0, 1, 4, 5], (4, 4), (None, Some(4))),
    case("V8", &[2, 2, 2], 4, &[2, 1, 1], &[0, 2, 4, 6], (16, 16), (None, Some(16))),
    case("V9", &[2, 2, 2], 4, &[4, 4, 2], &[0, 1, 2], (8, 8), (None, Some(8))),
    case("V10", &[6], 3, &[5], &[0, 1, 2], (5, 5), (Some(4), Some(5))),
    case("V11", &[4, 4], 2, &[4, 8], &[0, 1, 2, 3, 8, 9, 10, 11], (8, 8), (None, Some(8))),
    case("V12", &[4, 4], 2, &[2, 8], &[0, 3, 4, 7, 8, 11, 12, 15], (16, 16), (None, Some(16))),
    case("V13", &[4, 4], 2, &[4, 4], &[0, 1, 2, 3, 8, 9, 10, 11], (4, 4), (None, Some(4))),
    case("V15", &[2, 2], 3, &[2, 3], &[0, 1], (2, 2), (None, Some(2))),
    case("V16", &[2, 2], 6, &[5, 3], &[0, 2], (25, 25), (Some(25), Some(25))),
    case("V17", &[2, 2], 3, &[9, 6], &[0, 1], (6, 6), (Some(4), Some(6))),
    case("C1", &[3, 3], 2, &[3, 2], &[0, 1, 3, 4], (8, 7), (Some(4), None)),
    case("C2", &[4, 4], 2, &[3, 2], &[0, 1, 2, 4, 5, 6], (8, 7), (Some(4), None)),
];

#[test]
fn known_cuts_and_bounds() {
    let interrupt = Interrupt::new();
    for case in CASES {
        let unshared = tree_network(case.pools, case.dim, case.channels, Sharing::None);
        let partition = sites_of(&unshared, case.sites);
        let cut = min_cut(&unshared, &partition, OutputSide::Fixed, &interrupt).unwrap();
        assert_eq!(cut.value(64).unwrap(), UBig::from(case.min_cut), "{}", case.name);
        let bounds = bound(&unshared, &partition, OutputSide::Fixed, &interrupt).unwrap();
        assert!(UBig::from(case.rank) <= bounds.upper.value(64).unwrap(), "{}", case.name);
        assert!(!bounds.tightened, "{}", case.name);
        let lower = bounds.lower.unwrap().value(64).unwrap();
        assert!(lower <= UBig::from(case.rank), "{}", case.name);
        if let Some(expected) = case.lower {
            assert_eq!(lower, UBig::from(expected), "{}: {}", case.name, bounds.reason);
        }
        if let Some(rank) = case.rank_shared {
            let shared = tree_network(case.pools, case.dim, case.channels, Sharing::Layer);
            let bounds = bound(&shared, &partition, OutputSide::Fixed, &interrupt).unwrap();
            let upper = bounds.upper.value(64).unwrap();
            assert!(upper >= UBig::from(rank), "{}", case.name);
            // In these cases the symmetric powers explain every deficit.
            assert_eq!(upper, UBig::from(rank), "{}: {}", case.name, bounds.reason);
        }
    }
}

#[test]
fn reasons_are_sentences() {
    let interrupt = Interrupt::new();
    let reason = |pools: &[u64], dim, channels: &[u64], sites: &[u64], sharing| {
        let network = tree_network(pools, dim, channels, sharing);
        bound(&network, &sites_of(&network, sites), OutputSide::Fixed, &interrupt).unwrap().reason
    };
    assert_eq!(
        reason(&[2, 2], 4, &[4, 2], &[0, 2], Sharing::None),
        "every bond is a power of 2, so the rank equals the min-cut for almost all weights"
    );
    assert_eq!(
        reason(&[3, 3], 2, &[3, 2], &[0, 1, 3, 4], Sharing::None),
        "bonds 3 and 2 are not powers of one integer: the best base 2 gives 4, the min-cut 8"
    );
    assert_eq!(
        reason(&[2, 2, 2], 2, &[16, 8, 32], &[0, 1, 2, 3], Sharing::Layer),
        "weights are shared, so the lower bound of the theorem does not apply; symmetric powers tighten 8 to 6"
    );
}
