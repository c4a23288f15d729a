//! Who asks: the secrets of a run, read once before anything is asked, and put into requests marked as sensitive.

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::profile::{Auth, NoAccess, Revealed};

/// What goes with every request to an instance.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    None,
    Basic(String, Revealed),
    /// The value is marked as sensitive: it is not shown, and no redirect takes it elsewhere.
    Header(HeaderName, HeaderValue),
}

impl Credentials {
    pub fn read(auth: &Auth) -> Result<Credentials, NoAccess> {
        Ok(match auth {
            Auth::None => Credentials::None,
            Auth::Basic { user, password } => Credentials::Basic(user.clone(), password.read()?),
            Auth::Bearer { token } => {
                Credentials::Header(AUTHORIZATION, sensitive(&format!("Bearer {}", token.read()?.text())))
            }
            Auth::Header { name, value } => {
                let name = HeaderName::try_from(name).expect("checked with the profile");
                Credentials::Header(name, sensitive(value.read()?.text()))
            }
        })
    }

    pub fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Credentials::None => request,
            Credentials::Basic(user, password) => request.basic_auth(user, Some(password.text())),
            Credentials::Header(name, value) => request.header(name, value.clone()),
        }
    }

    pub fn is_some(&self) -> bool {
        !matches!(self, Credentials::None)
    }
}

fn sensitive(text: &str) -> HeaderValue {
    let mut value = HeaderValue::try_from(text).expect("secrets are visible ASCII");
    value.set_sensitive(true);
    value
}
