"""Runs devpi-server's functional tests over plain HTTP, against the `devpi-server` that PATH finds."""

import socket
import subprocess
import time

import pytest

pytest_plugins = ["test_devpi_server.plugin"]


@pytest.fixture(scope="session")
def server_version():
    from devpi_common.metadata import parse_version

    return parse_version(subprocess.check_output(["devpi-server", "--version"], text=True).strip())


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("server") / "state")
    port = free_port()
    subprocess.check_call(["devpi-init", "--serverdir", directory])
    server = subprocess.Popen(["devpi-server", "--serverdir", directory, "--host", "localhost", "--port", str(port)])
    try:
        wait_until_open(server, port)
        yield ("localhost", port)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def mapp(address, makefunctionaltestapp):
    from test_devpi_server import plugin

    # The wrapper gives status_code, body and json; some tests also ask for text and headers.
    plugin.FunctionalResponseWrapper.__getattr__ = lambda self, name: getattr(self.res, name)
    return plugin.Mapp(makefunctionaltestapp(address))


@pytest.fixture(autouse=True)
def auto_transact():
    """The original opens a transaction of devpi's own storage."""


def free_port():
    with socket.socket() as candidate:
        candidate.bind(("localhost", 0))
        return candidate.getsockname()[1]


def wait_until_open(server, port):
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"devpi-server ended with {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("devpi-server does not listen")
