"""Runs devpi-server's tests of the site that devpi-gen-config writes, with a real nginx."""

import os
import subprocess

import pytest
from servers import Server, make_state

pytest_plugins = ["test_devpi_server.plugin"]


# Where nginx is, which an ordinary user's PATH leaves out.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin"


@pytest.fixture(scope="session")
def server_path(tmp_path_factory):
    directory = tmp_path_factory.mktemp("nginx") / "state"
    make_state(directory)
    # By which the fixtures tell that there is a state.
    directory.joinpath(".nodeinfo").touch()
    return directory


@pytest.fixture(scope="session")
def primary_host_port(server_path):
    server = Server(server_path)
    try:
        server.wait_until_open()
        yield server.address
    finally:
        server.stop()


@pytest.fixture(scope="session")
def call_devpi_in_dir():
    def call(directory, words):
        subprocess.check_call(words, cwd=directory, env={**os.environ, "DEVPISERVER_SERVERDIR": directory})

    return call


@pytest.fixture(autouse=True)
def auto_transact():
    """The original opens a transaction of devpi's own storage."""
