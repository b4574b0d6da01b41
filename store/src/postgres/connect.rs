//! Builds the pool, encrypted where the address asks for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::server::{Server, Tls};
use crate::{Durability, Error, Options, Result};

const WAIT: Duration = Duration::from_secs(10);
const CREATE: Duration = Duration::from_secs(6);

/// Builds a pool; nothing is connected yet.
pub(super) fn pool(server: &Server, options: Options) -> Result<Pool> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &server.tls {
        Tls::Off => Manager::from_config(server.config.clone(), NoTls, recycling),
        Tls::On { authorities } => {
            Manager::from_config(server.config.clone(), tls(authorities.as_deref())?, recycling)
        }
    };
    let settings = settings(options);
    let answer = CREATE.min(options.statement_limit);
    let set_up = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let settings = settings.clone();
        Box::pin(async move {
            // The pool has a deadline for connecting, and none for what follows.
            let set = timeout(answer, client.batch_execute(&settings)).await;
            set.map_err(|_| HookError::message("the server did not answer"))?.map_err(HookError::Backend)
        })
    });
    Pool::builder(manager)
        .max_size(options.connections.max(1))
        .timeouts(Timeouts { wait: Some(WAIT), create: Some(CREATE), recycle: Some(CREATE) })
        .runtime(Runtime::Tokio1)
        .post_create(set_up)
        .build()
        .map_err(Error::other)
}

// A worker that is stopped inside a transaction would else block its successor for ever.
fn settings(options: Options) -> String {
    let synchronous = match options.durability {
        Durability::Full => "on",
        Durability::Normal => "off",
    };
    // Our statements answer within milliseconds, and the server would compile some of them anew each time for longer.
    format!(
        "SET jit = off; SET idle_in_transaction_session_timeout = '5s'; SET statement_timeout = {}; SET synchronous_commit = {synchronous}",
        options.statement_limit.as_millis()
    )
}

pub(super) fn tls(authorities: Option<&Path>) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .with_root_certificates(roots(authorities)?)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authorities else {
        // Single broken certificates of the system are its own affair.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let unreadable = |problem: &dyn std::fmt::Display| {
        Error::Config(format!("cannot read the certificates in `{}`: {problem}", path.display()))
    };
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    Ok(roots)
}
