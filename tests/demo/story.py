# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells what happens between an eIM and a card while it happens.

Runs inside "euicc-sim run". Every claim is read from the eIM (its own verification of the card's
signature), from the card's state, or from the bus; none is taken on trust. The first one that does
not hold ends the story with the step's name and exit status 1.
"""

import subprocess

from teller import (BUS, WAIT, bus_property, eim, expect, objects, run, show, sim, state_of, tell_all,
                    tell_modem)


def find_modem(story):
    story.at("modem")
    # The daemon asks the eIM as soon as it has read the card; that request is the sign to look.
    eim(do="wait", **{"for": "exchange"}, function="GetEimPackage", count=1, timeout=WAIT)
    card = show("card")
    return tell_modem(story, card), card


def contact_eim(story, path, card):
    story.at("eIM")
    run("euicc", "poll")
    eim_path = next(p for p, i in objects().items() if p.startswith(path) and f"{BUS}.Eim" in i)
    eim_id = bus_property(eim_path, "Eim", "EimId")
    expect(eim_id == card["eims"][0]["eimId"], "the eIM on the bus is not the card's")
    exchange = show("eim")["exchanges"][-1]
    expect(exchange["status"] == 200, f"the eIM answered status {exchange['status']}")
    expect(bus_property(eim_path, "Eim", "LastResult") == "none", "the first poll did not end well")
    trust = bus_property(eim_path, "Eim", "Trust")
    expect(trust, "nothing says how the eIM was trusted")
    story.tell("eIM", f"{eim_id} contacted over {exchange['tls']}, has nothing to do yet",
               "eIM")
    story.tell("trust", trust, "bus")
    return eim_id, eim_path


def execute(story, path, eim_id, before):
    story.at("order")
    iccid = next(p["iccid"] for p in before["profiles"]
                 if p["state"] == "disabled" and p["class"] == "operational")
    modem_before = show("modem")
    order = int(sim("queue", "enable", iccid).strip())
    story.tell("order", f"the fleet wants profile {iccid} enabled (order {order})", "eIM")

    with subprocess.Popen(["euicc", "poll"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True) as poll:
        story.at("package")
        sim("wait", str(order), "--sent", "--timeout", str(WAIT))
        sent = eim(do="show", order=order)["order"]
        story.tell("package", f"eUICC package with counter {sent['counter']}, signed by {eim_id}, "
                   f"{len(sent['request']) // 2} octets, fetched", "eIM")
        story.at("result")
        sim("wait", str(order), "--timeout", str(WAIT))
        story.at("poll")
        errors = poll.communicate(timeout=WAIT)[1]
        expect(poll.returncode == 0, f"euicc poll: {errors.strip()}")

    story.at("card")
    done = eim(do="show", order=order)["order"]
    card = show("card")
    modem = show("modem")
    counter = next(e["counter"] for e in card["eims"] if e["eimId"] == eim_id)
    expect(counter == sent["counter"], f"the card's counter is {counter}")
    story.tell("card", f"signature and counter verified by the card, which now stores {counter}",
               "card")
    story.at("reset")
    resets = (modem["refreshes"] + modem["power-cycles"]
              - modem_before["refreshes"] - modem_before["power-cycles"])
    expect(resets > 0, "the card was not reset after the profile change")
    expect(not card["resetNeeded"], "the card still waits for its reset")
    story.tell("reset", f"card reset ({resets}x), channel opened again", "modem, card")

    story.at("profile")
    expect(state_of(card, iccid) == "enabled", "the card has not enabled the profile")
    profile = f"{path}/profile/{iccid}"
    expect(bus_property(profile, "Profile", "State") == "enabled",
           "the bus does not show the profile as enabled")
    story.tell("profile", f"switched: {card['enabledIccid']} is the enabled one", "card, bus")

    story.at("result")
    expect(done["verified"] is True, f"the eIM could not verify the result: {done.get('why')}")
    expect(done["results"] == [{"enable": 0}], f"the result says {done['results']}")
    expect(not done.get("duplicates"), "the result came more than once")
    story.tell("result", "card's signature verified against its certificate chain: enable ok", "eIM")
    story.at("acknowledged")
    expect(done["seqNumber"] in done["acknowledged"], "the eIM has not acknowledged the result")
    story.tell("acknowledged", f"result {done['seqNumber']}", "eIM")
    story.at("removed")
    expect(card["results"] == [], "the result still is on the card")
    story.tell("removed", f"result {done['seqNumber']} is gone from the card", "card")
    return iccid


def main(story):
    path, card = find_modem(story)
    eim_id, _ = contact_eim(story, path, card)
    iccid = execute(story, path, eim_id, card)
    return f"profile {iccid} enabled by {eim_id}, result acknowledged", f"""\
  euicc monitor    # every event, as it happens
  euicc-sim queue disable {iccid} && euicc poll    # another package, executed
  busctl introspect {BUS} {path}    # what an agent sees"""


tell_all(main)
