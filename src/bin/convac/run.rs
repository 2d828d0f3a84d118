//! `convac run`.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use convac::diagnostic::{Code, Diagnostic, Sources};
use convac::evaluate::Settings;
use convac::session::Session;

use super::arguments::RunArgs;
use super::report::{Colors, error_json, is_closed, print, print_errors};
use super::sink::Sink;
use super::{DIAGNOSTICS, INTERRUPTED, OK, USAGE, stop};

/// The text of a file or of the standard input.
pub fn read_source(file: &Path) -> Result<(String, String), Box<Diagnostic>> {
    if file.as_os_str() != "-" {
        let text = convac::builtins::read_text(file)?;
        return Ok((file.display().to_string(), text));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(1 << 30).read_to_end(&mut bytes);
    let text = read.map_err(|error| error.to_string());
    let text = text.and_then(|_| convac::builtins::decode_text(bytes));
    let text = text.map_err(|why| {
        let message = format!("cannot read the standard input: {why}");
        Box::new(Diagnostic::new(Code::File, message).hint("convac run first.cac"))
    })?;
    Ok(("stdin".to_owned(), text))
}

/// Reports an error that belongs to no program.
pub fn report_plain(error: &Diagnostic, json: bool, colors: Colors) {
    let sources = Sources::default();
    if json {
        print(&format!("{}\n", error_json(error, &sources)));
    } else {
        print_errors(std::slice::from_ref(error), &sources, colors);
    }
}

pub fn run(args: &RunArgs, colors: Colors) -> u8 {
    if args.watch && args.file.as_os_str() == "-" {
        eprintln!("convac: --watch needs a file, not the standard input");
        return USAGE;
    }
    let mut settings = Settings::default();
    if let Some(threads) = args.threads {
        settings.threads = usize::from(threads);
    }
    let session = Session::new(settings.clone());
    stop::handle(session.interrupt());
    let mut code = once(args, session, colors);
    if !args.watch {
        return code;
    }
    let changed = |file: &Path| std::fs::metadata(file).and_then(|meta| meta.modified()).ok();
    let mut last: Option<SystemTime> = changed(&args.file);
    eprintln!("watching {}; Ctrl-C ends", args.file.display());
    while !stop::was_asked_for() {
        std::thread::sleep(Duration::from_millis(100));
        let now = changed(&args.file);
        if now.is_some() && now != last {
            last = now;
            eprintln!("--- {}", args.file.display());
            code = once(args, Session::new(settings.clone()), colors);
        }
    }
    code
}

/// One run of the file.
fn once(args: &RunArgs, mut session: Session, colors: Colors) -> u8 {
    let (name, text) = match read_source(&args.file) {
        Ok(source) => source,
        Err(error) => {
            report_plain(&error, args.json, colors);
            return DIAGNOSTICS;
        }
    };
    for set in &args.set {
        let Some((name, expression)) = set.split_once('=') else {
            eprintln!("convac: --set wants NAME=EXPR, not {set:?}");
            return USAGE;
        };
        if let Err(errors) = session.set_override(name.trim(), expression) {
            report(&errors, &session, None, args.json, colors);
            return DIAGNOSTICS;
        }
    }
    if let Some(folder) = &args.plots
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        let message = format!("cannot make the folder {}: {error}", folder.display());
        let error = Diagnostic::new(Code::File, message).hint("--plots plots");
        report_plain(&error, args.json, colors);
        return DIAGNOSTICS;
    }
    let sources = session.sources().clone();
    let sink = Arc::new(Sink::new(args.json, args.plots.clone(), session.interrupt(), sources));
    let file = (args.file.as_os_str() != "-").then_some(args.file.as_path());
    let mut errors = session.run(&name, &text, file, Arc::clone(&sink) as _);
    if is_closed() {
        // Nobody reads any more, which is no error; or it cannot be written, which is told at the
        // end.
        return OK;
    }
    errors.extend(sink.take_errors());
    report(&errors, &session, Some(&sink), args.json, colors);
    if stop::was_asked_for() || errors.iter().any(|error| error.code == Code::Interrupted) {
        INTERRUPTED
    } else if errors.is_empty() {
        OK
    } else {
        DIAGNOSTICS
    }
}

fn report(
    errors: &[Diagnostic],
    session: &Session,
    sink: Option<&Sink>,
    json: bool,
    colors: Colors,
) {
    if !json {
        print_errors(errors, session.sources(), colors);
        return;
    }
    for error in errors {
        match sink {
            Some(sink) => sink.write_error(error),
            None => {
                print(&format!("{}\n", error_json(error, session.sources())));
            }
        }
    }
}
