//! What the profile asks with: secrets and certificates that are not what they should be, each shown at its place.

use std::fs;

use super::certificates::Authority;
use super::scene::{Folder, PROFILE};
use crate::fetch::check_access;
use crate::profile::load;

/// What is shown of a profile with this in its `[api]`, beside files of certificates.
fn shown(api: &str) -> String {
    let folder = Folder::new();
    for name in ["company", "other"] {
        Authority::new(name).write(&folder.0, name, (2000, 4000));
    }
    let pem = fs::read(folder.0.join("company.pem")).expect("a file");
    fs::write(folder.0.join("cut.pem"), &pem[..pem.len() / 2]).expect("a file");
    fs::write(folder.0.join("company.der"), b"\x30\x82\x01\x02").expect("a file");
    fs::write(
        folder.0.join("passphrase.key"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .expect("a file");
    fs::write(folder.0.join("no.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .expect("a file");
    fs::write(folder.0.join("large.pem"), vec![b'\n'; (1 << 20) + 1]).expect("a file");
    let path = folder.0.join("fleet.toml");
    fs::write(&path, PROFILE.replace("[api]\n", &format!("[api]\n{api}\n"))).expect("a profile");
    let profile = load(&path).unwrap_or_else(|faults| panic!("{faults}"));
    let faults = check_access(&profile).map_or_else(|faults| faults.to_string(), |()| String::new());
    faults.replace(&format!("{}/", folder.0.display()), "")
}

#[test]
fn what_can_be_used_is_no_fault() {
    for tls in [
        r#"tls = {}"#,
        r#"tls = { ca = ["company-ca.pem", "other-ca.pem"], min_version = "1.3" }"#,
        r#"tls = { certificate = "company.pem", key = { file = "company.key" } }"#,
    ] {
        assert_eq!(shown(tls), "", "{tls}");
    }
}

#[test]
fn what_cannot_be_used_is_shown_at_its_place() {
    let client = |certificate: &str, key: &str| {
        format!(r#"tls = {{ certificate = "{certificate}", key = {{ file = "{key}" }} }}"#)
    };
    for (tls, marked, problem, help) in [
        (
            r#"tls = { ca = ["company-ca.pem", "missing.pem"] }"#.to_owned(),
            r#""missing.pem""#,
            "the file missing.pem cannot be read: it does not exist",
            "starts from the folder of the profile",
        ),
        (
            r#"tls = { ca = ["cut.pem"] }"#.to_owned(),
            r#""cut.pem""#,
            "the file cut.pem is not PEM",
            "BEGIN CERTIFICATE",
        ),
        (r#"tls = { ca = ["company.der"] }"#.to_owned(), r#""company.der""#, "holds no certificate", "-inform der"),
        (r#"tls = { ca = ["no.pem"] }"#.to_owned(), r#""no.pem""#, "can be used", "BEGIN CERTIFICATE"),
        (r#"tls = { ca = ["large.pem"] }"#.to_owned(), r#""large.pem""#, "is larger than 1 MiB", "certificates alone"),
        (
            client("company.pem", "other.key"),
            r#"{ file = "other.key" }"#,
            "the file other.key holds the key of another certificate",
            "one pair",
        ),
        (client("company.pem", "company.pem"), r#"{ file = "company.pem" }"#, "holds no private key", "PRIVATE KEY"),
        (client("company.pem", "passphrase.key"), r#"{ file = "passphrase.key" }"#, "under a passphrase", "openssl"),
        (client("company.key", "company.key"), r#""company.key""#, "holds no certificate", "BEGIN CERTIFICATE"),
        (client("company.pem", "absent.key"), r#"{ file = "absent.key" }"#, "absent.key cannot be read", "write"),
    ] {
        let shown = shown(&tls);
        let lines: Vec<&str> = shown.lines().collect();
        let [error, place, _, line, caret, hint, ..] = lines[..] else { panic!("{tls}: {shown}") };
        assert!(error.contains(problem) && hint.contains(help), "{tls}: {shown}");
        assert!(place.contains("fleet.toml:") && shown.ends_with("1 fault in fleet.toml"), "{tls}: {shown}");
        let at = caret.find('^').expect("a caret");
        assert_eq!(&line[at..=caret.rfind('^').expect("a caret")], marked, "{shown}");
    }
}

#[test]
fn each_secret_and_each_certificate_is_shown_once() {
    let shown = shown(
        "auth = { kind = \"bearer\", token = { env = \"NO_SUCH_VARIABLE\" } }\n\
         override = [ { tags = [\"a\"], fetch_kind = \"full\" }, { tags = [\"b\"], tls = { ca = [\"absent.pem\"] } } ]",
    );
    assert!(shown.contains("the environment variable NO_SUCH_VARIABLE is not set\n --> "), "{shown}");
    assert!(shown.ends_with("2 faults in fleet.toml"), "{shown}");
}
