"""The classes that devpi shares between the suites of its server and its client."""

from test_devpi_server.functional import (  # noqa: F401
    TestIndexPushThings,
    TestIndexThings,
    TestMirrorIndexThings,
    TestProjectThings,
    TestUserThings,
)
