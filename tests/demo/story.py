# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells what happens between an eIM and a card while it happens.

Runs inside "euicc-sim run". Every claim is read from the eIM (its own verification of the card's
signature), from the card's state, or from the bus; none is taken on trust. The first one that does
not hold ends the story with the step's name and exit status 1.
"""

import json
import os
import signal
import subprocess
import sys

BUS = "org.euiccd1"
ROOT = "/org/euiccd1"
WAIT = 60  # seconds; a guard against a world that hangs, not a measure of speed


class Deviation(Exception):
    pass


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            timeout=2 * WAIT, check=False)
    if result.returncode != 0:
        raise Deviation(f"{' '.join(command)}: {(result.stderr or result.stdout).strip()}")
    return result.stdout


def sim(*command):
    return run(os.environ["EUICC_SIM"], *command)


def show(part):
    return json.loads(sim("show", part))


def eim(**request):
    """One control request to the eIM."""
    return json.loads(sim("ctl", "eim", json.dumps(request)))


def bus_property(path, interface, name):
    return json.loads(run("busctl", "--json=short", "get-property", BUS, path,
                          f"{BUS}.{interface}", name))["data"]


def objects():
    answer = json.loads(run("busctl", "--json=short", "call", BUS, ROOT,
                            "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))
    return answer["data"][0]


def expect(condition, why):
    if not condition:
        raise Deviation(why)


class Story:
    def __init__(self):
        self.step = "start"
        self.colour = sys.stdout.isatty()

    def tell(self, step, text, source):
        """One line: what happened, and who says so."""
        self.step = step
        number = f"\033[1m{step:>10}\033[0m" if self.colour else f"{step:>10}"
        print(f"{number}  {text}  [{source}]", flush=True)

    def at(self, step):
        self.step = step


def find_modem(story):
    story.at("modem")
    # The daemon asks the eIM as soon as it has read the card; that request is the sign to look.
    eim(do="wait", **{"for": "exchange"}, function="GetEimPackage", count=1, timeout=WAIT)
    found = [(path, interfaces[f"{BUS}.Euicc"]) for path, interfaces in objects().items()
             if f"{BUS}.Euicc" in interfaces]
    expect(len(found) == 1, f"{len(found)} eUICCs on the bus instead of one")
    path, euicc = found[0]
    value = {name: variant["data"] for name, variant in euicc.items()}
    modem = show("modem")
    expect(modem["path"] == value["Port"], f"port {value['Port']} is not the modem's")
    opened = modem["messages"].get("open-channel", 0)
    expect(opened > 0, "no logical channel was opened on the modem")
    story.tell("modem", f"{os.path.basename(value['Port'])} found, {value['Transport'].upper()} "
               f"through lib{value['Transport']}, {opened} logical channel(s) opened so far", "bus, modem")
    story.at("card")
    card = show("card")
    expect(card["eid"] == value["Eid"], "the EID on the bus is not the card's")
    story.tell("card", f"EID {value['Eid']}, SGP.32 {value['SpecVersion']}, "
               f"{len(card['profiles'])} profiles, {len(card['eims'])} eIM", "bus, card")
    return path, card


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


def state_of(card, iccid):
    return next(p["state"] for p in card["profiles"] if p["iccid"] == iccid)


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


def stay(path, iccid):
    print(f"""
The world stays. In another terminal:

  export DBUS_SYSTEM_BUS_ADDRESS={os.environ['DBUS_SYSTEM_BUS_ADDRESS']}
  export EUICC_SIM_DIR={os.environ['EUICC_SIM_DIR']} PATH={os.path.dirname(os.environ['EUICC_SIM'])}:$PATH

  euicc monitor    # every event, as it happens
  euicc-sim queue disable {iccid} && euicc poll    # another package, executed
  busctl introspect {BUS} {path}    # what an agent sees

Ctrl-C here ends it.""", flush=True)
    signal.sigwait([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


def main():
    story = Story()
    try:
        path, card = find_modem(story)
        eim_id, _ = contact_eim(story, path, card)
        iccid = execute(story, path, eim_id, card)
        print("\n$ euicc status", flush=True)
        print(run("euicc", "status"))
        print(f"$ busctl tree {BUS}", flush=True)
        print(run("busctl", "--no-pager", "tree", BUS))
    except BrokenPipeError:
        raise
    except (Deviation, OSError, ValueError, KeyError, IndexError, StopIteration,
            subprocess.SubprocessError) as error:
        print(f"demo: failed at step '{story.step}': {error!r}"
              if not isinstance(error, Deviation)
              else f"demo: failed at step '{story.step}': {error}", flush=True)
        return 1
    if "--stay" in sys.argv[1:]:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
        stay(path, iccid)
    print(f"demo: ok: profile {iccid} enabled by {eim_id}, result acknowledged", flush=True)
    return 0


try:
    sys.exit(main())
except BrokenPipeError:  # whoever read this has seen enough
    # What is buffered has nowhere to go; the end of the interpreter must not try it once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(128 + signal.SIGPIPE)
