//! Shapes, layers, sharing, partitions and their errors.

use super::*;
use dashu_int::UBig;
use std::sync::Arc;

fn input(length: u64) -> Layer {
    Layer::Input { shape: Shape::Chain(length), dim: 2, features: Representation::Given }
}

fn grid(rows: u64, cols: u64) -> Shape {
    Shape::Grid { rows, cols }
}

fn conv(channels: u64) -> Layer {
    Layer::Conv { channels, sharing: Sharing::Layer }
}

fn pool(window: Shape) -> Layer {
    Layer::Pool { window, kind: Pooling::Product, geometry: Geometry::Contiguous }
}

fn chain_pool(window: u64) -> Layer {
    pool(Shape::Chain(window))
}

fn output() -> Layer {
    Layer::Output { classes: 10 }
}

fn fault(layers: Vec<Layer>) -> NetworkError {
    Network::new(layers).unwrap_err()
}

#[test]
fn the_window_that_leaves_a_site_over() {
    let error = fault(vec![input(15), conv(8), chain_pool(2)]);
    let expected = NetworkError {
        kind: NetworkErrorKind::Shape,
        layer: 2,
        argument: None,
        message: "the pooling window does not tile the sites".into(),
        label: "a window of 2 leaves 1 site over".into(),
        cause: Some(Box::new(Cause {
            layer: 0,
            argument: Some("shape"),
            label: "15 sites come from here".into(),
        })),
        hint: "use 16 sites, or pool(3), pool(5) or pool(15)".into(),
    };
    assert_eq!(error, expected);
}

#[test]
fn every_fault_has_its_layer_and_hint() {
    let wide = Layer::Input { shape: grid(8, 8), dim: 4, features: Representation::Given };
    let one_class = Layer::Output { classes: 0 };
    type Case = (Vec<Layer>, usize, Option<&'static str>, &'static str, &'static str);
    let cases: Vec<Case> = vec![
        (vec![], 0, None, "the network has no input", "start with input(16, dim = 4)"),
        (
            vec![conv(4)],
            0,
            None,
            "the first layer must be an input",
            "start with input(16, dim = 4)",
        ),
        (vec![input(4), input(4)], 1, None, "a network has one input", "remove input(4, dim = 2)"),
        (vec![input(0)], 0, Some("shape"), "the input has no sites", "input(16, dim = 4)"),
        (
            vec![Layer::Input {
                shape: grid(1 << 21, 1 << 20),
                dim: 2,
                features: Representation::Given,
            }],
            0,
            Some("shape"),
            "a network has at most 2^40 sites",
            "input(1048576x1048576) or fewer sites",
        ),
        (
            vec![input(4), conv(0)],
            1,
            Some("channels"),
            "the number of channels must be at least 1",
            "conv(8)",
        ),
        (
            vec![input(4), conv(u64::MAX)],
            1,
            Some("channels"),
            "the number of channels can be at most 2^53",
            "conv(8)",
        ),
        (
            vec![input(4), one_class],
            1,
            Some("classes"),
            "the number of classes must be at least 1",
            "output(10)",
        ),
        (
            vec![input(4), conv(4)],
            1,
            None,
            "the network has no output",
            "add pool(4) and output(10)",
        ),
        (vec![input(1)], 0, None, "the network has no output", "add output(10)"),
        (
            vec![input(8), output()],
            1,
            None,
            "the output needs one position",
            "add pool(8) before output",
        ),
        (
            vec![wide.clone(), output()],
            1,
            None,
            "the output needs one position",
            "add pool(8x8) before output",
        ),
        (
            vec![wide.clone(), chain_pool(2)],
            1,
            Some("window"),
            "the pooling window has one axis, the sites have two",
            "pool(2x2)",
        ),
        (
            vec![input(16), pool(grid(2, 2))],
            1,
            Some("window"),
            "the pooling window has two axes, the sites have one",
            "pool(4)",
        ),
        (
            vec![input(16), chain_pool(0)],
            1,
            Some("window"),
            "the pooling window must be at least 1 along each axis",
            "pool(2)",
        ),
        (
            vec![input(2), chain_pool(4)],
            1,
            Some("window"),
            "the pooling window is bigger than the sites",
            "pool(2)",
        ),
        (
            vec![input(20), chain_pool(4), chain_pool(2)],
            2,
            None,
            "the pooling window does not tile the positions",
            "use 24 sites, or pool(5)",
        ),
        (
            vec![
                Layer::Input { shape: grid(15, 15), dim: 2, features: Representation::Given },
                pool(grid(2, 2)),
            ],
            1,
            None,
            "the pooling window does not tile the sites",
            "use 16x16 sites, or pool(3x3), pool(5x5) or pool(15x15)",
        ),
        (
            vec![input(1), output(), Layer::Relu],
            2,
            None,
            "no layer may follow the output",
            "move relu() before the output, or remove it",
        ),
    ];
    for (layers, layer, argument, message, hint) in cases {
        let error = fault(layers);
        assert_eq!(
            (error.layer, error.argument, &*error.message, &*error.hint),
            (layer, argument, message, hint)
        );
        assert!(!error.label.is_empty());
    }
    let grouped = Geometry::Grouped(Arc::new(Grouping::new(vec![0, 0, 0, 0, 1, 1, 1, 1]).unwrap()));
    let layer = Layer::Pool { window: Shape::Chain(2), kind: Pooling::Product, geometry: grouped };
    assert_eq!(fault(vec![input(8), layer.clone()]).argument, Some("geometry"));
    assert_eq!(fault(vec![input(4), layer]).argument, Some("geometry"));
    let mirror =
        Layer::Pool { window: Shape::Chain(2), kind: Pooling::Product, geometry: Geometry::Mirror };
    assert_eq!(fault(vec![input(1 << 27), mirror]).kind, NetworkErrorKind::Resource);
}

#[test]
fn a_builder_survives_a_fault() {
    let mut builder = NetworkBuilder::new();
    assert_eq!(builder.shape(), None);
    builder.push(input(6)).unwrap();
    assert!(builder.push(chain_pool(4)).is_err());
    builder.push(chain_pool(3)).unwrap();
    assert_eq!(builder.shape(), Some(Shape::Chain(2)));
    builder.push(chain_pool(2)).unwrap();
    builder.push(output()).unwrap();
    assert_eq!(builder.finish().unwrap().layers().len(), 4);
}

#[test]
fn groupings() {
    assert_eq!(Grouping::new(vec![]), Err(GroupingError::Empty));
    assert!(matches!(
        Grouping::new(vec![0, 2, 2, 0]),
        Err(GroupingError::Uneven { group: 1, size: 0, .. })
    ));
    assert!(matches!(
        Grouping::new(vec![0, 9]),
        Err(GroupingError::Uneven { group: 1, size: 0, .. })
    ));
    assert!(matches!(
        Grouping::new(vec![0, 1, 1]),
        Err(GroupingError::Uneven { group: 1, size: 2, expected: 1 })
    ));
    assert_eq!(Grouping::from_keys(["b", "a", "b", "a"]).unwrap().targets(), [0, 1, 0, 1]);
}

#[test]
fn geometries_place_every_site_once() {
    let keys: Vec<u64> = (0..24).map(|p| (p % 6) / 3 + 2 * (p / 12)).collect();
    let grouped = Geometry::Grouped(Arc::new(Grouping::from_keys(keys).unwrap()));
    for geometry in [Geometry::Contiguous, Geometry::Mirror, Geometry::Strided, grouped] {
        let window = Window::new(grid(4, 6), grid(2, 3), &geometry).unwrap();
        let mut seen = [false; 24];
        for target in 0..4 {
            for place in 0..6 {
                let source = window.source(target, place);
                assert_eq!(window.locate(source), (target, place), "{geometry}");
                assert!(!std::mem::replace(&mut seen[source as usize], true), "{geometry}");
            }
        }
    }
    // Along one axis of 5: targets take sources 0, 4, 1, 3, 2.
    let mirror = Window::new(Shape::Chain(5), Shape::Chain(5), &Geometry::Mirror).unwrap();
    assert_eq!((0..5).map(|place| mirror.source(0, place)).collect::<Vec<u64>>(), [0, 4, 1, 3, 2]);
    let strided = Window::new(Shape::Chain(6), Shape::Chain(2), &Geometry::Strided).unwrap();
    assert_eq!((0..6).map(|site| strided.locate(site).0).collect::<Vec<u64>>(), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn counts_of_weights_and_work() {
    let shared = |sharing| Layer::Conv { channels: 5, sharing };
    let network = |sharing| {
        Network::new(vec![
            input(8),
            shared(sharing),
            Layer::Relu,
            chain_pool(4),
            conv(3),
            chain_pool(2),
            output(),
        ])
        .unwrap()
    };
    for (sharing, weights) in [(Sharing::Layer, 10u64), (Sharing::Window, 40), (Sharing::None, 80)]
    {
        let network = network(sharing);
        assert_eq!(network.params(), UBig::from(weights + 15 + 30));
        // conv0 2*5*2*8, relu 40, pool0 3*5*2, conv1 2*3*5*2, pool1 3, output 2*10*3.
        assert_eq!(network.flops(), UBig::from(160u64 + 40 + 30 + 60 + 3 + 60));
        let names: Vec<&str> = network.stages().iter().map(|stage| &*stage.name).collect();
        assert_eq!(names, ["input", "conv0", "relu0", "pool0", "conv1", "pool1", "output"]);
        assert_eq!(network.effective_sharing(0), Some(sharing));
        assert_eq!(network.convac_obstacle().map(|obstacle| obstacle.name), Some("relu0".into()));
    }
    assert_eq!(network(Sharing::Layer).stages()[6].weight_shape, Some([1, 10, 3]));
}

#[test]
fn sharing_that_shares_nothing() {
    let with = |channels, sharing| Layer::Conv { channels, sharing };
    let layers = vec![
        input(4),
        with(2, Sharing::Window),
        chain_pool(1),
        with(3, Sharing::Window),
        chain_pool(4),
        with(2, Sharing::Layer),
        with(2, Sharing::Window),
        output(),
    ];
    let network = Network::new(layers).unwrap();
    let expected = [Sharing::Layer, Sharing::None, Sharing::None, Sharing::None].map(Some);
    assert_eq!([0, 1, 2, 3].map(|conv| network.effective_sharing(conv)), expected);
    assert_eq!(network.effective_sharing(4), None);
    let place = network.weight_of_position(1).unwrap();
    assert_eq!((0..4).map(place).collect::<Vec<u64>>(), [0, 1, 2, 3]);
}

#[test]
fn spellings_round_trip() {
    for sharing in [Sharing::Layer, Sharing::Window, Sharing::None] {
        assert_eq!(Sharing::parse(sharing.as_str()), Some(sharing));
    }
    for kind in [Pooling::Product, Pooling::Max, Pooling::Mean] {
        assert_eq!(Pooling::parse(kind.as_str()), Some(kind));
    }
    for geometry in [Geometry::Contiguous, Geometry::Mirror, Geometry::Strided] {
        assert_eq!(geometry.as_str().and_then(Geometry::parse), Some(geometry));
    }
    let layer = Layer::Pool { window: grid(2, 2), kind: Pooling::Max, geometry: Geometry::Mirror };
    assert_eq!(layer.to_string(), "pool(2x2, kind = \"max\", geometry = \"mirror\")");
}

#[test]
fn partitions_by_rule() {
    let text = |rule: Rule, shape: Shape| {
        rule.resolve(&shape).map(|partition| partition.text(100)).map_err(|error| error.hint)
    };
    let chain = Shape::Chain(7);
    assert_eq!(text(Rule::LeftRight, chain).unwrap(), "AAABBBB");
    assert_eq!(text(Rule::Interleaved, chain).unwrap(), "ABABABA");
    assert_eq!(text(Rule::Blocks(2), chain).unwrap(), "AABBAAB");
    assert_eq!(text(Rule::Complement(Box::new(Rule::Blocks(2))), chain).unwrap(), "BBAABBA");
    assert_eq!(text(Rule::Sites(vec![0, 6]), chain).unwrap(), "ABBBBBA");
    assert_eq!(text(Rule::LeftRight, grid(2, 5)).unwrap(), "AABBB\nAABBB");
    assert_eq!(text(Rule::TopBottom, grid(3, 2)).unwrap(), "AA\nBB\nBB");
    assert_eq!(text(Rule::Checkerboard, grid(2, 3)).unwrap(), "ABA\nBAB");
    assert_eq!(text(Rule::Blocks(2), grid(3, 4)).unwrap(), "AABB\nAABB\nBBAA");
    assert_eq!(text(Rule::Checkerboard, chain).unwrap_err(), "interleaved");
    assert_eq!(text(Rule::TopBottom, chain).unwrap_err(), "left_right");
    assert_eq!(text(Rule::Interleaved, grid(2, 2)).unwrap_err(), "checkerboard");
    assert_eq!(text(Rule::Blocks(0), chain).unwrap_err(), "blocks(1)");
    assert_eq!(text(Rule::Blocks(7), chain).unwrap_err(), "left_right");
    assert_eq!(text(Rule::LeftRight, grid(2, 1)).unwrap_err(), "top_bottom");
    for sites in [vec![], vec![7], vec![1, 1], (0..7).collect()] {
        assert!(Rule::Sites(sites).resolve(&chain).is_err());
    }
    let huge = Rule::Interleaved.resolve(&Shape::Chain(1 << 20)).unwrap();
    assert!(huge.text(1000).ends_with("… (1048576 sites, 524288 in A)"));
    assert_eq!(Rule::Random { seed: 3 }.resolve(&Shape::Chain(101)).unwrap().count_a(), 50);
    assert!(Rule::Random { seed: 3 }.resolve(&Shape::Chain(1 << 40)).is_err());
    for shape in [grid(u64::MAX, u64::MAX), grid(1 << 40, 1 << 40), grid(0, 5), Shape::Chain(0)] {
        assert!(
            Rule::LeftRight.resolve(&shape).is_err()
                && Rule::Sites(vec![0]).resolve(&shape).is_err()
        );
    }
}

#[test]
fn counts_and_lists_agree_with_sides() {
    let mut random = SplitMix64::new(9);
    for _ in 0..500 {
        let (rows, cols) = (random.below(9) + 1, random.below(9) + 1);
        let shape = if random.below(2) == 0 { Shape::Chain(rows * cols) } else { grid(rows, cols) };
        let rule = match random.below(5) {
            0 => Rule::LeftRight,
            1 => Rule::TopBottom,
            2 => Rule::Checkerboard,
            3 => Rule::Interleaved,
            _ => Rule::Blocks(random.below(6) + 1),
        };
        let rule = if random.below(2) == 0 { Rule::Complement(Box::new(rule)) } else { rule };
        let Ok(partition) = rule.resolve(&shape) else { continue };
        let sides = partition.sides().unwrap();
        assert_eq!(
            sides.iter().filter(|side| **side).count() as u64,
            partition.count_a(),
            "{rule} {shape}"
        );
        for (site, in_a) in (0..).zip(sides.iter()) {
            assert_eq!(*in_a, partition.side(site) == Side::A, "{rule} {shape}");
            assert_ne!(partition.side(site), partition.complement().side(site));
        }
    }
}
