//! What exported texts say; that other programs compute the same is tested with them.

use super::{ExportError, itensor, onnx, pytorch, quimb};
use crate::entangle::model::{Model, Weight};
use crate::network::{Geometry, Layer, Network, Pooling, Representation, Shape, Sharing};

fn network(kind: Pooling, geometry: Geometry, sharing: Sharing) -> Network {
    let grid = |n| Shape::Grid { rows: n, cols: n };
    Network::new(vec![
        Layer::Input { shape: grid(4), dim: 3, features: Representation::Given },
        Layer::Conv { channels: 5, sharing },
        Layer::Pool { window: grid(2), kind, geometry: geometry.clone() },
        Layer::Conv { channels: 2, sharing: Sharing::Layer },
        Layer::Pool { window: grid(2), kind, geometry },
        Layer::Output { classes: 7 },
    ])
    .unwrap()
}

#[test]
fn modules_use_what_pytorch_has() {
    let plain = pytorch(&network(Pooling::Max, Geometry::Contiguous, Sharing::Layer)).unwrap();
    for part in ["nn.Conv2d(3, 5, 1, bias=False)", "nn.MaxPool2d((2, 2))", "nn.Linear(2, 7"] {
        assert!(plain.contains(part), "{plain}");
    }
    assert!(!plain.contains("class Windows") && !plain.contains("class Places"));
    let other = pytorch(&network(Pooling::Product, Geometry::Mirror, Sharing::Window)).unwrap();
    assert!(other.contains("Windows(\"product\", [[0, 3, 12, 15], "), "{other}");
    assert!(other.contains("Places(4, 3, 5, ["), "{other}");
}

#[test]
fn scripts_are_for_convacs() {
    let convac = network(Pooling::Product, Geometry::Strided, Sharing::None);
    assert!(quimb(&convac).unwrap().contains("\"conv0.weight\": (16, 3, 5)").eq(&false));
    assert!(quimb(&convac).unwrap().contains("\"conv0.weight\": (16, 5, 3)"));
    assert!(itensor(&convac).unwrap().contains("(\"conv\", \"conv1\", [1, 1, 1, 1])"));
    let max = network(Pooling::Max, Geometry::Contiguous, Sharing::Layer);
    assert!(
        matches!(quimb(&max), Err(ExportError::NotConvac(obstacle)) if obstacle.name == "pool0")
    );
    assert!(matches!(itensor(&max), Err(ExportError::NotConvac(_))));
}

#[test]
fn weights_beyond_floats_are_refused() {
    let net = Network::new(vec![
        Layer::Input { shape: Shape::Chain(1), dim: 1, features: Representation::Given },
        Layer::Output { classes: 1 },
    ])
    .unwrap();
    let with = |value: f64| {
        let weight = Weight::new([1, 1, 1], vec![value]).unwrap();
        onnx(
            &Model::new(net.clone(), vec![], weight, crate::entangle::model::Origin::Given)
                .unwrap(),
        )
    };
    assert!(with(1.5).unwrap().windows(4).any(|bytes| bytes == 1.5f32.to_le_bytes()));
    let name = "output.weight".to_owned();
    assert_eq!(with(1e300).unwrap_err(), ExportError::OutOfRange { name });
}
