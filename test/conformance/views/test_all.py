"""The tests of devpi-server that its fixtures `mapp` and `testapp` are enough for."""

from test_devpi_server import functional
from test_devpi_server.test_authcheck import *  # noqa: F403
from test_devpi_server.test_permissions import *  # noqa: F403
from test_devpi_server.test_views import *  # noqa: F403
from test_devpi_server.test_views_patch import *  # noqa: F403

# The functional classes run in a suite of their own; the other two cannot be collected without devpi's fixtures.
for name in [*(each for each in vars(functional) if each.startswith("Test")), "TestRestrictModify", "TestOfflineMode"]:
    globals().pop(name, None)
