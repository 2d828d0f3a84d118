//! Entanglement beyond one partition: profiles, mutual information, the nearest product state.

use std::sync::Arc;

use rayon::prelude::*;

use super::arguments::Answer;
use super::layers::word;
use super::models::{ModelValue, Subject, explain};
use super::partitions::PartitionValue;
use super::queries::{failure_of, resolved};
use super::spectra::{check_class, check_order, ln_base};
use super::table_macro::builtins;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::entangle::model::Model;
use crate::entangle::{self, EntangleError, Output, Reducer, bond_entropies};
use crate::evaluate::{Args, Eval, Scope, Stop};
use crate::graph::{GraphError, Hierarchy, OutputSide, min_cut_on};
use crate::interrupt::Interrupt;
use crate::network::{Bipartition, Network, Rule, Shape};
use crate::symbol::Symbol;
use crate::value::{Failure, List, Type, Value};

/// The most contiguous cuts of a profile.
const MAX_CUTS: u64 = 1 << 14;
/// The most sites of a matrix of pairs.
const MAX_PAIR_SITES: u64 = 256;

/// Sites as a list of numbers, or one number.
fn sites_of(call: &Args, number: usize, value: &Value, count: u64) -> Eval<Vec<u64>> {
    let span = call.span_of(number);
    let site = |value: &Value| match value {
        Value::Int(i) => u64::try_from(i).ok().filter(|site| *site < count).ok_or_else(|| {
            let message = format!("there is no site {i}");
            let error = Diagnostic::new(Code::Domain, message);
            let label = format!("the network has sites 0 to {}", count.saturating_sub(1));
            Stop::from(error.at(span, label).hint("[0, 1]"))
        }),
        other => {
            let found = other.type_of().with_article();
            let error = Diagnostic::new(Code::Type, "sites are ints from 0, in row-major order");
            Err(error.at(span, format!("here is {found}")).hint("[0, 1]").into())
        }
    };
    let sites = match value {
        Value::List(list) => list.iter().map(|item| site(&item)).collect::<Eval<Vec<u64>>>()?,
        other => vec![site(other)?],
    };
    let mut sorted = sites.clone();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find(|pair| pair.first() == pair.last());
    if sites.is_empty() || twice.is_some() {
        let message = match twice.and_then(|pair| pair.first()) {
            Some(site) => format!("site {site} is named twice"),
            None => "a region needs a site".to_owned(),
        };
        return Err(Diagnostic::new(Code::Domain, message).at(span, "").hint("[0, 1]").into());
    }
    Ok(sites)
}

/// Refuses a network that is no ConvAC.
pub(super) fn check_convac(call: &Args, network: &Network) -> Eval<()> {
    match network.convac_obstacle() {
        None => Ok(()),
        Some(obstacle) => {
            let failure = failure_of(&GraphError::NotConvac(obstacle));
            Err((*failure).or_at(call.span_of(0)).into())
        }
    }
}

/// The entropy of a region: 0 of none and, as the state is pure, of all sites.
fn region_entropy(
    model: &Model,
    sites: &[u64],
    class: usize,
    order: f64,
    interrupt: &Interrupt,
) -> Result<f64, EntangleError> {
    let shape = model.network().input_shape();
    if sites.is_empty() || sites.len() as u64 == shape.sites() {
        return Ok(0.0);
    }
    let rule = Rule::Sites(sites.to_vec());
    let across = rule.resolve(&shape).map_err(|error| EntangleError::Graph(error.into()))?;
    entangle::entropy(model, &across, Output::Class(class), order, interrupt)
}

fn rows_of_numbers(rows: Vec<Vec<f64>>, unit: f64) -> Result<Value, Failure> {
    let row = |row: Vec<f64>| Value::list(row.into_iter().map(|x| Value::Real(x / unit)).collect());
    Value::list(rows.into_iter().map(row).collect::<Result<_, _>>()?)
}

/// The bipartition whose A is the first sites.
fn prefix(shape: Shape, length: u64) -> Result<Bipartition, EntangleError> {
    let sides = (0..shape.sites()).map(|site| site < length).collect();
    Bipartition::from_sides(shape, sides).map_err(|error| EntangleError::Graph(error.into()))
}

fn chain_profile(
    cx: &Scope<'_>,
    call: &Args,
    subject: &Subject,
    (order, unit, class): (f64, f64, usize),
) -> Eval<Value> {
    let network = &subject.network().0;
    let shape = network.input_shape();
    if shape.sites() > MAX_CUTS {
        return Err(Diagnostic::new(Code::Resource, "too many contiguous cuts")
            .at(call.span, format!("{} sites, at most {MAX_CUTS}", shape.sites()))
            .hint("profile(net, cuts = \"bonds\")")
            .into());
    }
    let interrupt = &cx.machine().interrupt;
    let hierarchy = Hierarchy::from_network(network)
        .map_err(|error| explain(cx, call, &EntangleError::from(error)))?;
    let hierarchy = Arc::new(hierarchy);
    let row = |length: u64| -> Result<(u64, f64, Option<f64>), EntangleError> {
        let across = prefix(shape, length)?;
        let cut = min_cut_on(&hierarchy, &across, OutputSide::Fixed, interrupt)?;
        let entropy = match subject {
            Subject::Model(ModelValue { model: Some(model), .. }) => {
                match entangle::entropy(model, &across, Output::Class(class), order, interrupt) {
                    Ok(entropy) => Some(entropy / unit),
                    // One cut beyond the limits does not spoil the others.
                    Err(EntangleError::TooLarge { .. }) => None,
                    Err(error) => return Err(error),
                }
            }
            _ => None,
        };
        Ok((length, cut.ln() / unit, entropy))
    };
    let rows: Result<Vec<_>, EntangleError> = (1..shape.sites()).into_par_iter().map(row).collect();
    let rows = rows.map_err(|error| explain(cx, call, &error))?;
    let with_entropy = matches!(subject, Subject::Model(_));
    let record = |(length, bound, entropy): (u64, f64, Option<f64>)| {
        let mut fields = vec![
            (Symbol::new("cut"), Value::int(length)),
            (Symbol::new("bound"), Value::Real(bound)),
        ];
        if with_entropy {
            fields.push((Symbol::new("entropy"), entropy.map_or(Value::None, Value::Real)));
        }
        Value::record(fields)
    };
    Ok(Value::list(rows.into_iter().map(record).collect::<Result<_, _>>()?)?)
}

fn bond_profile(
    cx: &Scope<'_>,
    call: &Args,
    subject: &Subject,
    (order, unit, class): (f64, f64, usize),
) -> Eval<Value> {
    let Subject::Model(ModelValue { model: Some(model), .. }) = subject else {
        return Err(Diagnostic::new(Code::Type, "the entropies of bonds need weights")
            .at(call.span_of(0), "this is a network")
            .hint("profile(init(net), cuts = \"bonds\")")
            .into());
    };
    let bonds = bond_entropies(model, Output::Class(class), order, &cx.machine().interrupt)
        .map_err(|error| explain(cx, call, &error))?;
    let names = ["layer", "position", "sites", "count", "bound", "entropy"].map(Symbol::new);
    let rows = bonds.into_iter().enumerate().map(|(number, bond)| -> Eval<Value> {
        if number % 1024 == 0 {
            cx.check_interrupt()?;
        }
        let cells = [
            Value::string(&bond.level),
            Value::int(bond.position),
            Value::int(bond.sites),
            Value::int(bond.count),
            Value::Real((bond.dim as f64).ln() / unit),
            Value::Real(bond.entropy / unit),
        ];
        Ok(Value::record(names.into_iter().zip(cells).collect())?)
    });
    Ok(Value::list(rows.collect::<Eval<_>>()?)?)
}

fn pair_limit(count: u64, span: Span) -> Eval<()> {
    if count <= MAX_PAIR_SITES {
        return Ok(());
    }
    Err(Diagnostic::new(Code::Resource, "too many pairs of sites")
        .at(span, format!("{count} sites, at most {MAX_PAIR_SITES}"))
        .hint("information_map(model, 0)")
        .into())
}

builtins! { ENTANGLEMENT "Entanglement":
    /// The mutual information of two regions of a model: `S(a) + S(b) - S(ab)`, in nats.
    ///
    /// For a pure state it is twice the entanglement when `a` and `b` are all sites. Order 2 gives
    /// the same combination of Renyi-2 entropies, which exists where spectra are out of reach.
    ///
    /// > let ghz = model(network { input(4, dim = 2), pool(4), output(1) }, {output: [[1, 1]]})
    /// > mutual_information(ghz, 0, [2, 3], base = 2)
    /// 1.0
    pure fn mutual_information(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** The sites of one region: a list of ints, or one. */ a: Value,
        /** The sites of the other. */ b: Value,
        /** The order of the entropies. */ order: f64 = "1",
        /** The base of the logarithm. */ base: f64 = "e",
        /** The class. */ class: usize = "0",
    ) -> Answer<f64> {
        check_order(call, 3, order)?;
        let unit = ln_base(call, 4, base)?;
        check_class(call, 5, &model, class)?;
        check_convac(call, &model.network.0)?;
        let Some(weights) = &model.model else { return Ok(Answer(None)) };
        let count = model.network.0.input_shape().sites();
        let (first, second) = (sites_of(call, 1, &a, count)?, sites_of(call, 2, &b, count)?);
        if let Some(site) = first.iter().find(|site| second.contains(site)) {
            return Err(Diagnostic::new(Code::Domain, format!("site {site} is in both regions"))
                .at(call.span_of(2), "")
                .hint("mutual_information(model, [0, 1], [2, 3])")
                .into());
        }
        let interrupt = &cx.machine().interrupt;
        let entropy = |sites: &[u64]| {
            region_entropy(weights, sites, class, order, interrupt)
                .map_err(|error| explain(cx, call, &error))
        };
        let both: Vec<u64> = first.iter().chain(&second).copied().collect();
        Ok(Answer(Some((entropy(&first)? + entropy(&second)? - entropy(&both)?) / unit)))
    }

    /// The mutual information of every pair of sites of a model, as rows of numbers.
    ///
    /// On the diagonal stands the entropy of each site.
    ///
    /// > let ghz = model(network { input(3, dim = 2), pool(3), output(1) }, {output: [[1, 1]]})
    /// > pairwise_information(ghz, base = 2)
    /// [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    pure fn pairwise_information(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** The sites: a list of ints; none for all. */ sites: Option<Arc<List>> = "none",
        /** The order of the entropies. */ order: f64 = "1",
        /** The base of the logarithm. */ base: f64 = "e",
        /** The class. */ class: usize = "0",
    ) -> Answer<Value> {
        check_order(call, 2, order)?;
        let unit = ln_base(call, 3, base)?;
        check_class(call, 4, &model, class)?;
        check_convac(call, &model.network.0)?;
        let Some(weights) = &model.model else {
            return Ok(Answer(Some(Value::unknown(Type::List))));
        };
        let count = model.network.0.input_shape().sites();
        let sites = match sites {
            Some(list) => sites_of(call, 1, &Value::List(list), count)?,
            None => {
                pair_limit(count, call.span)?;
                (0..count).collect()
            }
        };
        pair_limit(sites.len() as u64, call.span)?;
        let interrupt = &cx.machine().interrupt;
        let rows = Reducer::new(weights, Output::Class(class), interrupt)
            .and_then(|reducer| reducer.pairwise_information(&sites, order, interrupt))
            .map_err(|error| explain(cx, call, &error))?;
        Ok(Answer(Some(rows_of_numbers(rows, unit)?)))
    }

    /// The mutual information of one site with every other, laid out as the sites are.
    ///
    /// The rows of numbers are fit for `heatmap`. At its own place stands the entropy of the site.
    ///
    /// > let ghz = model(network { input(2x2, dim = 2), pool(2x2), output(1) }, {output: [[1, 1]]})
    /// > information_map(ghz, 0, base = 2)
    /// [[1.0, 1.0], [1.0, 1.0]]
    pure fn information_map(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** The site, row-major from 0. */ site: u64,
        /** The order of the entropies. */ order: f64 = "1",
        /** The base of the logarithm. */ base: f64 = "e",
        /** The class. */ class: usize = "0",
    ) -> Answer<Value> {
        check_order(call, 2, order)?;
        let unit = ln_base(call, 3, base)?;
        check_class(call, 4, &model, class)?;
        check_convac(call, &model.network.0)?;
        let shape = model.network.0.input_shape();
        let site = sites_of(call, 1, &Value::int(site), shape.sites())?;
        let site = site.first().copied().unwrap_or(0);
        let Some(weights) = &model.model else {
            return Ok(Answer(Some(Value::unknown(Type::List))));
        };
        if shape.sites() > MAX_CUTS {
            return Err(Diagnostic::new(Code::Resource, "too many sites for a map")
                .at(call.span, format!("{} sites, at most {MAX_CUTS}", shape.sites()))
                .hint("mutual_information(model, 0, 1)")
                .into());
        }
        let interrupt = &cx.machine().interrupt;
        let map = || -> Result<Vec<f64>, EntangleError> {
            let reducer = Reducer::new(weights, Output::Class(class), interrupt)?;
            let single = |site: u64| reducer.reduce(&[site], interrupt)?.entropy(order, interrupt);
            let own = single(site)?;
            (0..shape.sites())
                .into_par_iter()
                .map(|other| {
                    if other == site {
                        return Ok(own);
                    }
                    let both = reducer.reduce(&[site, other], interrupt)?.entropy(order, interrupt)?;
                    Ok(own + single(other)? - both)
                })
                .collect()
        };
        let values = map().map_err(|error| explain(cx, call, &error))?;
        let width = usize::try_from(shape.cols()).unwrap_or(1).max(1);
        let rows = values.chunks(width).map(<[f64]>::to_vec).collect();
        Ok(Answer(Some(rows_of_numbers(rows, unit)?)))
    }

    /// The bound and the entropy of every contiguous cut as a table, in nats.
    ///
    /// Row `cut = k` parts the first `k` sites (row-major) from the others. `bound` is the logarithm
    /// of the min-cut, `entropy`, for a model, that of the state; it is none where the spectrum is
    /// out of reach. `cuts = "bonds"` gives instead every bond of the tree, in one pass
    /// over the network: `count` bonds that are alike by sharing are one row.
    ///
    /// > profile(network { input(4, dim = 2), conv(3), pool(4), output(1) }, base = 2).bound
    /// [1.0, 1.584962500721156, 1.0]
    pure fn profile(
        cx, call;
        /** A ConvAC, or a model of one. */ net: Subject,
        /** "chain" for contiguous cuts, or "bonds". */ cuts: Arc<str> = "\"chain\"",
        /** The order of the entropies. */ order: f64 = "1",
        /** The base of the logarithm. */ base: f64 = "e",
        /** The class. */ class: usize = "0",
    ) -> Answer<Value> {
        let bonds = word(call, 1, &cuts, &["chain", "bonds"], |word| match word {
            "chain" => Some(false),
            "bonds" => Some(true),
            _ => None,
        })?;
        check_order(call, 2, order)?;
        let unit = ln_base(call, 3, base)?;
        check_convac(call, &net.network().0)?;
        if let Subject::Model(model) = &net {
            check_class(call, 4, model, class)?;
        }
        if cx.machine().checks() {
            return Ok(Answer(Some(Value::unknown(Type::Table))));
        }
        let question = (order, unit, class);
        let table = if bonds {
            bond_profile(cx, call, &net, question)?
        } else {
            chain_profile(cx, call, &net, question)?
        };
        Ok(Answer(Some(table)))
    }

    /// The geometric measure: how far a model is from a product state.
    ///
    /// Across a partition it is `sqrt(1 - p_max)`, exact. Without one it is about the nearest state
    /// with no correlation between any sites, found by alternating least squares from several
    /// starts: a record with `value` (an upper bound of the measure), `lower` (a bound from below, by
    /// the best bond), `ln_overlap` (of the squared overlap), `restarts`, `hits` (how many found the
    /// best), `residual` (0 at an optimum), `sweeps` and `product` (the state of each site).
    ///
    /// > geometric(model(network { input(2, dim = 2), pool(2), output(1) }, {output: [[3, 4]]}), left_right)
    /// 0.6
    pure fn geometric(
        cx, call;
        /** A model of a ConvAC. */ model: ModelValue,
        /** A partition; none for all sites against each other. */
        across: Option<PartitionValue> = "none",
        /** The class. */ class: usize = "0",
        /** How many starts. */ restarts: usize = "20",
        /** The seed of the starts. */ seed: u64 = "0",
    ) -> Answer<Value> {
        check_class(call, 2, &model, class)?;
        check_convac(call, &model.network.0)?;
        let interrupt = &cx.machine().interrupt;
        if let Some(across) = across {
            let known = resolved(cx, call, &model.network, &across)?;
            let Some(weights) = &model.model else {
                return Ok(Answer(Some(Value::unknown(Type::Real))));
            };
            let bipartition = match known {
                Some(bipartition) => bipartition,
                None => across.resolve(cx, model.network.0.input_shape(), call.span_of(1))?,
            };
            let output = Output::Class(class);
            let accuracy = entangle::Accuracy::Values;
            let spectrum = entangle::schmidt(weights, &bipartition, output, accuracy, interrupt)
                .map_err(|error| explain(cx, call, &error))?;
            return Ok(Answer(Some(Value::Real(spectrum.geometric()))));
        }
        let Some(weights) = &model.model else {
            return Ok(Answer(Some(Value::unknown(Type::Record))));
        };
        let found = entangle::geometric(weights, class, restarts, seed, interrupt)
            .map_err(|error| explain(cx, call, &error))?;
        let dim = usize::try_from(model.network.0.dim()).unwrap_or(1).max(1);
        let product = found.product.chunks(dim).map(<[f64]>::to_vec).collect();
        let fields = vec![
            ("value", Value::Real(found.upper)),
            ("lower", Value::Real(found.lower)),
            ("ln_overlap", Value::Real(found.ln_overlap)),
            ("restarts", Value::int(found.restarts)),
            ("hits", Value::int(found.hits)),
            ("residual", Value::Real(found.residual)),
            ("sweeps", Value::int(found.sweeps)),
            ("product", rows_of_numbers(product, 1.0)?),
        ];
        let fields = fields.into_iter().map(|(name, value)| (Symbol::new(name), value)).collect();
        Ok(Answer(Some(Value::record(fields)?)))
    }
}
