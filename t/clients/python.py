#!/usr/bin/python3

# Python's requests, with a session that keeps its connections.

import hashlib
import json
import os
import time

import requests

rest = os.environ["ZOOM_REST"]
graphql = os.environ["ZOOM_GRAPHQL"]
download = os.environ["ZOOM_DOWNLOAD"]

with open(os.environ["ZOOM_SECRET"]) as file:
    secret = file.read().strip()

session = requests.Session()
session.headers["Authorization"] = "Bearer " + secret


def say(name, *values):
    print(name, " ".join(str(v) for v in values), sep="\t", flush=True)


def ask(method, path, **more):
    return session.request(method, rest + path, **more)


def told(name, method, path, **more):
    r = ask(method, path, **more)
    say(name, r.status_code, r.json().get("endpoint"))


def matches(name, path, text, body):
    r = ask("POST", path, data=body,
            headers={"Content-Type": "application/json"})
    seen = r.json().get("body", {}).get("sha256")
    say(name, r.status_code, "whole"
        if seen == hashlib.sha256(text).hexdigest() else "not whole")


told("get", "GET", "/meetings/85746065432")
told("put", "PUT", "/meetings/85746065432/status", json={"action": "end"})
told("patch", "PATCH", "/meetings/85746065432", json={"topic": "\u00e9"})
told("delete", "DELETE", "/meetings/85746065432")
told("uuid", "GET",
     "/past_meetings/%252FDYlohsHR%252F%252FCd4ii1uC2hA%253D%253D")

r = ask("GET", "/meetings/85746065432?a=%20b&c=d+e&a=2")
say("query", r.status_code, r.json().get("query"))

text = json.dumps({"topic": "z" * 1000}).encode()
matches("post", "/users/bots@example.com/meetings", text, text)

large = json.dumps({"topic": "z" * 3000000}).encode()
matches("upload", "/users/bots@example.com/meetings", large,
        (large[i:i + 50000] for i in range(0, len(large), 50000)))

r = ask("GET", "/users/nobody@example.com")
say("unknown", r.status_code, r.json().get("code"))

r = ask("GET", "/meetings/85746065432",
        headers={"Authorization": "Bearer nonsense"})
say("nobody", r.status_code)

r = ask("HEAD", "/meetings/85746065432")
say("head", r.status_code, len(r.content))

# Not every place that is tried has these.
if graphql:
    r = session.post(graphql, json={"query": "{ users { id } }"})
    say("graphql", r.status_code, ",".join(r.json().get("data", {})))

if download:
    url = download + "/rec/download/size-2500000"
    r = session.get(url, stream=True)
    digest = hashlib.sha256()

    for piece in r.iter_content(65536):
        digest.update(piece)

    say("download", r.status_code, digest.hexdigest())

    r = session.get(url, headers={"Range": "bytes=999990-1000020"})
    say("range", r.status_code, r.content.hex())

# The first event is here long before the last.
r = ask("GET", "/meetings/8888888888", stream=True)
count, first = 0, None

for line in r.iter_lines(chunk_size=1):
    count += line.startswith(b"data: ")
    first = first or time.time()

say("events", r.status_code, count,
    "as they come" if time.time() - first > 0.15 else "at once")
