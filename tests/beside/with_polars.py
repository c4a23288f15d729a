"""The KPIs of a fleet by Polars: `with_polars.py LAYOUT FOLDER` prints them as JSON.

The streaming engine reads the files for two answers: what was written at all, and the records that some KPI counts.
Only these are taken apart.
"""

import json
import sys

import polars as pl
from polars import col

layout, folder = sys.argv[1:]
line = col("line")

# What a record begins with; what tells that one matters; its parts; how its time is written.
HEAD, MATTERS, PARTS, TIME = {
    "log4net": (
        r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[",
        r"\] (ERROR|FATAL|\w+ +(App|Svc)\.)",
        line.str.extract_groups(r"^(?<time>\S+ \S+) \[\d+\] (?<severity>\w+) +(?<logger>\S+) - (?<body>.*)$"),
        "%Y-%m-%d %H:%M:%S,%3f",
    ),
    "json": (
        r"^\{",
        r'"SourceContext": "(App|Svc)\.|"@l": "(Error|Fatal)"',
        line.str.json_decode(
            pl.Struct(dict.fromkeys(["@t", "@l", "SourceContext", "@m"], pl.String))
        ).struct.rename_fields(["time", "severity", "logger", "body"]),
        "%Y-%m-%dT%H:%M:%S%.fZ",
    ),
}[layout]


def taken_apart(frame, *kept):
    instance = col("path").str.split("/").list.get(-2).alias("instance")
    return frame.select(instance, *kept, PARTS).unnest("line").with_columns(col("time").str.to_datetime(TIME))


def first_that_fits(**conditions):
    chosen = pl
    for name, condition in conditions.items():
        chosen = chosen.when(condition).then(pl.lit(name))
    return chosen.otherwise(None)


lines = pl.scan_lines(f"{folder}/*/*.log", include_file_paths="path")
heads = lines.filter(line.str.contains(HEAD))
files, records = pl.collect_all(
    [
        taken_apart(heads.group_by("path").agg(line.max(), records=pl.len()), "records"),
        taken_apart(lines.filter(line.str.contains(MATTERS))),
    ],
    engine="streaming",
)

body, session, service = col("body"), col("logger") == "App.Session", col("logger") == "Svc.Control"
records = records.sort("instance", "time").with_columns(
    day=col("time").dt.date(),
    event=first_that_fits(
        crash=col("logger") == "App.Crash",
        action=col("logger") == "App.Ui",
        start=session & body.str.contains(" started by ", literal=True),
        end=session & body.str.contains(" ended by ", literal=True),
        request=service & body.str.starts_with("Service restart requested: "),
        complete=service & body.str.starts_with("Service restart completed: "),
        timeout=service & body.str.starts_with("Service restart timed out: "),
    ),
)


def of(*events):
    return records.filter(col("event").is_in(events))


who = body.str.extract_groups(r" started by (?<user>\S+) version (?<version>\S+)$").alias("who")
starts = of("start").with_columns(who).unnest("who")
# What comes after a start in its instance tells how the session went.
sessions = of("start", "end", "crash").with_columns(
    next=col("event").shift(-1).over("instance"),
    ms=(col("time").shift(-1).over("instance") - col("time")).dt.total_milliseconds(),
)
sessions = sessions.filter(col("event") == "start")
ended = sessions.filter(col("next") == "end")["ms"]
restarts = of("complete")["body"].str.extract(r" in (\d+) ms$").cast(pl.Int64)
answers = of("request", "complete", "timeout").group_by("instance").agg(col("event").last())
errors = records.filter(col("severity").str.to_uppercase().is_in(["ERROR", "FATAL"]))
signature = pl.concat_str("logger", pl.lit(" - "), "body").str.replace_all(r"[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*", "#")
signatures = errors.group_by(signature=signature).agg(count=pl.len(), instances=col("instance").n_unique())

week = [[0] * 24 for _ in range(7)]
time = col("time").dt
for day, hour, count in errors.group_by(time.weekday().alias("day"), time.hour()).len().iter_rows():
    week[day - 1][hour] = count


def counts(frame, by, count=pl.len()):
    return {str(name): number for name, number in frame.group_by(by).agg(count.alias("count")).iter_rows()}


def quantiles(values):
    at = {"median": 0.5, "p95": 0.95}
    return {name: int(values.quantile(share, interpolation="equiprobable") or 0) for name, share in at.items()}


summary = {
    "records": files["records"].sum(),
    "clients": files["instance"].n_unique(),
    "starts_per_day": counts(starts, "day"),
    "interactions_per_day": counts(of("action"), "day"),
    "users": starts["user"].n_unique(),
    "ended": len(ended),
    "session_count_ended": len(ended),
    "session_avg_s": (ended.mean() or 0) / 1000,
    "crashed": (sessions["next"] == "crash").sum(),
    "restart_count": len(restarts),
    "restart_min_ms": restarts.min() or 0,
    "restart_max_ms": restarts.max() or 0,
    "restart_avg_ms": restarts.mean() or 0,
    "restarts_failed": len(of("timeout")),
    "fatals_by_client": counts(errors.filter(col("severity").str.to_uppercase() == "FATAL"), "instance"),
    "more": {
        "abnormal": (sessions["next"] == "start").sum(),
        "open": sessions["next"].is_null().sum(),
        "users_per_day": counts(starts, "day", col("user").n_unique()),
        "instances_per_day": counts(starts, "day", col("instance").n_unique()),
        "session_ms": quantiles(ended),
        "restart_ms": quantiles(restarts),
        "restarts_pending": (answers["event"] == "request").sum(),
        "errors_by_week_hour": week,
        "versions": counts(starts.group_by("instance").agg(col("version").last()), "version"),
        "last_seen_ms": counts(files, "instance", time.epoch("ms").max()),
    },
}
told = {name: {"count": count, "instances": instances} for name, count, instances in signatures.iter_rows()}
print(json.dumps({"summary": summary, "errors": told}))
