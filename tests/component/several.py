#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several modems, each with its eUICC: polled at the same time, no result of one for another."""

from world import EUICC, JOB, MODEM, case, equal, main, make_eid, make_iccid

THREE = ["qmi", "mbim", "mbim"]


def states(number, enabled):
    return {make_iccid(number, n): "enabled" if n == enabled else "disabled" for n in (1, 2, 3)}


def wait_jobs(world, jobs):
    for job in jobs:
        state, name, text = world.wait_job(job)
        equal((state, name), ("done", ""), f"{job} ({text})")


@case("SEV-01", "3.3.1", modems=THREE)
def each_card_executes_what_is_for_it(world):
    """One package a card, all polls started before the first is awaited."""
    views = [world.modem(n) for n in (1, 2, 3)]
    for view in views:
        view.wait_idle()
    orders = [view.queue("enable", make_iccid(view.number, 2)) for view in views]
    jobs = [view.call(view.path, EUICC, "Poll")[0] for view in views]
    wait_jobs(world, jobs)
    for view, number in zip(views, orders):
        order = view.delivered(number)
        equal(order["eid"], make_eid(view.number), "card of the result")
        equal(order["succeeded"], True, "enabled")
        view.check_settled()
        equal(view.profiles(), states(view.number, 2))


@case("SEV-02", "3.3.1", modems=THREE)
def a_silent_card_keeps_nobody_waiting(world):
    """The second card does not answer any more: the others are served while its poll is under way."""
    silent, others = world.modem(2), [world.modem(1), world.modem(3)]
    for view in [silent, *others]:
        view.wait_idle()
    silent.queue("list")
    silent.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF51", "action": "ignore"}]})
    stuck = silent.call(silent.path, EUICC, "Poll")[0]
    silent.wait_modem("rule")
    for view in others:
        number = view.queue("list")
        view.poll_ok()
        equal(view.delivered(number)["eid"], make_eid(view.number))
    assert silent.get(stuck, JOB)["State"] not in ("done", "failed", "cancelled"), "ended early"
    silent.knob("modem", "unplug")
    equal(world.wait_job(stuck)[0], "failed")


@case("SEV-03", "3.3.1", modems=THREE)
def one_modem_goes_and_comes_back(world):
    """The objects of its card go and come; those of the others stay."""
    gone, others = world.modem(3), [world.modem(1), world.modem(2)]
    for view in [gone, *others]:
        view.wait_idle()
    gone.knob("modem", "unplug")
    world.wait_until("its card is gone", lambda: gone.get(gone.path, EUICC)["State"] == "unavailable")
    for view in others:
        equal(view.get(view.path, EUICC)["State"], "idle")
        number = view.queue("disable", make_iccid(view.number, 1))
        view.poll_ok()
        equal(view.delivered(number)["succeeded"], True)
    gone.knob("modem", "plug")
    gone.wait_idle()
    equal(gone.profiles(), states(3, 1))
    for view in others:
        equal(view.profiles(), states(view.number, None))


IMEI = "490154203237518"


@case("SEV-04", "design 2", modems=["qmi"], udev=True, knobs={"imei": IMEI},
      settings=f"[modem gateway]\nimei={IMEI}\nreset=power-cycle\n")
def group_of_a_late_imei(world):
    """The modem has to be opened before its group is known; what the group says then holds without a word."""
    def modem():
        return next((i[MODEM] for i in world.objects().values()
                     if MODEM in i and i[MODEM]["Name"] == "gateway"
                     and "reset=power-cycle" in i[MODEM]["Settings"]), None)

    world.wait_until("its settings hold", modem)
    world.wait_idle()
    equal(modem()["Imei"], IMEI)
    number = world.queue("enable", make_iccid(1, 2))
    world.poll_ok()
    equal(world.delivered(number)["succeeded"], True)
    equal(modem()["Reset"], "power-cycle", "what brought the card back")


main(__name__)
