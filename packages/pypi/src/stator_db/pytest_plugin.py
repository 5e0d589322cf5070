"""pytest's fixtures: a server for the session, and its tables deleted behind each test that asks for them.

    def test_orders(dynamodb):
        dynamodb.create_table(...)
"""

from __future__ import annotations

import pytest

import stator_db


def pytest_addoption(parser):
    parser.addini("stator_args", "more arguments of `stator serve`, a line each", type="linelist", default=[])


@pytest.fixture(scope="session")
def stator_server(request):
    """A server with its tables in memory, one for the session (for each worker of pytest-xdist)."""
    with stator_db.start(args=request.config.getini("stator_args")) as server:
        yield server


@pytest.fixture
def stator(stator_server):
    """The session's server, whose tables are deleted behind the test."""
    yield stator_server
    stator_server.reset()


@pytest.fixture
def stator_env(stator, monkeypatch):
    """The session's server, which SDKs in this process and in others find by the environment."""
    for name, value in stator.env.items():
        monkeypatch.setenv(name, value)
    return stator


@pytest.fixture
def dynamodb(stator):
    """boto3's client for the session's server; its tables are deleted behind the test."""
    boto3 = pytest.importorskip("boto3")
    return boto3.client("dynamodb", **stator.config)


@pytest.fixture
def dynamodb_resource(stator):
    """boto3's resource for the session's server; its tables are deleted behind the test."""
    boto3 = pytest.importorskip("boto3")
    return boto3.resource("dynamodb", **stator.config)
