# SPDX-License-Identifier: LGPL-2.1-or-later
"""One row of the fault matrix: a fault befalls the modem, its proxy or the daemon, and the row says what comes of
it. The end is the same for all: settle() sees that the card, the modem, the daemon and the eIM agree, that the
next package goes its way, and that nothing is left open anywhere."""

import collections
import os

from world import EUICC, MANAGER, ROOT, UIM, equal, main, table

Row = collections.namedtuple("Row", "ident section title function")

# Polls come from the rows alone, and no answer is waited for long.
STEADY = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n"
HASTY = STEADY + "[channel]\ntimeout=5s\nlong-timeout=8s\nrefresh-grace=3s\n"
REAL_PROXY = ["--proxy", "real"]

# What a row may have changed of the modem.
USUAL = {"rules": [], "silent": False, "indications": True, "indication-delay": 0, "indication-copies": 1,
         "indication-swap": False, "refresh": "act", "refresh-delay": 20, "start-delay": 20}
SPARE_FILES = 3  # files that a daemon may have open more than before: its connection to an eIM

GROUPS = collections.defaultdict(list)


def row(ident, section, group):
    """Marks a function that is a row of GROUP."""
    def decorate(function):
        GROUPS[group].append((ident, section, function))
        return function

    return decorate


# ---- parts of stories ----


def proxy(world):
    """Name of the program between the daemon and the modem."""
    return world.kind + "-proxy"


def poll_stuck(world, rule, **members):
    """Queues an order and polls until the modem meets RULE: (order, job)."""
    number = world.queue(*members.get("order", ("list",)))
    met = world.modem_count("rule")
    world.knob("modem", {"rules": [rule]})
    # Where somebody has switched the slot the eUICC may be gone for the moment that the daemon needs to look.
    world.wait_until("eUICC", lambda: world.get(world.path, EUICC))
    job = world.call(world.path, EUICC, "Poll")[0]
    world.wait_modem("rule", met + 1)
    return number, job


def fails(world, job, name, *words):
    """JOB ends with error NAME; its text holds all WORDS."""
    state, error, text = world.wait_job(job)
    equal((state, error), ("failed", f"org.euiccd1.Error.{name}"), text)
    for word in words:
        assert word in text, f"no '{word}' in: {text}"


def gone(world):
    """The eUICC is not offered any more."""
    def condition():
        euicc = world.get(world.path, EUICC)
        return euicc is None or euicc["State"] == "unavailable"

    world.wait_until("eUICC gone or unavailable", condition)


def is_offered(world):
    euicc = world.get(world.path, EUICC)
    return euicc is not None and euicc["State"] not in ("unavailable", "")


def delivered(world, number, results=None):
    """The order was executed once and its result arrived once."""
    order = world.delivered(number)
    if results is not None:
        equal(order["results"], results, "results")
    return order


def works(world):
    """A package goes through from end to end."""
    world.wait_idle()
    number = world.queue("list")
    world.poll_ok()
    equal(len(delivered(world, number)["results"][0]["listProfileInfo"]), 3, "profiles")


def switches(world):
    """Two profile changes and a package, each once."""
    for _ in range(2):
        number = world.queue(*toggle(world))
        world.poll_ok()
        delivered(world, number, [{"enable": 0}])
    works(world)


def uim_clients(world):
    """Client ids of the service for the card at a QMI modem."""
    return {c["id"] for c in world.show("modem")["clients"] if c.get("service") == UIM}


def toggle(world):
    """A profile that is not enabled: the order that enables it."""
    return "enable", next(p["iccid"] for p in world.show("card")["profiles"] if p["state"] != "enabled")


# ---- the end of every row ----


def open_files(world):
    folder = f"/proc/{world.show('world')['parts']['daemon']['process']}/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def bring_back(world):
    """The card and the modem are in their places, behave, and the daemon knows."""
    world.knob("modem", USUAL)
    modem = world.show("modem")
    if not modem["plugged"]:
        world.knob("modem", "plug")
    if modem["active-slot"] > 1:
        world.control("modem", {"do": "switch-slot", "slot": 1})
    elif modem["state"] == "empty":
        world.knob("modem", "insert")
    if not is_offered(world):
        world.call(ROOT, MANAGER, "Rescan")
    world.wait_idle()


def at_modem(world):
    """Client ids and channels: what somebody has at the modem."""
    modem = world.show("modem")
    owners = {c["owner"] for c in modem["channels"]}
    return uim_clients(world) if world.kind == "qmi" else owners


def settle(world, dead):
    """DEAD: those at the modem whom a fault took the chance to tidy up."""
    bring_back(world)
    works(world)
    world.check_settled(dead=dead)
    equal(os.listdir(os.path.join(world.folder, "state", world.path.rsplit("/", 1)[1], "owed")), [], "owed")
    eim, card = world.show("eim"), world.show("card")
    equal(sorted(e["eimId"] for e in card["eims"]), sorted(world.eims()), "eIMs")
    assert not [o for o in eim["orders"] if o["state"] == "offered" and not o.get("lost")], "orders under way"


def run(world, row, kind):
    world.kind = kind
    world.dead = getattr(world, "dead", set()) & at_modem(world)
    try:
        world.wait_idle()
        number = world.show("world")["parts"]["daemon"]["process"]
        before = open_files(world)
        row.function(world)
        settle(world, world.dead)
        if world.show("world")["parts"]["daemon"]["process"] == number:
            after = open_files(world)
            assert after <= before + SPARE_FILES, f"{after} open files, {before} before"
        world.daemon("stop")
        equal(at_modem(world) - world.dead, set(), "client ids or channels left at the modem")
    finally:
        # The next row begins with a daemon that knows of nothing.
        world.knob("modem", USUAL)
        if not world.show("modem")["plugged"]:
            world.knob("modem", "plug")
        if world.show("world")["parts"]["daemon"]["running"]:
            world.daemon("stop")
        world.daemon("start")


def world_of(kind, group, settings=HASTY, **options):
    """A table: the rows of GROUP with a modem of KIND."""
    name = f"{group}_{kind}" + ("_" + options.pop("name") if "name" in options else "")
    rows = [Row(ident, section, function.__name__.replace("_", " ") + f", {name}", function)
            for ident, section, function in GROUPS[group]]
    table(name, rows, lambda world, row: run(world, row, kind), settings=settings, defer=True, modems=[kind],
          **options)


__all__ = ["main"]
