"""
Runs devpi-server's tests of its views over HTTP. They are written for an application in their own process; here that
application is a proxy to a server, which every test gets fresh.
"""

import http.client
import shutil
from urllib.parse import quote

import pytest
from servers import Server, make_state

pytest_plugins = ["test_devpi_server.plugin"]

# Whoever asks for one of these works on the objects inside devpi-server.
INTERNALS = {
    "blank_request",
    "caplog",
    "dummyrequest",
    "http",
    "httpget",
    "keyfs",
    "makemapp",
    "maketestapp",
    "makexom",
    "model",
    "monkeypatch",
    "plugin",
    "pypistage",
    "pyramidconfig",
    "xom",
}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


def pytest_collection_modifyitems(config, items):
    def is_wanted(item):
        fixtures = set(item.fixturenames)
        return not fixtures & INTERNALS and bool(fixtures & {"mapp", "testapp"})

    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = [item for item in items if is_wanted(item)]


class Spares:
    """Keeps one server ahead, so that no test waits for the start."""

    def __init__(self, template, make_directory):
        self.template = template
        self.make_directory = make_directory
        self.spare = self.start()

    def start(self):
        directory = self.make_directory("server") / "state"
        shutil.copytree(self.template, directory)
        return Server(directory, "--offline-mode")

    def take(self):
        server, self.spare = self.spare, self.start()
        server.wait_until_open()
        return server


@pytest.fixture(scope="session")
def spares(tmp_path_factory):
    template = tmp_path_factory.mktemp("template") / "state"
    make_state(template)
    spares = Spares(template, tmp_path_factory.mktemp)
    yield spares
    spares.spare.stop()


@pytest.fixture
def running(spares, request):
    """The server of a test; it may ask upstreams if the test has one of its own."""
    running = Running(spares.take())
    if "simpypi" in request.fixturenames:
        running.options = ()
        running.restart()
    yield running
    running.server.stop()


@pytest.fixture
def testapp(running):
    from test_devpi_server.plugin import MyTestApp

    app = MyTestApp(proxy_to(running))
    app.xom = Inside(running)
    return app


@pytest.fixture
def mapp(testapp):
    from test_devpi_server.plugin import Mapp

    mapp = Mapp(testapp)
    mapp.xom = testapp.xom
    return mapp


@pytest.fixture(autouse=True)
def auto_transact():
    """The original opens a transaction of devpi's own storage."""


@pytest.fixture(autouse=True)
def lower_argon2_parameters():
    """The original changes devpi's own configuration."""


class Running:
    """A server that can be started again on its state with other options."""

    def __init__(self, server):
        self.server = server
        self.options = ("--offline-mode",)

    @property
    def address(self):
        return self.server.address

    def restart(self):
        self.server.stop()
        self.server = Server(self.server.directory, *self.options)
        self.server.wait_until_open()

    def request(self, method, path):
        connection = http.client.HTTPConnection(*self.address)
        connection.request(method, path)
        response = connection.getresponse()
        connection.close()
        return response


class Arguments:
    """In the place of devpi's command line: what a test changes, the server is started again with."""

    def __init__(self, running):
        object.__setattr__(self, "running", running)

    def __setattr__(self, name, value):
        option = f"--{name.replace('_', '-')}"
        self.running.options = ("--offline-mode", *([] if value is None else [option, str(value)]))
        self.running.restart()


class Inside:
    """In the place of devpi's object that holds everything: takes any call, and knows which files there are."""

    def __init__(self, running):
        self.running = running
        self.args = Arguments(running)

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def get_file_entry(self, path):
        return FileEntry(self.running, path)


class FileEntry:
    def __init__(self, running, path):
        self.running = running
        self.path = path

    def file_exists(self):
        return self.running.request("HEAD", f"/{self.path}").status == 200

    def file_delete(self):
        """Takes the bytes from the disk, and from the memory of the server."""
        sha256 = self.running.request("HEAD", f"/{self.path}").getheader("ETag").strip('"')
        (self.running.server.directory / "files" / "sha256" / sha256[:2] / sha256[2:]).unlink()
        self.running.restart()


def proxy_to(running):
    def application(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        connection = http.client.HTTPConnection(*running.address, timeout=30)
        connection.putrequest(
            environ["REQUEST_METHOD"], path_of(environ), skip_host=True, skip_accept_encoding=True
        )
        for name, value in headers_of(environ, body):
            connection.putheader(name, value if isinstance(value, bytes) else value.encode("latin-1"))
        connection.endheaders(body or None)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        start_response(f"{response.status} {response.reason}", headers)
        return [content]

    return application


def path_of(environ):
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    query = environ.get("QUERY_STRING")
    return quote(path, safe="/+!@:~,;=&$*'()") + (f"?{query}" if query else "")


def headers_of(environ, body):
    # The tests compare addresses with http://localhost, without a port.
    yield "Host", environ.get("HTTP_HOST", "localhost").removesuffix(":80")
    if environ["wsgi.url_scheme"] == "https":
        yield "X-Forwarded-Proto", "https"
    for name, value in environ.items():
        if name.startswith("HTTP_") and name != "HTTP_HOST":
            yield name.removeprefix("HTTP_").replace("_", "-").title(), value
    if environ.get("CONTENT_TYPE"):
        yield "Content-Type", environ["CONTENT_TYPE"]
    if body:
        yield "Content-Length", str(len(body))
