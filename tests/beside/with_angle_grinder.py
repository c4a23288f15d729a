"""What angle-grinder can tell of a fleet's KPIs: `with_angle_grinder.py LAYOUT FOLDER` prints it as JSON.

Three passes: counts by some fields; sessions, by their ids; fatals, whose files `grep` names. It knows no order of
records: what needs one is left out, and so is what would take a pass of its own. The texts of errors are named here,
for it masks nothing.
"""

import glob
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date

layout, folder = sys.argv[1:]
files = sorted(glob.glob(f"{folder}/*/*.log"))

# What matters; how it is taken apart; what a fatal looks like.
MATTERS, PARTS, FATAL = {
    "log4net": (
        '("] ERROR " OR ("] FATAL " OR (" App." OR " Svc.Control")))',
        r'parse regex "^(?P<time>\S+ \S+) \[\d+\] (?P<severity>\w+) +(?P<logger>\S+) - (?P<body>.*)$"',
        "] FATAL ",
    ),
    "json": (
        r'("\"Error\"" OR ("\"Fatal\"" OR ("\"App." OR "\"Svc.Control\"")))',
        'json | ["@t"] as time | SourceContext as logger | ["@m"] as body',
        '"@l": "Fatal"',
    ),
}[layout]
SEVERITY = "severity" if layout == "log4net" else '["@l"]'
TEXTS = "|".join(
    [
        *("started by", "ended by", "restart requested", "restart completed", "restart timed out"),
        *("Unhandled exception in thread ", "Configuration store C:.ProgramData.CH.", "Scene ", "Request to https://"),
        *("Could not load profile '", "Production host ", "Ticket for ", "Sound card ", r"database is locked \(retry "),
    ]
)


def ask(query, *command):
    """The rows that a query gives of what a command prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as source:
        grinder = [os.environ["ANGLE_GRINDER"], "--output", "json", query]
        return json.loads(subprocess.run(grinder, stdin=source.stdout, stdout=subprocess.PIPE, check=True).stdout)


counts = ask(
    rf"""{MATTERS} | {PARTS} | parse regex "^(?P<day>[0-9-]+).(?P<hour>\d+)" from time
    | parse regex "(?P<text>{TEXTS})" from body nodrop | parse regex " in (?P<ms>\d+) ms$" from body nodrop
    | count as records, min(ms) as least, max(ms) as most, sum(ms) as sum by day, hour, {SEVERITY}, logger, text""",
    "cat",
    *files,
)
[sessions] = ask(
    rf"""(" started by " OR " ended by ")
    | parse regex "-(?P<d>\d+).(?P<h>\d+):(?P<m>\d+):(?P<s>\d+).(?P<ms>\d\d\d).*(?P<id>Session \w+) "
    | (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms as at
    | count as ends, min(at) as begin, max(at) as end by id | where ends == 2
    | end - begin as length | count as records, sum(length) as sum""",
    "cat",
    *files,
)
by_file = r'* | parse regex "(?P<instance>[^/]+)/[^/]+\.log:" | count as records by instance'
fatals = ask(by_file, "grep", "-HF", FATAL, *files)


def tallied(rows, name):
    tally = Counter()
    for row in rows:
        tally[name(row)] += row["records"]
    return tally


def of(text):
    return [row for row in counts if text in (row["text"], row["logger"])]


errors = [row for row in counts if str(row[SEVERITY]).upper() in ("ERROR", "FATAL")]
week = [[0] * 24 for _ in range(7)]
for row in errors:
    week[date.fromisoformat(row["day"]).weekday()][row["hour"]] += row["records"]
restarts = of("restart completed")
completed = sum(row["records"] for row in restarts)
summary = {
    "starts_per_day": tallied(of("started by"), lambda row: row["day"]),
    "interactions_per_day": tallied(of("App.Ui"), lambda row: row["day"]),
    "ended": sum(row["records"] for row in of("ended by")),
    "session_count_ended": sessions["records"],
    "session_avg_s": sessions["sum"] / sessions["records"] / 1000,
    "crashed": sum(row["records"] for row in of("App.Crash")),
    "restart_count": completed,
    "restart_min_ms": min(row["least"] for row in restarts),
    "restart_max_ms": max(row["most"] for row in restarts),
    "restart_avg_ms": sum(row["sum"] for row in restarts) / completed,
    "restarts_failed": sum(row["records"] for row in of("restart timed out")),
    "fatals_by_client": {row["instance"]: row["records"] for row in fatals},
    "more": {"errors_by_week_hour": week},
}
texts = tallied(errors, lambda row: f"{row['logger']} - {row['text']} ")  # It strips the blank at the end.
print(json.dumps({"summary": summary, "errors": {text: {"count": count} for text, count in texts.items()}}))
