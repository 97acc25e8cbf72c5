"""A worker that only pretends: it serves the page and the HTTP API from what a test tells it.

For what is hard to have of a real one at will: a thousand jobs, a lost connection, a log without its beginning.
`python3 example.py PORT` serves an example with it, to look at while working on the page.
"""

import json
import secrets
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

HOME = Path(__file__).resolve().parents[3]
PAGE = HOME / "adapters-http/src/main/resources/mstc/cloud/worker/adapters/http/page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def moment(seconds_ago=0.0):
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def a_name(stem):
    digits = secrets.token_hex(16)
    return "-".join([stem, digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def a_job(name, state="RUNNING", **other):
    job = {
        "name": name,
        "state": state,
        "hint": None,
        "description": "container",
        "image": "team/solver:3",
        "labels": {},
        "outputBucket": "results",
        "createdAt": moment(90),
        "startedAt": None,
        "finishedAt": None,
        "cancelled": False,
        "outcome": None,
        "exitCode": None,
        "result": None,
        "log": None,
        "warnings": [],
    }
    if state != "PENDING":
        job["startedAt"] = moment(60)
    return job | other


def an_ended_job(name, outcome="SUCCEEDED", complete=True, size=1200, **other):
    result = f"Job {name} complete." if outcome == "SUCCEEDED" else f"Job {name} failed: exit code 3."
    ended = {
        "finishedAt": moment(10),
        "outcome": outcome,
        "exitCode": 0 if outcome == "SUCCEEDED" else 3,
        "result": result,
        "log": {"bucket": "results", "object": f"{name}.log", "bytes": size, "complete": complete},
    }
    return a_job(name, "ENDED", **(ended | other))


class FakeWorker:
    """Its methods may be called while it serves."""

    def __init__(self, port=0, token=None):
        self.token = token
        self.available = True
        self.store_is_away = False
        self.jobs = {}
        self.requests = {}
        self.logs = {}
        self.outputs = {}
        self.submitted = []
        self.cancelled = []
        self.violations = []
        self.log_requests = []
        self.changed = threading.Condition()
        self.version = 0
        self.changes = {}
        worker = self
        handler = type("Handler", (Handler,), {"worker": worker})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.lose_connections()
        self.server.shutdown()
        self.server.server_close()

    def put(self, *jobs):
        with self.changed:
            for job in jobs:
                self.version += 1
                self.jobs[job["name"]] = job
                self.changes[job["name"]] = self.version
            self.changed.notify_all()

    def change(self, name, **values):
        self.put(self.jobs[name] | values)

    def remove(self, name):
        with self.changed:
            self.version += 1
            del self.jobs[name]
            self.changes[name] = self.version
            self.changed.notify_all()

    def write(self, name, text, event="log"):
        """What the job writes, or a notice; the event `end` is sent once the log has a None at its end."""
        with self.changed:
            self.logs.setdefault(name, []).append((event, text))
            self.changed.notify_all()

    def end_log(self, name):
        self.write(name, None, "end")

    def store(self, name, *objects, link=None, more=False, prefix="run-1"):
        """What the job has put into its output bucket: names and sizes, and where links lead if there are any."""
        self.outputs[name] = {
            "bucket": "results",
            "prefix": prefix,
            "objects": [
                {"name": key, "bytes": size, "link": f"{link}/{quote(key)}" if link else None} for key, size in objects
            ],
            "more": more,
        }

    def lose_connections(self):
        """All streams break off, and no request is answered any more."""
        with self.changed:
            self.available = False
            self.changed.notify_all()

    def come_back(self):
        self.available = True


class Handler(BaseHTTPRequestHandler):
    worker: FakeWorker

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        file = PAGE / (path[1:] or "index.html")
        if path.startswith("/store/"):
            self.send(200, b"<script>alert(1)</script>", TYPES[".html"], {"Content-Disposition": "attachment"})
        elif path.count("/") == 1 and file.is_file():
            self.send(200, file.read_bytes(), TYPES[file.suffix])
        elif self.is_let_in():
            self.get(path)

    def get(self, path):
        name = path.removeprefix("/mstc/jobs/").removesuffix("/log").removesuffix("/outputs")
        if path == "/mstc/events":
            self.stream(self.events())
        elif name not in self.worker.jobs:
            self.problem(404, f"There is no job {name}, or no longer.")
        elif path.endswith("/outputs"):
            self.list_outputs(name)
        elif not path.endswith("/log"):
            self.json(200, self.detail(name))
        else:
            self.worker.log_requests.append({key.lower(): value for key, value in self.headers.items()})
            if "event-stream" in self.headers.get("Accept", ""):
                self.stream(self.log(name, int(self.headers.get("Last-Event-ID") or 0)))
            else:
                self.whole_log(name)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_let_in():
            return
        if self.path == "/mstc/jobs:cancel":
            names = [name for name in body["names"] if self.worker.jobs.get(name, {}).get("outcome") is None]
            if not body.get("preview"):
                self.cancel(names)
            self.json(200, {"preview": bool(body.get("preview")), "jobs": names, "failures": {}})
        elif self.worker.violations:
            self.problem(400, "Invalid request: " + "; ".join(self.worker.violations), self.worker.violations)
        else:
            self.worker.submitted.append((self.headers.get("Idempotency-Key"), body))
            name = a_name(body["jobName"])
            self.worker.requests[name] = body
            self.worker.put(
                a_job(
                    name,
                    "PENDING",
                    image=body["image"],
                    createdAt=moment(),
                    labels=body.get("labels", {}),
                )
            )
            self.json(202, {"name": name, "warnings": []})

    def do_DELETE(self):
        if self.is_let_in():
            self.cancel([self.path.removeprefix("/mstc/jobs/")])
            self.send(202, b"cancelling\n", "text/plain")

    def cancel(self, names):
        self.worker.cancelled += names
        for name in names:
            self.worker.change(name, cancelled=True)

    def is_let_in(self):
        if not self.worker.available:
            self.close_connection = True
            self.connection.close()
            return False
        if self.worker.token and self.headers.get("Authorization") != f"Bearer {self.worker.token}":
            self.problem(401, "This needs the token that the worker is configured with.")
            return False
        return True

    def detail(self, name):
        request = self.worker.requests.get(name, {"image": "team/solver:3", "jobName": "solve", "inputBucket": "first"})
        return self.worker.jobs[name] | {"request": request}

    def events(self):
        worker = self.worker
        seen = worker.version
        jobs = list(worker.jobs.values())
        for start in range(0, len(jobs), 200):
            yield "jobs", jobs[start : start + 200], None
        yield "synced", {}, None
        while worker.available:
            with worker.changed:
                while worker.version == seen and worker.available:
                    worker.changed.wait()
                names = [name for name, version in worker.changes.items() if version > seen]
                seen = worker.version
                jobs = [worker.jobs[name] for name in names if name in worker.jobs]
                gone = [name for name in names if name not in worker.jobs]
            if jobs:
                yield "jobs", jobs, None
            if gone:
                yield "gone", gone, None
            time.sleep(0.2)

    def log(self, name, at):
        worker = self.worker
        while worker.available:
            with worker.changed:
                while len(worker.logs.get(name, [])) <= at and worker.available:
                    worker.changed.wait()
                events = worker.logs.get(name, [])[at:]
            for event, text in events:
                at += 1
                yield event, self.detail(name) if event == "end" else {"text": text}, at
                if event == "end":
                    return

    def whole_log(self, name):
        whole = "".join(text for event, text in self.worker.logs.get(name, []) if event == "log").encode()
        wanted = self.headers.get("Range")
        if not wanted:
            self.send(200, whole, "text/plain; charset=utf-8")
            return
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        self.send(
            206,
            whole[first : last + 1],
            "text/plain; charset=utf-8",
            {"Content-Range": f"bytes {first}-{last}/{len(whole)}"},
        )

    def list_outputs(self, name):
        if self.worker.store_is_away:
            self.problem(503, "The object store does not answer.")
        else:
            nothing = {"bucket": "results", "prefix": None, "objects": [], "more": False}
            self.json(200, self.worker.outputs.get(name, nothing))

    def stream(self, events):
        self.head(200, "text/event-stream")
        try:
            for kind, data, number in events:
                lines = [f"id: {number}"] if number else []
                lines += [f"event: {kind}", f"data: {json.dumps(data)}", "", ""]
                self.wfile.write("\n".join(lines).encode())
                self.wfile.flush()
        except OSError:
            # The page has gone, or reads another job's log now.
            pass

    def json(self, status, value):
        self.send(status, json.dumps(value).encode(), "application/json")

    def problem(self, status, detail, violations=()):
        body = {
            "title": "Problem",
            "status": status,
            "detail": detail,
            "violations": list(violations),
        }
        self.send(status, json.dumps(body).encode(), "application/problem+json")

    def send(self, status, body, kind, headers=None):
        self.head(status, kind, {"Content-Length": str(len(body))} | (headers or {}))
        self.wfile.write(body)

    def head(self, status, kind, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
