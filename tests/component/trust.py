#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS of ESipa: trust comes from the card's EimConfigurationData (SGP.32 2.6): catalogue area TLS. What is
refused stands in the table of badinput.py."""

from world import EIM, OPERATIONAL, case, equal, main


def accept(world):
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    world.check_settled()


@case("IPAD-TLS-01N", "2.6")
def pinned_key(world):
    world.wait_idle()
    world.poll_ok()
    eim = world.objects()[world.eim_path()][EIM]
    assert "trustedEimPkTls" in eim["Trust"], eim["Trust"]
    last = world.exchanges()[-1]
    assert last.get("tls", "TLSv1.3") in ("TLSv1.2", "TLSv1.3"), last


@case("IPAD-TLS-05N", "2.6", trust="leaf")
def pinned_certificate(world):
    accept(world)


@case("IPAD-TLS-07N", "2.6", trust="ca")
def certificate_of_the_ca(world):
    accept(world)


@case("IPAD-TLS-13E", "2.6", trust="none")
def card_names_nothing(world):
    """Then the system's store decides, which does not know the test CI."""
    equal(world.poll()[:2], ("failed", "org.euiccd1.Error.Tls"))
    equal(world.exchanges(), [])


def configure_bundle(world):
    """The CI of the eIM as the configuration's bundle; returns when the daemon has started with it."""
    world.configure(f"[network]\nca-bundle={world.folder}/pki/ci.pem\n")
    world.daemon("start")
    world.wait_idle()


@case("IPAD-TLS-14N", "2.6", trust="none", defer=True)
def card_names_nothing_and_a_bundle(world):
    configure_bundle(world)
    accept(world)
    eim = world.objects()[world.eim_path()][EIM]
    assert "bundle" in eim["Trust"], eim["Trust"]


@case("IPAD-TLS-15E", "2.6", trust="bad", defer=True)
def unusable_key_of_the_card(world):
    """The card's word comes first even where it can't be followed: nothing else takes its place."""
    number = world.queue("enable", OPERATIONAL)
    configure_bundle(world)
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.Malformed"), text)
    assert "trustedPublicKeyDataTls" in text, text
    equal(world.exchanges(), [], "requests to the eIM")
    equal(world.order(number)["state"], "queued")


@case("IPAD-HTTP-01N", "6.1.1")
def one_connection_for_a_procedure(world):
    """Polls, results and acknowledgements share a connection."""
    world.wait_idle()
    number = world.queue("list")
    before = len(world.exchanges())
    world.poll_ok()
    world.result(number)
    new = world.exchanges()[before:]
    assert len(new) >= 3, new
    equal(len({exchange["connection"] for exchange in new}), 1, "connections")


main(__name__)
