#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bad input gets: one table, a row a case, with the exact error that the job (or the caller on the
bus), the eIM's object and the journal show. Nothing on the card is lost, nothing runs twice, and the daemon
goes on: badrow.py says how a row is run."""

from badrow import (CALL, DAEMON, DONE, JOB_LOG, LOST, NOTHING, OFF, POLL, POLL_LOG, REPORTED, START, WAITS,
                    WORLDS, card, eim, modem, polkit, result, row, run_rows, tls)
from world import EIM, EUICC, JOB, MANAGER, ROOT

ASK = "asking eIM 'eim1.example.test' for a package: "
GET = ASK + "GetEimPackage: "
POST = GET + "POST to eim1.example.test: "
PINNED = POST + "the server is not trusted: public key pinned by the card (trustedEimPkTls): "
LEAF = POST + "the server is not trusted: certificate pinned by the card (trustedCertificateTls): "
CA = POST + "the server is not trusted: CA certificate named by the card (trustedCertificateTls): "
DELIVER = "delivering a result to eIM 'eim1.example.test': ProvideEimPackageResult: "
EID = "reading the EID: ES10c.GetEID: "
EIMS = "reading the eIM configurations: ES10b.GetEimConfigurationData: "
LOAD = "ES10b.LoadEuiccPackage: "
BLOCK = LOAD + "EuiccPackageRequest: STORE DATA block 1 (octets 1 to 136 of 136): "
UNKNOWN = ("<warning> [cdc-wdm0, eim1.example.test] what became of a package is not known, so its result is looked "
           "for on the card: ")
REFUSED = "<warning> [cdc-wdm0, eim1.example.test] the card refused the package: "
UNUSABLE = ("<warning> [cdc-wdm0, eim1.example.test] the card's answer to a package can't be used, its list has the "
            "result: ")
TAKEN = '<warning> [cdc-wdm0, eim1.example.test] taken as "no package": '

TABLE = [
    # ---- the eIM: status codes ----
    row("IPAD-HTTP-10E", "6.1.1; I-29", "status 500", eim(status=500),
        POLL, "Http", GET + "the eIM answered HTTP status 500"),
    row("IPAD-HTTP-33E", "6.1.1; I-29", "status 400", eim(status=400),
        POLL, "Http", GET + "the eIM answered HTTP status 400"),
    row("IPAD-HTTP-20E", "6.1.1; I-29", "status 403", eim(status=403),
        POLL, "Http", GET + "the eIM answered HTTP status 403"),
    row("IPAD-HTTP-21E", "6.1.1; I-29", "status 404", eim(status=404),
        POLL, "Http", GET + "the eIM answered HTTP status 404"),
    row("IPAD-HTTP-63E", "6.1.1; I-29", "status 405", eim(status=405),
        POLL, "EimRejected", GET + "the eIM answered HTTP status 405"),
    row("IPAD-HTTP-64E", "6.1.1; I-29", "status 415", eim(status=415),
        POLL, "EimRejected", GET + "the eIM answered HTTP status 415"),
    row("IPAD-HTTP-22E", "6.1.1; I-29", "status 429", eim(status=429),
        POLL, "Http", GET + "the eIM answered HTTP status 429"),
    row("IPAD-HTTP-65E", "6.1.1; I-29", "status 503 and Retry-After",
        eim(status=503, headers=["Retry-After: 30"]),
        POLL, "Http", GET + "the eIM answered HTTP status 503 and wants to be asked again after 30 s"),
    row("IPAD-HTTP-66E", "6.1.1; I-29", "redirection, which is not followed",
        eim(status=302, headers=["Location: https://eim1.example.test/elsewhere"]),
        POLL, "Http", GET + "the eIM answered HTTP status 302"),

    # ---- the eIM: bodies ----
    row("IPAD-HTTP-23E", "6.1.1; I-30", "a web page", eim(body="html"),
        POLL, "Malformed", GET + "the answer is not ESipa (it looks like HTML)"),
    row("IPAD-HTTP-24E", "6.1.1; I-30", "JSON", eim(body="json"),
        POLL, "Malformed", GET + "the answer is not ESipa (it looks like JSON)"),
    row("IPAD-HTTP-25E", "6.1.1; I-30", "garbage", eim(body="garbage"),
        POLL, "Malformed", GET + "the answer is not ESipa (no data object)"),
    row("IPAD-HTTP-26E", "6.1.1; I-30", "half of what was announced", eim(body="truncated"),
        POLL, "Network", POST + "the answer is refused: it is cut off, 70 of 140 octets came", fate=LOST),
    row("IPAD-POLL-13E", "5.14.5; I-19", "half a package", eim(body="cut"),
        POLL, "Malformed", "eIM 'eim1.example.test' sent a package that can't be read: object BF4F announces 136 octets, "
        "66 are left, and was answered invalidPackageFormat (1)", fate=REPORTED),
    row("IPAD-HTTP-27E", "6.1.1; I-30", "2 MB announced", eim(body="oversized"),
        POLL, "TooLarge", POST + "the answer is refused: it is longer than 524288 octets"),
    row("IPAD-ROB-60E", "6.1.1; I-30", "100 MB in chunks",
        eim(body="oversized", size=104857600, chunked=True),
        POLL, "TooLarge", POST + "the answer is refused: it is longer than 524288 octets"),
    row("IPAD-HTTP-28E", "6.1.1; I-30", "Content-Length and Transfer-Encoding", eim(contradictory=True),
        POLL, "Network", POST + "the answer is refused: it has Content-Length and Transfer-Encoding",
        fate=LOST),
    row("IPAD-HTTP-29E", "6.1.1", "an end instead of an answer", eim(drop="before"),
        POLL, "Network", POST + "the server closed the connection without an answer"),
    row("IPAD-HTTP-11N", "6.1.1; I-20", "no body", eim(body="empty"),
        POLL, log=[TAKEN + "empty HTTP body taken as noEimPackageAvailable"]),
    row("IPAD-HTTP-30N", "6.1.1; I-20", "status 204", eim(status=204, body="empty"),
        POLL, log=[TAKEN + "empty HTTP body taken as noEimPackageAvailable"]),
    row("IPAD-HTTP-12N", "6.1.1; I-30", "a wrong content type, which is accepted",
        eim(contentType="text/html"), POLL, fate=DONE),

    # ---- the eIM: ESipa errors and packages ----
    row("IPAD-POLL-11E", "5.14.5; I-20", "eidNotFound", {"eim": {"getEimPackageError": 2}},
        POLL, "EimRejected", GET + "the eIM answered eimPackageError eidNotFound (2)"),
    row("IPAD-PKG-46E", "5.9.1", "package for another EID", NOTHING,
        POLL, order="eid", fate=REPORTED),
    row("IPAD-PKG-47E", "5.9.1", "package with the counter of the last one", NOTHING,
        POLL, order="replay", fate=REPORTED),
    row("IPAD-PKG-48E", "5.9.1", "broken signature", NOTHING,
        POLL, order="signature", fate=REPORTED),
    row("IPAD-PKG-49E", "5.9.1", "signed with another key", NOTHING,
        POLL, order="key", fate=REPORTED),
    row("IPAD-PKG-50E", "5.9.1", "in the name of an eIM that the card does not know", NOTHING,
        POLL, order="eimId", fate=REPORTED),
    row("IPAD-PKG-27E", "5.14.6", "the eIM refuses a result", {"eim": {"ack": {"error": 127}}},
        POLL, "EimRefused", DELIVER + "the eIM did not process the result: undefinedError (127)",
        fate=DONE),
    row("IPAD-PKG-51E", "6.1.1", "the eIM can't take a result", result(status=500),
        POLL, "Http", DELIVER + "the eIM answered HTTP status 500", fate=DONE),

    # ---- the eIM: the connection ----
    row("IPAD-HTTP-31E", "6.1.1", "silence after half a head", eim(stall="head"),
        POLL, "Timeout", POST + "not an octet for 3 s", world="hasty", fate=LOST),
    row("IPAD-HTTP-32E", "6.1.1", "silence after half a body", eim(stall="body"),
        POLL, "Timeout", POST + "not an octet for 3 s", world="hasty", fate=LOST),
    row("IPAD-POLL-10E", "3.1.1.1", "eIM down", OFF,
        POLL, "Network", POST + "no connection to port 443: Connection refused"),

    # ---- TLS ----
    row("IPAD-TLS-02E", "2.6", "another key than the pinned one", tls("other-key", own_key=True),
        POLL, "Tls", PINNED + "the server's key is another one (SHA-256 {digest}…, pinned {digest}…), and no "
        "CA of its chain has the pinned key"),
    row("IPAD-TLS-03E", "2.6", "another key, of another CA", tls("foreign-ci", own_key=True),
        POLL, "Tls", PINNED + "the server's key is another one (SHA-256 {digest}…, pinned {digest}…), and no "
        "CA of its chain has the pinned key"),
    row("IPAD-TLS-16E", "2.6", "the pinned key, expired", tls("expired"),
        POLL, "Tls", PINNED + "the server's certificate has expired"),
    row("IPAD-TLS-17E", "2.6", "the pinned key, not yet valid", tls("not-yet-valid"),
        POLL, "Tls", PINNED + "the server's certificate is not yet valid"),
    row("IPAD-TLS-04E", "2.6", "TLS 1.1", {"eim": {"tls": {"min": "1.1", "max": "1.1"}}},
        POLL, "Tls", POST + "no TLS connection (1.2 or later): alert \"protocol version\" (70), sent by the server"),
    row("IPAD-TLS-06E", "2.6", "another certificate of the same key", tls("wrong-name"),
        POLL, "Tls", LEAF + "the server shows another certificate (/C=ZZ/CN=other.example.org)", world="leaf"),
    row("IPAD-TLS-08E", "2.6", "wrong name", tls("wrong-name"),
        POLL, "Tls", CA + "the server's certificate is not for eim1.example.test (it names other.example.org)",
        world="ca"),
    row("IPAD-TLS-09E", "2.6", "expired", tls("expired"),
        POLL, "Tls", CA + "certificate has expired (certificate /C=ZZ/CN=eim1.example.test)",
        world="ca"),
    row("IPAD-TLS-10E", "2.6", "not yet valid", tls("not-yet-valid"),
        POLL, "Tls", CA + "certificate is not yet valid (certificate /C=ZZ/CN=eim1.example.test)",
        world="ca"),
    row("IPAD-TLS-11E", "2.6", "a certificate for clients", tls("client-only"),
        POLL, "Tls", CA + "unsuitable certificate purpose (certificate /C=ZZ/CN=eim1.example.test)",
        world="ca"),
    row("IPAD-TLS-12E", "2.6", "unknown CA", tls("foreign-ci", own_key=True),
        POLL, "Tls", CA + "unable to get local issuer certificate (certificate /C=ZZ/CN=eim1.example.test)",
        world="ca"),

    # ---- the card while it is read ----
    row("IPAD-TRN-45E", "5.9.3", "garbage for the EID", card(on="BF3E", garbage=True),
        START, "Malformed", EID + "response of the card: GetEuiccDataResponse: object 7E announces 126 octets, "
        "19 are left", world="card"),
    row("IPAD-TRN-46E", "5.9.18", "truncated list of eIMs", card(on="BF55", truncate=3),
        START, "Malformed", EIMS + "response of the card: GetEimConfigurationDataResponse: object BF55 announces "
        "237 octets, 234 are left", world="card"),
    row("IPAD-TRN-47E", "SGP.22 5.7.2", "6A82 to STORE DATA", card(on="INSE2", sw="6A82"),
        START, "CardStatus", EID + "GetEuiccDataRequest: STORE DATA block 1 (octets 1 to 6 of 6): the card answered "
        "6A82 (application not found)", world="card"),
    row("IPAD-TRN-48E", "SGP.22 5.7.1", "6A82 to SELECT", card(on="INSA4", sw="6A82"),
        START, "NotEuicc", "select ISD-R A0000005591010FFFFFFFF8900000100: cdc-wdm0: open logical channel: the modem "
        "answered SimFileNotFound (80), the card 6A82", world="card"),
    row("IPAD-TRN-49E", "SGP.22 5.7.2; I-40", "6985 to everything", card(on="INSE2", sw="6985"),
        START, "NotEuicc", "reading the EID: the card refuses every command, even after a reset, and is not "
        "manageable: ES10c.GetEID: GetEuiccDataRequest: STORE DATA block 1 (octets 1 to 6 of 6): the card answered "
        "6985 (conditions of use not satisfied)", world="card"),
    row("IPAD-TRN-50E", "5.9.18", "eIMs of 1 MB", card(on="BF55", oversized=1048576),
        START, "TooLarge", EIMS + "GetEimConfigurationDataRequest: STORE DATA block 1 (octets 1 to 3 of 3): the "
        "response is larger than 1048576 octets", world="card"),
    row("IPAD-TRN-51E", "I-43", "silence", card(on="BF3E", delay=6000),
        START, "Timeout", EID + "GetEuiccDataRequest: STORE DATA block 1 (octets 1 to 6 of 6): cdc-wdm0: send APDU: no "
        "answer in time (5 s)", world="hasty-card"),

    # ---- the card while it executes a package ----
    row("IPAD-TRN-52E", "5.9.1", "garbage for a result", card(on="BF51", garbage=True),
        POLL, log=[UNKNOWN + LOAD + "response of the card: expected object BF51, found 7E"], fate=DONE, world="card"),
    row("IPAD-TRN-53E", "5.9.1", "truncated result", card(on="BF51", truncate=3),
        POLL, log=[UNKNOWN + LOAD + "response of the card: object BF51 announces 325 octets, 322 are left"],
        fate=DONE, world="card"),
    row("IPAD-TRN-54E", "5.9.1", "6A82 to a package", card(on="BF51", sw="6A82"),
        POLL, log=[REFUSED + BLOCK + "the card answered 6A82 (application not found)"], fate=REPORTED, world="card"),
    row("IPAD-TRN-55E", "5.9.1; I-35", "6985 to a package", card(on="BF51", sw="6985"),
        POLL, log=[REFUSED + BLOCK + "the card answered 6985 (conditions of use not satisfied)"], fate=REPORTED, world="card"),
    row("IPAD-TRN-56E", "5.9.1", "result of 1 MB", card(on="BF51", oversized=1048576),
        POLL, log=[UNUSABLE + BLOCK + "the response is larger than 1048576 octets"], fate=DONE, world="card"),
    row("IPAD-TRN-57E", "5.9.1; I-43", "silence to a package",
        modem(message="send-apdu", after="BF51", contains="E291", action="drop", count=1),
        POLL, log=[UNKNOWN + BLOCK + "cdc-wdm0: send APDU: no answer in time (5 s)"], world="hasty-card", fate=DONE),
    row("IPAD-TRN-58E", "design 2", "card pulled in the middle of a package",
        {"card": {"removeAtApdu": 4}},
        POLL, "CardAbsent", "executing a package: " + BLOCK + "cdc-wdm0: send APDU: the modem answered NoSim (102) (looking for its result "
        "failed: renew card: cdc-wdm0: reset card: UIM Power Off SIM: the modem answered NoSim (102))",
        log=[UNKNOWN + BLOCK + "cdc-wdm0: send APDU: the modem answered NoSim (102)"] + POLL_LOG + JOB_LOG, fate=REPORTED, world="card"),

    # ---- the modem ----
    row("IPAD-TRN-59E", "design 2", "modem gone in the middle of an APDU",
        modem(message="send-apdu", after="BF51", contains="E291", action="unplug-after"),
        POLL, "ModemGone", "executing a package: " + BLOCK + "cdc-wdm0: send APDU: the modem is gone: endpoint hangup",
        log=[UNKNOWN + BLOCK + "cdc-wdm0: send APDU: the modem is gone: endpoint hangup"] + POLL_LOG + JOB_LOG,
        fate=DONE, world="card"),
    row("IPAD-TRN-73E", "design 2", "the modem refuses an APDU",
        modem(message="send-apdu", contains="BF51", action="error", error=3),
        POLL, log=[UNKNOWN + BLOCK + "cdc-wdm0: send APDU: the modem answered Internal (3)",
                   "<warning> [cdc-wdm0, eim1.example.test] an interrupted package left no result on the card"],
        fate=REPORTED, world="card"),

    # ---- callers on the bus ----
    row("IPAD-POLL-12N", "design 5", "an eUICC that is not there", NOTHING,
        CALL(ROOT + "/euicc/00000000000000000000000000000000", EUICC, "Poll"),
        "org.freedesktop.DBus.Error.UnknownObject", "Unknown object '/org/euiccd1/euicc/00000000000000000000000000000000'.", log=[]),
    row("IPAD-ROB-10E", "design 5", "an eIM that is not there", NOTHING,
        CALL("{euicc}/eim/999", EIM, "Poll"),
        "org.freedesktop.DBus.Error.UnknownObject", "Unknown object '{euicc}/eim/999'.", log=[]),
    row("IPAD-ROB-11E", "design 5", "a method that is not there", NOTHING,
        CALL("{euicc}", EUICC, "Explode"), "org.freedesktop.DBus.Error.UnknownMethod", 
        "Unknown method Explode or interface org.euiccd1.Euicc.", log=[]),
    row("IPAD-ROB-12E", "design 5", "an argument too many", NOTHING,
        CALL("{euicc}", EUICC, "Poll", "s", "now"), "org.freedesktop.DBus.Error.InvalidArgs", 
        "Invalid arguments 's' to call org.euiccd1.Euicc.Poll(), expecting ''.", log=[]),
    row("IPAD-ROB-13E", "design 5", "an argument of another type", NOTHING,
        CALL("{euicc}", EUICC, "AddInitialEim", "s", "BF57"), "org.freedesktop.DBus.Error.InvalidArgs", 
        "Invalid arguments 's' to call org.euiccd1.Euicc.AddInitialEim(), expecting 'ay'.", log=[]),
    row("IPAD-ROB-14E", "design 5", "an eIM configuration without content", NOTHING,
        CALL("{euicc}", EUICC, "AddInitialEim", "ay", []), "InvalidArgument", "the eIM configuration is empty"),
    row("IPAD-ROB-15E", "design 5", "an eIM configuration of 65 kB", NOTHING,
        CALL("{euicc}", EUICC, "AddInitialEim", "ay", [0xBF] * 65537), "TooLarge", 
        "the eIM configuration has 65537 octets, the limit is 65536"),
    row("IPAD-ROB-16E", "5.9.4", "an initial eIM for a card that has one", NOTHING,
        CALL("{euicc}", EUICC, "AddInitialEim", "ay", [0xBF, 0x57, 0x00]), "CardRefused",
        "adding an initial eIM: the card is associated with 1 eIM(s) already (first: 'eim1.example.test')",
        log=["<warning> [cdc-wdm0] job 'add-initial-eim' failed: {text}"]),
    row("IPAD-ROB-17E", "design 5", "an inhibition without a reason", NOTHING,
        CALL(ROOT, MANAGER, "Inhibit", "s", ""), "InvalidArgument", "the reason must have 1 to 200 octets"),
    row("IPAD-ROB-18E", "design 5", "a job that has ended", NOTHING,
        CALL("{job}", JOB, "Cancel"), "NotSupported", "job {number} has ended already"),
    row("IPAD-ROB-19E", "design 5", "a log level that is none", NOTHING,
        CALL(ROOT, "org.freedesktop.DBus.Properties", "Set", "ssv", MANAGER, "LogLevel", ("s", "loud")),
        "InvalidArgument", "'loud' is no log level; known are: error, warning, notice, info, debug",
        log=["<notice> [bus] set LogLevel of org.euiccd1.Manager by {caller}: {text}"]),
    row("IPAD-ROB-20E", "design 5", "a property that can't be written", NOTHING,
        CALL(ROOT, "org.freedesktop.DBus.Properties", "Set", "ssv", MANAGER, "Version", ("s", "9")),
        "org.freedesktop.DBus.Error.PropertyReadOnly", "Property 'Version' is not writable.", log=[]),
    row("IPAD-ROB-21E", "design 5", "a caller whom polkit refuses", polkit("(bba{ss})", (0, 0, [])),
        CALL("{euicc}", EUICC, "Poll"), "NotAuthorized",
        "not authorized for org.euiccd1.poll: polkit does not allow it"),
    row("IPAD-ROB-22E", "design 5", "a caller who would have to authenticate", polkit("(bba{ss})", (0, 1, [])),
        CALL("{euicc}", EUICC, "Poll"), "NotAuthorized",
        "not authorized for org.euiccd1.poll: polkit wants an authentication that nobody gave"),
    row("IPAD-ROB-23E", "design 5", "an answer of polkit without sense", polkit("s", "yes"),
        CALL("{euicc}", EUICC, "Poll"), "NotAuthorized",
        "not authorized for org.euiccd1.poll: the answer of polkit can't be read"),

    # ---- the configuration ----
    row("IPAD-ROB-30E", "design 6", "an unknown key", NOTHING,
        DAEMON("[poll]\nintervall=6h\n"), 78,
        "<error> {folder}/case.conf:2: unknown key 'intervall' in [poll]; the nearest known key is 'interval'"),
    row("IPAD-ROB-31E", "design 6", "an unknown group", NOTHING,
        DAEMON("[pol]\ninterval=6h\n"), 78,
        "<error> {folder}/case.conf:1: unknown group [pol]; the nearest known group is [poll]"),
    row("IPAD-ROB-32E", "design 6", "a bad value", NOTHING,
        DAEMON("[poll]\ninterval=often\n"), 78,
        "<error> {folder}/case.conf:2: interval must be a time from 0s to 31622400s (such as 5s, 90s, 15min, 6h, "
        "1d), not 'often'"),
    row("IPAD-ROB-33E", "design 6", "a key without a value", NOTHING,
        DAEMON("[poll]\ninterval\n"), 78,
        "<error> {folder}/case.conf:2: 'interval' is neither a group nor a key with a value"),
    row("IPAD-ROB-34E", "design 6", "a key that stands twice", NOTHING,
        DAEMON("[poll]\ninterval=6h\ninterval=1h\n"), 78,
        "<error> {folder}/case.conf:3: key 'interval' stands twice in [poll]"),
    row("IPAD-ROB-35E", "design 6", "a file that can't be read", NOTHING,
        DAEMON(None), 78,
        "<error> reading the configuration: '{folder}/case.conf' is not a regular file"),
    row("IPAD-ROB-36E", "design 6", "a file that is not there", NOTHING,
        DAEMON(False), 78,
        "<error> reading the configuration: opening '{folder}/case.conf': No such file or directory"),
]

run_rows(__name__, TABLE, WORLDS)
