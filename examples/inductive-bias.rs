//! Which shape of network suits which data? The inductive bias of a ConvAC, asked from Rust.
//!
//! `cargo run --release --example inductive-bias` prints what `tests/examples/inductive-bias.txt`
//! has. Two networks on a chain of 64 sites have about as many weights, one wide near the input, one
//! wide near the output; their min-cuts across blocks of `n` sites say at which sizes each of them can
//! correlate more (Levine, Yakira, Cohen, Shashua, arXiv 1704.01552, section 5). Then pooling
//! geometry: the same weights, mirrored (Cohen, Shashua, arXiv 1605.06743).

use convac::prelude::*;

/// Six layers with these channel numbers, each followed by pooling of two positions.
fn tower(channels: [u64; 6]) -> Result<Network, NetworkError> {
    let steps = channels.map(|r| [Layer::conv(r), Layer::pool(2)]);
    Network::chain(64, 4).layers(steps.into_iter().flatten()).output(10)
}

fn main() -> Result<(), Error> {
    let base = tower([16, 16, 8, 8, 4, 4])?;
    let tip = tower([4, 4, 8, 8, 16, 16])?;
    println!("weights: {} in the wide base, {} in the wide tip\n", base.params(), tip.params());

    // What each can carry at every size of a feature, in bits.
    let sizes = [1, 2, 4, 8, 16, 32];
    let bits = |net: &Network| -> Result<Vec<f64>, Error> {
        sizes.iter().map(|n| Ok(net.min_cut(Rule::Blocks(*n))?.bits())).collect()
    };
    let (of_base, of_tip) = (bits(&base)?, bits(&tip)?);
    let rows = sizes.iter().zip(of_base.iter().zip(&of_tip)).map(|(n, (b, t))| (*n, *b, *t));
    println!("{}\n", table(["block", "wide base", "wide tip"], rows)?);

    let line =
        |bits: &[f64]| sizes.iter().map(|n| *n as f64).zip(bits.to_vec()).collect::<Vec<_>>();
    let chart = Chart::new("sites of a block", "min-cut (bits)")
        .log_x()
        .log_y()
        .line("wide base", line(&of_base))
        .line("wide tip", line(&of_tip));
    println!("{}\n", chart.picture().text(72));

    // One cut in full, and why it is the smallest.
    let cut = tip.min_cut(Rule::Blocks(8))?;
    println!("{cut}\n{}\n", cut.prove()?);

    // The windows decide too: neighbours together, or sites that mirror each other.
    let pooled = |geometry| {
        let first = Network::chain(16, 2).conv_with(4, Sharing::None);
        let pooled = first.pool_with(2, Pooling::Product, geometry);
        pooled.conv_with(4, Sharing::None).pool(8).output(1)
    };
    for (name, net) in
        [("contiguous", pooled(Geometry::Contiguous)?), ("mirror", pooled(Geometry::Mirror)?)]
    {
        let (halves, comb) = (net.rank(Rule::LeftRight)?, net.rank(Rule::Interleaved)?);
        println!(
            "{name}: rank {} across left_right, {} across interleaved",
            halves.value, comb.value
        );
    }

    // With weights a network is a state; what Rust has no method for, the language has.
    let model = tower([4; 6])?.init_with(Initial::Orthogonal, 1, 1.0)?;
    let spectrum = model.schmidt(Rule::LeftRight)?;
    println!("\n{spectrum}\n");
    let (near, window, far) = cac!(
        "[mutual_information(m, 0, j, base = 2) for j in [1, 2, 32]]",
        m = &model => (f64, f64, f64)
    )?;
    println!("bits between site 0 and site 1: {near:.4}, site 2: {window:.4}, site 32: {far:.4}");
    Ok(())
}
