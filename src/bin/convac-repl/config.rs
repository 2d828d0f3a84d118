//! The file of settings: `repl.toml` in the user's folder for settings. All of it is optional; what
//! is wrong in it is named and skipped.

use std::ffi::OsString;
use std::path::PathBuf;

use convac::diagnostic::{Code, Diagnostic, Sources, Span, did_you_mean};
use convac::terminal::Graphics;
use toml::{Table, Value};

/// What the file says; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub prompt: Option<String>,
    pub vi: Option<bool>,
    pub color: Option<bool>,
    pub plots: Option<Graphics>,
    pub banner: Option<bool>,
    pub hints: Option<bool>,
}

/// The names of all settings, each with a line that can be written.
const SETTINGS: [(&str, &str); 6] = [
    ("prompt", "prompt = \"> \""),
    ("mode", "mode = \"vi\""),
    ("color", "color = \"never\""),
    ("plots", "plots = \"sixel\""),
    ("banner", "banner = false"),
    ("hints", "hints = false"),
];

/// The longest prompt, in characters.
const LONGEST_PROMPT: usize = 40;

/// Reads the settings of the user; without a file there are none.
pub fn read(sources: &Sources) -> (Config, Vec<Diagnostic>) {
    let Some(path) = path(|name| std::env::var_os(name)) else { return Default::default() };
    if !path.exists() {
        return Default::default();
    }
    match convac::builtins::read_text(&path) {
        Ok(text) => parse(&path.display().to_string(), &text, sources),
        Err(failure) => (Config::default(), vec![*failure]),
    }
}

/// `$CONVAC_CONFIG`, or `convac/repl.toml` in the platform's folder; an empty variable means none.
fn path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(path) = variable("CONVAC_CONFIG") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    Some(base?.join("convac").join("repl.toml"))
}

fn parse(name: &str, text: &str, sources: &Sources) -> (Config, Vec<Diagnostic>) {
    let source = sources.add(name, text);
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            let place = error.span().unwrap_or(0..0);
            let message = format!("the settings cannot be read: {}", error.message());
            let error = Diagnostic::new(Code::Syntax, message)
                .at(Span::new(source, place.start, place.end), "")
                .note("nothing of the file is used")
                .hint(SETTINGS[0].1);
            return (Config::default(), vec![error]);
        }
    };
    let mut config = Config::default();
    let mut errors = Vec::new();
    for (name, value) in &table {
        if let Err(why) = config.set(name, value) {
            let start = line_of(text, name);
            let span = Span::new(source, start, start + name.len());
            let mut error = Diagnostic::new(Code::Domain, why).at(span, "this setting is skipped");
            let near = did_you_mean(name, SETTINGS.map(|(name, _)| name));
            let like = near.unwrap_or("prompt");
            if let Some((_, usage)) = SETTINGS.iter().find(|(name, _)| *name == like) {
                error = error.hint(*usage);
            }
            errors.push(error);
        }
    }
    errors.sort_by_key(|error| error.primary.as_ref().map(|label| label.span.start));
    (config, errors)
}

/// Where the line of a setting begins.
fn line_of(text: &str, name: &str) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let trimmed = line.trim_start().trim_start_matches(['[', '"', '\'']);
        if trimmed.starts_with(name) {
            return start + indent + (line.trim_start().len() - trimmed.len());
        }
        start += line.len();
    }
    0
}

impl Config {
    /// # Errors
    /// Why the setting cannot be used.
    fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let text = || value.as_str().ok_or_else(|| format!("`{name}` wants a text in quotes"));
        let flag = || value.as_bool().ok_or_else(|| format!("`{name}` wants true or false"));
        match name {
            "prompt" => {
                let prompt = text()?;
                if prompt.chars().any(char::is_control) || prompt.chars().count() > LONGEST_PROMPT {
                    return Err(format!(
                        "a prompt is one line of at most {LONGEST_PROMPT} characters"
                    ));
                }
                self.prompt = Some(prompt.to_owned());
            }
            "mode" => {
                self.vi = Some(match text()? {
                    "vi" => true,
                    "emacs" => false,
                    other => return Err(format!("`mode` is \"emacs\" or \"vi\", not {other:?}")),
                });
            }
            "color" => {
                self.color = match text()? {
                    "auto" => None,
                    "always" => Some(true),
                    "never" => Some(false),
                    other => {
                        let ways = "\"auto\", \"always\" or \"never\"";
                        return Err(format!("`color` is {ways}, not {other:?}"));
                    }
                };
            }
            "plots" => {
                let way = text()?;
                if way != "auto" {
                    let names = Graphics::NAMES.join("\", \"");
                    self.plots = Some(Graphics::of_name(way).ok_or_else(|| {
                        format!("`plots` is one of \"auto\", \"{names}\", not {way:?}")
                    })?);
                }
            }
            "banner" => self.banner = Some(flag()?),
            "hints" => self.hints = Some(flag()?),
            _ => return Err(format!("there is no setting `{name}`")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_settings() {
        let text = SETTINGS.map(|(_, usage)| usage).join("\n");
        let (config, errors) = parse("repl.toml", &text, &Sources::default());
        assert!(errors.is_empty(), "{errors:?}");
        let wanted = Config {
            prompt: Some("> ".to_owned()),
            vi: Some(true),
            color: Some(false),
            plots: Some(Graphics::Sixel),
            banner: Some(false),
            hints: Some(false),
        };
        assert_eq!(config, wanted);
    }

    #[test]
    fn bad_settings_are_named_and_skipped() {
        let text = "mode = \"vim\"\nbanner = 3\nprompts = \"x\"\nprompt = \"$ \"\n";
        let (config, errors) = parse("repl.toml", text, &Sources::default());
        assert_eq!(config.prompt.as_deref(), Some("$ "));
        assert_eq!((config.vi, config.banner), (None, None));
        assert_eq!(errors.len(), 3);
        let order = errors.iter().map(|error| error.message.split('`').nth(1).unwrap());
        assert_eq!(order.collect::<Vec<_>>(), ["mode", "banner", "prompts"]);
        let broken = parse("repl.toml", "prompt = \n", &Sources::default());
        assert_eq!((broken.0, broken.1.len()), (Config::default(), 1));
    }

    #[test]
    fn places() {
        let of = |set: &'static [(&str, &str)]| {
            path(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))
        };
        assert_eq!(of(&[("CONVAC_CONFIG", "/a/b.toml")]), Some(PathBuf::from("/a/b.toml")));
        assert_eq!(of(&[("CONVAC_CONFIG", ""), ("HOME", "/home/e")]), None);
        assert_eq!(of(&[]), None);
    }
}
