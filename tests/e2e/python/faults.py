"""The admin API of a server that is started with --faults and --clock-offset."""

import json
import os
import urllib.request

ENDPOINT = os.environ.get("FAULTS_ENDPOINT")


def admin(method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{ENDPOINT}/admin/{path}", data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def add(**rule):
    return admin("POST", "faults", rule)["rules"][0]["id"]


def injected(rule_id):
    return next(rule["injected"] for rule in admin("GET", "faults")["rules"] if rule["id"] == rule_id)
