"""Starts a Stator server, with its tables in memory, and stops it.

    import boto3, stator_db

    with stator_db.start() as server:
        boto3.client("dynamodb", **server.config).list_tables()
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
import urllib.request

__version__ = "0.1.0"
__all__ = ["Server", "StartError", "binary", "start"]

# Seconds that a server may take until it serves. It takes some hundredths; a machine that swaps takes longer.
START_SECONDS = 30
# Seconds that it may take to stop.
STOP_SECONDS = 30
# Seconds between two looks at its start.
LOOK_SECONDS = 0.005


class StartError(Exception):
    """The server did not start; the text has its log."""


def binary() -> str:
    """The path of the program: STATOR_BINARY, or the one of this package, or the one on the PATH."""
    named = os.environ.get("STATOR_BINARY")
    if named:
        return named
    installed = os.path.join(sysconfig.get_path("scripts"), "stator")
    if os.path.isfile(installed):
        return installed
    found = shutil.which("stator")
    if found is None:
        raise StartError(
            "there is no program `stator`: this package has one for Linux on x86-64 and arm64; elsewhere build it with "
            "cargo, and set STATOR_BINARY to its path"
        )
    return found


class Server:
    """A server that runs. It ends with `stop`, at the end of a `with` block, or with this process."""

    def __init__(self, process: subprocess.Popen, folder: str, port: int):
        self._process = process
        self._folder = folder
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def config(self) -> dict:
        """The arguments of a client: boto3.client("dynamodb", **server.config)."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    @property
    def env(self) -> dict:
        """Environment variables by which SDKs, the AWS CLI and Terraform find the server."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint,
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def reset(self) -> None:
        """Deletes all tables, in milliseconds."""
        request = urllib.request.Request(f"{self.endpoint}/admin/reset", data=b"", method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=START_SECONDS) as answer:
            answer.read()

    def stop(self) -> None:
        """Stops the server; what it stored is lost."""
        _end(self._process, self._folder)
        atexit.unregister(self.stop)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()


def start(port: int = 0, args: list[str] | None = None, env: dict[str, str] | None = None) -> Server:
    """Starts a server on this port of 127.0.0.1, or on a free one, with more arguments of `stator serve`."""
    program = binary()
    folder = tempfile.mkdtemp(prefix="stator-")
    port_file = os.path.join(folder, "port")
    log_file = os.path.join(folder, "log")
    command = [program, "serve", "--memory", "--listen", f"127.0.0.1:{port}", "--port-file", port_file]
    command += ["--test-state", "--until-stdin-closes", *(args or [])]
    try:
        with open(log_file, "wb") as log:
            # The pipe ends with this process, however it ends, and the server ends with the pipe.
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, env={**os.environ, **(env or {})}
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StartError(f"{program} could not be started: {error}") from error
    until = time.monotonic() + START_SECONDS
    while True:
        served = _port_in(port_file)
        if served is not None:
            break
        failure = None
        if process.poll() is not None:
            failure = f"it ended with status {process.returncode}"
        elif time.monotonic() > until:
            failure = f"it did not serve within {START_SECONDS} s"
        if failure is not None:
            with open(log_file, encoding="utf-8", errors="replace") as log:
                shown = log.read()[-4000:]
            _end(process, folder)
            raise StartError(f"the server did not start: {failure}\n{shown}")
        time.sleep(LOOK_SECONDS)
    server = Server(process, folder, served)
    atexit.register(server.stop)
    return server


def _port_in(file: str) -> int | None:
    """The port that the server wrote, or None while it has not: the file appears whole."""
    try:
        with open(file, encoding="ascii") as written:
            return int(written.read())
    except FileNotFoundError:
        return None


def _end(process: subprocess.Popen, folder: str) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)
