//! The connection file: where to listen, and the key.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The ports of the five sockets; 0 takes a free one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Shell.
    pub shell: u16,
    /// Iopub.
    pub iopub: u16,
    /// Stdin.
    pub stdin: u16,
    /// Control.
    pub control: u16,
    /// Heartbeat.
    pub heartbeat: u16,
}

/// What a connection file says.
#[derive(Clone, Debug)]
pub struct ConnectionFile {
    /// `tcp` or `ipc`.
    pub transport: Transport,
    /// The address, or the beginning of the paths of the sockets.
    pub ip: String,
    /// The ports, or the ends of the paths.
    pub ports: Ports,
    /// The key; empty for none.
    pub key: String,
    /// The scheme of the signatures.
    pub scheme: String,
    /// Everything as it was read.
    fields: Map<String, Json>,
}

/// How peers connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// By an address and ports.
    Tcp,
    /// By files.
    Ipc,
}

/// Why a connection file is of no use: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError(pub String);

impl std::fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn error<T>(why: impl Into<String>) -> Result<T, ConnectionError> {
    Err(ConnectionError(why.into()))
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default = "tcp")]
    transport: Transport,
    #[serde(default = "loopback")]
    ip: String,
    shell_port: u16,
    iopub_port: u16,
    stdin_port: u16,
    control_port: u16,
    hb_port: u16,
    #[serde(default)]
    key: String,
    #[serde(default = "hmac")]
    signature_scheme: String,
}

fn tcp() -> Transport {
    Transport::Tcp
}

fn loopback() -> String {
    "127.0.0.1".to_owned()
}

fn hmac() -> String {
    "hmac-sha256".to_owned()
}

impl ConnectionFile {
    /// Reads a connection file.
    ///
    /// # Errors
    /// What is wrong with it; also keys that ask for encryption, which is not spoken here.
    pub fn read(text: &str) -> Result<Self, ConnectionError> {
        let fields: Map<String, Json> = match serde_json::from_str(text) {
            Ok(fields) => fields,
            Err(why) => return error(format!("the connection file is no JSON object: {why}")),
        };
        if let Some((name, _)) = fields
            .iter()
            .find(|(name, v)| name.starts_with("curve_") && !v.is_null() && v.as_str() != Some(""))
        {
            return error(format!(
                "the connection file asks for encryption ({name}), which this kernel does not speak; \
                 connect through ssh or with transport \"ipc\""
            ));
        }
        let raw: Raw = match serde_json::from_value(Json::Object(fields.clone())) {
            Ok(raw) => raw,
            Err(why) => return error(format!("the connection file: {why}")),
        };
        if raw.signature_scheme != "hmac-sha256" {
            return error(format!(
                "the signature scheme is {:?}; this kernel speaks hmac-sha256",
                raw.signature_scheme
            ));
        }
        Ok(Self {
            transport: raw.transport,
            ip: raw.ip,
            ports: Ports {
                shell: raw.shell_port,
                iopub: raw.iopub_port,
                stdin: raw.stdin_port,
                control: raw.control_port,
                heartbeat: raw.hb_port,
            },
            key: raw.key,
            scheme: raw.signature_scheme,
            fields,
        })
    }

    /// Writes the ports that were taken into the file, if it left one open.
    ///
    /// # Errors
    /// What the system says.
    pub fn rewrite(&self, path: &Path, ports: Ports) -> std::io::Result<()> {
        if ports == self.ports {
            return Ok(());
        }
        let mut fields = self.fields.clone();
        for (name, port) in [
            ("shell_port", ports.shell),
            ("iopub_port", ports.iopub),
            ("stdin_port", ports.stdin),
            ("control_port", ports.control),
            ("hb_port", ports.heartbeat),
        ] {
            fields.insert(name.to_owned(), Json::from(port));
        }
        let text = serde_json::to_string_pretty(&fields).map_err(std::io::Error::other)?;
        // In place, so that the file keeps the permissions that protect its key.
        std::fs::write(path, text + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4,
        "hb_port": 5, "ip": "127.0.0.1", "key": "k", "transport": "tcp",
        "signature_scheme": "hmac-sha256", "kernel_name": "convac", "curve_publickey": ""}"#;

    #[test]
    fn good_files_are_read() {
        let file = ConnectionFile::read(GOOD).unwrap();
        assert_eq!((file.ports.shell, file.ports.heartbeat), (1, 5));
        assert_eq!(file.transport, Transport::Tcp);
    }

    #[test]
    fn bad_files_are_told_in_a_line() {
        for (from, to, why) in [
            ("hmac-sha256", "hmac-md5", "hmac-md5"),
            ("\"curve_publickey\": \"\"", "\"curve_publickey\": \"x\"", "curve_publickey"),
            ("\"hb_port\": 5,", "", "hb_port"),
            ("\"tcp\"", "\"udp\"", "udp"),
            ("{", "", "JSON"),
            ("1,", "70000,", "u16"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = ConnectionFile::read(&text).unwrap_err().0;
            assert!(error.contains(why) && !error.contains('\n'), "{error}");
        }
    }
}
