"""The service on Flask: gunicorn runs it, each process keeps its own tokens."""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.parse

import flask
import requests

with open(os.environ["BENCH_CONF"]) as f:
    conf = json.load(f)

key = base64.b64decode(conf["attendee_secret"])
app = flask.Flask(__name__)

session = requests.Session()
session.trust_env = False
session.verify = conf["ca"]
session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=64))

lock = threading.Lock()
kept = {}


def cached(name):
    entry = kept.get(name)

    return entry[1] if entry and entry[0] > time.monotonic() else None


def access():
    token = cached("access")

    if token is None:
        answer = session.post(
            conf["oauth_url"],
            data={"grant_type": "account_credentials",
                  "account_id": conf["account_id"]},
            auth=(conf["client_id"], conf["client_secret"]), timeout=5)
        answer.raise_for_status()
        said = answer.json()
        token = said["access_token"]
        kept["access"] = (time.monotonic() + said["expires_in"] - 60, token)

    return token


def zak(user):
    token = cached(user)

    if token:
        return token

    with lock:
        token = cached(user)

        if token is None:
            answer = session.get(
                "%s/users/%s/token" % (conf["api_url"],
                                       urllib.parse.quote(user)),
                params={"type": "zak", "ttl": 7200},
                headers={"Authorization": "Bearer " + access()}, timeout=5)
            answer.raise_for_status()
            token = answer.json()["token"]
            kept[user] = (time.monotonic() + conf["reuse"], token)

    return token


def holds(body, signature):
    text = json.dumps(body, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)
    ours = base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256))

    return hmac.compare_digest(ours, signature.encode())


def said(status, what):
    return app.response_class(json.dumps(what, separators=(",", ":")), status,
                              {"Cache-Control": "no-store"},
                              mimetype="application/json")


@app.post("/zoom-tokens")
def tokens():
    try:
        body = json.loads(flask.request.get_data(cache=False))
    except ValueError:
        return said(400, {"error": "bad_callback"})

    if not holds(body, flask.request.headers.get("X-Webhook-Signature", "")):
        return said(401, {"error": "unauthenticated"})

    if body.get("callback_type") != "zoom_tokens":
        return said(400, {"error": "bad_callback"})

    try:
        return said(200, {"zak_token": zak(conf["user"])})
    except requests.RequestException:
        return said(503, {"error": "zoom_unavailable"})
