//! Any page as the listing of any API: what it names stays below the address that is asked.

use std::fs;

use logparser::fetch::fuzzing::listed;
use logparser::profile::{self, Source};

use super::{SCRATCH, parted};

/// Between the keys of `[api]` and the page.
const PAGE: &str = "==== page\n";
/// Where every page is found.
const ADDRESS: &str = "http://h:1/logs/";

/// The keys of `[api]`, the header `Link`, and the page.
pub const SEEDS: [&str; 6] = [
    "list_kind = \"html\"\n==== page\n\n<html><head><title>Index of /logs</title></head><body><pre>\n\
     <a href=\"../\">../</a>\n<a href=\"a%20b.log\">a b.log</a>  2024-01-01 10:20  5.2K\n\
     <a href='/logs/c.log'>c.log</a> 01-Jan-2024 10:20 972\n</pre></body></html>\n",
    "list_kind = \"nginx\"\n==== page\n\n[{\"name\":\"a.log\",\"type\":\"file\",\
     \"mtime\":\"Sun, 06 Nov 1994 08:49:37 GMT\",\"size\":5},{\"name\":\"old\",\"type\":\"directory\"}]",
    "list_kind = \"caddy\"\n==== page\n\n[{\"name\":\"a.log\",\"size\":5,\"url\":\"./a.log\",\
     \"mod_time\":\"1994-11-06T08:49:37Z\",\"is_dir\":false}]",
    "items = \"/files\"\nsize = \"/size\"\nmodified = \"/modified\"\netag = \"/etag\"\n\
     paging = { kind = \"cursor\", cursor = \"/next\", parameter = \"c\" }\n==== page\n\n{\"files\":[\
     {\"name\":\"a.log\",\"size\":5120,\"modified\":\"2026-10-12T05:48:29Z\",\"etag\":\"\\\"5e1\\\"\"},\
     {\"name\":\"../../etc/passwd\",\"size\":-1,\"modified\":784111777.25}],\"next\":\"bGF0ZXI=\"}",
    "items = \"/a/0/b~1c\"\nname = \"/n\"\npaging = { kind = \"cursor\", cursor = \"/next\" }\n==== page\n\n\
     {\"a\":[{\"b/c\":[{\"n\":\"\\u00d8st/\\ud83d\\ude00.log\"}]}],\"next\":\"/logs?p=2\"}",
    "name = \"\"\npaging = { kind = \"link\" }\n==== page\n</logs?p=1>; rel=prev, <?p=3>; rel=\"next\"\n[\"a.log\",\"%2e%2e/b\"]",
];

pub fn run(input: &[u8]) -> bool {
    let Some((api, page)) = parted(input, PAGE) else { return false };
    let Some(end) = page.iter().position(|byte| *byte == b'\n') else { return false };
    let (link, body) = (String::from_utf8_lossy(&page[..end]), &page[end + 1..]);
    let text = format!(
        "[fleet]\nlist = \"instances.csv\"\n[format]\nkind = \"log4net\"\n[kpi.errors]\n\
         [api]\nlist = \"{{address}}/logs/\"\nfetch = \"{{address}}/logs/{{name}}\"\n{api}\n"
    );
    let path = SCRATCH.join("api.toml");
    fs::write(&path, text).expect("a profile");
    let Ok(profile) = profile::load(&path) else { return false };
    let Source::Rest(rest) = profile.source else { return false };
    let address = ADDRESS.parse().expect("a URL");
    let found = listed(&rest, &address, body, &link);
    assert_eq!(found, listed(&rest, &address, body, &link));
    let Ok((files, next)) = found else { return false };
    for file in files {
        let Ok(url) = address.join(&file) else { panic!("no URL: {file}") };
        let name = url.path().strip_prefix("/logs/");
        let below = name.is_some_and(|name| !name.contains(['/', '\\']));
        assert!(url.origin() == address.origin() && below && url.query().is_none(), "it leads elsewhere: {url}");
    }
    if let Some(next) = next {
        assert!(next.origin() == address.origin() && next.username().is_empty(), "another host: {next}");
    }
    true
}
