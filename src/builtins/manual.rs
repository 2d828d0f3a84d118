//! Pages of the manual, from the registry alone.

use crate::evaluate::{Builtin, Registry};

/// The page of a builtin: signature, text, parameters.
pub fn page(builtin: &Builtin, registry: &Registry) -> String {
    let mut out =
        format!("{}  ->  {}\n\n{}\n", builtin.signature(), builtin.returns, builtin.page());
    if !builtin.params.is_empty() {
        let width = builtin.params.iter().map(|p| p.name.len()).max().unwrap_or(0);
        out.push_str("\nParameters\n");
        for param in builtin.params {
            let doc = param.doc.trim();
            out.push_str(&format!("  {:width$}  {} ({})\n", param.name, doc, param.types));
        }
    }
    let fields = builtin.returns.single().map_or(&[][..], |ty| registry.fields(ty));
    if !fields.is_empty() {
        let width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        out.push_str("\nFields of the result\n");
        for field in fields {
            out.push_str(&format!("  .{:width$}  {} ({})\n", field.name, field.doc, field.types));
        }
    }
    out.trim_end().to_owned()
}

/// All builtins by chapter, one line each.
pub fn overview(registry: &Registry) -> String {
    let mut groups: Vec<&str> = Vec::new();
    for builtin in registry.iter() {
        if !groups.contains(&builtin.group) {
            groups.push(builtin.group);
        }
    }
    let width = registry.iter().map(|b| b.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for group in groups {
        out.push_str(&format!("{group}\n"));
        for builtin in registry.iter().filter(|b| b.group == group) {
            out.push_str(&format!("  {:width$}  {}\n", builtin.name, builtin.summary()));
        }
        out.push('\n');
    }
    out.push_str("help(f), or `convac doc NAME`, prints the page of one.");
    out
}
