"""Starts the `devpi-server` that PATH finds."""

import socket
import subprocess
import time


def make_state(directory):
    subprocess.check_call(["devpi-init", "--serverdir", str(directory)])


class Server:
    """A server on the state in a directory; starting does not wait until it listens."""

    def __init__(self, directory, *options):
        self.directory = directory
        self.port = free_port()
        command = ["devpi-server", "--serverdir", str(directory), "--host", "localhost", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, *options])

    @property
    def address(self):
        return ("localhost", self.port)

    def wait_until_open(self):
        for _ in range(1500):
            if self.process.poll() is not None:
                raise RuntimeError(f"devpi-server ended with {self.process.returncode}")
            with socket.socket() as probe:
                if probe.connect_ex(self.address) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("devpi-server does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.socket() as candidate:
        candidate.bind(("localhost", 0))
        return candidate.getsockname()[1]
