//! A checked PostgreSQL address.

use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::{Error, Result};

/// Where the server is and how it is spoken to.
#[derive(Clone)]
pub(crate) struct Server {
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// Whether the link is encrypted. What is encrypted is also verified, the host's name included.
#[derive(Clone)]
pub(super) enum Tls {
    Off,
    On {
        /// A file of further certificate authorities.
        authorities: Option<PathBuf>,
    },
}

const OPTIONS: &[&str] = &[
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

impl Server {
    /// Checks what follows `postgres:`. No message repeats a part that may be a password.
    pub(crate) fn parse(rest: &str) -> Result<Server> {
        let body = rest.strip_prefix("//").ok_or_else(|| wrong("it must begin with `postgres://`"))?;
        let (address, query) = body.split_once('?').unwrap_or((body, ""));
        let authority = address.split('/').next().unwrap_or_default();
        // An unescaped `/` or `?` in a password moves its rest to where a name is expected.
        let may_be_named = authority.contains('@') || !body.contains('@');
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        check_ports(hosts, may_be_named)?;
        let (query, tls) = read_options(query, may_be_named)?;
        let mut config: Config =
            format!("postgres://{address}?{query}").parse().map_err(|error| unreadable(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("it names no host"));
        }
        set_limits(&mut config);
        Ok(Server { config, tls })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                Host::Unix(directory) => write!(f, "{comma}{}", directory.display())?,
            }
            if let Some(port) = ports.get(index).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

fn wrong(problem: &str) -> Error {
    Error::Config(format!("the database URL is wrong: {problem}"))
}

fn check_ports(hosts: &str, may_be_named: bool) -> Result<()> {
    for host in hosts.split(',') {
        // An IPv6 address stands in brackets and has colons of its own.
        let after_address = host.rsplit_once(']').map_or(host, |(_, port)| port);
        let Some((_, port)) = after_address.rsplit_once(':') else {
            continue;
        };
        if port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0) {
            continue;
        }
        let named = if may_be_named { format!(" `{port}`") } else { String::new() };
        return Err(wrong(&format!("the port{named} is not between 1 and 65535")));
    }
    Ok(())
}

fn read_options(query: &str, may_be_named: bool) -> Result<(String, Tls)> {
    let mut kept = Vec::new();
    let mut tls = Tls::Off;
    let mut authorities = None;
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, value) {
            ("sslmode", "disable" | "allow" | "prefer") => {}
            // The driver knows no `verify-full`; the certificate is verified in every mode.
            ("sslmode", "require" | "verify-ca" | "verify-full") => {
                tls = Tls::On { authorities: None };
                kept.push("sslmode=require");
            }
            ("sslmode", _) => return Err(wrong("`sslmode` must be disable, require or verify-full")),
            ("sslrootcert", path) => authorities = Some(PathBuf::from(path)),
            (name, _) if OPTIONS.contains(&name) => kept.push(option),
            (name, _) if may_be_named => return Err(wrong(&format!("it has an unknown option `{name}`"))),
            _ => return Err(wrong("it has an unknown option")),
        }
    }
    if let Tls::On { authorities: given } = &mut tls {
        *given = authorities;
    }
    Ok((kept.join("&"), tls))
}

// The driver's text names the option; anything else it says may repeat a part of the URL.
fn unreadable(error: &tokio_postgres::Error) -> Error {
    let detail = error.source().map(ToString::to_string).unwrap_or_default();
    if detail.starts_with("invalid value for option") { wrong(&detail) } else { wrong("it cannot be read") }
}

fn set_limits(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
    }
    if config.get_application_name().is_none() {
        config.application_name("paceline");
    }
    config.keepalives_idle(Duration::from_secs(30));
}
