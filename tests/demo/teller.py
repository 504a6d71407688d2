# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the demonstrations tell what happens in a simulated world, and what they read it from."""

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


def only_euicc():
    """Path and properties of the eUICC on the bus."""
    found = [(path, interfaces[f"{BUS}.Euicc"]) for path, interfaces in objects().items()
             if f"{BUS}.Euicc" in interfaces]
    expect(len(found) == 1, f"{len(found)} eUICCs on the bus instead of one")
    path, euicc = found[0]
    return path, {name: variant["data"] for name, variant in euicc.items()}


def state_of(card, iccid):
    return next(p["state"] for p in card["profiles"] if p["iccid"] == iccid)


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


def tell_modem(story, card):
    """The modem and the card, and that the bus shows them: path of the eUICC."""
    story.at("modem")
    path, value = only_euicc()
    modem = show("modem")
    expect(modem["path"] == value["Port"], f"port {value['Port']} is not the modem's")
    opened = modem["messages"].get("open-channel", 0)
    expect(opened > 0, "no logical channel was opened on the modem")
    story.tell("modem", f"{os.path.basename(value['Port'])} found, {value['Transport'].upper()} "
               f"through lib{value['Transport']}, {opened} logical channel(s) opened so far", "bus, modem")
    story.at("card")
    expect(card["eid"] == value["Eid"], "the EID on the bus is not the card's")
    story.tell("card", f"EID {value['Eid']}, SGP.32 {value['SpecVersion']}, "
               f"{len(card['profiles'])} profile{'s' if len(card['profiles']) > 1 else ''}, "
               f"{len(card['eims'])} eIM", "bus, card")
    return path


def tell_state():
    print("\n$ euicc status", flush=True)
    print(run("euicc", "status"))
    print(f"$ busctl tree {BUS}", flush=True)
    print(run("busctl", "--no-pager", "tree", BUS))


def stay(text):
    """The world stays until Ctrl-C; TEXT: what to try in another terminal."""
    print(f"""
The world stays. In another terminal:

  export DBUS_SYSTEM_BUS_ADDRESS={os.environ['DBUS_SYSTEM_BUS_ADDRESS']}
  export EUICC_SIM_DIR={os.environ['EUICC_SIM_DIR']} PATH={os.path.dirname(os.environ['EUICC_SIM'])}:$PATH

{text}

Ctrl-C here ends it.""", flush=True)
    signal.sigwait([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


def tell_all(tell):
    """Ends the process. TELL(story) tells all and returns the last line, and what to try if the world stays."""
    try:
        sys.exit(_tell_all(tell))
    except BrokenPipeError:  # whoever read this has seen enough
        # What is buffered has nowhere to go; the end of the interpreter must not try it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def _tell_all(tell):
    story = Story()
    try:
        end, to_try = tell(story)
        tell_state()
    except BrokenPipeError:
        raise
    except (Deviation, AssertionError, OSError, ValueError, KeyError, IndexError, StopIteration,
            subprocess.SubprocessError) as error:
        told = isinstance(error, (Deviation, AssertionError)) and str(error)
        print(f"demo: failed at step '{story.step}': {error if told else repr(error)}", flush=True)
        return 1
    if "--stay" in sys.argv[1:]:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
        stay(to_try)
    print(f"demo: ok: {end}", flush=True)
    return 0
