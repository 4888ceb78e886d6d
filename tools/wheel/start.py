"""Starts Wheelhouse, whose program and Node lie beside this file, under the name that it is called by."""

import os
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program", "wheelhouse")


def main():
    name = os.path.basename(sys.argv[0])
    called_as = [] if name == "wheelhouse" else ["--called-as", name]
    os.execv(PROGRAM, [PROGRAM, *called_as, *sys.argv[1:]])
