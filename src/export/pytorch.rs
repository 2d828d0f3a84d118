//! PyTorch: a module that a reader can change.

use super::steps::{ExportError, Step, sizes, steps};
use crate::network::{Network, Pooling, Shape};

/// Windows of any geometry, and products.
const WINDOWS: &str = r#"

class Windows(nn.Module):
    """Pools windows whose members are listed: all products, and windows that are no neighbours."""

    def __init__(self, kind, members, shape):
        super().__init__()
        self.kind, self.shape = kind, shape
        self.register_buffer("members", torch.tensor(members), persistent=False)

    def forward(self, x):
        x = x.flatten(2)[:, :, self.members]  # [batch, channels, windows, members]
        x = x.prod(-1) if self.kind == "product" else x.amax(-1) if self.kind == "max" else x.mean(-1)
        return x.unflatten(2, self.shape)
"#;

/// A matrix for every place.
const PLACES: &str = r#"

class Places(nn.Module):
    """A 1x1 convolution with several matrices: `places` says which one acts at every position."""

    def __init__(self, matrices, below, above, places):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(matrices, above, below) / below**0.5)
        self.register_buffer("places", torch.tensor(places), persistent=False)

    def forward(self, x):
        y = torch.einsum("poi,bip->bop", self.weight[self.places], x.flatten(2))
        return y.unflatten(2, x.shape[2:])
"#;

const LOAD: &str = r#"

def load(path):
    """A network with the weights of a .safetensors file that convac saved."""
    from safetensors.torch import load_file

    net = Net()
    weights = load_file(path)
    state = {}
    for name, own in net.state_dict().items():
        state[name] = weights[name].to(own.dtype).reshape(own.shape)
    net.load_state_dict(state)
    return net
"#;

/// A network as a PyTorch module; weights of a model come from a file that it saved.
///
/// # Errors
/// [`ExportError::TooLarge`] when places would have to be listed for too many positions.
pub fn pytorch(network: &Network) -> Result<String, ExportError> {
    let steps = steps(network)?;
    let (mut init, mut forward) = (String::new(), String::new());
    let (mut windows, mut places) = (false, false);
    let axes = sizes(network.input_shape()).len();
    let mut relu = false;
    for step in &steps {
        match step {
            Step::Relu => {
                relu = true;
                forward.push_str("        x = F.relu(x)\n");
            }
            Step::Conv { number, channels: (below, above), matrices, places: listed, .. } => {
                match listed {
                    None => init.push_str(&format!(
                        "        self.conv{number} = nn.Conv{axes}d({below}, {above}, 1, bias=False)\n"
                    )),
                    Some(listed) => {
                        places = true;
                        init.push_str(&format!(
                            "        self.conv{number} = Places({matrices}, {below}, {above}, {listed:?})\n"
                        ));
                    }
                }
                forward.push_str(&format!("        x = self.conv{number}(x)\n"));
            }
            Step::Pool { number, kind, window, above, contiguous, members, .. } => {
                let kind_name = kind.as_str();
                let plain = match kind {
                    Pooling::Max => Some("Max"),
                    Pooling::Mean => Some("Avg"),
                    Pooling::Product => None,
                };
                let line = match plain.filter(|_| *contiguous) {
                    Some(plain) => format!("nn.{plain}Pool{axes}d({})", tuple(*window)),
                    None => {
                        windows = true;
                        let size = usize::try_from(window.sites()).unwrap_or(1).max(1);
                        let rows: Vec<String> =
                            members.chunks(size).map(|row| format!("{row:?}")).collect();
                        let shape = tuple(*above);
                        format!("Windows({kind_name:?}, [{}], {shape})", rows.join(", "))
                    }
                };
                init.push_str(&format!("        self.pool{number} = {line}\n"));
                forward.push_str(&format!("        x = self.pool{number}(x)\n"));
            }
            Step::Output { channels, classes } => {
                init.push_str(&format!(
                    "        self.output = nn.Linear({channels}, {classes}, bias=False)\n"
                ));
                forward.push_str("        return self.output(x.flatten(1))\n");
            }
        }
    }
    let shape: Vec<String> = sizes(network.input_shape()).iter().map(u64::to_string).collect();
    let (dim, shape) = (network.dim(), shape.join(", "));
    let mut text = String::from("import torch\nfrom torch import nn\n");
    if relu {
        text.push_str("from torch.nn import functional as F\n");
    }
    text.push_str(if windows { WINDOWS } else { "" });
    text.push_str(if places { PLACES } else { "" });
    text.push_str(&format!(
        "\n\nclass Net(nn.Module):\n    \"\"\"Scores [batch, {}] of representation values [batch, {dim}, {shape}].\"\"\"\n\n    \
         def __init__(self):\n        super().__init__()\n{init}\n    def forward(self, x):\n{forward}",
        network.classes()
    ));
    text.push_str(LOAD);
    text.push_str(&format!(
        "\n\nif __name__ == \"__main__\":\n    net = Net()\n    x = torch.randn(2, {dim}, {shape})\n    print(net, net(x), sep=\"\\n\")\n"
    ));
    Ok(text)
}

/// `(2, 2)` or `(4,)`.
fn tuple(shape: Shape) -> String {
    match shape {
        Shape::Chain(length) => format!("({length},)"),
        Shape::Grid { rows, cols } => format!("({rows}, {cols})"),
    }
}
