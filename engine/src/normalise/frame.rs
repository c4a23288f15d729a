//! Frames of stack traces: which method a line names.
//!
//! Arguments, places in files and addresses are left out, and so are the numbers that compilers give to what has no
//! name: they change with every build.

/// What runs others' methods or throws for them: it tells nothing of the error.
const PLUMBING: [&str; 18] = [
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
    "__cxxabiv1::",
    "__gnu_cxx::__verbose_terminate_handler",
    "__interceptor_",
    "runtime.",
];
/// The same, as whole names: by what a native program ends itself, and what throws.
const ENDING: [&str; 19] = [
    "raise",
    "abort",
    "gsignal",
    "pthread_kill",
    "__pthread_kill",
    "__pthread_kill_implementation",
    "__pthread_kill_internal",
    "__GI___pthread_kill",
    "__GI_raise",
    "__GI_abort",
    "__GI___assert_fail",
    "__assert_fail",
    "__assert_fail_base",
    "__cxa_throw",
    "std::terminate",
    "__restore_rt",
    "<signal handler called>",
    "__exceptionPreprocess",
    "objc_exception_throw",
];
/// A shorter end of a class that was made at run time may be a name.
const HASH_DIGITS_MIN: usize = 6;
/// The word before a frame of .NET, which speaks the language of Windows, and of Java and JavaScript.
const AT: [&str; 6] = ["at ", "bei ", "ved ", "vid ", "à ", "en "];

/// Whether a frame tells nothing of the error.
pub fn is_plumbing(frame: &str) -> bool {
    PLUMBING.iter().any(|known| frame.starts_with(known)) || ENDING.contains(&frame)
}

/// The method of a frame; `is_call` says that a bare call is one.
pub fn name(line: &str, is_call: bool) -> Option<String> {
    let named = managed(line).or_else(|| numbered(line)).or_else(|| native(line));
    let named =
        named.or_else(|| line.rsplit_once('(').filter(|(_, end)| is_call && end.ends_with(')')).map(|(name, _)| name));
    let named = named.map(|name| demangled(name.trim()).unwrap_or_else(|| name.trim().to_owned()));
    named.map(|name| without_numbers(&name)).filter(|name| !name.is_empty())
}

/// `File "/app/view.py", line 12, in draw`, which loguru marks with `> ` where the exception was caught.
pub fn of_python(line: &str) -> Option<String> {
    let line = line.strip_prefix("> ").unwrap_or(line);
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
        // A frame without a name, such as `at /app/main.js:10:5`; else it is a sentence.
        None => line
            .strip_prefix("at ")
            .map(|frame| frame.trim_end_matches(|char: char| char.is_ascii_digit() || char == ':'))
            .filter(|place| !place.contains(' ') || place.len() < frame.len()),
    }
}

/// Whether a line is a frame of .NET or Java, which names a class and its method: `at Shell.Run(String name)`
pub fn is_of_class(line: &str) -> bool {
    line.contains('(') && managed(line).is_some_and(|method| method.contains('.') && !method.contains(' '))
}

/// The number of a frame that stands in a native stack, and what follows it: `#1  `, `* frame #1: `, and Apple's `1   `,
/// behind which there are an address and how far it is in its function.
fn native_number(line: &str) -> Option<(u32, &str)> {
    let frame = line.strip_prefix("* ").unwrap_or(line);
    let frame = frame.strip_prefix("frame ").unwrap_or(frame);
    let (is_marked, digits) = frame.strip_prefix('#').map_or((false, frame), |rest| (true, rest));
    let (number, rest) = digits.split_at(digits.find(|char: char| !char.is_ascii_digit())?);
    let rest = rest.strip_prefix(':').filter(|_| is_marked).unwrap_or(rest);
    let is_frame = rest.starts_with([' ', '\t']) && (is_marked || (rest.contains("0x") && rest.contains(" + ")));
    is_frame.then(|| Some((number.parse().ok()?, rest.trim_start())))?
}

/// Whether a line is a frame of a native program even where nothing before it says that frames follow.
pub fn is_native(line: &str) -> bool {
    (number(line).is_some() && (line.contains(" 0x") || line.contains('('))) || native(line).is_some()
}

/// The number of a native frame.
pub fn number(line: &str) -> Option<u32> {
    native_number(line).map(|(number, _)| number)
}

/// `#1  0x00007f in draw (view=0x0) at view.c:12`, `3: app::view::draw`, `0  libview.dylib  0x00007f draw + 10`,
/// ``frame #0: 0x00007f app`draw(int) at view.c:12``
fn numbered(line: &str) -> Option<&str> {
    let unnumbered = line.trim_start_matches(|char: char| char.is_ascii_digit());
    if let Some(rest) = unnumbered.strip_prefix(": ").filter(|_| unnumbered.len() < line.len()) {
        return rest.trim_start().split(" - ").last();
    }
    let (_, rest) = native_number(line)?;
    if unnumbered.len() < line.len() {
        // Apple's: the module, the address, the symbol and how far within it.
        let (_, symbol) = rest.split_once(" 0x").or_else(|| rest.split_once("\t0x"))?.1.split_once(' ')?;
        return Some(function(symbol));
    }
    let symbol = match rest.strip_prefix("0x") {
        Some(address) => match address.split_once(" in ") {
            Some((_, symbol)) => symbol,
            None => address.split_once('`').map_or("", |(_, symbol)| symbol),
        },
        None => rest,
    };
    Some(function(symbol))
}

/// `view.dll!Draw + 0x21`, `./app(draw+0x1d) [0x400b1d]`, `app.exe!app::draw(int x) Line 12`
fn native(line: &str) -> Option<&str> {
    // To look for one byte is much cheaper, and most frames have none.
    let symbol = line.find('+').and_then(|_| line.split_once("+0x").or_else(|| line.split_once(" + 0x")));
    if let Some((symbol, rest)) = symbol {
        if rest.contains(") [0x") || rest.contains(")[0x") {
            let (module, symbol) = symbol.rsplit_once('(')?;
            return Some(if symbol.is_empty() { module.rsplit('/').next().unwrap_or(module) } else { symbol });
        }
        if let Some(symbol) = symbol.rsplit(' ').next().filter(|symbol| symbol.contains('!')) {
            return Some(symbol);
        }
    }
    let line = line.strip_prefix('>').unwrap_or(line).trim_start();
    let (module, symbol) = line.split_once('!')?;
    let name = function(symbol);
    let is_frame = module.contains('.') && !module.contains(' ') && symbol[name.len()..].starts_with('(');
    is_frame.then(|| &line[..module.len() + 1 + name.len()])
}

/// The name of a function that a text begins with, without its arguments: of C, C++ or Objective-C.
fn function(text: &str) -> &str {
    if text.starts_with("-[") || text.starts_with("+[") {
        return text.find(']').map_or(text, |end| &text[..=end]);
    }
    let unnamed = "(anonymous namespace)";
    let (mut depth, mut before, mut skipped) = (0, ' ', 0);
    for (at, char) in text.char_indices() {
        match char {
            _ if at < skipped => {}
            '(' if text[at..].starts_with(unnamed) => skipped = at + unnamed.len(),
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            // The blank of `operator new` belongs to the name.
            ' ' if depth <= 0 && !text[..at].ends_with("operator") => return &text[..at],
            '(' if depth <= 0 && !text[..at].ends_with("operator") => return &text[..at],
            _ => {}
        }
        before = char;
    }
    text
}

/// `app::deep` of `_ZN3app4deepEi`, as compilers write names for the linker; others stay as they are.
fn demangled(name: &str) -> Option<String> {
    let rest = name.strip_prefix("_Z").or_else(|| name.strip_prefix("__Z"))?;
    let (is_nested, mut rest) = rest.strip_prefix('N').map_or((false, rest), |rest| (true, rest));
    rest = rest.strip_prefix('K').filter(|_| is_nested).unwrap_or(rest);
    let mut parts = Vec::new();
    loop {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(bytes) = rest[..digits].parse::<usize>() else { break };
        parts.push(rest.get(digits..digits.checked_add(bytes)?)?);
        rest = &rest[digits + bytes..];
        if !is_nested {
            break;
        }
    }
    // Templates and operators have more behind them than arguments.
    (!parts.is_empty() && (!is_nested || rest.starts_with('E'))).then(|| parts.join("::"))
}

/// A name without what the compiler numbered: `d__12`, `lambda$run$3`, `Lambda$14/0x08c3`, `draw::h3f9a0b1c2d4e5f60`,
/// `$Proxy12`, `Cart$$EnhancerBySpringCGLIB$$1a2b3c4d`.
fn without_numbers(name: &str) -> String {
    if !name.contains(|char: char| char.is_ascii_digit() || char == ':') {
        return name.to_owned();
    }
    let hash =
        name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    let mut kept = String::with_capacity(name.len());
    let mut chars = hash.map_or(name, |(name, _)| name).chars().peekable();
    while let Some(char) = chars.next() {
        if char.is_ascii_hexdigit() && kept.ends_with("$$") {
            let mut hash = char.to_string();
            while let Some(char) = chars.next_if(char::is_ascii_alphanumeric) {
                hash.push(char);
            }
            let is_hash = hash.len() >= HASH_DIGITS_MIN && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            kept.push_str(if is_hash { "" } else { &hash });
            continue;
        }
        let is_numbered =
            kept.ends_with(['_', '$']) || ["DisplayClass", "$Proxy"].iter().any(|end| kept.ends_with(end));
        if char.is_ascii_digit() && is_numbered {
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
