//! Training by the real program: killed and taken up again, interrupted, on any number of threads, with
//! checkpoints of every wrong kind.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{code, convac, stderr, stdout};

/// How long something may take before a test fails; nothing is measured with it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run of so many epochs, with a checkpoint, that saves its weights.
fn program(folder: &Path, epochs: u64) -> PathBuf {
    let text = format!(
        r#"let net = network {{
  input(8x8, dim = 3, features = "affine", patch = 3x3)
  conv(6, sharing = "window"), pool(2x2)
  conv(5), relu(), pool(2x2, kind = "max")
  conv(4, sharing = "none"), pool(2x2)
  output(2)
}}
let data = stripes(8x8, samples = 96, noise = 0.1)
let m = train(net, data, epochs = {epochs}, batch = 20, optimizer = "nadam", schedule = "cosine",
  validate = stripes(8x8, samples = 20, seed = 1), snapshots = 3, checkpoint = "run.checkpoint")
save(m, "end.safetensors")
print("saved")
"#
    );
    let path = folder.join(format!("run{epochs}.cac"));
    std::fs::write(&path, text).unwrap();
    path
}

/// The program on a file, in the folder of that file.
fn command(file: &Path, arguments: &[&str]) -> Command {
    let mut command = convac(&["run"]);
    command.args(arguments).arg(file).current_dir(file.parent().unwrap());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn end_of(file: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = command(file, arguments).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    std::fs::read(file.parent().unwrap().join("end.safetensors")).unwrap()
}

/// Starts a run and waits until so many different checkpoints were seen.
fn started(file: &Path, checkpoints: usize) -> Child {
    let path = file.parent().unwrap().join("run.checkpoint");
    let child = command(file, &["--threads", "2"]).spawn().unwrap();
    let begin = Instant::now();
    let (mut seen, mut last) = (0, std::fs::read(&path).ok());
    while seen < checkpoints {
        assert!(begin.elapsed() < PATIENCE, "{checkpoints} checkpoints were not written");
        let now = std::fs::read(&path).ok();
        if now != last {
            (seen, last) = (seen + 1, now);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[test]
fn threads_change_no_bit() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = end_of(&program(one.path(), 2), &["--threads", "1"]);
    let two = end_of(&program(two.path(), 2), &["--threads", "2"]);
    assert!(one == two);
}

#[test]
fn a_run_that_was_killed_goes_on_with_the_same_bits() {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let wanted = end_of(&program(whole.path(), 25), &[]);
    let file = program(killed.path(), 25);
    // Killed twice, each time in the middle: after the first checkpoint that has steps in it.
    for checkpoints in [2, 1] {
        let mut child = started(&file, checkpoints);
        child.kill().unwrap();
        let _ = child.wait().unwrap();
        assert!(
            !killed.path().join("end.safetensors").exists(),
            "it was over before it was killed"
        );
    }
    let found = end_of(&file, &[]);
    assert!(found == wanted);
    // A run that is over is not run again: its end is read.
    std::fs::remove_file(killed.path().join("end.safetensors")).unwrap();
    assert!(end_of(&file, &[]) == wanted);
}

#[cfg(unix)]
#[test]
fn an_interrupt_in_a_script_ends_it_after_the_checkpoint() {
    use nix::sys::signal::{Signal, kill};
    let folder = tempfile::tempdir().unwrap();
    let file = program(folder.path(), 100_000);
    let child = started(&file, 2);
    let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(process, Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = stderr(&output);
    assert!(errors.contains("training was interrupted after"), "{errors}");
    assert!(errors.contains("error[E09]"), "{errors}");
    assert_eq!((code(&output), stdout(&output).as_str()), (130, ""));
    assert!(!folder.path().join("end.safetensors").exists());
}

#[test]
fn checkpoints_of_every_wrong_kind_are_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let _ = end_of(&program(folder.path(), 2), &[]);
    let checkpoint = folder.path().join("run.checkpoint");
    let (good, model) = (
        std::fs::read(&checkpoint).unwrap(),
        std::fs::read(folder.path().join("end.safetensors")).unwrap(),
    );
    let file = program(folder.path(), 3);
    let refused = |bytes: &[u8], what: &str| {
        std::fs::write(&checkpoint, bytes).unwrap();
        let output = command(&file, &[]).output().unwrap();
        let errors = stderr(&output);
        assert_eq!(code(&output), 1, "{errors}");
        assert!(errors.contains("error[E08]") && errors.contains(what), "{errors}");
        assert!(errors.contains("run.checkpoint"), "{errors}");
        assert!(std::fs::read(&checkpoint).unwrap() == bytes);
    };
    refused(&good, "is of another run: epochs is 2 there, 3 here");
    refused(&good[..good.len() / 2], "this is no checkpoint");
    refused(&[], "this is no checkpoint");
    refused(b"a text", "this is no checkpoint");
    refused(&model, "this is no checkpoint: it was not written by training");
    std::fs::remove_file(&checkpoint).unwrap();
    std::fs::create_dir(&checkpoint).unwrap();
    let output = command(&file, &[]).output().unwrap();
    assert!(stderr(&output).contains("is a folder"), "{}", stderr(&output));
    assert!(stderr(&output).contains("error[E08]"), "{}", stderr(&output));
    // A path that cannot be written to is told before the first step.
    let text = std::fs::read_to_string(program(folder.path(), 1_000_000)).unwrap();
    let nowhere = folder.path().join("nowhere.cac");
    std::fs::write(&nowhere, text.replace("run.checkpoint", "no/such/folder/run.checkpoint"))
        .unwrap();
    let output = command(&nowhere, &[]).output().unwrap();
    assert!(stderr(&output).contains("error[E08]: cannot write"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_last_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let file = program(folder.path(), 25);
    let mut child = started(&file, 2);
    child.kill().unwrap();
    let _ = child.wait().unwrap();
    let good = std::fs::read(folder.path().join("run.checkpoint")).unwrap();
    // Files may have 1 KiB: the shell ignores the signal that would end the program.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" run \"$1\""]);
    shell.arg(env!("CARGO_BIN_EXE_convac")).arg(&file).current_dir(folder.path());
    let output = shell.env("NO_COLOR", "1").output().unwrap();
    let errors = stderr(&output);
    assert_eq!(code(&output), 1, "{errors}");
    assert!(errors.contains("error[E08]: cannot write run.checkpoint"), "{errors}");
    assert!(std::fs::read(folder.path().join("run.checkpoint")).unwrap() == good);
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let parts: Vec<_> = names.filter(|name| name.to_str().unwrap().ends_with(".part")).collect();
    // A kill in the middle of writing may leave a part; an error does not.
    let of_shell =
        |name: &&std::ffi::OsString| !name.to_str().unwrap().contains(&child.id().to_string());
    assert_eq!(parts.iter().filter(of_shell).count(), 0, "{parts:?}");
    assert!(!end_of(&file, &[]).is_empty());
}
