//! TLS as libpq's `sslmode` defines it (<https://www.postgresql.org/docs/current/libpq-ssl.html>),
//! on rustls.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use sdk::{Error, Kind, Result};

use super::config::SslMode;
use super::url::Tls;

/// The TLS configuration of a datasource.
pub(crate) fn client_config(tls: &Tls) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let check = match (tls.mode, &tls.root_cert) {
        (SslMode::VerifyFull, _) => Check::AuthorityAndName,
        (SslMode::VerifyCa, _) | (SslMode::Require, Some(_)) => Check::Authority,
        _ => Check::Nothing,
    };
    let verifier: Arc<dyn ServerCertVerifier> = match check {
        Check::Nothing => Arc::new(Lenient {
            authority: None,
            provider: provider.clone(),
        }),
        Check::Authority | Check::AuthorityAndName => {
            let strict = WebPkiServerVerifier::builder_with_provider(
                Arc::new(roots(tls.root_cert.as_deref())?),
                provider.clone(),
            )
            .build()
            .map_err(|error| config("cannot use the root certificates").source(error))?;
            if check == Check::AuthorityAndName {
                strict
            } else {
                Arc::new(Lenient {
                    authority: Some(strict),
                    provider: provider.clone(),
                })
            }
        }
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("cannot set up TLS").source(error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut settings = match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates("sslCert", cert)?, private_key(key)?)
            .map_err(|error| config("`sslCert` and `sslKey` do not fit").source(error))?,
        (None, None) => builder.with_no_client_auth(),
        _ => {
            return Err(config("`sslCert` and `sslKey` are only of use together")
                .hint("give both paths, or none"));
        }
    };
    // The name of the protocol for connections that are TLS from the first byte.
    settings.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(settings)
}

#[derive(PartialEq, Eq)]
enum Check {
    Nothing,
    Authority,
    AuthorityAndName,
}

fn config(message: impl Into<String>) -> Error {
    Error::new(Kind::Config, message)
}

fn roots(path: Option<&str>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match path {
        Some(path) => {
            for certificate in certificates("sslRootCert", path)? {
                roots.add(certificate).map_err(|error| {
                    config(format!("cannot use a certificate of `sslRootCert` {path}"))
                        .source(error)
                })?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(
            config("there is no root certificate to check the server's against")
                .hint("set `sslRootCert` to the PEM file of the server's certificate authority"),
        );
    }
    Ok(roots)
}

fn certificates(field: &str, path: &str) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = |error: rustls::pki_types::pem::Error| {
        config(format!("cannot read certificates from `{field}` {path}"))
            .hint("it must be a PEM file that this process may read")
            .source(error)
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(
            config(format!("`{field}` {path} holds no certificate")).hint("it must be a PEM file")
        );
    }
    Ok(certificates)
}

fn private_key(path: &str) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        config(format!("cannot read the key from `sslKey` {path}"))
            .hint("it must be an unencrypted PEM file; convert a .pk8 file with openssl pkcs8")
            .source(error)
    })
}

/// Checks the certificate's authority but not its name (`verify-ca`), or neither (`require`); in both
/// cases the server must prove that it holds the certificate's key.
#[derive(Debug)]
struct Lenient {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        let outcome = authority.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match outcome {
            // The name is checked last, so everything else was in order.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
