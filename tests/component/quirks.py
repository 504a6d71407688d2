#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In what modems and cards differ: a row for each of the 32 known quirks. With the quirk, known or found out, a
package goes through; where nothing helps, the error says what it is.

Not emulated: 24 (QRTR needs the kernel's sockets; the code above that line has unit tests), of 2 and 20 the way out
over an AT port of the same modem (a simulated modem has one port), and of 25 the service that comes and goes on QRTR.
Where a number is missing below it is one of these; 14 is what the card does with the profile change, as SGP.32 leaves the refreshFlag to it."""

import os
import re

import wirehost
from world import EUICC, JOB, MANAGER, OPERATIONAL, ROOT, case, equal, main, make_eid, make_iccid

STEADY = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n"
HASTY = STEADY + "[channel]\ntimeout=5s\nlong-timeout=8s\nrefresh-grace=3s\n"
MODEM = HASTY + "[modem sim]\n"
OWN_SLOT = MODEM + "slot=1\nswitch-slot=true\n"


def quirk(number, section, *kinds, name="", **options):
    """Marks a row: a case for each of KINDS."""
    def decorate(function):
        for kind in kinds:
            def run(world, kind=kind):
                world.kind, world.is_late = kind, name == "late"
                function(world)

            run.__name__ = "_".join(filter(None, [function.__name__, name, kind]))
            case(f"QUIRK-{number:02}", section, modems=[kind], defer=True,
                 **{"settings": HASTY, **options})(run)
        return function

    return decorate


def begins(world):
    world.daemon("start")
    world.wait_idle()


def works(world, sessions_stay=False):
    """A package goes through from end to end."""
    world.wait_idle()
    number = world.queue("list")
    world.poll_ok()
    equal(len(world.delivered(number)["results"][0]["listProfileInfo"]), 3, "profiles")
    world.check_settled(sessions_stay)


def switches(world, sessions_stay=False):
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.delivered(number)["results"], [{"enable": 0}])
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    works(world, sessions_stay)


def refused(world, name, *words):
    """The start fails with NAME; its text holds all WORDS."""
    def failed():
        return [p[JOB] for p in world.objects().values() if JOB in p and p[JOB]["State"] == "failed"]

    job = world.wait_until("the start has failed", failed)[0]
    equal(job["Error"], f"org.euiccd1.Error.{name}", job["ErrorMessage"])
    for word in words:
        assert word in job["ErrorMessage"], job["ErrorMessage"]


def mended(world, **knobs):
    """Without the quirk it works, as soon as somebody looks again."""
    world.knob("modem", {"rules": [], **knobs})
    world.call(ROOT, MANAGER, "Rescan")
    works(world)


def on_open(error, **members):
    return {"rules": [{"message": "open-channel", "action": "error", "error": error, "count": 0, **members}]}


# ---- channels and the ISD-R ----


@quirk(1, "design 4", "qmi", "mbim")
def leaked_channels_stay_until_the_card_is_reset(world):
    host = wirehost.host_of(world)
    for _ in range(3):
        host.open_channel()
    host.die()
    begins(world)
    works(world)
    equal(world.show("modem")["power-cycles"], 1, "resets of the card")


@quirk(2, "SGP.22 5.7.2", "qmi", knobs=on_open(82))
def firmware_denies_the_isd_r(world):
    world.daemon("start")
    refused(world, "NotSupported", "AccessDenied (82)", "its firmware forbids access to the eUICC")
    opens = world.modem_count("open-channel")
    mended(world)
    assert opens <= 2, f"{opens} attempts"


@quirk(3, "SGP.22 5.7.2", "qmi", knobs=on_open(3, count=3))
def open_fails_with_internal_at_first(world):
    begins(world)
    works(world)


@quirk(4, "SGP.22 5.7.2", "mbim", knobs={"select-p2": "0C"})
@quirk(4, "SGP.22 5.7.2", "mbim", name="of_0", knobs={"select-p2": "00"})
@quirk(4, "SGP.22 5.7.2", "mbim", name="known", knobs={"select-p2": "00"}, settings=MODEM + "select-p2=00\n")
def other_p2_in_select(world):
    begins(world)
    works(world)


@quirk(4, "SGP.22 5.7.2", "mbim", knobs={"select-p2": "1C"})
def p2_that_nobody_knows(world):
    world.daemon("start")
    refused(world, "NotEuicc", "6A86")


@quirk(5, "SGP.22 5.7.2", "mbim", knobs={"class-type": "extended"})
@quirk(5, "SGP.22 5.7.2", "mbim", name="inter", knobs={"class-type": "inter-industry"})
@quirk(5, "SGP.22 5.7.2", "mbim", name="known", knobs={"class-type": "inter-industry"},
       settings=MODEM + "inter-industry=true\n")
def one_type_of_class_octet(world):
    begins(world)
    switches(world)


@quirk(6, "SGP.22 5.7.2", "mbim", knobs={"case-4": "refuse"})
@quirk(6, "SGP.22 5.7.2", "mbim", name="empty", knobs={"case-4": "empty"})
def store_data_without_le_fails(world):
    begins(world)
    switches(world)


@quirk(6, "SGP.22 5.7.2", "mbim", name="refused", knobs={"case-4": "refuse"}, settings=MODEM + "with-le=false\n")
def store_data_must_have_le(world):
    """Where Le is left out by configuration, the error says what the modem said to which command."""
    world.daemon("start")
    refused(world, "Modem", "reading the EID", "STORE DATA", "Failure (2)")


@quirk(7, "SGP.22 5.7.2", "qmi", "mbim", setup={"isdrAid": "A0000005591010FFFFFFFF8900050500"})
def status_words_have_their_order(world):
    """27, too: another AID of the ISD-R."""
    world.daemon("start")
    refused(world, "NotEuicc", "6A82")


@quirk(27, "SGP.22 5.7.2", "qmi", "mbim", setup={"isdrAid": "A0000005591010FFFFFFFF8900050500"},
       settings=MODEM + "aids=A0000005591010FFFFFFFF8900050500\n")
def another_aid_of_the_isd_r(world):
    begins(world)
    switches(world)


@quirk(20, "SGP.22 5.7.2", "mbim", knobs=on_open(2))
def open_channel_is_a_failure(world):
    world.daemon("start")
    refused(world, "NotSupported", "open logical channel", "Failure")
    mended(world)


@quirk(20, "SGP.22 5.7.2", "qmi", "mbim", name="at_all", knobs={"uicc": False})
@quirk(25, "design 2", "qmi", "mbim", knobs={"uicc": False})
def no_service_for_the_card(world):
    world.daemon("start")
    refused(world, "NotSupported")
    world.knob("modem", "unplug")
    world.knob("modem", {"uicc": True})
    world.knob("modem", "plug")
    works(world)


@quirk(21, "SGP.22 5.7.2", "mbim", knobs={"select-p2": "00", "class-type": "extended", "case-4": "empty"})
def select_failed_and_empty_answers(world):
    begins(world)
    switches(world)


@quirk(22, "SGP.22 5.7.2", "at", knobs={"bare-session": True, "first-session": 7})
def session_handles_are_no_channels(world):
    begins(world)
    switches(world)


@quirk(23, "SGP.22 5.7.2", "at", knobs={"cchc": False})
@quirk(23, "SGP.22 5.7.2", "at", name="by_hand", knobs={"cchc": False}, settings=MODEM + "csim=true\n")
def commands_that_are_missing(world):
    begins(world)
    switches(world, sessions_stay=True)


@quirk(26, "3.8.2", "qmi", "mbim", setup={"behaviour": {"needTerminalCapability": True}})
@quirk(26, "3.8.2", "mbim", name="by_the_modem", setup={"behaviour": {"needTerminalCapability": True}},
       settings=MODEM + "modem-terminal-capability=true\n")
def card_wants_terminal_capability(world):
    begins(world)
    switches(world)


@quirk(30, "design 4", "qmi", "mbim")
def basic_channel_is_left_alone(world):
    begins(world)
    switches(world)
    with open(os.path.join(world.folder, "apdu.trace"), encoding="utf-8") as file:
        sent = re.findall(r" (\d+) > ([0-9A-F]{4})", file.read())
    equal({c[2:] for channel, c in sent if channel == "0"}, {"AA"}, "instructions on the basic channel")


# ---- slots ----


def other_slot(world):
    """The slot of somebody else is the active one."""
    world.slot = {"slot": 1}
    world.control("modem", {"do": "switch-slot", "slot": 2})


def rests_in(world, number):
    equal(world.show("modem")["active-slot"], number, "active slot")


@quirk(8, "SGP.22 5.7.2", "qmi", "mbim", arguments=["--second-slot"], settings=MODEM + "slot=2\n")
def the_active_slot_is_logical_slot_1(world):
    """Physical slot 2 is spoken to; its card has an EID of its own and no eIM."""
    world.control("modem", {"do": "switch-slot", "slot": 2})
    world.path = f"{ROOT}/euicc/{make_eid(90)}"
    world.daemon("start")
    world.wait_until("its card", world.profiles)
    equal(sorted(world.profiles()), sorted(make_iccid(90, n) for n in (1, 2, 3)), "profiles")
    equal(world.get(world.path, EUICC)["Slot"], 2, "slot on the bus")


@quirk(9, "SGP.22 5.7.2", "qmi", "mbim", knobs={"slot-status": False})
def no_messages_about_slots(world):
    begins(world)
    switches(world)


@quirk(10, "SGP.22 5.7.2", "qmi", "mbim", arguments=["--second-slot"], settings=OWN_SLOT + "keep-slots=true\n")
def slots_that_must_not_be_switched(world):
    other_slot(world)
    world.daemon("start")
    refused(world, "NotSupported", "switch to slot 1", "slots")
    rests_in(world, 2)


@quirk(12, "SGP.22 5.7.2", "qmi", "mbim", arguments=["--second-slot"], settings=OWN_SLOT,
       knobs={"switch-needs-closed": True})
@quirk(32, "SGP.22 5.7.2", "qmi", "mbim", arguments=["--second-slot"], settings=OWN_SLOT)
@quirk(11, "SGP.22 5.7.2", "qmi", "mbim", name="late", arguments=["--second-slot"], settings=OWN_SLOT)
def slot_is_switched_and_given_back(world):
    other_slot(world)
    if world.is_late:
        world.knob("modem", {"lie-after-switch": 1500})
    begins(world)
    rests_in(world, 2)
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.delivered(number)["results"], [{"enable": 0}])
    rests_in(world, 2)


@quirk(28, "SGP.22 5.7.2", "qmi", name="missing", knobs={"slot-eid": "missing"})
@quirk(28, "SGP.22 5.7.2", "qmi", name="short", knobs={"slot-eid": "short"})
@quirk(28, "SGP.22 5.7.2", "qmi", name="junk", knobs={"slot-eid": "junk"})
@quirk(31, "SGP.22 5.7.2", "qmi", "mbim", name="iccid", knobs={"iccid-hex": True})
def slot_status_is_a_hint(world):
    begins(world)
    switches(world)


# ---- after a profile change ----


def last_reset(world):
    """What the one modem's Reset says."""
    return next(interfaces["org.euiccd1.Modem"]["Reset"] for interfaces in world.objects().values()
                if "org.euiccd1.Modem" in interfaces)


@quirk(11, "SGP.22 5.7.2", "qmi", "mbim", name="refresh", knobs={"not-ready-answers": 3})
@quirk(13, "3.3.1", "qmi", "mbim", name="refresh", knobs={"refuse-until-reset": True})
@quirk(14, "3.3.1", "qmi", "mbim", name="refresh", setup={"behaviour": {"switch": "refresh"}})
@quirk(14, "3.3.1", "qmi", "mbim", name="silent", setup={"behaviour": {"switch": "silent"}})
@quirk(14, "3.3.1", "qmi", "mbim", name="none", setup={"behaviour": {"switch": "none"}})
def profile_change(world):
    begins(world)
    switches(world)


@quirk(15, "3.3.1", "qmi", "mbim", knobs={"refresh": "ignore"})
@quirk(15, "3.3.1", "qmi", "mbim", name="known", knobs={"refresh": "ignore"}, settings=MODEM + "reset=power-cycle\n")
def modem_does_not_act_on_refresh(world):
    begins(world)
    switches(world)
    equal(world.show("modem")["power-cycles"], 1, "resets of the card")
    equal(last_reset(world), "power-cycle")


@quirk(16, "3.3.1", "qmi", "mbim", udev=True, knobs={"refresh-replug": 30, "replug-path": ""})
@quirk(16, "3.3.1", "qmi", "mbim", name="same_node", knobs={"refresh-replug": 30})
def modem_leaves_the_machine_on_refresh(world):
    begins(world)
    number = world.queue("enable", OPERATIONAL)
    world.poll()
    world.wait_modem("plug", world.modem_count("unplug"))
    world.wait_idle()
    world.poll_ok()
    equal(world.delivered(number)["results"], [{"enable": 0}])
    works(world)


@quirk(17, "3.3.1", "qmi", "mbim", setup={"behaviour": {"catBusy": True}})
def card_is_busy_with_a_proactive_session(world):
    """The eIM learns it in the card's own words, and may send the package again."""
    begins(world)
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.delivered(number)["results"], [{"enable": 5}])
    world.knob("card", {"catBusy": False})
    switches(world)


@quirk(18, "3.3.1", "qmi", knobs={"refresh-breaks-fetch": True})
def refresh_in_the_middle_of_an_exchange(world):
    """The modem fetches the response of a command that may change the profile."""
    begins(world)
    switches(world)


@quirk(18, "3.3.1", "qmi", knobs={"refresh-breaks-fetch": True}, settings=MODEM + "get-response=daemon\n")
def refresh_breaks_what_the_daemon_fetches(world):
    """The answer is lost; the result is found on the card."""
    begins(world)
    switches(world)


@quirk(19, "3.3.1", "qmi", "mbim", knobs={"list-needs-enabled": True})
def no_list_while_no_profile_is_enabled(world):
    begins(world)
    number = world.queue("disable", make_iccid(1, 1))
    world.poll()
    equal(world.delivered(number)["results"], [{"disable": 0}])
    assert re.search(r"ES10c?\.GetProfilesInfo.*6985|list of profiles.*6985|ProfilesInfo.*6985", world.log()), \
        "nothing says why there is no list"


@quirk(29, "3.3.1", "qmi", "mbim", setup={"profiles": [
    {"iccid": make_iccid(1, 1), "state": "enabled", "fallback": True}, {"iccid": OPERATIONAL},
    {"iccid": make_iccid(1, 3)}]})
def card_falls_back_on_its_own(world):
    """After the change, when the device starts again: the bus tells what is so, and so does the eIM's next list."""
    begins(world)
    switches(world)
    world.knob("card", {"fallsBack": True})
    world.knob("modem", "eject")
    world.knob("modem", "insert")
    world.wait_until("the bus tells", lambda: world.profiles().get(OPERATIONAL) == "disabled")
    world.wait_idle()
    equal(world.profiles()[make_iccid(1, 1)], "enabled")
    number = world.queue("list")
    world.poll_ok()
    listed = {p["iccid"]: p["state"] for p in world.delivered(number)["results"][0]["listProfileInfo"]}
    equal((listed[make_iccid(1, 1)], listed[OPERATIONAL]), (1, 0), listed)


main(__name__)
