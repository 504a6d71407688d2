# SPDX-License-Identifier: LGPL-2.1-or-later
"""The SM-DP+ and SM-DS of a world, for tests of profile downloads: see tests/sim/smdp.h and smds.h."""

from world import EID, SLOW

SMDP = "smdp.example.test"
SMDS = "smds.example.test"


class Server:
    """A part of the world, by its name."""

    def __init__(self, world, part):
        self.world = world
        self.part = part

    def ask(self, what, **members):
        return self.world.control(self.part, {"do": what, **members})

    def show(self, name):
        """A list: orders, events, sessions, notifications, exchanges."""
        return self.ask("show")[name]

    def functions(self):
        """The functions that were called, in order."""
        return [e["function"] for e in self.show("exchanges") if "function" in e]

    def faults(self, *faults):
        self.ask("knobs", faults=list(faults))

    def knobs(self, **members):
        self.ask("knobs", **members)

    def wait(self, what, count=1, timeout=60, **members):
        """Waits for COUNT exchanges ("exchange"), notifications, sessions that ended."""
        return self.ask("wait", **{"for": what}, count=count, timeout=int(timeout * SLOW),
                        **members)["count"]


class Smdp(Server):
    def __init__(self, world, part="smdp"):
        super().__init__(world, part)

    def order(self, **members):
        """Prepares a profile: {"order", "matchingId", "iccid", "activationCode"}."""
        return self.ask("order", **members)

    def shown(self, order):
        """What there is to know of an order now."""
        return next(o for o in self.show("orders") if o["order"] == order["order"])

    def installed(self, order, timeout=60):
        """Waits until the SM-DP+ has the verified result of an installation that succeeded."""
        for count in range(1, 100):
            self.wait("notification", count, timeout)
            if self.shown(order)["state"] == "installed":
                return self.shown(order)
        raise AssertionError(f"not installed: {self.shown(order)}")


class Smds(Server):
    def __init__(self, world, part="smds"):
        super().__init__(world, part)

    def event(self, address=SMDP, eid=EID, **members):
        """Registers an event at ADDRESS for the eUICC: its EventID."""
        return self.ask("event", eid=eid, address=address, **members)["eventId"]
