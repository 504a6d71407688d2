#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ProfileRollback after a profile change that cuts the way to the eIM (SGP.32 3.3.2, 5.9.16; interop
notes I-36, I-37): catalogue area RBK. The new result is verified by the eIM like any other."""

from world import BOOTSTRAP, EUICC, OPERATIONAL, case, equal, main

# One attempt and no other, so that the undoing comes at once; polls only where the case asks for them.
AT_ONCE = "[poll]\nrollback-window=0\nretry-first=1h\n"
ONE_SECOND = "[poll]\nrollback-window=1s\nretry-first=1h\n"
UNREACHABLE = {"faults": [{"on": "ProvideEimPackageResult", "count": 0, "drop": "before"}]}
NO_FAULTS = {"faults": []}
ROLLED_BACK = [{"rollback": 0}]
# The last block of ProfileRollback, which fits into one.
ROLLBACK = {"message": "send-apdu", "contains": "BF5803"}


def cut_off(world, *options):
    """An enable whose result can't be delivered: the number of the order, and the poll's job."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL, *options)
    world.knob("eim", UNREACHABLE)
    return number, world.call(world.path, EUICC, "Poll")[0]


def asked(world):
    """How often the card was asked for ProfileRollback."""
    return sum(command[2:4] == "E2" and command[10:14] == "BF58" for command, _ in world.apdus())


def check_end(world, number, results, enabled, times):
    """The eIM is reachable again: it has the result, once; the card is as it says, and was asked TIMES."""
    world.knob("eim", NO_FAULTS)
    world.poll_ok()
    equal(world.delivered(number)["results"], results)
    world.check_settled()
    equal(world.show("card")["enabledIccid"], enabled)
    assert "rollback" not in world.show("card") or enabled != BOOTSTRAP, "grant left on the card"
    equal(asked(world), times, "ProfileRollback")
    assert not world.show("eim").get("strayResults"), world.show("eim")["strays"]


@case("IPAD-RBK-10N", "3.3.2, 5.9.16", settings=AT_ONCE)
def rolled_back(world):
    number, job = cut_off(world, "--rollback")
    equal(world.wait_job(job)[:2], ("failed", "org.euiccd1.Error.Network"))
    equal(world.wait_idle() and world.profiles()[BOOTSTRAP], "enabled")
    equal(len(world.show("card")["results"]), 1, "the new result replaces the former one")
    check_end(world, number, ROLLED_BACK, BOOTSTRAP, 1)


@case("IPAD-RBK-01N", "3.3.2, 5.9.16; I-36", settings=ONE_SECOND)
def connectivity_within_the_window(world):
    """The first attempt, on a new connection, fails; the next succeeds."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL, "--rollback")
    world.knob("eim", {"faults": [{**UNREACHABLE["faults"][0], "count": 1}]})
    check = world.poll()
    equal(check[0], "done", check[2])
    check_end(world, number, [{"enable": 0}], OPERATIONAL, 0)


@case("IPAD-RBK-02E", "3.3.2, 5.9.16", settings=AT_ONCE)
def not_allowed_by_the_eim(world):
    number, job = cut_off(world)
    equal(world.wait_job(job)[0], "failed")
    check_end(world, number, [{"enable": 0}], OPERATIONAL, 0)


@case("IPAD-RBK-13E", "3.3.2; I-37", settings=AT_ONCE)
def refused_by_the_card(world):
    """rollbackNotAllowed: the former result stays, and the card is not asked again."""
    world.knob("card", {"fail": [{"on": "BF58", "response": "BF5803020101", "count": -1}]})
    number, job = cut_off(world, "--rollback")
    equal(world.wait_job(job)[0], "failed")
    world.poll()
    check_end(world, number, [{"enable": 0}], OPERATIONAL, 1)


@case("IPAD-RBK-14N", "3.3.2; I-37", settings=AT_ONCE)
def an_eim_that_answers_is_reachable(world):
    """Refusals of every kind are no reason to roll back."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL, "--rollback")
    for refusal in ({"status": 500}, {"error": 127}, {"body": "html"}):
        world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "count": 0, **refusal}]})
        equal(world.poll()[0], "failed")
        equal(world.show("card")["enabledIccid"], OPERATIONAL)
    check_end(world, number, [{"enable": 0}], OPERATIONAL, 0)


def killed_at_rollback(world, action):
    """Kills the daemon while it waits for the answer of ProfileRollback, and starts it."""
    world.wait_idle()
    world.knob("modem", {"rules": [{**ROLLBACK, "action": action}]})
    number, _ = cut_off(world, "--rollback")
    world.wait_modem("rule")
    world.daemon("kill")
    enabled = world.show("card")["enabledIccid"]
    world.daemon("start")
    return number, enabled


@case("IPAD-RBK-15N", "3.3.2; I-37", settings=AT_ONCE)
def killed_after_the_card_rolled_back(world):
    """The answer was lost: the card's list of results tells, and it is not asked again."""
    number, enabled = killed_at_rollback(world, "drop")
    equal(enabled, BOOTSTRAP)
    world.wait_idle()
    check_end(world, number, ROLLED_BACK, BOOTSTRAP, 1)


@case("IPAD-RBK-16N", "3.3.2; I-37", settings=AT_ONCE)
def killed_before_the_card_rolled_back(world):
    """It was asked and did not hear: still cut off, it is asked once more, and then is done."""
    number, enabled = killed_at_rollback(world, "ignore")
    equal(enabled, OPERATIONAL)
    world.wait_until("the rollback", lambda: world.profiles().get(BOOTSTRAP) == "enabled")
    world.wait_idle()
    check_end(world, number, ROLLED_BACK, BOOTSTRAP, 1)


@case("IPAD-RBK-17N", "3.3.2", settings=AT_ONCE)
def killed_before_the_new_result_is_delivered(world):
    number, job = cut_off(world, "--rollback")
    equal(world.wait_job(job)[0], "failed")
    world.daemon("kill")
    world.daemon("start")
    world.wait_idle()
    check_end(world, number, ROLLED_BACK, BOOTSTRAP, 1)


main(__name__)
