# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guards that tests/check/counterproof removes, a file a room (and in src/channel a file a kind of modem).

To add one, write into the file of its room

    guard("name of the guard", "why: the invariant of the design, or the section of the specification",
          "file", "its text, which stands there exactly once",
          "what stands there instead when the guard is gone",
          "test-program /path/of/the/case", "component.py case_of_it", "check beginning-of-its-line")

and run "make counterproof GUARDS='name of the guard'" in a build folder. Every test that is named must fail
without the guard. A unit test is better than a component test, which takes seconds. HOW other than "fails"
is for a guard without which a test can only hang ("hangs") or die ("crashes").
"""

import importlib
import pkgutil
from typing import NamedTuple


class Guard(NamedTuple):
    name: str
    why: str
    path: str
    old: str
    new: str
    tests: tuple
    how: str = "fails"


GUARDS = []


def guard(name, why, path, old, new, *tests, how="fails"):
    GUARDS.append(Guard(name, why, path, old, new, tests, how))


for room in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module("." + room, __name__)
