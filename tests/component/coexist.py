#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Beside the real ModemManager, behind the same proxies, with a QMI and an MBIM modem: who sees what, and that nobody
disturbs the other. Profile changes are in switch.py.

The cases are skipped where ModemManager is not installed."""

import re

from world import EUICC, case, equal, main, make_eid, make_iccid

BOTH = ["qmi", "mbim"]
MM_STATE_DISABLED = 3


def views_of(world):
    return [world.modem(n) for n in (1, 2)]


def first(view, but=None):
    """ModemManager's object of a modem whose first profile is enabled."""
    return view.mm_shows(make_iccid(view.number, 1), but)


def listed(views):
    """A package for each card; both polls are under way at once."""
    orders = [view.queue("list") for view in views]
    jobs = [view.call(view.path, EUICC, "Poll")[0] for view in views]
    for view, job, number in zip(views, jobs, orders):
        state, name, text = view.wait_job(job)
        equal((state, name), ("done", ""), f"poll of card {view.number} ({text})")
        order = view.delivered(number)
        equal(order["eid"], make_eid(view.number), "card of the result")
        equal(len(order["results"][0]["listProfileInfo"]), 3)


def works(views):
    for view in views:
        view.wait_idle()
    listed(views)


def wait_primary(world, slot, but=None):
    """ModemManager's object of the modem once it says that SLOT is the primary one, and is not BUT (a path)."""

    def condition():
        modem = world.mm_modem(1)
        return modem if modem and modem["path"] != but and modem["PrimarySimSlot"] == slot else None

    return world.wait_until(f"ModemManager says slot {slot}", condition)


# MBIM: ModemManager reads the EID itself, without GET RESPONSE and without a TERMINAL CAPABILITY.
@case("IPAD-MMC-01N", "design 2", modem_manager=True, modems=BOTH, knobs={"procedure-bytes": 1},
      setup={"behaviour": {"needTerminalCapability": False}})
def both_see_the_same_cards(world):
    """Packages run and polls go on while ModemManager has the modems open; it shows the same eUICCs."""
    views = views_of(world)
    paths = set()
    for view in views:
        view.wait_idle()
        modem = first(view)
        equal(modem["State"], MM_STATE_DISABLED)
        sim = view.mm_sim(modem)
        equal((sim["Eid"], sim["Imsi"]),
              (make_eid(view.number), "00101" + make_iccid(view.number, 1)[-10:]))
        paths.add(modem["path"])
    equal(len(paths), 2, "objects")
    for _ in range(3):
        listed(views)
    for view in views:
        view.check_settled()
        assert view.mm_modem(view.number)["path"] in paths, "another object of the modem"


@case("IPAD-MMC-02N", "design 2", modem_manager=True, modems=BOTH)
def modemmanager_comes_and_goes(world):
    """Killed, absent when the daemon starts, late, and gone for good: packages go through, each result once."""
    views = views_of(world)
    for view in views:
        view.wait_idle()
        first(view)
    world.part("modemmanager", "kill")
    works(views)
    for view in views:
        equal(view.manager_paths(), {"/"}, "objects of a ModemManager that is gone")
    world.daemon("stop")
    world.daemon("start")
    works(views)
    world.part("modemmanager", "start")
    listed(views)  # while it probes
    for view in views:
        first(view)
    works(views)
    world.part("modemmanager", "stop")
    works(views)
    for view in views:
        view.check_settled()


@case("IPAD-MMC-03N", "design 6", modem_manager=True, modems=BOTH)
def new_ports_are_left_to_modemmanager_first(world):
    """The daemon opens a port after ModemManager exported its modem, and at once where it has done so long ago."""
    views = views_of(world)
    for view in views:
        view.wait_idle()
        first(view)
    view = views[1]
    start = len(world.log())
    view.knob("modem", "unplug")
    view.wait_until("ModemManager lets go", lambda: not view.mm_modem(2))
    view.plug("cdc-wdm7")
    view.wait_idle()
    after = first(view)
    equal(after["Device"], view.device(2))
    assert ["cdc-wdm7", 7] in after["Ports"], f"ports: {after['Ports']}"
    device = re.escape(view.device(2))
    words = ["/dev/cdc-wdm7 is left to ModemManager", f"{device}: exported as",
             f"modem {device} at /dev/cdc-wdm7", r"\[cdc-wdm7\] found iot eUICC"]
    assert re.search(".*".join(words), world.log()[start:], re.S), world.log()[start:]
    works(views)
    world.daemon("stop")
    world.daemon("start")
    works(views)
    for view in views:
        first(view)
        view.check_settled()


@case("IPAD-MMC-04N", "design 2", modem_manager=True, modems=BOTH)
def proxies_killed(world):
    """Idle and in the midst of a package: both lose the modem and have it again, through a new proxy."""
    views = views_of(world)
    before = []
    for view in views:
        view.wait_idle()
        before.append(first(view)["path"])
    for view, proxy in zip(views, ("qmi-proxy", "mbim-proxy")):
        world.part(proxy, "kill")
        view.wait_until("eUICC gone", lambda v=view: v.get(v.path, EUICC)["State"] != "idle")
    works(views)
    for view, proxy in zip(views, ("qmi-proxy", "mbim-proxy")):
        number = view.queue("list")
        # The package is executed, its response stays in the card.
        view.knob("modem", {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "C00000",
                                       "action": "ignore"}]})
        job = view.call(view.path, EUICC, "Poll")[0]
        view.wait_modem("rule")
        world.part(proxy, "kill")
        equal(view.wait_job(job)[0], "failed")
        view.knob("modem", {"rules": []})
        view.wait_idle()
        view.poll_ok()
        equal(len(view.delivered(number)["results"][0]["listProfileInfo"]), 3)
    for view, path in zip(views, before):
        first(view, but=path)
    works(views)


@case("IPAD-MMC-05N", "design 6", modem_manager=True, arguments=["--second-slot"], defer=True)
def slots_are_switched_by_modemmanager(world):
    """The eUICC is in the slot that is not in use: ModemManager switches there and back, and knows of both."""
    world.configure("[modem gateway]\ndevice=2-1\nslot=1\nswitch-slot=true\n")
    wait_primary(world, 1)
    world.knob("modem", {"do": "switch-slot", "slot": 2})
    before = wait_primary(world, 2)["path"]
    world.daemon("start")
    world.wait_until("card read", lambda: world.get(world.path, EUICC))
    after = wait_primary(world, 2, but=before)["path"]
    equal(int(after.rsplit("/", 1)[1]) - int(before.rsplit("/", 1)[1]), 2, "probes")
    log = world.log()
    equal(re.findall("ModemManager is asked for slot ([12])", log)[:2], ["1", "2"])
    assert "it is done without ModemManager" not in log, log


main(__name__)
