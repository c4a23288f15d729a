"""The KPIs of a fleet by DuckDB: `with_duckdb.py LAYOUT FOLDER` prints them as JSON.

One scan splits the files into lines, and keeps those that some KPI counts. Only these are taken apart.
"""

import json
import sys

import duckdb

layout, folder = sys.argv[1:]

# What a record begins with; what tells that one matters; its time; its parts.
HEAD, MATTERS, TIME, PARTS = {
    "log4net": (
        r"line LIKE '2___-__-__ __:__:__,___ [%'",
        r"regexp_matches(line, '\] (ERROR|FATAL|\w+ +(App|Svc)\.)')",
        r"replace(line[:23], ',', '.')",
        r"""
        SELECT instance, replace(r.time, ',', '.')::TIMESTAMP AS time, r.severity, r.logger, r.body
        FROM (SELECT instance, regexp_extract(line,
            '^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \[\d+\] (\w+) +(\S+) - (.*)$',
            ['time', 'severity', 'logger', 'body']) AS r FROM hit)""",
    ),
    "json": (
        r"line LIKE '{%'",
        r"""regexp_matches(line, '"SourceContext": "(App|Svc)\.|"@l": "(Error|Fatal)"')""",
        r"""line->>'$."@t"'""",
        r"""
        SELECT instance, r[1]::TIMESTAMP AS time, upper(r[2]) AS severity, r[3] AS logger, r[4] AS body
        FROM (SELECT instance,
            json_extract_string(line, ['$."@t"', '$."@l"', '$.SourceContext', '$."@m"']) AS r FROM hit)""",
    ),
}[layout]

db = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
db.execute(
    f"""
    CREATE TEMP TABLE file AS
    SELECT instance, len(head) AS records, head[-1] AS line, list_filter(head, lambda line: {MATTERS}) AS hit
    FROM (SELECT split_part(filename, '/', -2) AS instance,
            list_filter(string_split(content, chr(10)), lambda line: {HEAD}) AS head
        FROM read_text(?))
    """,
    [f"{folder}/*/*.log"],
)
db.execute(
    rf"""
    CREATE TEMP TABLE record AS
    WITH hit AS (SELECT instance, unnest(hit) AS line FROM file), record AS ({PARTS})
    SELECT instance, time, CASE
        WHEN logger = 'App.Crash' THEN 'crash'
        WHEN logger = 'App.Ui' THEN 'action'
        WHEN logger = 'App.Session' AND body LIKE '% started by %' THEN 'start'
        WHEN logger = 'App.Session' AND body LIKE '% ended by %' THEN 'end'
        WHEN logger = 'Svc.Control' AND body LIKE 'Service restart requested: %' THEN 'request'
        WHEN logger = 'Svc.Control' AND body LIKE 'Service restart completed: %' THEN 'complete'
        WHEN logger = 'Svc.Control' AND body LIKE 'Service restart timed out: %' THEN 'timeout'
        END AS event, severity, logger, body
    FROM record WHERE event IS NOT NULL OR severity IN ('ERROR', 'FATAL');

    CREATE TEMP TABLE start AS
    SELECT instance, time, time::DATE AS day, split_part(body, ' ', 5) AS user, split_part(body, ' ', 7) AS version
    FROM record WHERE event = 'start';

    -- What comes after a start in its instance tells how the session went.
    CREATE TEMP TABLE session AS
    SELECT next, date_diff('ms', time, until) AS ms
    FROM (SELECT event, time, lead(event) OVER story AS next, lead(time) OVER story AS until
        FROM record WHERE event IN ('start', 'end', 'crash') WINDOW story AS (PARTITION BY instance ORDER BY time))
    WHERE event = 'start';

    CREATE TEMP TABLE restart AS
    SELECT regexp_extract(body, ' in (\d+) ms$', 1)::BIGINT AS ms FROM record WHERE event = 'complete';

    CREATE TEMP TABLE error AS
    SELECT instance, time, severity, logger || ' - ' || body AS text FROM record WHERE severity IN ('ERROR', 'FATAL');
    """
)


def rows(query):
    return db.execute(query).fetchall()


def counts(query):
    return {str(name): count for name, count in rows(query)}


def one(query):
    return rows(query)[0]


ended, average, *session_ms = one(
    """SELECT count(*), coalesce(avg(ms), 0), coalesce(quantile_disc(ms, 0.5), 0), coalesce(quantile_disc(ms, 0.95), 0)
    FROM session WHERE next = 'end'"""
)
completed, least, most, mean, *restart_ms = one(
    """SELECT count(*), coalesce(min(ms), 0), coalesce(max(ms), 0), coalesce(avg(ms), 0),
        coalesce(quantile_disc(ms, 0.5), 0), coalesce(quantile_disc(ms, 0.95), 0) FROM restart"""
)
week = [[0] * 24 for _ in range(7)]
for day, hour, count in rows("SELECT isodow(time) - 1, hour(time), count(*) FROM error GROUP BY ALL"):
    week[day][hour] = count
summary = {
    "records": one("SELECT sum(records) FROM file")[0],
    "clients": one("SELECT count(DISTINCT instance) FROM file")[0],
    "starts_per_day": counts("SELECT day, count(*) FROM start GROUP BY day"),
    "interactions_per_day": counts("SELECT time::DATE, count(*) FROM record WHERE event = 'action' GROUP BY ALL"),
    "users": one("SELECT count(DISTINCT user) FROM start")[0],
    "ended": ended,
    "session_count_ended": ended,
    "session_avg_s": average / 1000,
    "crashed": one("SELECT count(*) FROM session WHERE next = 'crash'")[0],
    "restart_count": completed,
    "restart_min_ms": least,
    "restart_max_ms": most,
    "restart_avg_ms": mean,
    "restarts_failed": one("SELECT count(*) FROM record WHERE event = 'timeout'")[0],
    "fatals_by_client": counts("SELECT instance, count(*) FROM error WHERE severity = 'FATAL' GROUP BY ALL"),
    "more": {
        "abnormal": one("SELECT count(*) FROM session WHERE next = 'start'")[0],
        "open": one("SELECT count(*) FROM session WHERE next IS NULL")[0],
        "users_per_day": counts("SELECT day, count(DISTINCT user) FROM start GROUP BY day"),
        "instances_per_day": counts("SELECT day, count(DISTINCT instance) FROM start GROUP BY day"),
        "session_ms": dict(zip(("median", "p95"), session_ms)),
        "restart_ms": dict(zip(("median", "p95"), restart_ms)),
        "restarts_pending": one(
            """SELECT count(*) FROM (SELECT arg_max(event, time) AS last FROM record
                WHERE event IN ('request', 'complete', 'timeout') GROUP BY instance) WHERE last = 'request'"""
        )[0],
        "errors_by_week_hour": week,
        "versions": counts(
            """SELECT version, count(*) FROM (SELECT arg_max(version, time) AS version FROM start GROUP BY instance)
            GROUP BY ALL"""
        ),
        "last_seen_ms": counts(f"SELECT instance, max(epoch_ms(({TIME})::TIMESTAMP)) FROM file GROUP BY instance"),
    },
}
errors = rows(
    """SELECT regexp_replace(text, '[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*', '#', 'g') AS signature,
        count(*), count(DISTINCT instance) FROM error GROUP BY signature"""
)
signatures = {signature: {"count": count, "instances": instances} for signature, count, instances in errors}
print(json.dumps({"summary": summary, "errors": signatures}))
