# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells how a card that nobody touches gets its profile: bootstrap, poll, download, switch, receipts.

Runs inside "euicc-sim run --defer-daemon" with an SM-DP+ and a card that has a bootstrap profile alone. As in
story.py, every claim is read from who must know it: the servers' own verification of what the card signed, the state
of the card, the APDUs that it got, or the bus.
"""

import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "component"))

import loading  # noqa: E402
from servers import Smdp  # noqa: E402
from teller import BUS, expect, state_of, tell_all, tell_modem  # noqa: E402
from world import EIM, EUICC, JOB, World  # noqa: E402

DOWNLOAD = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"]


def prepare(story, world, smdp):
    """What an operator and a fleet do before the gateway is switched on."""
    story.at("SM-DP+")
    prepared = smdp.order(metadata={"name": "operational", "provider": "Example Mobile"})
    host = prepared["activationCode"].split("$")[1]
    story.tell("SM-DP+", f"profile {prepared['iccid']} of Example Mobile, {smdp.shown(prepared)['size']} octets, "
               f"waits at {host}", "SM-DP+")
    story.at("order")
    download = world.queue("json", json.dumps({"download": {"activationCode": prepared["activationCode"]}}))
    enable = world.queue("enable", prepared["iccid"], "--rollback")
    story.tell("order", f"the fleet wants it downloaded (order {download}), then enabled with rollback "
               f"(order {enable})", "eIM")
    return prepared, download, enable


def switch_on(story, world):
    story.at("start")
    before = world.show("card")
    expect([p["class"] for p in before["profiles"]] == ["provisioning"], "the card has more than a bootstrap profile")
    bootstrap = before["enabledIccid"]
    expect(state_of(before, bootstrap) == "enabled", "the bootstrap profile is not enabled")
    world.daemon("start")
    story.tell("start", f"the gateway is switched on with {bootstrap} (bootstrap) enabled", "card")
    story.at("modem")
    world.wait_eim("exchange", function="GetEimPackage")
    path = tell_modem(story, before)
    return path, bootstrap


def contact_eim(story, world, number):
    story.at("eIM")
    exchange = world.exchanges("GetEimPackage")[0]
    expect(exchange["order"] == number, "the first answer of the eIM was not the download")
    eim_id = world.order(number)["eimId"]
    story.tell("eIM", f"{eim_id} polled over {exchange['tls']}, which answers with order {number}", "eIM")
    return eim_id


def download(story, world, smdp, prepared, number):
    story.at("download")
    result = world.outcome(number)
    expect("error" not in result, f"the eIM was told of an error: {result.get('error')}")
    expect(result["verified"] is True, f"the eIM could not verify the result: {result.get('why')}")
    expect(result["succeeded"] is True, f"the card could not install: {result.get('installation')}")
    exchanges = smdp.show("exchanges")[:len(DOWNLOAD)]
    functions = [e["function"] for e in exchanges]
    expect(functions == DOWNLOAD, f"functions of ES9+: {functions}")
    expect({e["connection"] for e in exchanges} == {1}, "more than one connection to the SM-DP+")
    session = smdp.show("sessions")[0]
    expect(session["eid"] == world.show("card")["eid"], "the SM-DP+ knows another EID")
    story.tell("mutual", f"{exchanges[0]['serverName']} and the card have authenticated each other, one "
               f"{exchanges[0]['tls']} connection", "SM-DP+")
    size = exchanges[2]["packageSize"]
    segments = loading.segments(world.apdus())
    loaded = sum(sum(s.blocks) for s in segments)
    expect(loaded == size, f"the card got {loaded} octets of {size}")
    blocks = sum(len(s.blocks) for s in segments)
    expect(blocks == loading.least(segments), f"{blocks} STORE DATA in place of {loading.least(segments)}")
    story.tell("package", f"bound to this card: {size} octets in {len(segments)} segments and {blocks} STORE DATA, "
               "which is the least", "SM-DP+, card")
    story.at("installed")
    expect(prepared["iccid"] in [p["iccid"] for p in world.show("card")["profiles"]], "the card has no such profile")
    story.tell("installed", "card's signature of its installation result verified: success", "eIM, card")


def enable(story, world, prepared, number, bootstrap):
    story.at("package")
    result = world.outcome(number)
    expect(result["verified"] is True, f"the eIM could not verify the result: {result.get('why')}")
    expect(result["results"] == [{"enable": 0}], f"the result says {result['results']}")
    story.tell("package", f"eUICC package with counter {result['counter']}, signed by {result['eimId']}", "eIM")
    story.at("profile")
    modem, card = world.show("modem"), world.show("card")
    resets = modem["refreshes"] + modem["power-cycles"]
    expect(resets > 0, "the card was not reset after the profile change")
    expect(card["enabledIccid"] == prepared["iccid"], f"{card['enabledIccid']} is enabled")
    expect(state_of(card, bootstrap) == "disabled", "the bootstrap profile is still enabled")
    story.tell("profile", f"{card['enabledIccid']} is the enabled one, card reset ({resets}x)", "card, modem")
    story.at("rollback")
    expect((card.get("rollback") or {}).get("iccid") == bootstrap, "the card would not go back to the bootstrap profile")
    story.tell("rollback", f"armed: without a connection the card would have gone back to {bootstrap}", "card")
    story.at("result")
    expect(result["seqNumber"] in result["acknowledged"], "the eIM has not acknowledged the result")
    expect(not result.get("again"), "the result came more than once")
    asked, told = ([e["connection"] for e in world.exchanges(name) if e.get("order") == number]
                   for name in ("GetEimPackage", "ProvideEimPackageResult"))
    expect(asked != told, "the result did not come over a new connection")
    story.tell("result", "came over the new connection, card's signature verified: enable ok, acknowledged", "eIM")


def settle(story, world, smdp, prepared, path, eim_id):
    story.at("receipts")
    world.wait_idle()
    receipts = smdp.show("notifications")
    bad = [r for r in receipts if not r["verified"]]
    expect(not bad, f"the SM-DP+ could not verify {bad}")
    came = [(r["kind"], r["event"]) for r in receipts]
    expect(came == [("install", "install"), ("other", "install"), ("other", "enable")], f"the SM-DP+ got {came}")
    expect(smdp.shown(prepared)["state"] == "installed", "the SM-DP+ does not know that the profile is installed")
    card = world.show("card")
    expect(card["notifications"] == [] and card["results"] == [], "something is left on the card")
    expect(world.get(path, EUICC)["PendingNotifications"] == 0, "the bus shows notifications that are left")
    story.tell("receipts", "installation result, install and enable notification verified; none is left on the card",
               "SM-DP+, card, bus")
    story.at("trust")
    trust = world.get(world.eim_path(eim_id), EIM)["Trust"]
    expect(trust, "nothing says how the eIM was trusted")
    story.at("zero touch")
    expect(world.profiles() == {p["iccid"]: p["state"] for p in card["profiles"]}, "the bus does not show the profiles")
    jobs = [interfaces[JOB] for interfaces in world.objects().values() if JOB in interfaces]
    expect(jobs and all(j["State"] == "done" and "bus" not in j["Cause"] for j in jobs), f"jobs: {jobs}")
    story.tell("trust", trust, "bus")
    story.tell("zero touch", f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}: "
               + ", ".join(f"{j['Kind']} ({j['Cause']})" for j in jobs), "bus")


def main(story):
    world = World()
    try:
        smdp = Smdp(world)
        prepared, first, second = prepare(story, world, smdp)
        path, bootstrap = switch_on(story, world)
        eim_id = contact_eim(story, world, first)
        download(story, world, smdp, prepared, first)
        enable(story, world, prepared, second, bootstrap)
        settle(story, world, smdp, prepared, path, eim_id)
    finally:
        world.close()
    code = prepared["activationCode"]
    return f"profile {prepared['iccid']} downloaded and enabled by {eim_id}, all receipts delivered", f"""\
  euicc monitor    # every event, as it happens
  euicc-sim ctl smdp '{{"do": "order", "matchingId": "MORE"}}' && euicc download '{code.rsplit('$', 1)[0]}$MORE'
  busctl introspect {BUS} {path}    # what an agent sees"""


tell_all(main)
