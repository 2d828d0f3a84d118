//! quimb and ITensor: the tensor network of a ConvAC as a script.
//!
//! Both scripts walk over the same list of layers: the matrix that acts at every position, the members
//! of every window. A window is a copy tensor: in quimb its legs share one hyperindex, in ITensor it is
//! a `delta`.

use super::steps::{ExportError, Step, check, steps};
use crate::network::Network;

/// Layers as rows of a list in a script's language.
fn layers(
    network: &Network,
    base: u64,
    row: impl Fn(&str, &str, &str) -> String,
) -> Result<String, ExportError> {
    if let Some(obstacle) = network.convac_obstacle() {
        return Err(ExportError::NotConvac(obstacle));
    }
    check(network.input_shape().sites())?;
    let numbers = |list: &[u64]| {
        let shifted: Vec<String> = list.iter().map(|number| (number + base).to_string()).collect();
        format!("[{}]", shifted.join(", "))
    };
    let mut rows = String::new();
    for step in steps(network)? {
        match step {
            Step::Conv { number, shape, places, .. } => {
                let places = places.unwrap_or_else(|| vec![0; shape.sites() as usize]);
                rows.push_str(&row("conv", &format!("conv{number}"), &numbers(&places)));
            }
            Step::Pool { number, window, members, .. } => {
                let size = usize::try_from(window.sites()).unwrap_or(1).max(1);
                let windows: Vec<String> = members.chunks(size).map(numbers).collect();
                let list = format!("[{}]", windows.join(", "));
                rows.push_str(&row("pool", &format!("pool{number}"), &list));
            }
            Step::Relu | Step::Output { .. } => {}
        }
    }
    Ok(rows)
}

/// Names and shapes of the weights as rows.
fn shapes(network: &Network, row: impl Fn(&str, [u64; 3]) -> String) -> String {
    let stages = network.stages().iter();
    let rows = stages.filter_map(|stage| Some(row(&stage.name, stage.weight_shape?)));
    rows.collect()
}

/// The tensor network of a ConvAC in quimb.
///
/// # Errors
/// [`ExportError::NotConvac`], or [`ExportError::TooLarge`] above 2^16 sites.
pub fn quimb(network: &Network) -> Result<String, ExportError> {
    let layers =
        layers(network, 0, |kind, name, list| format!("    (\"{kind}\", \"{name}\", {list}),\n"))?;
    let shapes = shapes(network, |name, [matrices, rows, cols]| {
        if name == "output" {
            format!("    \"{name}.weight\": ({rows}, {cols}),\n")
        } else {
            format!("    \"{name}.weight\": ({matrices}, {rows}, {cols}),\n")
        }
    });
    let (sites, dim) = (network.input_shape().sites(), network.dim());
    Ok(format!(
        r#"import sys

import numpy as np
import quimb.tensor as qtn

SITES, DIM = {sites}, {dim}
# For "conv" the matrix that acts at every position, for "pool" the members of every window.
LAYERS = [
{layers}]
SHAPES = {{
{shapes}}}


def weights(path=None, seed=0):
    """The weights of a .safetensors file that convac saved, or random ones."""
    if path is not None:
        from safetensors.numpy import load_file

        return load_file(path)
    random = np.random.default_rng(seed)
    return {{name: random.normal(size=shape) / shape[-1] ** 0.5 for name, shape in SHAPES.items()}}


def network(weights):
    """Open indices: k0, k1, ... of the sites (row by row) and y of the classes."""
    tensors, current, dim = [], [f"k{{p}}" for p in range(SITES)], DIM
    for kind, name, lists in LAYERS:
        if kind == "conv":
            above = [f"{{name}}_{{p}}" for p in range(len(current))]
            matrices = weights[f"{{name}}.weight"]
            for p, place in enumerate(lists):
                tensors.append(qtn.Tensor(matrices[place], (above[p], current[p]), tags=[name]))
            dim = matrices.shape[1]
        else:  # a copy tensor: its legs share one hyperindex
            above = [f"{{name}}_{{t}}" for t in range(len(lists))]
            for t, members in enumerate(lists):
                for p in members:
                    tensors.append(qtn.Tensor(np.eye(dim), (above[t], current[p]), tags=[name]))
        current = above
    tensors.append(qtn.Tensor(weights["output.weight"], ("y", current[0]), tags=["output"]))
    return qtn.TensorNetwork(tensors)


def amplitude(tn, states, y=0):
    """The entry of the tensor of a class for one local state at every site."""
    fixed = {{f"k{{p}}": state for p, state in enumerate(states)}}
    return tn.isel({{**fixed, "y": y}}).contract(output_inds=())


if __name__ == "__main__":
    tn = network(weights(*sys.argv[1:2]))
    print("amplitude of the state 0...0:", amplitude(tn, [0] * SITES))
    if DIM**SITES <= 2**16:
        psi = tn.isel({{"y": 0}}).contract(output_inds=[f"k{{p}}" for p in range(SITES)])
        half = psi.data.reshape(DIM ** (SITES // 2), -1)
        print("Schmidt values of the halves:", np.linalg.svd(half, compute_uv=False))
"#
    ))
}

/// The tensor network of a ConvAC in Julia with `ITensors.jl`.
///
/// # Errors
/// [`ExportError::NotConvac`], or [`ExportError::TooLarge`] above 2^16 sites.
pub fn itensor(network: &Network) -> Result<String, ExportError> {
    let layers =
        layers(network, 1, |kind, name, list| format!("    (\"{kind}\", \"{name}\", {list}),\n"))?;
    let shapes = shapes(network, |name, [matrices, rows, cols]| {
        if name == "output" {
            format!("    \"{name}.weight\" => ({rows}, {cols}),\n")
        } else {
            format!("    \"{name}.weight\" => ({matrices}, {rows}, {cols}),\n")
        }
    });
    let (sites, dim, classes) = (network.input_shape().sites(), network.dim(), network.classes());
    Ok(format!(
        r#"using ITensors
using Random

const SITES, DIM, CLASSES = {sites}, {dim}, {classes}
# For "conv" the matrix that acts at every position, for "pool" the members of every window.
const LAYERS = [
{layers}]
const SHAPES = Dict(
{shapes})

"Random weights; arrays of these shapes from elsewhere do as well."
function random_weights(seed = 0)
    random = MersenneTwister(seed)
    return Dict(name => randn(random, shape...) ./ sqrt(shape[end]) for (name, shape) in SHAPES)
end

"The tensors, the indices of the sites (row by row) and the index of the classes."
function network(weights)
    sites = [Index(DIM, "Site,k=$p") for p in 1:SITES]
    y = Index(CLASSES, "Class")
    tensors = ITensor[]
    current = copy(sites)
    for (kind, name, lists) in LAYERS
        if kind == "conv"
            matrices = weights["$name.weight"]
            above = [Index(size(matrices, 2), "$name,p=$p") for p in 1:length(current)]
            for p in eachindex(current)
                push!(tensors, ITensor(matrices[lists[p], :, :], above[p], current[p]))
            end
        else  # a copy tensor
            above = [Index(dim(current[members[1]]), "$name,t=$t") for (t, members) in enumerate(lists)]
            for (t, members) in enumerate(lists)
                push!(tensors, delta(above[t], (current[p] for p in members)...))
            end
        end
        current = above
    end
    push!(tensors, ITensor(weights["output.weight"], y, current[1]))
    return tensors, sites, y
end

"The entry of the tensor of a class for one local state (from 1) at every site."
function amplitude(tensors, sites, y, states, class = 1)
    fixed = [onehot(site => state) for (site, state) in zip(sites, states)]
    return scalar(contract([fixed; tensors; onehot(y => class)]))
end

tensors, sites, y = network(random_weights())
println("amplitude of the state 1...1: ", amplitude(tensors, sites, y, ones(Int, SITES)))
if big(DIM)^SITES <= 2^16
    psi = contract(tensors) * onehot(y => 1)
    _, S, _ = svd(psi, sites[1:(SITES ÷ 2)]...)
    println("Schmidt values of the halves: ", [S[i, i] for i in 1:dim(S, 1)])
end
"#
    ))
}
