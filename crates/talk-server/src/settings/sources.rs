//! The sources of settings: flags over environment over file over defaults.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use confique::Config;
use confique::Layer;
use confique::meta::{Expr, Field, FieldKind, LeafKind};
use serde::Deserialize;
use toml::Value;

use super::in_force::{InForce, Origins};
use super::kubernetes::is_service_variable;
use super::{SECRETS, Settings};

/// The default settings file.
const DEFAULT_FILE: &str = "config/talk.toml";

/// Prefix of environment variables.
const PREFIX: &str = "TALK_";

/// Environment variable with the path of the settings file.
const CONFIG: &str = "TALK_CONFIG";

/// A refused setting: its name and the reason, never a secret.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub(crate) struct SettingsError {
    name: String,
    reason: String,
}

impl SettingsError {
    /// Refuses the setting `name`.
    pub(crate) fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
        }
    }
}

/// The inputs that settings are read from.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The file named on the command line.
    pub(crate) file: Option<PathBuf>,
    /// Settings on the command line, by their names.
    pub(crate) flags: Vec<(String, String)>,
    /// The environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// A setting that can be given as a flag.
pub(crate) struct Flag {
    /// Its name in the settings.
    pub(crate) name: String,
    /// The description of the setting.
    pub(crate) help: String,
}

/// Every setting that can be given as a flag, in the order of the struct.
pub(crate) fn flags() -> Vec<Flag> {
    let settings = Settings::META.fields.iter().map(|field| Flag {
        name: field.name.to_owned(),
        help: field.doc.join("").trim().to_owned(),
    });
    let files = SECRETS.iter().map(|secret| Flag {
        name: format!("{secret}_file"),
        help: format!("Reads {secret} from a file"),
    });
    settings.chain(files).collect()
}

/// The settings with their sources.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The settings, checked.
    pub(crate) settings: Settings,
    /// Every setting with its effective value and source.
    pub(crate) in_force: Vec<InForce>,
    /// Variables with the prefix `TALK_` that Kubernetes sets for a Service.
    pub(crate) ignored: Vec<String>,
}

/// Reads and checks the settings.
///
/// # Errors
/// Names the first setting that is unknown or has a bad value, and where it was given.
pub(crate) fn load(given: &Given) -> Result<Loaded, SettingsError> {
    let Environment { ours, ignored } = environment(&given.environment)?;
    let named = ours
        .iter()
        .find(|(name, path)| name == CONFIG && !path.is_empty());
    let named = named.map(|(_, path)| PathBuf::from(path));
    let file = file(given.file.clone().or(named))?;
    let ours = ours.into_iter().filter(|(name, _)| name != CONFIG);
    let sources = [
        Source::texts(Origin::Flag, given.flags.clone())?,
        Source::texts(Origin::Environment, ours.map(lower).collect())?,
        file,
    ];
    let (mut layer, mut origins) = (<Settings as Config>::Layer::empty(), Origins::default());
    for source in sources {
        layer = layer.with_fallback(source.layer(&mut origins)?);
    }
    let layer = layer.with_fallback(<Settings as Config>::Layer::default_values());
    let settings = Settings::from_layer(layer);
    let settings = settings.map_err(|error| SettingsError::new("settings", error.to_string()))?;
    settings.check()?;
    Ok(Loaded {
        settings,
        in_force: origins.in_force(),
        ignored,
    })
}

fn lower((name, value): (String, String)) -> (String, String) {
    let name = name.strip_prefix(PREFIX).unwrap_or(&name);
    (name.to_ascii_lowercase(), value)
}

/// Environment variables with the prefix `TALK_`.
#[derive(Default)]
struct Environment {
    ours: Vec<(String, String)>,
    ignored: Vec<String>,
}

fn environment(given: &[(OsString, OsString)]) -> Result<Environment, SettingsError> {
    let mut environment = Environment::default();
    for (name, value) in given {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        let text = value.to_str();
        if name == CONFIG || flags().iter().any(|flag| variable(&flag.name) == name) {
            let text = text.ok_or_else(|| SettingsError::new(name, "is not UTF-8"))?;
            environment.ours.push((name.to_owned(), text.to_owned()));
        } else if text.is_some_and(|text| is_service_variable(name, text)) {
            environment.ignored.push(name.to_owned());
        } else {
            let reason = "unknown setting in the environment";
            return Err(SettingsError::new(name, reason));
        }
    }
    Ok(environment)
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase())
}

/// Reads the named file, or the default file if it exists.
fn file(named: Option<PathBuf>) -> Result<Source, SettingsError> {
    let is_named = named.is_some();
    let path = named.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => String::new(),
        text => {
            text.map_err(|error| SettingsError::new(&name, format!("cannot be read: {error}")))?
        }
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        // Only the message: the rest quotes the line, which may hold a secret.
        SettingsError::new(&name, format!("is no TOML: {}", error.message()))
    })?;
    let entries = table.into_iter().collect();
    Ok(Source {
        origin: Origin::File(path),
        entries,
    })
}

enum Origin {
    Flag,
    Environment,
    File(PathBuf),
}

impl Origin {
    /// Returns the setting's name in this source, for messages.
    fn call(&self, name: &str) -> String {
        match self {
            Self::Flag => format!("--{}", name.replace('_', "-")),
            Self::Environment => variable(name),
            Self::File(path) => format!("{name} in {}", path.display()),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// The settings of one source.
struct Source {
    origin: Origin,
    entries: Vec<(String, Value)>,
}

impl Source {
    fn texts(origin: Origin, entries: Vec<(String, String)>) -> Result<Self, SettingsError> {
        let entries = entries.into_iter().map(|(name, text)| {
            let value = value(&name, text);
            let value = value.map_err(|reason| SettingsError::new(origin.call(&name), reason))?;
            Ok((name, value))
        });
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
            origin,
        })
    }

    /// Parses the settings of this source, one at a time, so that an error names the setting.
    fn layer(self, origins: &mut Origins) -> Result<<Settings as Config>::Layer, SettingsError> {
        let mut layer = <Settings as Config>::Layer::empty();
        let names: Vec<_> = self.entries.iter().map(|(name, _)| name.clone()).collect();
        for (name, value) in self.entries {
            let refuse = |reason: String| SettingsError::new(self.origin.call(&name), reason);
            let (target, value) = match secret_of(&name) {
                Some(secret) if names.iter().any(|other| other == secret) => {
                    return Err(refuse(format!("{secret} is given too")));
                }
                Some(secret) if !is_empty(&value) => {
                    (secret, read_secret(&value).map_err(&refuse)?)
                }
                Some(_) => continue,
                None => (name.as_str(), value),
            };
            let field = field(target).ok_or_else(|| refuse("unknown setting".to_owned()))?;
            // An empty optional setting counts as not given.
            if is_empty(&value) && is_optional(field) {
                continue;
            }
            origins.add(field, &value, self.origin.call(&name));
            let table = toml::Table::from_iter([(field.name.to_owned(), value)]);
            let one = <Settings as Config>::Layer::deserialize(Value::Table(table));
            let one = one.map_err(|error| refuse(reason(field, error.message())))?;
            layer = layer.with_fallback(one);
        }
        Ok(layer)
    }
}

fn field(name: &str) -> Option<&'static Field> {
    Settings::META
        .fields
        .iter()
        .find(|field| field.name == name)
}

/// Returns the secret setting that `name` (`…_file`) stands for.
fn secret_of(name: &str) -> Option<&'static str> {
    let secret = name.strip_suffix("_file")?;
    SECRETS.into_iter().find(|known| *known == secret)
}

fn read_secret(path: &Value) -> Result<Value, String> {
    let path = path.as_str().ok_or("must be a path")?;
    let secret = std::fs::read_to_string(Path::new(path));
    let secret = secret.map_err(|error| format!("{path} cannot be read: {error}"))?;
    Ok(Value::String(
        secret.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

fn is_optional(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Leaf {
            kind: LeafKind::Optional,
            ..
        }
    )
}

/// Parses a text into the type of the setting's default.
fn value(name: &str, text: String) -> Result<Value, String> {
    let default = field(name).and_then(|field| match field.kind {
        FieldKind::Leaf {
            kind: LeafKind::Required { default },
            ..
        } => default,
        _ => None,
    });
    match default {
        Some(Expr::Bool(_)) => match text.trim().parse() {
            Ok(choice) => Ok(Value::Boolean(choice)),
            Err(_) => Err("must be true or false".to_owned()),
        },
        Some(Expr::Integer(_)) => match text.trim().parse() {
            Ok(number) => Ok(Value::Integer(number)),
            Err(_) => Err("must be a whole number".to_owned()),
        },
        _ => Ok(Value::String(text)),
    }
}

/// Returns the reason without quoting the value of a secret.
fn reason(field: &Field, message: &str) -> String {
    if SECRETS.contains(&field.name) {
        return "must be a text".to_owned();
    }
    message.trim().to_owned()
}
