//! `\alpha` and Tab: symbols by their names in LaTeX.

/// Names and symbols, in the order of the names. Greek letters can be names of a program; the
/// others serve in texts and comments.
const SYMBOLS: [(&str, &str); 83] = [
    ("Delta", "Δ"),
    ("Gamma", "Γ"),
    ("Lambda", "Λ"),
    ("Omega", "Ω"),
    ("Phi", "Φ"),
    ("Pi", "Π"),
    ("Psi", "Ψ"),
    ("Sigma", "Σ"),
    ("Theta", "Θ"),
    ("Upsilon", "Υ"),
    ("Xi", "Ξ"),
    ("aleph", "ℵ"),
    ("alpha", "α"),
    ("approx", "≈"),
    ("beta", "β"),
    ("cap", "∩"),
    ("cdot", "⋅"),
    ("chi", "χ"),
    ("cup", "∪"),
    ("dagger", "†"),
    ("degree", "°"),
    ("delta", "δ"),
    ("ell", "ℓ"),
    ("emptyset", "∅"),
    ("epsilon", "ϵ"),
    ("equiv", "≡"),
    ("eta", "η"),
    ("exists", "∃"),
    ("forall", "∀"),
    ("gamma", "γ"),
    ("ge", "≥"),
    ("geq", "≥"),
    ("hbar", "ℏ"),
    ("in", "∈"),
    ("infty", "∞"),
    ("int", "∫"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("langle", "⟨"),
    ("ldots", "…"),
    ("le", "≤"),
    ("leftarrow", "←"),
    ("leq", "≤"),
    ("mapsto", "↦"),
    ("mu", "μ"),
    ("nabla", "∇"),
    ("ne", "≠"),
    ("neq", "≠"),
    ("notin", "∉"),
    ("nu", "ν"),
    ("omega", "ω"),
    ("omicron", "ο"),
    ("oplus", "⊕"),
    ("otimes", "⊗"),
    ("partial", "∂"),
    ("phi", "ϕ"),
    ("pi", "π"),
    ("pm", "±"),
    ("prod", "∏"),
    ("psi", "ψ"),
    ("rangle", "⟩"),
    ("rho", "ρ"),
    ("rightarrow", "→"),
    ("sigma", "σ"),
    ("sim", "∼"),
    ("sqrt", "√"),
    ("subset", "⊂"),
    ("subseteq", "⊆"),
    ("sum", "∑"),
    ("tau", "τ"),
    ("theta", "θ"),
    ("times", "×"),
    ("to", "→"),
    ("upsilon", "υ"),
    ("varepsilon", "ε"),
    ("varphi", "φ"),
    ("varpi", "ϖ"),
    ("varrho", "ϱ"),
    ("varsigma", "ς"),
    ("vartheta", "ϑ"),
    ("xi", "ξ"),
    ("zeta", "ζ"),
];

/// The name behind a backslash that ends at the cursor: where the backslash stands, and the name
/// without it.
pub fn symbol_before(left: &str) -> Option<(usize, &str)> {
    let start = left.rfind('\\')?;
    let name = left.get(start + 1..)?;
    name.bytes().all(|byte| byte.is_ascii_alphabetic()).then_some((start, name))
}

/// The symbols whose names begin with a prefix, `(name, symbol)`; one that is meant exactly stands
/// alone.
pub fn symbols_with(prefix: &str) -> Vec<(&'static str, &'static str)> {
    let exact = SYMBOLS.iter().find(|(name, _)| *name == prefix);
    match exact {
        Some(symbol) => vec![*symbol],
        None => SYMBOLS.iter().filter(|(name, _)| name.starts_with(prefix)).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(SYMBOLS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(symbols_with("alpha"), [("alpha", "α")]);
        assert_eq!(symbols_with("in"), [("in", "∈")]);
        assert_eq!(symbols_with("lam"), [("lambda", "λ")]);
        assert!(symbols_with("nothing").is_empty());
        assert_eq!(symbol_before("let \\xi"), Some((4, "xi")));
        assert_eq!(symbol_before("\\a b"), None);
        assert_eq!(symbol_before("xi"), None);
    }
}
