//! `auth` of `[api]`: who asks, without any secret.

use std::path::Path;

use super::Auth;
use super::raw::{At, Key, Table};
use super::secret::take_secret;
use super::suggest::quoted;

const AUTH: Key = Key("auth", "{ kind = \"bearer\", token = { env = \"LOGPARSER_TOKEN\" } }");
const KIND: Key = Key("kind", "\"bearer\"");
const USER: Key = Key("user", "\"logs\"");
const PASSWORD: Key = Key("password", "{ env = \"LOGPARSER_PASSWORD\" }");
const TOKEN: Key = Key("token", "{ env = \"LOGPARSER_TOKEN\" }");
const HEADER: Key = Key("header", "\"X-Api-Key\"");
const VALUE: Key = Key("value", "{ env = \"LOGPARSER_KEY\" }");

#[derive(Clone, Copy)]
enum Kind {
    None,
    Basic,
    Bearer,
    Header,
}

const KINDS: [(&str, Kind); 4] =
    [("none", Kind::None), ("basic", Kind::Basic), ("bearer", Kind::Bearer), ("header", Kind::Header)];

/// Headers that the fetch itself sets, or that decide what the body means.
const OWN_HEADERS: [&str; 8] =
    ["accept", "accept-encoding", "connection", "content-length", "host", "if-range", "range", "transfer-encoding"];

pub(super) fn take_auth(table: &mut Table<'_>, base: &Path) -> Option<Auth> {
    let mut auth = table.take_table(AUTH)?;
    auth.require(KIND);
    let kind = auth.take_one_of(KIND, &KINDS)?;
    let taken = match kind.value {
        Kind::None => Some(Auth::None),
        Kind::Basic => {
            let user = auth.take_required_text(USER);
            if let Some(user) = user.as_ref().filter(|user| user.value.contains([':', '\n', '\r'])) {
                let help = "it ends where the password begins: such as `user = \"logs\"`";
                auth.doc().fault(&user.span, "`user` holds a colon or a line's end", help);
            }
            let password = take_secret(&mut auth, PASSWORD, base);
            user.zip(password).map(|(user, password)| Auth::Basic { user: user.value, password })
        }
        Kind::Bearer => take_secret(&mut auth, TOKEN, base).map(|token| Auth::Bearer { token }),
        Kind::Header => {
            let name = auth.take_required_text(HEADER);
            if let Some(name) = &name {
                check_header(&auth, name);
            }
            let value = take_secret(&mut auth, VALUE, base);
            name.zip(value).map(|(name, value)| Auth::Header { name: name.value, value })
        }
    };
    auth.finish();
    taken
}

fn check_header(auth: &Table<'_>, name: &At<String>) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let help = "a name such as \"X-Api-Key\"";
    if !name.value.bytes().all(token) {
        auth.doc().fault(&name.span, format!("`header` is no name of a header: {}", quoted(&name.value)), help);
    } else if OWN_HEADERS.contains(&name.value.to_ascii_lowercase().as_str()) {
        auth.doc().fault(&name.span, format!("`header` is one that every request has: {}", quoted(&name.value)), help);
    }
}
