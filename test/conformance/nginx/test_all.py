"""The tests that look at the answers of nginx only."""

from test_devpi_server.test_nginx import (  # noqa: F401
    TestWithOutsideURLHeader,
    TestWithOutsideURLSubPathHeader,
    test_outside_url_nginx,
)
