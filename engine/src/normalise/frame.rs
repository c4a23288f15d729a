//! Frames of stack traces: which method a line names.
//!
//! Arguments, places in files and addresses are left out, and so are the numbers that compilers give to what has no
//! name: they change with every build.

/// What runs others' methods or throws for them: it tells nothing of the error.
const PLUMBING: [&str; 15] = [
    "System.Runtime.CompilerServices.",
    "System.Runtime.ExceptionServices.",
    "System.Threading.Tasks.",
    "System.Threading.ExecutionContext.",
    "System.ThrowHelper.",
    "java.lang.reflect.",
    "jdk.internal.reflect.",
    "sun.reflect.",
    "core::panicking::",
    "std::panicking::",
    "core::result::unwrap_failed",
    "core::option::",
    "rust_begin_unwind",
    "__rustc::",
    "runtime.",
];
/// The word before a frame of .NET, which speaks the language of Windows, and of Java and JavaScript.
const AT: [&str; 6] = ["at ", "bei ", "ved ", "vid ", "à ", "en "];

/// Whether a frame tells nothing of the error.
pub fn is_plumbing(frame: &str) -> bool {
    PLUMBING.iter().any(|known| frame.starts_with(known))
}

/// The method of a frame; `is_call` says that a bare call is one.
pub fn name(line: &str, is_call: bool) -> Option<String> {
    let named = managed(line).or_else(|| numbered(line)).or_else(|| native(line));
    let named =
        named.or_else(|| line.rsplit_once('(').filter(|(_, end)| is_call && end.ends_with(')')).map(|(name, _)| name));
    named.map(|name| without_numbers(name.trim())).filter(|name| !name.is_empty())
}

/// `File "/app/view.py", line 12, in draw`
pub fn of_python(line: &str) -> Option<String> {
    let (path, rest) = line.strip_prefix("File \"")?.split_once('"')?;
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let method = rest.rsplit_once(", in ").map_or("", |(_, method)| method.trim());
    Some(format!("{}.{method}", file.strip_suffix(".py").unwrap_or(file)))
}

/// `at Shell.Run(String name) in C:\Shell.cs:line 246`, `at async run (/app/main.js:10:5)`
fn managed(line: &str) -> Option<&str> {
    let frame = AT.iter().find_map(|at| line.strip_prefix(at))?;
    let frame = frame.strip_prefix("async ").unwrap_or(frame);
    match frame.split_once('(') {
        Some((method, _)) => Some(match method.rsplit_once('/') {
            // Java names the module; a lambda's class has its address behind a slash.
            Some((_, method)) if !method.starts_with("0x") => method,
            _ => method,
        }),
        // A frame without a name, such as `at /app/main.js:10:5`.
        None => line
            .strip_prefix("at ")
            .map(|frame| frame.trim_end_matches(|char: char| char.is_ascii_digit() || char == ':')),
    }
}

/// `#1  0x00007f in draw (view=0x0) at view.c:12`, `3: app::view::draw`, `0  libview.dylib  0x00007f draw + 10`
fn numbered(line: &str) -> Option<&str> {
    let number = line.trim_start_matches('#');
    let rest = number.trim_start_matches(|char: char| char.is_ascii_digit());
    if rest.len() == number.len() {
        return None;
    }
    if let Some(rest) = rest.strip_prefix(": ") {
        return rest.trim_start().split(" - ").last();
    }
    let rest = rest.strip_prefix(' ')?.trim_start();
    if number.len() == line.len() {
        // Apple's: the module, the address, the symbol and how far within it.
        let (_, symbol) = rest.split_once(" 0x")?.1.split_once(' ')?;
        return Some(symbol.split(" + ").next().unwrap_or(symbol));
    }
    let symbol = match rest.strip_prefix("0x") {
        Some(address) => address.split_once(" in ").map_or("", |(_, symbol)| symbol),
        None => rest,
    };
    Some(symbol.split([' ', '(']).next().unwrap_or(symbol))
}

/// `view.dll!Draw + 0x21`, `./app(draw+0x1d) [0x400b1d]`
fn native(line: &str) -> Option<&str> {
    let (symbol, rest) = line.split_once("+0x").or_else(|| line.split_once(" + 0x"))?;
    if rest.contains(") [0x") {
        let (module, symbol) = symbol.rsplit_once('(')?;
        return Some(if symbol.is_empty() { module.rsplit('/').next().unwrap_or(module) } else { symbol });
    }
    symbol.rsplit(' ').next().filter(|symbol| symbol.contains('!'))
}

/// A name without what the compiler numbered: `d__12`, `lambda$run$3`, `Lambda$14/0x08c3`, `draw::h3f9a0b1c2d4e5f60`.
fn without_numbers(name: &str) -> String {
    let hash =
        name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    let mut kept = String::with_capacity(name.len());
    let mut chars = hash.map_or(name, |(name, _)| name).chars().peekable();
    while let Some(char) = chars.next() {
        if char.is_ascii_digit() && (kept.ends_with(['_', '$']) || kept.ends_with("DisplayClass")) {
            continue;
        }
        if char == '/' && chars.peek() == Some(&'0') {
            while chars.next_if(|char| char.is_ascii_alphanumeric()).is_some() {}
            continue;
        }
        kept.push(char);
    }
    kept
}
