//! `convac notebook`: a program as a notebook and back.

use std::path::Path;

use convac::session::{from_notebook, to_notebook};

use super::report::{Colors, print};
use super::run::{read_source, report_plain};
use super::{DIAGNOSTICS, OK};

pub fn convert(file: &Path, output: Option<&Path>, colors: Colors) -> u8 {
    let converted = read_source(file).and_then(|(_, text)| {
        let is_notebook = file.extension().is_some_and(|ending| ending == "ipynb");
        if is_notebook { from_notebook(&text) } else { Ok(to_notebook(&text)) }
    });
    let written = converted.and_then(|text| match output {
        Some(path) => convac::builtins::write_whole(path, text.as_bytes()),
        None => {
            print(&text);
            Ok(())
        }
    });
    match written {
        Ok(()) => OK,
        Err(error) => {
            report_plain(&error, false, colors);
            DIAGNOSTICS
        }
    }
}
