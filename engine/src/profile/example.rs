//! The documented example, which `logparser init` writes.

/// A profile for the log4net layout of the target application; the reference of every key.
pub const EXAMPLE: &str = include_str!("example.toml");

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    use proptest::sample::Index;
    use proptest::{prop_assert, proptest};

    use super::EXAMPLE;
    use crate::profile::resolve::resolve;
    use crate::profile::text::Text;
    use crate::profile::{EMBEDDED_PLUGINS, Faults, Layout, Limits, Period, Profile, Source, load};

    const ZONES: &str = "#zones = { oslo = \"Europe/Oslo\", sydney = \"Australia/Sydney\" }";
    const CURSOR: &str = "#paging = { kind = \"cursor\", cursor = \"/next\", parameter = \"cursor\" }";
    const PAGE: &str = "#paging = { kind = \"page\", parameter = \"page\", first = 1 }";
    const INVENTORY: &str = "#inventory = { url = \"https://inventory.example/targets\", \
                             address = \"https://{__address__}/base\", tags = [\"site\"] }";
    const TLS: &str = "#tls = { ca = [\"company-ca.pem\"], certificate = \"client.pem\", \
                       key = { file = \"client.key\" }, min_version = \"1.3\" }";
    const BEARER: &str = "#auth = { kind = \"bearer\", token = { env = \"LOGPARSER_TOKEN\" } }";
    const BASIC: &str = "#auth = { kind = \"basic\", user = \"logs\", password = { file = \"password.txt\" } }";
    const HEADER: &str = "#auth = { kind = \"header\", header = \"X-Api-Key\", value = { env = \"LOGPARSER_KEY\" } }";

    /// Loads a profile from a folder in which everything is that the example names.
    fn load_text(content: &str) -> Result<Profile, Faults> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fleet.toml");
        fs::create_dir_all(folder.path().join("bundles/WS-0009")).expect("a folder");
        let list = "name,address,tags,zone\nWS-0003,http://10.0.0.3:8080,studio;oslo,Europe/Oslo\n";
        fs::write(folder.path().join("instances.csv"), list).expect("a list");
        fs::write(&path, content).expect("a profile");
        load(&path)
    }

    /// The example with the switched-off settings from one line to another on.
    fn switched_on(first: &str, last: &str) -> String {
        let mut on = false;
        let mut content = String::new();
        for line in EXAMPLE.lines() {
            on |= line == first;
            content += if on { line.strip_prefix('#').expect("a line that is switched off") } else { line };
            content += "\n";
            on &= line != last;
        }
        assert_ne!(content.trim(), EXAMPLE.trim(), "{first}");
        content
    }

    #[test]
    fn the_example_has_no_fault() {
        let profile = load_text(EXAMPLE).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(profile.instances.len(), 1);
        assert_eq!(profile.instances[0].tags, ["studio", "oslo"]);
        assert_eq!(profile.kpis.iter().map(|kpi| kpi.name.as_str()).collect::<Vec<_>>(), EMBEDDED_PLUGINS);
        assert_eq!(profile.events.len(), 7);
        assert_eq!(profile.report.period, Period::LastDays(7));
        let Source::Rest(rest) = profile.source else { panic!("{:?}", profile.source) };
        assert_eq!(rest.limits, Limits::default(), "the example shows the defaults");
        let Layout::Pattern { pattern, timestamp } = &profile.formats[0].layout else {
            panic!("{:?}", profile.formats)
        };
        assert_eq!(*pattern, "{timestamp} [{thread}] {severity} {logger} - {body}");
        assert_eq!(*timestamp, "%Y-%m-%d %H:%M:%S,%3f", "the samples' time");
    }

    #[test]
    fn what_is_switched_off_has_no_fault_either() {
        for (first, last) in [
            ("#instances = [", "#]"),
            (INVENTORY, INVENTORY),
            (CURSOR, CURSOR),
            (PAGE, PAGE),
            (BEARER, BEARER),
            (BASIC, BASIC),
            (HEADER, HEADER),
            (TLS, TLS),
            ("#override = [", "#]"),
            (ZONES, ZONES),
            ("#HINWEIS = \"info\"", "#FEHLER = \"error\""),
            ("#[[event]]", "#min_severity = \"warn\""),
            ("#[[signature]]", "#min_severity = \"fatal\""),
            ("#[kpi.my-kpi]", "#threshold = 5"),
        ] {
            load_text(&switched_on(first, last)).unwrap_or_else(|faults| panic!("{first}: {faults}"));
        }
        let folder = switched_on("#folder = \"bundles\"", "#folder = \"bundles\"");
        let folder = folder.replace("\nlist = \"instances.csv\"\n", "\n");
        let profile = load_text(&folder).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(profile.instances[0].name, "WS-0009");

        let json = switched_on("#[format]", "#default_severity = \"info\"");
        let (before, pattern) = json.split_once("\n[format]\n").expect("the pattern's section");
        let (_, json) = pattern.split_once("\n[format]\n").expect("the section of compact JSON");
        let profile = load_text(&format!("{before}\n[format]\n{json}")).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(matches!(&profile.formats[0].layout, Layout::Json { fields, .. } if fields.timestamp == ["@t"]));

        let several = switched_on("#[[format]]", "#kind = \"json\"");
        let (before, rest) = several.split_once("\n[format]\n").expect("the pattern's section");
        let (_, formats) = rest.split_once("\n[[format]]\n").expect("the first of several");
        let profile =
            load_text(&format!("{before}\n[[format]]\n{formats}")).unwrap_or_else(|faults| panic!("{faults}"));
        let names: Vec<_> = profile.formats.iter().map(|format| format.name.as_deref()).collect();
        assert_eq!(names, [Some("service"), Some("old"), None]);
    }

    /// Every table is given a key that it does not know; the help then lists those that it knows.
    #[test]
    fn the_example_documents_every_key() {
        let mut content = EXAMPLE.replace("]\n", "]\nzzz = 1\n").replacen("title =", "zzz = 1\ntitle =", 1);
        content =
            content.replace("\nlist = \"instances.csv\"\n", "\n").replace("exclude = []\nzzz = 1\n", "exclude = []\n");
        content = content.replace("\n[fleet]\n", "\n[fleet]\ninstances = [ { zzz = 1 } ]\n");
        content = content.replace("\"*.log.*\"]\nzzz = 1\n", "\"*.log.*\"]\n");
        let mut known = 0;
        for fault in &load_text(&content).expect_err("unknown keys") {
            let keys = fault
                .help
                .as_deref()
                .unwrap_or_default()
                .split("known: ")
                .nth(1)
                .filter(|_| fault.message.contains("`zzz`"));
            for key in keys.unwrap_or_default().split(", ") {
                let key = key.trim_matches('`');
                let written = [
                    format!("\n{key} = "),
                    format!("\n#{key} = "),
                    format!("\n[{key}"),
                    format!("\n[[{key}"),
                    format!("\n#[[{key}"),
                ];
                let within = [format!("{{ {key} = "), format!(", {key} = "), format!(".{key}]")];
                let documented = written.iter().chain(&within).any(|form| EXAMPLE.contains(form));
                assert!(documented, "`{key}` is not in the example, see {fault}");
                known += 1;
            }
        }
        assert!(known > 50, "{known} keys found");
    }

    /// One change to a text: something else in the place of some bytes.
    fn change() -> impl Strategy<Value = (Index, usize, String)> {
        let with = prop_oneof![
            Just(String::new()),
            "[\\[\\]{}\"'=#,.\\\\\n\t éa-z0-9@:/-]{0,6}",
            proptest::sample::select(vec![
                "\"\"\"",
                "[[",
                "= [",
                "'''",
                "{a:",
                "http://u:p@",
                "9999999999999999999999",
                "\r\n",
                "\u{202e}",
                "日"
            ])
            .prop_map(str::to_owned),
        ];
        (any::<Index>(), 0..40_usize, with)
    }

    /// Values of every type, right and wrong, for any key.
    const VALUES: [&str; 22] = [
        r#""""#,
        r#"" ""#,
        r#""text""#,
        r#""é日\u0000\t""#,
        r#""{a}{b:ms}{*}{{""#,
        r#""{timestamp} {body}""#,
        r#""{address}/{name}""#,
        r#""http://[::1]:1""#,
        r#""10s""#,
        r#""%""#,
        r#""[""#,
        "'''\n{'''",
        "0",
        "-9223372036854775809",
        "0xff",
        "nan",
        "1e9",
        "true",
        "2026-10-12T05:48:29Z",
        "[]",
        "[1, 'a', [], {}]",
        "{ a.b = { c = 1 }, name = 'x', address = 'http://a' }",
    ];

    proptest! {
        #[test]
        fn no_value_of_a_key_panics(changes in proptest::collection::vec((any::<Index>(), 0..VALUES.len()), 1..12)) {
            let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
            let is_setting = |line: &str| line.contains(" = ") && !line.starts_with("# ");
            let settings: Vec<usize> = (0..lines.len()).filter(|&at| is_setting(&lines[at])).collect();
            for (at, value) in changes {
                let line = &mut lines[settings[at.index(settings.len())]];
                let key = line.split(" = ").next().unwrap_or_default().trim_start_matches('#').trim();
                *line = format!("{key} = {}", VALUES[value]);
            }
            let text = Text::new("fleet.toml".to_owned(), lines.join("\r\n"), 0);
            let faults = resolve(Path::new("no-such-folder/fleet.toml"), text).expect_err("the list is not there");
            prop_assert!(faults.iter().all(|fault| fault.help.is_some()), "{faults}");
        }

        #[test]
        fn no_change_to_the_example_panics(changes in proptest::collection::vec(change(), 1..8)) {
            let mut content = EXAMPLE.to_owned();
            for (at, length, with) in changes {
                let boundary = |mut at: usize, text: &str| {
                    while !text.is_char_boundary(at) {
                        at += 1;
                    }
                    at
                };
                let start = boundary(at.index(content.len() + 1), &content);
                let end = boundary((start + length).min(content.len()), &content);
                content.replace_range(start..end, &with);
            }
            let text = Text::new("fleet.toml".to_owned(), content, 0);
            if let Err(faults) = resolve(Path::new("no-such-folder/fleet.toml"), text) {
                prop_assert!(faults.to_string().lines().count() > 3);
                prop_assert!(faults.iter().all(|fault| fault.help.is_some()), "{faults}");
            }
        }
    }
}
