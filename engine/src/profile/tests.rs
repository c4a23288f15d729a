//! Wrong profiles, each beside what the user is shown (adding a case is adding two files to `faults/`), and what
//! right ones become.

use std::fs;
use std::path::{MAIN_SEPARATOR, Path};

use super::resolve::resolve;
use super::text::Text;
use super::{
    Auth, Fault, FetchKind, Layout, Limits, ListKind, Period, PluginFile, Profile, ReportSettings, Source, Tls,
    TlsVersion, load,
};

/// From the package's folder, in which tests run: no path of a machine gets into what is expected.
const FOLDER: &str = "src/profile/faults";

#[test]
fn wrong_profiles_are_explained() {
    let mut cases = 0;
    let mut wrong = String::new();
    let mut files: Vec<_> = fs::read_dir(FOLDER).expect("the cases").map(|file| file.expect("a case").path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let shown = match load(path) {
            Ok(_) => "no fault".to_owned(),
            Err(faults) => faults.to_string().replace(&format!("{FOLDER}/"), "") + "\n",
        };
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        if shown != expected {
            wrong += &format!("==== {} shows\n{shown}==== instead of\n{expected}\n", path.display());
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases > 15, "{cases} cases found");
}

#[test]
fn a_profile_that_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = |name: &str, bytes: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).expect("a file");
        }
        let faults = load(&path).expect_err(name).to_string();
        faults.replace(&format!("{}{MAIN_SEPARATOR}", folder.path().display()), "")
    };
    let whole = |name: &str, problem: &str| {
        format!(
            "error: the profile cannot be read: {problem}\n --> {name}\n\
             help: `logparser init` writes a documented example\n\n1 fault in {name}"
        )
    };
    assert_eq!(shown("no.toml", None), whole("no.toml", "it does not exist"));
    fs::create_dir(folder.path().join("folder.toml")).expect("a folder");
    assert_eq!(shown("folder.toml", None), whole("folder.toml", "it is a folder"));
    let wide = whole("wide.toml", "it is UTF-16; save the file with the encoding UTF-8");
    assert_eq!(shown("wide.toml", Some(b"\xff\xfet\0")), wide);
    let latin = "error: the profile is not UTF-8\n --> latin.toml:2:11\n  |\n\
                 2 | title = \"R\u{fffd}n\"\n  |           ^\n\
                 help: save the file with the encoding UTF-8\n\n1 fault in latin.toml";
    assert_eq!(shown("latin.toml", Some(b"\ntitle = \"R\xf8n\"\n")), latin);
}

#[test]
fn too_many_faults_are_counted() {
    let mut content = "[fleet]\n".to_owned();
    for key in 0..250 {
        content += &format!("key{key} = 1\n");
    }
    let faults = resolve(Path::new("many.toml"), Text::new("many.toml".to_owned(), content, 0)).expect_err("faults");
    assert_eq!((faults.iter().count(), faults.count()), (100, 253));
    assert!(faults.to_string().ends_with("253 faults in many.toml; 100 are shown"), "{faults}");
}

/// A profile without a fault, with what a test needs at its end.
fn profile(more: &str) -> Profile {
    let content = format!(
        "[fleet]\ninstances = [{{ name = \"A\", address = \"http://a/\" }}]\n\
         [api]\nlist = \"{{address}}/logs\"\nfetch = \"{{address}}/logs/{{name}}\"\n\
         [format]\nkind = \"pattern\"\npattern = \"{{timestamp}} {{body}}\"\ntimestamp = \"%FT%T\"\n{more}"
    );
    match resolve(Path::new("a/fleet.toml"), Text::new("a/fleet.toml".to_owned(), content, 0)) {
        Ok(profile) => profile,
        Err(faults) => panic!("{faults}"),
    }
}

#[test]
fn what_the_profile_leaves_out_has_its_default() {
    let profile = profile("");
    let base = std::path::absolute("a").expect("an absolute path");
    assert_eq!((profile.store, profile.output), (base.join("store"), base.join("reports")));
    assert_eq!(profile.title, "Fleet report");
    assert_eq!(profile.report, ReportSettings { zone: Some(chrono_tz::UTC), period: Period::LastDays(7) });
    assert!(profile.events.is_empty() && profile.kpis.is_empty());
    let [instance] = &profile.instances[..] else { panic!("{:?}", profile.instances) };
    assert_eq!((instance.address.as_str(), instance.zone), ("http://a", None));
    assert!(profile.files.include.is_match("app.log") && profile.files.include.is_match("app.log.1"));
    assert!(!profile.files.include.is_match("app.txt") && profile.files.exclude.is_empty());
    let Source::Rest(rest) = profile.source else { panic!("{:?}", profile.source) };
    assert_eq!((rest.items.as_str(), rest.name.as_str(), rest.size), ("", "/name", None));
    assert_eq!(rest.limits, Limits::default());
}

#[test]
fn kpis_keep_the_order_of_the_file_and_their_settings() {
    let profile = profile(
        "[kpi.restarts]\ntimeout_s = 0x10\nday = 2026-10-12\nlist = [1, 2.5]\n[kpi.restarts.limits]\nmax = true\n\
         [kpi.errors]\nenabled = false\n[kpi.errors-again]\nplugin = \"errors\"\n",
    );
    let [restarts, errors] = &profile.kpis[..] else { panic!("{:?}", profile.kpis) };
    let settings = r#"{"day":"2026-10-12","limits":{"max":true},"list":[1,2.5],"timeout_s":16}"#;
    assert_eq!(restarts.settings, serde_json::from_str::<serde_json::Value>(settings).expect("JSON"));
    assert_eq!(restarts.plugin, PluginFile::Embedded("restarts".to_owned()));
    assert_eq!((errors.name.as_str(), &errors.plugin), ("errors-again", &PluginFile::Embedded("errors".to_owned())));
}

#[test]
fn later_stages_point_into_the_file() {
    let profile = profile(
        "[[event]]\nname = \"a\"\nlogger = \"A\"\n[[event]]\nname = \"b\"\nbody = \"x {y}\"\n\
         [kpi.errors]\ntop = -5\nlimits = { max = 1 }\n",
    );
    let marked = |fault: Fault| {
        let shown = fault.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let [message, place, _, line, caret] = lines[..] else { panic!("{shown}") };
        assert!(place.contains("--> a/fleet.toml:"), "{shown}");
        let at = caret.find('^').expect("a caret");
        (message.to_owned(), line[at..=caret.rfind('^').expect("a caret")].to_owned())
    };
    let expect = |message: &str, text: &str| (format!("error: {message}"), text.to_owned());
    assert_eq!(
        marked(profile.setting_fault("errors", "top", "must be positive")),
        expect("`top` of the KPI `errors`: must be positive", "-5")
    );
    assert_eq!(marked(profile.setting_fault("errors", "limits.max", "x")).1, "1");
    assert_eq!(marked(profile.setting_fault("errors", "absent", "is needed")).1, "[kpi.errors]");
    assert_eq!(marked(profile.plugin_fault("errors", "x")).1, "[kpi.errors]");
    assert_eq!(marked(profile.format_fault(0, "x")), expect("`[format]`: x", "\"{timestamp} {body}\""));
    assert_eq!(marked(profile.timestamp_fault(0, "x")), expect("`timestamp`: x", "\"%FT%T\""));
    assert_eq!(marked(profile.event_fault(0, "x")), expect("event `a`: x", "\"a\""));
    assert_eq!(marked(profile.event_fault(1, "x")), expect("event `b`: x", "\"x {y}\""));
    let nowhere = profile.setting_fault("absent", "x", "y").with_help("z");
    assert_eq!(nowhere.to_string(), "error: `x` of the KPI `absent`: y\n --> a/fleet.toml\nhelp: z");
}

#[test]
fn a_folder_has_an_instance_for_every_subfolder() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["bundles/WS-2", "bundles/WS-1", "bundles/.git"] {
        fs::create_dir_all(folder.path().join(name)).expect("a folder");
    }
    fs::write(folder.path().join("bundles/readme.txt"), "").expect("a file");
    let path = folder.path().join("fleet.toml");
    let content = "fleet.folder = 'bundles'\n[format]\nkind = \"json\"\nzone = \"Asia/Tokyo\"\n";
    fs::write(&path, content).expect("a profile");
    let profile = load(&path).expect("no fault");
    let names: Vec<_> = profile.instances.iter().map(|instance| (instance.name.as_str(), instance.zone)).collect();
    assert_eq!((names, profile.zone()), (vec![("WS-1", None), ("WS-2", None)], chrono_tz::Asia::Tokyo));
    assert!(matches!(profile.source, Source::Folder(at) if at == folder.path().join("bundles")));
    assert!(matches!(&profile.formats[0].layout, Layout::Json { fields, .. } if fields.body == ["@m", "@mt"]));
}

#[test]
fn overrides_hold_for_their_tags_and_later_ones_win() {
    let profile = profile(
        "[[api.override]]\ntags = [\"old\", \"lab\"]\nfetch_kind = \"full\"\nsize = \"/bytes\"\n\
         [[api.override]]\ntags = [\"lab\"]\nlist_kind = \"html\"\nfetch_kind = \"range\"\n\
         limits = { tries = 1 }\ntls = { min_version = \"1.3\" }\nauth = { kind = \"bearer\", token = { env = \"NO_SUCH_VARIABLE\" } }",
    );
    let Source::Rest(rest) = &profile.source else { panic!("{:?}", profile.source) };
    let of = |tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let rest = rest.with_overrides(&rest.overrides_of(&tags));
        let open = rest.auth == Auth::None && rest.tls == Tls::default();
        assert_eq!(open, rest.tls.version_min == TlsVersion::V1_2);
        (rest.list_kind, rest.fetch_kind, rest.size, rest.limits.tries_max, open)
    };
    let size = || Some("/bytes".to_owned());
    assert_eq!(of(&["new"]), (ListKind::Json, FetchKind::Range, None, 3, true));
    assert_eq!(of(&["old"]), (ListKind::Json, FetchKind::Full, size(), 3, true));
    assert_eq!(of(&["x", "lab"]), (ListKind::Html, FetchKind::Range, size(), 1, false));
}

#[test]
fn a_zone_is_that_of_the_instance_or_of_its_first_tag_with_one() {
    let zones = "zones = { oslo = \"Europe/Oslo\", south = \"Australia/Sydney\" }\n";
    let instances = "instances = [\n\
        { name = \"A\", address = \"http://a\", tags = [\"x\", \"south\", \"oslo\"] },\n\
        { name = \"B\", address = \"http://b\", tags = [\"oslo\"], zone = \"Asia/Tokyo\" },\n\
        { name = \"C\", address = \"http://c\" },\n\
        { name = \"D\", address = \"http://d\", tags = [\"far\"] } ]\n";
    let content = format!(
        "[fleet]\n{zones}{instances}[api]\nlist = \"{{address}}/logs\"\nfetch = \"{{address}}/logs/{{name}}\"\n\
         [[format]]\nkind = \"json\"\ntags = [\"far\"]\nzone = \"Asia/Seoul\"\n\
         [[format]]\nkind = \"json\"\nzone = \"America/Lima\"\n[[format]]\nkind = \"log4net\"\n\
         [report]\nzone = \"instance\"\n"
    );
    let text = Text::new("a/fleet.toml".to_owned(), content, 0);
    let profile = resolve(Path::new("a/fleet.toml"), text).unwrap_or_else(|faults| panic!("{faults}"));
    let zones = |zone: fn(&Profile, &super::Instance) -> Option<chrono_tz::Tz>| {
        profile.instances.iter().map(|instance| zone(&profile, instance)).collect::<Vec<_>>()
    };
    let own = [Some(chrono_tz::Australia::Sydney), Some(chrono_tz::Asia::Tokyo), None, None];
    assert_eq!(zones(Profile::zone_of), own);
    let days = [own[0], own[1], Some(chrono_tz::America::Lima), Some(chrono_tz::Asia::Seoul)];
    assert_eq!(zones(|profile, instance| Some(profile.days_of(instance).0)), days);
    let by_offset = profile.instances.iter().map(|instance| profile.days_of(instance).1);
    assert_eq!(by_offset.collect::<Vec<_>>(), [false, false, true, true]);
}
