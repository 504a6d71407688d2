#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profile downloads: the daemon, the virtual eUICC, the test eIM and the test SM-DP+, with their own cryptographic
checks. What procedures refuse, row by row, is in tests/unit/test-ipa-download.c."""

import os
import shutil

from servers import SMDP, Smdp
from world import EIM_ID, EUICC, JOB, OPERATIONAL, case, equal, main

DIRECT = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n"
INDIRECT = f"{DIRECT}[eim {EIM_ID}]\ndownload-path=indirect\n"
ES9 = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification"]


def trigger(world, code):
    """An order of the eIM to download; what it has of it after a poll."""
    number = world.queue("json", f'{{"download": {{"activationCode": "{code}"}}}}')
    world.poll_ok()
    return world.outcome(number)


def is_there(world, order, number_of_profiles):
    profiles = world.profiles()
    equal(profiles.get(order["iccid"]), "disabled", "profile on the bus")
    equal(len(profiles), number_of_profiles, "profiles")
    euicc = world.get(world.path, EUICC)
    equal(euicc["PendingNotifications"], 0, "notifications that are left")
    equal(euicc["FreeMemory"], world.show("card")["freeMemory"], "free memory on the bus")
    world.check_settled()


@case("IPAD-DIR-01N", "3.2.3.1", smdp=[SMDP], settings=DIRECT)
def triggered_by_the_eim(world):
    """The SM-DP+ gets the installation result, and the eIM that of its trigger, each verified by its receiver."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    result = trigger(world, order["activationCode"])
    assert result["verified"], result
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    # Its installation result, and the notification of the installation that its metadata ask for.
    equal(smdp.functions(), ES9 + ["handleNotification"], "functions of ES9+")
    equal(len({e["connection"] for e in smdp.show("exchanges")}), 1, "connections to the SM-DP+")
    is_there(world, order, 4)


@case("IPAD-DIR-02E", "3.2.3.1; SGP.22 3.1.3", smdp=[SMDP], settings=DIRECT)
def unknown_to_the_smdp(world):
    """Nothing changes, the eIM learns why, and the next download works."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    result = trigger(world, f"1${SMDP}$NOBODY")
    equal((result["error"]["name"], result["error"]["signed"]), ("download", False), "what the eIM was told")
    equal(len(world.profiles()), 3, "profiles")
    result = trigger(world, order["activationCode"])
    assert result["verified"] and result["succeeded"], result
    is_there(world, order, 4)


@case("IPAD-IND-01N", "3.2.3.2, 5.14.1 to 5.14.3", smdp=[SMDP], settings=INDIRECT)
def through_the_eim(world):
    """The same by way of the eIM: to the SM-DP+ goes only the notification that its metadata ask for."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    result = trigger(world, order["activationCode"])
    assert result["verified"] and result["succeeded"], result
    equal([e["function"] for e in smdp.show("exchanges") if "connection" in e], ["handleNotification"],
          "functions over HTTPS")
    is_there(world, order, 4)


@case("IPAD-DIR-60N", "5.14.6, 5.14.7; I-14", smdp=[SMDP], settings=f"{DIRECT}[eim {EIM_ID}]\nnotify-trigger-result=yes\n")
def result_of_the_trigger_by_handle_notification(world):
    """Where the configuration says so, the eIM gets the result in HandleNotification, and in it alone. The usual way is
    triggered_by_the_eim()."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    before = len(world.exchanges("HandleNotification"))
    result = trigger(world, order["activationCode"])
    assert result["verified"] and result["succeeded"], result
    equal(len(world.exchanges("HandleNotification")), before + 1, "notifications to the eIM")
    equal(world.exchanges("ProvideEimPackageResult"), [], "results to the eIM")
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    is_there(world, order, 4)


@case("IPAD-DIR-61N", "design 5", smdp=[SMDP], settings=DIRECT)
def ordered_by_a_caller(world):
    """Download() with a confirmation code; without it, and with a wrong one, the order is not spent."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order(confirmationCode="1234")
    for options, expected in (([], "failed"), (["confirmation-code", "s", "4321"], "failed"),
                              (["confirmation-code", "s", "1234"], "done")):
        job = world.call(world.path, EUICC, "Download", "sa{sv}", order["activationCode"], len(options) // 3, *options)[0]
        state, name, text = world.wait_job(job)
        equal(state, expected, f"{options}: {name} {text}")
    equal(world.get(job, JOB)["Result"], order["iccid"])
    is_there(world, order, 4)


@case("IPAD-DIR-62E", "3.2.3.1; invariant 3", smdp=[SMDP], settings=DIRECT)
def killed_while_the_package_is_loaded(world):
    """Either the next daemon takes the eIM's order up again, or the card had begun to load and says that it was
    interrupted: one result, and what it says is true."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    number = world.queue("json", f'{{"download": {{"activationCode": "{order["activationCode"]}"}}}}')
    met = world.modem_count("rule")
    world.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF36", "action": "drop"}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("rule", met + 1)
    world.daemon("kill")
    world.knob("modem", {"rules": []})
    world.daemon("start")
    world.wait_idle()
    world.poll_ok()
    result = world.outcome(number)
    assert result["verified"] and not result.get("again"), result
    if result["succeeded"]:
        equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
        equal(world.profiles().get(order["iccid"]), "disabled", "profile on the bus")
    else:
        equal(result["installation"]["errorReason"], 11, "reason (interrupted)")
    equal(len(world.profiles()), 4 if result["succeeded"] else 3, "profiles")
    equal(world.get(world.path, EUICC)["PendingNotifications"], 0, "notifications that are left")


TOLD = "stay on the card until the configuration is another one"


@case("IPAD-NTF-80E", "3.7; I-16", smdp=[SMDP], defer=True)
def no_certificate_of_a_ci(world):
    """Without an eSIM CI nobody is asked, the log says so once, the bus as long as it holds, and nothing wakes the
    daemon for it. The certificate counts from the next poll on."""
    smdp = Smdp(world)
    folder = os.path.join(world.folder, "ci")
    world.configure(f"{DIRECT}[rsp]\nci-directories={folder}\n")
    world.daemon("start")
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.outcome(number)["results"], [{"enable": 0}])
    for _ in range(2):
        world.poll_ok()
    euicc = world.wait_idle()
    pending = euicc["PendingNotifications"]
    assert pending > 0, euicc
    assert f"{SMDP}: " in euicc["NotificationError"], euicc
    assert f"there is none in {folder}" in euicc["NotificationError"], euicc
    equal(world.log().count(TOLD), 1, "times it is in the log")
    # Somebody who asks is told.
    state, name, text = world.wait_job(world.call(world.path, EUICC, "DeliverNotifications")[0])
    equal((state, name), ("failed", "org.euiccd1.Error.Failed"))
    assert f"{pending} wait for another configuration" in text and folder in text, text
    equal(world.log().count(TOLD), 1, "times it is in the log")
    equal(smdp.show("exchanges"), [], "exchanges with the SM-DP+")
    shutil.copytree(os.path.join(world.folder, "pki", "ci.d"), folder)
    world.poll_ok()
    euicc = world.wait_idle()
    equal((euicc["PendingNotifications"], euicc["NotificationError"]), (0, ""))
    equal(len(smdp.show("notifications")), pending, "notifications that the SM-DP+ has")
    world.check_settled()


main(__name__)
