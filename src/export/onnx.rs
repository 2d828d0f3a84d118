//! ONNX: operator set 17, 32-bit floats, any batch.
//!
//! Field numbers are those of `onnx.proto3`. Shared convolutions are `Conv`, neighbouring windows of
//! max and mean `MaxPool` and `AveragePool`; everything else is gathered on flat positions:
//! products are `ReduceProd`, matrices of single positions a batch of `MatMul`.

use super::protobuf::Message;
use super::steps::{ExportError, Step, sizes, steps};
use crate::entangle::model::{Model, Weight};
use crate::network::{Pooling, Shape};

const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// A model as an ONNX file.
///
/// # Errors
/// [`ExportError::TooLarge`] when places would have to be listed for too many positions,
/// [`ExportError::OutOfRange`] for weights beyond 32-bit floats.
pub fn onnx(model: &Model) -> Result<Vec<u8>, ExportError> {
    let network = model.network();
    let mut graph = Graph { current: "input".to_owned(), ..Graph::default() };
    for step in steps(network)? {
        graph.add(model, &step)?;
    }
    let mut dims = vec![None, Some(network.dim())];
    dims.extend(sizes(network.input_shape()).into_iter().map(Some));
    let input = value_info("input", &dims);
    let output = value_info(&graph.current, &[None, Some(network.classes())]);
    let mut message = Message::default();
    for node in &graph.nodes {
        message = message.message(1, node);
    }
    message = message.text(2, "convac");
    for tensor in &graph.tensors {
        message = message.message(5, tensor);
    }
    let message = message.message(11, &input).message(12, &output);
    let operators = Message::default().text(1, "").int(2, 17);
    let file = Message::default()
        .int(1, 8)
        .text(2, "convac")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, &message)
        .message(8, &operators);
    Ok(file.into_bytes())
}

/// Name, type and shape of an input or output; `None` is the batch.
fn value_info(name: &str, dims: &[Option<u64>]) -> Message {
    let shape = dims.iter().fold(Message::default(), |shape, dim| {
        let dim = match dim {
            Some(size) => Message::default().int(1, *size as i64),
            None => Message::default().text(2, "batch"),
        };
        shape.message(1, &dim)
    });
    let tensor = Message::default().int(1, FLOAT).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}

/// The nodes and constants so far.
#[derive(Default)]
struct Graph {
    nodes: Vec<Message>,
    tensors: Vec<Message>,
    /// The name of what the next step takes.
    current: String,
    count: usize,
}

enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
}

impl Graph {
    /// Applies an operator to the current tensor and constants; its result is the current one.
    fn apply(&mut self, operator: &str, constants: &[&str], attributes: &[Attribute<'_>]) {
        let name = format!("{}{}", operator.to_lowercase(), self.count);
        self.count += 1;
        let node = Message::default()
            .text(1, &self.current)
            .texts(1, constants)
            .text(2, &name)
            .text(3, &name)
            .text(4, operator);
        let node = attributes.iter().fold(node, |node, attribute| {
            node.message(
                5,
                &match attribute {
                    Attribute::Int(name, value) => {
                        Message::default().text(1, name).int(3, *value).int(20, 2)
                    }
                    Attribute::Ints(name, values) => {
                        Message::default().text(1, name).ints(8, values).int(20, 7)
                    }
                },
            )
        });
        self.nodes.push(node);
        self.current = name;
    }

    fn floats(&mut self, name: &str, dims: &[u64], values: &[f32]) {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, dims, FLOAT, &raw);
    }

    fn numbers(&mut self, name: &str, values: &[i64]) {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, &[values.len() as u64], INT64, &raw);
    }

    fn tensor(&mut self, name: &str, dims: &[u64], kind: i64, raw: &[u8]) {
        let dims: Vec<i64> = dims.iter().map(|dim| *dim as i64).collect();
        let tensor = Message::default().ints(1, &dims).int(2, kind).text(8, name).bytes(9, raw);
        self.tensors.push(tensor);
    }

    /// Gives the current tensor another shape; 0 keeps a size (the batch).
    fn reshape(&mut self, dims: &[u64]) {
        let name = format!("shape{}", self.count);
        let dims: Vec<i64> = dims.iter().map(|dim| *dim as i64).collect();
        self.numbers(&name, &dims);
        self.apply("Reshape", &[&name], &[]);
    }

    fn shaped(channels: u64, shape: Shape) -> Vec<u64> {
        [0, channels].into_iter().chain(sizes(shape)).collect()
    }

    fn add(&mut self, model: &Model, step: &Step) -> Result<(), ExportError> {
        match step {
            Step::Relu => self.apply("Relu", &[], &[]),
            Step::Output { channels, classes } => {
                let values = floats(model.output(), "output.weight")?;
                self.floats("output.weight", &[*classes, *channels], &values);
                self.reshape(&[0, *channels]);
                self.apply("Gemm", &["output.weight"], &[Attribute::Int("transB", 1)]);
            }
            Step::Conv { number, shape, channels: (below, above), places, .. } => {
                let name = format!("conv{number}.weight");
                let Some(weight) = model.conv(*number) else { return Ok(()) };
                let values = floats(weight, &name)?;
                let Some(places) = places else {
                    let ones = vec![1; sizes(*shape).len()];
                    let dims: Vec<u64> = [*above, *below].into_iter().chain(ones).collect();
                    self.floats(&name, &dims, &values);
                    self.apply("Conv", &[&name], &[]);
                    return Ok(());
                };
                // [positions, below, above]: a matrix for every position, to be multiplied from
                // the right.
                let (rows, cols) = (*above as usize, *below as usize);
                let mut spread = Vec::with_capacity(places.len() * rows * cols);
                for place in places {
                    let matrix = values.get(*place as usize * rows * cols..).unwrap_or(&[]);
                    for col in 0..cols {
                        spread.extend((0..rows).filter_map(|row| matrix.get(row * cols + col)));
                    }
                }
                self.floats(&name, &[shape.sites(), *below, *above], &spread);
                self.reshape(&[0, *below, shape.sites()]);
                self.apply("Transpose", &[], &[Attribute::Ints("perm", &[2, 0, 1])]);
                self.apply("MatMul", &[&name], &[]);
                self.apply("Transpose", &[], &[Attribute::Ints("perm", &[1, 2, 0])]);
                self.reshape(&Self::shaped(*above, *shape));
            }
            Step::Pool { number, kind, window, below, above, channels, contiguous, members } => {
                let operator = match kind {
                    Pooling::Max => "MaxPool",
                    Pooling::Mean => "AveragePool",
                    Pooling::Product => "",
                };
                if *contiguous && !operator.is_empty() {
                    let window: Vec<i64> = sizes(*window).iter().map(|size| *size as i64).collect();
                    let attributes = [
                        Attribute::Ints("kernel_shape", &window),
                        Attribute::Ints("strides", &window),
                    ];
                    self.apply(operator, &[], &attributes);
                    return Ok(());
                }
                let name = format!("pool{number}.members");
                let members: Vec<i64> = members.iter().map(|member| *member as i64).collect();
                self.numbers(&name, &members);
                self.reshape(&[0, *channels, below.sites()]);
                self.apply("Gather", &[&name], &[Attribute::Int("axis", 2)]);
                self.reshape(&[0, *channels, above.sites(), window.sites()]);
                let operator = match kind {
                    Pooling::Max => "ReduceMax",
                    Pooling::Mean => "ReduceMean",
                    Pooling::Product => "ReduceProd",
                };
                let attributes = [Attribute::Ints("axes", &[3]), Attribute::Int("keepdims", 0)];
                self.apply(operator, &[], &attributes);
                self.reshape(&Self::shaped(*channels, *above));
            }
        }
        Ok(())
    }
}

/// The numbers of a weight as 32-bit floats.
fn floats(weight: &Weight, name: &str) -> Result<Vec<f32>, ExportError> {
    let values = weight.data().iter().map(|value| {
        #[allow(clippy::cast_possible_truncation)]
        let small = *value as f32;
        small.is_finite().then_some(small)
    });
    values
        .collect::<Option<Vec<f32>>>()
        .ok_or_else(|| ExportError::OutOfRange { name: name.to_owned() })
}
