"""Runs devpi-server's functional tests over plain HTTP."""

import subprocess

import pytest
from servers import Server, make_state

pytest_plugins = ["test_devpi_server.plugin"]


@pytest.fixture(scope="session")
def server_version():
    from devpi_common.metadata import parse_version

    return parse_version(subprocess.check_output(["devpi-server", "--version"], text=True).strip())


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server") / "state"
    make_state(directory)
    server = Server(directory)
    try:
        server.wait_until_open()
        yield server.address
    finally:
        server.stop()


@pytest.fixture
def mapp(address, makefunctionaltestapp):
    from test_devpi_server import plugin

    # The wrapper gives status_code, body and json; some tests also ask for text and headers.
    plugin.FunctionalResponseWrapper.__getattr__ = lambda self, name: getattr(self.res, name)
    return plugin.Mapp(makefunctionaltestapp(address))


@pytest.fixture(autouse=True)
def auto_transact():
    """The original opens a transaction of devpi's own storage."""
