//! The README: its programs show what stands below them, its pictures are made by the program.

mod support;

use support::{code, convac, convac_stdin, root, stderr, stdout};

/// The fenced blocks of a Markdown text: language and content.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, content)), None) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

#[test]
fn the_tour_shows_what_it_says() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(&text);
    let mut program = String::new();
    let mut shown = String::new();
    let mut compared = 0;
    for pair in blocks.windows(2) {
        let [(language, content), (next, expected)] = pair else { continue };
        if language != "cac" {
            continue;
        }
        assert_eq!(next, "text", "a program is followed by what it shows");
        program.push_str(content);
        shown.push_str(expected);
        let output = convac_stdin(&["run", "-"], program.as_bytes());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert_eq!(stdout(&output), shown, "after\n{content}");
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} programs in the README");
}

#[test]
fn the_error_of_the_readme_is_the_error_of_the_program() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let error =
        blocks(&text).into_iter().map(|(_, content)| content).find(|c| c.starts_with("error["));
    let program =
        "let odd = network {\n  input(15, dim = 4)\n  conv(8), pool(2)\n  output(10)\n}\n";
    let output = convac_stdin(&["run", "-"], program.as_bytes());
    assert_eq!(stderr(&output).replace("stdin:", "odd.cac:"), error.unwrap());
}

#[test]
fn pictures_are_made_by_the_program() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let made = tempfile::tempdir().unwrap();
    let folder = made.path().to_str().unwrap().replace('\\', "/");
    let output = convac(&[
        "run",
        "examples/pictures/pictures.cac",
        "--set",
        &format!("folder=\"{folder}\""),
    ])
    .output()
    .unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for name in ["cut", "mirror", "feature-size", "cost-curves"] {
        assert!(text.contains(&format!("examples/pictures/{name}.png")), "{name}");
        for ending in ["svg", "png"] {
            let file = format!("{name}.{ending}");
            let committed = std::fs::read(root().join("examples/pictures").join(&file)).unwrap();
            let fresh = std::fs::read(made.path().join(&file)).unwrap();
            assert!(
                committed == fresh,
                "{file} differs: convac run examples/pictures/pictures.cac"
            );
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for readme in ["README.md", "src/README.md", "examples/pictures/README.md"] {
        let path = root().join(readme);
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") {
                assert!(path.parent().unwrap().join(link).exists(), "{readme}: {link}");
            }
        }
    }
}

#[test]
fn the_library_example_compiles_and_holds() -> Result<(), convac::prelude::Error> {
    // The same lines as in the README; the comparison keeps them the same.
    use convac::prelude::*;

    let net = Network::chain(16, 4).conv(8).pool(2).conv(8).pool(2).conv(16).pool(4).output(10)?;
    let cut = net.min_cut([0, 1, 2, 8, 9])?;
    assert_eq!((cut.formula(), cut.bits()), ("4 · 8^2".to_owned(), 8.0));
    assert!(cut.prove()?.holds());

    let model = net.init(1)?;
    let nats = model.entropy(Rule::LeftRight)?;
    let (same, bits): (f64, Vec<f64>) = cac!(
        "[entropy(m, left_right), [min_cut(net, blocks(n)).bits for n in sizes]]",
        m = &model, net = &net, sizes = [1, 2, 4, 8] => (f64, Vec<f64>)
    )?;
    assert!((same - nats).abs() < 1e-12);
    assert_eq!(bits, [16.0, 12.0, 4.0, 4.0]);
    let squeeze = |text: &str| {
        text.split_whitespace().collect::<String>().replace(",}", "}").replace(",]", "]")
    };
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = blocks(&readme).into_iter().find(|(language, _)| language == "rust").unwrap().1;
    let here = squeeze(include_str!("readme.rs"));
    for part in block.split("\n\n") {
        assert!(here.contains(&squeeze(part)), "the README and this test differ:\n{part}");
    }
    Ok(())
}
