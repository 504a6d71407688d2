#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Beside the real ModemManager, behind the same proxy: who sees what, and that nobody disturbs the other.

The cases are skipped where ModemManager is not installed."""

from world import EUICC, OPERATIONAL, case, equal, main, make_eid, make_iccid

IMEI = "356938035643809"
MM_STATE_DISABLED = 3


def shown(world, number, iccid):
    """ModemManager's object of a modem, once its SIM has this ICCID."""

    def condition():
        modem = world.mm_modem(number)
        sim = world.mm_sim(modem) if modem else None
        return modem if sim and sim["SimIdentifier"] == iccid else None

    return world.wait_until(f"ModemManager shows modem {number} with {iccid}", condition)


@case("MMC-01", "design 2", modem_manager=True)
def both_see_the_same_card(world):
    """Packages run and polls go on while ModemManager has the modem open; it shows the same eUICC."""
    world.wait_idle()
    modem = shown(world, 1, make_iccid(1, 1))
    equal(modem["State"], MM_STATE_DISABLED)
    equal(modem["EquipmentIdentifier"], IMEI)
    sim = world.mm_sim(modem)
    equal((sim["Eid"], sim["Imsi"]), (make_eid(1), "00101" + make_iccid(1, 1)[-10:]))
    path = modem["path"]
    for _ in range(3):
        number = world.queue("list")
        world.poll_ok()
        equal(len(world.delivered(number)["results"][0]["listProfileInfo"]), 3)
    world.check_settled()
    equal(world.mm_modem(1)["path"], path, "object of the modem")


@case("MMC-02", "design 2", modem_manager=True)
def a_switch_is_noticed_by_modemmanager(world):
    """QMI: the slot's status makes ModemManager probe again by itself, under another path."""
    world.wait_idle()
    before = shown(world, 1, make_iccid(1, 1))
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.delivered(number)["succeeded"], True)
    after = shown(world, 1, OPERATIONAL)
    assert after["path"] != before["path"], "the same object"
    equal(after["Device"], before["Device"])
    equal(world.mm_sim(after)["Imsi"], "00101" + OPERATIONAL[-10:])
    world.check_settled()


@case("MMC-03", "design 2", modem_manager=True)
def an_inhibited_modem_is_still_polled(world):
    """ModemManager lets go of the modem; the proxy stays, and so does the daemon's channel to the card."""
    world.wait_idle()
    shown(world, 1, make_iccid(1, 1))
    world.mm_inhibit(1, True)
    world.wait_until("ModemManager lets go", lambda: not world.mm_modem(1))
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.delivered(number)["succeeded"], True)
    equal(world.mm_modem(1), None, "modem that ModemManager shows although inhibited")
    world.mm_inhibit(1, False)
    shown(world, 1, OPERATIONAL)
    world.check_settled()


@case("MMC-04", "design 2", modem_manager=True)
def modemmanager_killed_and_back(world):
    """The proxy may have been its child; the daemon goes on, and so does a new ModemManager."""
    world.wait_idle()
    shown(world, 1, make_iccid(1, 1))
    world.part("modemmanager", "kill")
    number = world.queue("list")
    world.poll_ok()
    world.delivered(number)
    world.part("modemmanager", "start")
    shown(world, 1, make_iccid(1, 1))
    number = world.queue("list")
    world.poll_ok()
    world.delivered(number)
    world.check_settled()


@case("MMC-05", "design 2", modem_manager=True)
def proxy_killed(world):
    """Both lose the modem and have it again, through a new proxy. ModemManager shows it anew."""
    world.wait_idle()
    before = shown(world, 1, make_iccid(1, 1))
    world.part("qmi-proxy", "kill")
    world.wait_until("eUICC gone", lambda: world.get(world.path, EUICC)["State"] != "idle")
    world.wait_idle()
    number = world.queue("list")
    world.poll_ok()
    world.delivered(number)
    world.wait_until("another object of the modem", lambda: (
        world.mm_modem(1) or {"path": before["path"]})["path"] != before["path"])
    shown(world, 1, make_iccid(1, 1))


@case("MMC-06", "design 2", modem_manager=True)
def modem_comes_back_as_another_node(world):
    """Pulled out and plugged in: both find it, whatever its device is called now."""
    world.wait_idle()
    before = shown(world, 1, make_iccid(1, 1))
    world.knob("modem", "unplug")
    world.wait_until("ModemManager lets go", lambda: not world.mm_modem(1))
    world.plug("cdc-wdm7")
    world.wait_idle()
    after = shown(world, 1, make_iccid(1, 1))
    equal(after["Device"], before["Device"])
    assert ["cdc-wdm7", 6] in after["Ports"], f"ports: {after['Ports']}"
    number = world.queue("list")
    world.poll_ok()
    world.delivered(number)
    world.check_settled()


main(__name__)
