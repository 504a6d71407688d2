#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profile changes beside the real ModemManager: it lets go of the modem where that is wanted, has it back afterwards
and shows the other profile; also when it, the modem or the proxy goes meanwhile.

The cases are skipped where ModemManager is not installed."""

import contextlib
import threading

import wire
from world import EUICC, MM, MODEM, case, equal, main, make_iccid

BOTH = ["qmi", "mbim"]
LET_GO = "ModemManager has let go of the modem"
HAS_BACK = "ModemManager has the modem back as"


def begin(world):
    """The views of both modems, and the paths of their objects."""
    views = [world.modem(n) for n in (1, 2)]
    for view in views:
        view.wait_idle()
    return views, [view.mm_shows(make_iccid(view.number, 1))["path"] for view in views]


def ask(view, profile):
    """The order and the poll's job."""
    number = view.queue("enable", make_iccid(view.number, profile))
    return number, view.call(view.path, EUICC, "Poll")[0]


def end(view, number, job):
    state, name, text = view.wait_job(job)
    equal((state, name), ("done", ""), f"poll ({text})")
    equal(view.delivered(number)["succeeded"], True)


def count(world, words, number):
    """How often the log says so of the modem with NUMBER."""
    return sum(words in line and f"[cdc-wdm{number - 1}]" in line for line in world.log().splitlines())


def switched(view, profile, former):
    """ModemManager shows the other profile, as another object of the same modem; the path."""
    modem = view.mm_shows(make_iccid(view.number, profile), but=former)
    equal(modem["Device"], view.device(view.number))
    equal(view.mm_sim(modem)["Imsi"], "00101" + make_iccid(view.number, profile)[-10:])
    view.check_settled()
    return modem["path"]


@case("IPAD-MMC-11N", "design 2; modems 5.3", modem_manager=True, modems=BOTH)
def both_at_once(world):
    """By default MBIM with an inhibition, QMI without; both cards are changed at the same time."""
    views, paths = begin(world)
    asked = [ask(view, 2) for view in views]
    for view, (number, job) in zip(views, asked):
        end(view, number, job)
    paths = [switched(view, 2, path) for view, path in zip(views, paths)]
    equal([count(world, LET_GO, n) for n in (1, 2)], [0, 1], "inhibitions")
    world.wait_until("it is told", lambda: count(world, HAS_BACK, 2) == 1)
    # Once more: the modem is the same under its new object.
    asked = [ask(view, 1) for view in views]
    for view, (number, job) in zip(views, asked):
        end(view, number, job)
        switched(view, 1, paths[view.number - 1])
    equal([count(world, LET_GO, n) for n in (1, 2)], [0, 2], "inhibitions")


@case("IPAD-MMC-12N", "design 2; modems 5.3", modem_manager=True, modems=BOTH,
      settings="[modem first]\ndevice=2-1\ninhibit=always\n[modem second]\ndevice=2-2\ninhibit=never\n")
def as_configured(world):
    """inhibit=always and inhibit=never of groups that select a discovered modem."""
    views, paths = begin(world)
    asked = [ask(view, 2) for view in views]
    for view, (number, job) in zip(views, asked):
        end(view, number, job)
    switched(views[0], 2, paths[0])
    equal([count(world, LET_GO, n) for n in (1, 2)], [1, 0], "inhibitions")
    views[1].check_settled()


@case("IPAD-MMC-13N", "design 2; modems 5.3", modem_manager=True, modems=BOTH,
      settings="[modem first]\ndevice=2-1\ninhibit=always\n")
def inhibited_by_somebody_else(world):
    """The change goes on beside whoever has the modem, which ModemManager does not show then."""
    views, _ = begin(world)
    for view in views:
        world.mm_inhibit(view.number, True)
        view.wait_until("ModemManager lets go", lambda v=view: not v.mm_modem(v.number))
    for view in views:
        end(view, *ask(view, 2))
        equal(view.mm_modem(view.number), None, "modem that ModemManager shows although inhibited")
    for view in views:
        world.mm_inhibit(view.number, False)
        switched(view, 2, None)
    equal([count(world, LET_GO, n) for n in (1, 2)], [0, 0], "inhibitions of ours")


@case("IPAD-MMC-14N", "design 2; modems 5.3", modem_manager=True, modems=BOTH,
      settings="[modem first]\ndevice=2-1\ninhibit=always\n")
def modemmanager_killed_while_inhibited(world):
    """Between the inhibition and its end: the result goes its way, and a new ModemManager shows the new profile."""
    views, _ = begin(world)
    for view in views:
        view.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF51", "action": "delay",
                                       "ms": 1500}]})
    asked = [ask(view, 2) for view in views]
    for view in views:
        view.wait_modem("rule")
    equal([count(world, LET_GO, n) for n in (1, 2)], [1, 1], "inhibitions")
    world.part("modemmanager", "kill")
    for view, (number, job) in zip(views, asked):
        end(view, number, job)
    equal([count(world, "ModemManager went during a profile change", n) for n in (1, 2)], [1, 1])
    world.part("modemmanager", "start")
    for view in views:
        switched(view, 2, None)
    # The next change has its inhibition again.
    for view in views:
        end(view, *ask(view, 1))
        switched(view, 1, None)
    equal([count(world, LET_GO, n) for n in (1, 2)], [2, 2], "inhibitions")


@case("IPAD-MMC-16N", "design 2; modems 5.3", modem_manager=True, modems=BOTH,
      settings="[modem first]\ndevice=2-1\ninhibit=always\n")
def modemmanager_restarted_while_inhibited(world):
    """In the middle of the change: the new one is asked to let go of the modem as well, and has it back afterwards."""
    views, _ = begin(world)
    for view in views:
        view.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF51", "action": "delay",
                                       "ms": 100000}]})
    asked = [ask(view, 2) for view in views]
    for view in views:
        view.wait_modem("rule")
    world.part("modemmanager", "kill")
    world.part("modemmanager", "start")
    for view in views:
        view.wait_until("it lets go again", lambda v=view: count(world, LET_GO, v.number) == 2)
        equal(view.mm_modem(view.number), None, "modem that ModemManager shows although inhibited")
        view.knob("modem", "release")
    for view, (number, job) in zip(views, asked):
        end(view, number, job)
        switched(view, 2, None)
        world.wait_until("it is told", lambda v=view: count(world, HAS_BACK, v.number) == 1)


# The first attempt fails, on the connection of the poll and on a new one; nothing but the wait for the network
# makes another within the hour.
@case("IPAD-MMC-17N", "design 2; modems 5.3", modem_manager=True, modems=BOTH,
      settings="[poll]\nretry-first=1h\n[modem first]\ndevice=2-1\ninhibit=always\n"
               "[modem second]\ndevice=2-2\ninhibit=never\n")
def network_comes_back_after_the_inhibition(world):
    """The result of a change without leave for a rollback waits for the network where ModemManager let go of it."""
    views, _ = begin(world)
    for view, expected in zip(views, ("done", "failed")):
        world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "count": 2, "drop": "before"}]})
        number, job = ask(view, 2)
        equal(view.wait_job(job)[0], expected, f"poll of card {view.number}")
        if expected == "failed":
            view.poll_ok()
        equal(view.delivered(number)["results"], [{"enable": 0}])
        view.check_settled()


@case("IPAD-MMC-15N", "design 2; modems 5.3", modem_manager=True, modems=BOTH,
      settings="[modem first]\ndevice=2-1\ninhibit=always\n")
def pulled_while_inhibited(world):
    """After the card has changed its profile, before it can say so; back under another node both find the modem."""
    views, _ = begin(world)
    for view in views:
        view.knob("modem", {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "E291",
                                       "action": "unplug-after"}]})
    asked = [ask(view, 2) for view in views]
    for view, (_, job) in zip(views, asked):
        view.wait_modem("unplug")
        equal(view.wait_job(job)[0], "failed")
        equal(view.show("card")["enabledIccid"], make_iccid(view.number, 2))
    equal([count(world, LET_GO, n) for n in (1, 2)], [1, 1], "inhibitions")
    for view in views:
        view.plug(f"cdc-wdm{view.number + 6}")
    for view, (number, _) in zip(views, asked):
        view.wait_idle()
        view.poll_ok()
        equal(view.delivered(number)["results"], [{"enable": 0}])
        modem = view.mm_shows(make_iccid(view.number, 2))
        assert [f"cdc-wdm{view.number + 6}", 6 if view.number == 1 else 7] in modem["Ports"], modem
        view.check_settled()


TRANSITIONAL = (1, 4, 5, 9, 10)


@case("IPAD-MMC-18N", "design 2; modems 5.3", modem_manager=True, modems=BOTH)
def waits_while_modemmanager_enables_the_modem(world):
    """A profile change begins when ModemManager's own work is over, with an inhibition and without."""
    views, _ = begin(world)
    for view, slow in zip(views, ("03-0003", "radio-state")):
        view.knob("modem", {"rules": [{"message": slow, "action": "delay", "ms": 5000},
                                      {"message": "send-apdu", "contains": "BF51", "action": "delay", "ms": 1}]})
        path = view.mm_modem(view.number)["path"]
        enabling = threading.Thread(target=enable, args=(path,))
        enabling.start()
        view.wait_modem("rule")
        equal(view.mm_modem(view.number)["State"], 5, "state, which should be enabling")
        number, job = ask(view, 2)
        view.wait_modem("rule", 2)
        modem = view.mm_modem(view.number)
        assert not modem or modem["State"] not in TRANSITIONAL, f"state {modem['State']} while the card gets a package"
        enabling.join()
        end(view, number, job)
        switched(view, 2, path)


def enable(path):
    """On a connection of its own; the modem may be let go of before there is an answer."""
    with contextlib.suppress(wire.WireError):
        wire.Connection().call(MM, path, f"{MM}.Modem", "Enable", "b", True)


@case("IPAD-MMC-19N", "3.3.1; I-35", modem_manager=True, modems=BOTH)
def modem_is_restarted_as_a_last_resort(world):
    """The modem acts on no REFRESH and can't cut the card's power: by ModemManager where it has the modem, or else
    by the daemon. It comes back, both find it, and the result arrives once."""
    views, paths = begin(world)
    for view in views:
        refused = "power-off" if view.number == 1 else "reset"
        view.knob("modem", {"refresh": "ignore", "rules": [
            {"message": refused, "action": "error", "error": 94 if view.number == 1 else 9, "count": 0}]})
        number, job = ask(view, 2)
        state, error, text = view.wait_job(job)
        equal((state, error), ("failed", "org.euiccd1.Error.ModemGone"), text)
        view.wait_modem("restart")
        view.wait_until("card read anew", lambda v=view: count(world, "found iot eUICC", v.number) == 2)
        view.wait_idle()
        view.poll_ok()
        equal(view.delivered(number)["results"], [{"enable": 0}])
        equal(view.show("modem")["messages"].get("restart"), 1, "restarts")
        modem = view.mm_shows(make_iccid(view.number, 2), but=paths[view.number - 1])
        equal(modem["Device"], view.device(view.number))
        view.check_settled()
    equal([count(world, "restarting the modem to bring the card back", n) for n in (1, 2)], [1, 1])
    equal([count(world, "ModemManager is asked to restart the modem", n) for n in (1, 2)], [1, 0])
    equal({i[MODEM]["Reset"] for i in world.objects().values() if MODEM in i}, {"reset"}, "what worked")


main(__name__)
