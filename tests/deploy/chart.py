"""What the chart renders: all settings, as few as possible, and with callers that are not verified."""

import sys

import yaml


def rendered(path):
    with open(path, encoding="utf-8") as file:
        documents = [document for document in yaml.safe_load_all(file) if document]
    kinds = sorted(document["kind"] for document in documents)
    return kinds, {document["kind"]: document for document in documents}


def pod(objects):
    spec = objects["Deployment"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    env = {variable["name"]: variable.get("value") for variable in container["env"]}
    return spec, container, env


def check_mounts(spec, container):
    """Every mount has its volume, every Secret is for its group only, and every file of a setting is below a mount."""
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}
    assert volumes.keys() == mounts.keys(), (volumes, mounts)
    for volume in volumes.values():
        assert "secret" not in volume or volume["secret"]["defaultMode"] == 0o440, volume
    for variable in container["env"]:
        value = variable.get("value") or ""
        if value.startswith("/etc/stator/"):
            folder, name = value.rsplit("/", 1)
            (volume,) = [volumes[volume] for volume, path in mounts.items() if path == folder]
            items = volume["secret"].get("items")
            assert items is None or [item["path"] for item in items] == [name], (value, items)


def check_pod(spec, container):
    assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["fsGroup"] == 10001
    assert spec["automountServiceAccountToken"] is False
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] is True and security["allowPrivilegeEscalation"] is False
    assert security["capabilities"]["drop"] == ["ALL"]
    paths = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}, paths
    check_mounts(spec, container)


everything, least, unverified = map(rendered, sys.argv[1:])

kinds, objects = everything
assert kinds == [
    "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "Service", "ServiceAccount", "ServiceMonitor",
], kinds
spec, container, env = pod(objects)
check_pod(spec, container)
assert env["STATOR_AUTH"] == "true" and env["STATOR_AUTH_KEY_FILE"] and env["STATOR_MASTER_KEY_FILE"], env
assert env["STATOR_TLS_CERTIFICATE"] and env["STATOR_TLS_KEY"] and env["STATOR_TLS_CLIENT_CA"], env
assert env["STATOR_LOG_SLOW_MS"] == "500" and container["envFrom"] == [{"secretRef": {"name": "more"}}]
assert "more" in {volume["name"] for volume in spec["volumes"]}
assert spec["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"]
monitor = objects["ServiceMonitor"]["spec"]
services = [document for document in yaml.safe_load_all(open(sys.argv[1], encoding="utf-8")) if document["kind"] == "Service"]
selected = [
    service for service in services
    if monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
]
assert len(selected) == 1 and selected[0]["spec"]["ports"][0]["name"] == monitor["endpoints"][0]["port"], selected

kinds, objects = least
assert kinds == ["Deployment", "Service"], kinds
spec, container, env = pod(objects)
check_pod(spec, container)
assert env["STATOR_CREDENTIALS"] == "/etc/stator/callers/credentials" and spec["serviceAccountName"] == "default", env

for _, objects in (everything, least):
    assert "STATOR_ALLOW_UNVERIFIED_REMOTE" not in pod(objects)[2]
kinds, objects = unverified
spec, container, env = pod(objects)
check_pod(spec, container)
assert env["STATOR_ALLOW_UNVERIFIED_REMOTE"] == "true" and env["STATOR_ISOLATE"] == "true" and "volumes" not in spec, env
assert "NetworkPolicy" in objects
