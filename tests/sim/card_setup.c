/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card.h"

#include <string.h>

#include "sim/card_functions.h"
#include "sim/crypto.h"
#include "util/file.h"

/*
 * Set-up of a virtual eUICC: one JSON object. All members but "eid" and the credentials may stay
 * away.
 *
 * eid              32 decimal digits. Absent: the one in the first eUICC certificate.
 * version          "1.0", "1.2" or "1.3" (default): the SGP.32 version whose functions, tags and
 *                  codes the card has.
 * iotVersions      (list of "1.3.0") is what EUICCInfo2 says about it.
 * pki              folder with ci.der, eum.der, euicc.der and euicc.key.pem, or a list of folders
 *                  (one per CI, the first is preferred), or an object (or list of objects) with the
 *                  file names "ci", "eum", "euicc" and "key".
 * profiles         list of objects:
 *   iccid          18 to 20 digits
 *   aid            hex; absent: A0000005591010FFFFFFFF8900 XXXX 00 with XXXX from 0010 on
 *   state          "enabled" or "disabled" (default); one profile at most is enabled
 *   class          "test", "provisioning", "operational" (default)
 *   name, provider, nickname
 *   icon, iconType hex, and 0 (jpg) or 1 (png)
 *   owner          {"mccMnc": hex of 3 octets, "gid1": hex, "gid2": hex}
 *   ppr            sum of 1 (update control), 2 (PPR1: no disable), 4 (PPR2: no delete)
 *   emergency      true: the Emergency Profile (ecallIndication)
 *   fallback       true: has the fallbackAttribute
 *   fallbackAllowed
 *   preloaded      true for a test profile that was not loaded in the field
 *   size           octets of non-volatile memory that it gives back when it goes (0)
 *   dpData         hex of the content of dpProprietaryData; serviceData: of
 *                  serviceSpecificDataStoredInEuicc
 *   ciPKId         hex: the CI under which it was downloaded and its notifications are signed
 *   connectivity   hex of httpParams for GetConnectivityParameters (SGP.32 2.4.4)
 *   notifications  list of {"events": ["install", "enable", "disable", "delete"],
 *                  "address": FQDN}
 *   extra          hex of objects that stand at the end of each ProfileInfo
 * eims             list of objects, either
 *   der            hex of an EimConfigurationData (30…, or its content), with
 *   counter        counterValue, before that in "der"
 *   token          associationToken; 0 none. A token of -1 in "der" takes the next number
 *                  or the members that the state file has: eimId, eimFqdn, eimIdType, counter,
 *                  token, publicKey (hex of the A5 object), tls (A6 object), protocols (87 object),
 *                  ciPKId (hex), indirect, other (hex of further objects)
 * defaultDp, rootDs  addresses
 * rat              hex of the PPARs (30…30…)
 * svn, firmware    "2.5.0"
 * info2Extra       hex of objects at the end of EUICCInfo2
 * freeMemory       octets of non-volatile memory that EUICCInfo2 reports; a larger profile package is
 *                  insufficientMemory
 * ipaeSupported    bit of the ISD-R's FCI
 * kind             "iot", "consumer" (no SGP.32), "m2m" (6985 to all of ES10); isdrAid: another AID
 * ipaeActive       true: 6985 to everything but EUICCInfo2 until an IPAd is declared
 * immediateEnable, immediateOid (hex), immediateAddress
 * nextSeqNumber, nextToken  where the numbers start (1)
 * unusedOtSk       hex of the otSK.EUICC of a download without a result: used again when the SM-DP+ names
 *                  its public key (bppEuiccOtpk)
 * installing       a bound package whose loading the power cut off
 * records, rollback, inFallback, fallbackReturn, inEmergency, emergencyReturn: as in the state file
 * behaviour        object, see next; these can also be changed while the card is in use:
 *   switch         what follows a profile change: "refresh" (91xx, and 6985 to all ES10 until
 *                  reset), "silent" (only the 6985), "none" (goes on)
 *   response       "get-response" (61xx), "direct" (data at once), "wrong-length" (61xx, and the
 *                  first GET RESPONSE of each part is answered 6Cxx)
 *   channels       logical channels besides the basic one that can be open at a time, 0 to 19 (3)
 *   firstChannel   number that the card gives first when it opens a channel, 1 to 19 (1)
 *   maxBlock       largest Lc of STORE DATA (255); more is 6700
 *   responseBlock  octets of a response in one APDU (256)
 *   maxPackage     largest eUICC Package in octets; more is sizeOverflow
 *   maxResult      largest euiccResult in octets; more is resultSizeOverflow
 *   maxResults     stored eUICC Package Results (10); the oldest goes
 *   maxEims        associated eIMs (8); more is insufficientMemory
 *   needTerminalCapability  6985 to ES10 until TERMINAL CAPABILITY declared an IPAd (true)
 *   lateTerminalCapability  it is accepted after SELECT of the ISD-R (true); otherwise 6985
 *   catBusy        true: catBusy(5) to everything that switches profiles
 *   v10Signature   true: results are signed over the eimSignature as v1.0 says, not over the token
 *   failInstallation  {"command": bppCommandId 0 to 5 (5), "reason": errorReason (127), "count": how
 *                  many (1), -1 all}: installations fail when the command is done; null ends it
 *   authenticateError, downloadError, cancelError  error code that AuthenticateServer,
 *                  PrepareDownload, CancelSession answer; 0 (default): none
 *   interruptionResult  an installation that the power or another session cut off leaves a
 *                  ProfileInstallationResult with interruption(11) (true); otherwise nothing
 *   challenge, otSk  hex of the next challenges (16 octets) and one-time private keys (32); "" ends it
 *   powerCutAtApdu number: power goes at that APDU (1 is the next one): the answer has no octet at
 *                  all and the card is as after a reset
 *   powerCutProcessed  whether that APDU still was processed
 *   delay          milliseconds that the modem shall wait with each answer
 *   rate           bits a second that pass between card and modem; each answer waits as long as it and its
 *                  command take; 0: no limit
 *   fail           list of faults (replaces the former list):
 *     on           leading tag of the command in hex, e.g. "BF51" (segments of a bound package: "BF36",
 *                  "A0", "A1", "88", "A2", "A3", "86"); "BF37": the segment that is answered with the
 *                  ProfileInstallationResult, with "sw" "9000" it is lost; or "INS70" (MANAGE CHANNEL),
 *                  "INSA4", "INSAA", "INSC0", "INSE2" for an APDU
 *     sw           status word instead of the answer, e.g. "6A80"
 *     response     hex of an object instead of the answer
 *     truncate     octets that are missing at the end of the answer
 *     garbage      true: octets without sense instead of the answer
 *     execute      true: the command is executed before (always for truncate and garbage)
 *     delay        milliseconds
 *     skip         how many such commands go through before (0)
 *     count        how many are hit (1); -1 all
 */

static gboolean bad(GError **error, const char *what, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s", what, why);
    return FALSE;
}

static GBytes *read_file(const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    GBytes *content = file_read(path, 64 * 1024, &local);

    if (!content)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
    return content;
}

static gboolean load_credentials(GPtrArray *all, const char *ci_path, const char *eum_path,
                                 const char *euicc_path, const char *key_path, GError **error)
{
    g_autoptr(GBytes) ci = read_file(ci_path, error);
    g_autoptr(GBytes) eum = ci ? read_file(eum_path, error) : NULL;
    g_autoptr(GBytes) euicc = eum ? read_file(euicc_path, error) : NULL;
    g_autoptr(GBytes) key = euicc ? read_file(key_path, error) : NULL;
    g_autofree char *pem = NULL;
    CardCredentials *credentials;

    if (!key)
        return FALSE;
    pem = g_strndup(g_bytes_get_data(key, NULL), g_bytes_get_size(key));
    credentials = card_credentials_new(ci, eum, euicc, pem, error);
    if (!credentials)
        return FALSE;
    g_ptr_array_add(all, credentials);
    return TRUE;
}

static gboolean load_pki(GPtrArray *all, JsonNode *node, GError **error)
{
    static const char *const known[] = { "ci", "eum", "euicc", "key", NULL };
    g_autofree char *ci = NULL;
    g_autofree char *eum = NULL;
    g_autofree char *euicc = NULL;
    g_autofree char *key = NULL;

    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(array); i++)
            if (JSON_NODE_HOLDS_ARRAY(json_array_get_element(array, i)) ||
                !load_pki(all, json_array_get_element(array, i), error))
                return error && *error ? FALSE : bad(error, "pki", "a list in a list");
        return TRUE;
    }
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *object = json_node_get_object(node);

        if (!card_json_check_members(object, "pki", known, error))
            return FALSE;
        ci = card_json_string(object, "ci", "");
        eum = card_json_string(object, "eum", "");
        euicc = card_json_string(object, "euicc", "");
        key = card_json_string(object, "key", "");
    } else {
        const char *folder = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

        if (!folder)
            return bad(error, "pki", "neither a folder nor an object");
        ci = g_build_filename(folder, "ci.der", NULL);
        eum = g_build_filename(folder, "eum.der", NULL);
        euicc = g_build_filename(folder, "euicc.der", NULL);
        key = g_build_filename(folder, "euicc.key.pem", NULL);
    }
    return load_credentials(all, ci, eum, euicc, key, error);
}

/* The eIM of an EimConfigurationData, in the members of the state file. */
static gboolean convert_eim(JsonObject *object, CardState *scratch, GError **error)
{
    static const char *const known[] = { "der", "counter", "token", NULL };
    g_autoptr(GBytes) der = card_json_hex(object, "der", error);
    CardEim *eim = NULL;
    CardEimResult result;
    g_autoptr(TlvWriter) writer = NULL;
    g_autoptr(GBytes) content = NULL;
    g_autoptr(GError) local = NULL;
    gboolean has_counter = FALSE;
    TlvReader reader;
    TlvSlice fields;
    Tlv tlv;

    if (!der || !card_json_check_members(object, "eim", known, error))
        return FALSE;
    fields = tlv_slice_from_bytes(der);
    if (tlv_parse(fields, 0x30, &tlv, NULL))
        fields = tlv.value;
    /* The checks are those of addEim; what may be missing here, but not there, is put in. */
    writer = tlv_writer_new();
    tlv_reader_init(&reader, fields);
    while (tlv_next(&reader, &tlv, &local)) {
        if (!has_counter && tlv.tag > 0x82) {
            has_counter = TRUE;
            if (tlv.tag != 0x83 || json_object_has_member(object, "counter"))
                tlv_put_integer(writer, 0x83, card_json_integer(object, "counter", 0));
            if (tlv.tag == 0x83 && json_object_has_member(object, "counter"))
                continue;
        }
        if (tlv.tag == 0x84 && json_object_has_member(object, "token"))
            continue;
        tlv_put_raw_slice(writer, tlv.raw);
    }
    content = tlv_writer_finish(g_steal_pointer(&writer));
    if (local)
        return bad(error, "der", local->message);
    result = card_eim_add(scratch, tlv_slice_from_bytes(content), &eim);
    if (result != CARD_EIM_OK) {
        g_set_error(
            error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
            "der: addEim would answer %d (is there a public key, is the counter small enough?)",
            result);
        return FALSE;
    }
    if (json_object_has_member(object, "token"))
        eim->token = card_json_integer(object, "token", 0);
    return TRUE;
}

/* Takes the eIMs given as "der" out of SETUP; they are put into the state afterwards. */
static JsonArray *split_eims(JsonObject *setup, GError **error)
{
    g_autoptr(JsonArray) encoded = json_array_new();
    JsonNode *node = json_object_get_member(setup, "eims");
    JsonArray *all, *plain;

    if (!node)
        return g_steal_pointer(&encoded);
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        bad(error, "eims", "not a list");
        return NULL;
    }
    all = json_node_get_array(node);
    plain = json_array_new();
    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonNode *entry = json_array_get_element(all, i);
        gboolean der = JSON_NODE_HOLDS_OBJECT(entry) &&
                       json_object_has_member(json_node_get_object(entry), "der");

        json_array_add_element(der ? encoded : plain, json_node_copy(entry));
    }
    json_object_set_array_member(setup, "eims", plain);
    return g_steal_pointer(&encoded);
}

static CardState *make_state(JsonObject *setup, GError **error)
{
    g_autoptr(GPtrArray) credentials = card_credentials_array_new();
    g_autoptr(CardState) state = NULL;
    g_autoptr(JsonArray) eims = NULL;

    if (json_object_has_member(setup, "pki")) {
        if (!load_pki(credentials, json_object_get_member(setup, "pki"), error))
            return NULL;
        json_object_remove_member(setup, "pki");
    }
    if (credentials->len == 0) {
        bad(error, "pki", "is missing");
        return NULL;
    }
    if (!json_object_has_member(setup, "eid")) {
        const CardCredentials *first = g_ptr_array_index(credentials, 0);
        g_autofree char *eid = NULL;

        if (!sim_verify_euicc_chain(first->euicc, first->eum, first->ci, &eid, error)) {
            g_prefix_error(error, "pki: ");
            return NULL;
        }
        json_object_set_string_member(setup, "eid", eid);
    }
    eims = split_eims(setup, error);
    if (!eims)
        return NULL;
    state = card_state_from_json(setup, credentials, error);
    if (!state)
        return NULL;
    for (guint i = 0; i < json_array_get_length(eims); i++) {
        if (!convert_eim(json_array_get_object_element(eims, i), state, error)) {
            g_prefix_error(error, "eims: ");
            return NULL;
        }
    }
    return g_steal_pointer(&state);
}

gboolean sim_card_create(const char *state_path, const char *setup_json, GError **error)
{
    g_autoptr(JsonNode) node = card_json_parse(setup_json, error);
    g_autoptr(CardState) state = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) local = NULL;

    if (!node)
        return FALSE;
    state = make_state(json_node_get_object(node), error);
    if (!state) {
        g_prefix_error(error, "card set-up: ");
        return FALSE;
    }
    text = card_state_to_text(state);
    if (!file_replace(state_path, text, strlen(text), &local)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
        return FALSE;
    }
    return TRUE;
}
