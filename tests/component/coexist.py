#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Beside the real ModemManager, behind the same proxies, with a QMI and an MBIM modem: who sees what, and that nobody
disturbs the other. Profile changes are in switch.py.

The cases are skipped where ModemManager is not installed."""

import re

from world import EUICC, MM, case, equal, main, make_eid, make_iccid

BOTH = ["qmi", "mbim"]
MM_STATE_DISABLED = 3
MM_STATE_REGISTERED = 8


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


def registered(view):
    """ModemManager enables the modem, which is registered then, and the daemon may know that."""
    modem = first(view)
    view.wire.call(MM, modem["path"], f"{MM}.Modem", "Enable", "b", True)
    view.wait_until("registered", lambda: view.mm_modem(view.number)["State"] == MM_STATE_REGISTERED)


@case("IPAD-MMC-06N", "3.1.1.2; 2.11.1.2", modem_manager=True, modems=BOTH)
def network_and_imei_of_modemmanager(world):
    """What it says of the network and of the modem reaches the eIM, whatever the modem would say now."""
    views = views_of(world)
    for view in views:
        view.wait_idle()
        registered(view)
    for view in views:
        before = first(view)
        equal(view.mm_registration(before)["OperatorCode"], "00101")
        # A new name, of which ModemManager learns when it looks again.
        view.knob("modem", {"plmn": "310260", "imei": "490154203237518"})
        number = view.queue_package({"data": {"tags": "A9"}})
        view.poll_ok()
        equal(view.outcome(number)["data"]["A9"], device_info(before["EquipmentIdentifier"]))
        rplmn = [e["rPLMN"] for e in view.exchanges("GetEimPackage") if e["eid"] == make_eid(view.number)][-1]
        equal(rplmn, PLMN[view.mm_registration(before)["OperatorCode"]], "rPLMN")
    works(views)


def device_info(imei):
    """DeviceInfo (SGP.22 4.2): TAC and IMEI, the digits swapped, without capabilities."""
    def swap(digits):
        return "".join(b + a for a, b in zip(digits[::2], digits[1::2]))

    return f"8004{swap(imei[:8])}A1008208{swap(imei[:14])}{imei[14]}F"


# As in 3GPP TS 24.008 10.5.1.3.
PLMN = {"00101": "00F110", "310260": "130062"}


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
