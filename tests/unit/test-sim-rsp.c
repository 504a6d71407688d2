/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The virtual eUICC downloads from the test SM-DP+, asked directly and through the test eIM: what each of them
 * verifies of the others. The test only carries octets, as an IPA does. */

#include <curl/curl.h>
#include <glib/gstdio.h>
#include <openssl/sha.h>
#include <string.h>

#include "sim/eim.h"
#include "sim/smdp.h"
#include "unit/sim-card-world.h"
#include "util/bytes.h"

#define HOST "smdp.example.com"

typedef struct {
    World *world;
    char *folder; /* of the eIM's state and the control socket */
    SimSmdp *smdp;
    SimRspServer *server;
    SimControl *control; /* belongs to the server */
    SimEim *eim;
    GMainLoop *loop;
    GThread *thread;
    char *transaction;
    gboolean indirect;
    const char *code; /* confirmation code */
} Fixture;

static TlvSlice slice(GBytes *bytes)
{
    return tlv_slice_from_bytes(bytes);
}

/* ---- the two ways to the server ---- */

static gsize collect(char *data, gsize size, gsize count, void *user)
{
    g_byte_array_append(user, (const guint8 *)data, (guint)(size * count));
    return size * count;
}

/* One ESipa exchange; the answer's object. */
static GBytes *ask_eim(Fixture *fixture, GBytes *message, long expected)
{
    CURL *curl = curl_easy_init();
    g_autofree char *pki = g_test_build_filename(G_TEST_DIST, "data", "pki", "nist", NULL);
    g_autofree char *ci = g_build_filename(pki, "ci.pem", NULL);
    guint16 port = sim_eim_get_port(fixture->eim);
    g_autofree char *url = g_strdup_printf("https://eim.example.com:%u/gsma/rsp2/asn1", port);
    g_autofree char *resolve = g_strdup_printf("eim.example.com:%u:127.0.0.1", port);
    struct curl_slist *hosts = curl_slist_append(NULL, resolve), *headers = NULL;
    g_autoptr(GByteArray) body = g_byte_array_new();
    long status = 0;

    headers = curl_slist_append(headers, "Content-Type: application/x-gsma-rsp-asn1");
    headers = curl_slist_append(headers, "User-Agent: gsma-rsp-ipad");
    headers = curl_slist_append(headers, "X-Admin-Protocol: gsma/rsp/v2.1.0");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, hosts);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ci);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, g_bytes_get_data(message, NULL));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)g_bytes_get_size(message));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    g_assert_cmpint(curl_easy_perform(curl), ==, CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    g_assert_cmpint(status, ==, expected);
    curl_easy_cleanup(curl);
    curl_slist_free_all(hosts);
    curl_slist_free_all(headers);
    return g_byte_array_free_to_bytes(g_steal_pointer(&body));
}

static JsonObject *control(SimRspServer *server, const char *text)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    JsonObject *answer = json_object_new();
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(node);
    sim_rsp_server_control(json_node_get_object(node), answer, server, &error);
    g_assert_no_error(error);
    return answer;
}

static void set_bytes(JsonObject *body, const char *name, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_base64_encode(data, size);

    json_object_set_string_member(body, name, text);
}

static GBytes *get_bytes(JsonObject *body, const char *name)
{
    gsize size;
    guchar *data;

    g_assert_true(json_object_has_member(body, name));
    data = g_base64_decode(json_object_get_string_member(body, name), &size);
    return g_bytes_new_take(data, size);
}

static JsonObject *call_smdp(Fixture *fixture, const char *function, JsonObject *body)
{
    g_autoptr(JsonObject) request = json_object_new(), answer = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(request, "do", "call");
    json_object_set_string_member(request, "function", function);
    json_object_set_object_member(request, "body", body);
    sim_rsp_server_control(request, answer, fixture->server, &error);
    g_assert_no_error(error);
    return json_object_has_member(answer, "body")
               ? json_object_ref(json_object_get_object_member(answer, "body"))
               : NULL;
}

/* ---- steps; an object with the fields of an answer, in order of ESipa ---- */

static GBytes *es10(Fixture *fixture, GBytes *command)
{
    GBytes *answer = world_es10(fixture->world, command);

    g_assert_nonnull(answer);
    return answer;
}

static GBytes *es10_hex(Fixture *fixture, const char *hex)
{
    g_autoptr(GBytes) command = bytes_from_hex(hex, NULL);

    return es10(fixture, command);
}

static void put_transaction(Fixture *fixture, TlvWriter *writer)
{
    g_autoptr(GBytes) id = bytes_from_hex(fixture->transaction, NULL);

    tlv_put_slice(writer, 0x80, slice(id));
}

/* The fields of BF38 that the server delivers. */
static void put_initiated(Fixture *fixture, TlvWriter *writer, GBytes *challenge, GBytes *info)
{
    static const char *const names[] = { "serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed",
                                         "serverCertificate" };

    if (!fixture->indirect) {
        JsonObject *body = json_object_new();
        g_autoptr(JsonObject) answer = NULL;

        set_bytes(body, "euiccChallenge", challenge);
        set_bytes(body, "euiccInfo1", info);
        json_object_set_string_member(body, "smdpAddress", HOST);
        answer = call_smdp(fixture, "initiateAuthentication", body);
        fixture->transaction = g_strdup(json_object_get_string_member(answer, "transactionId"));
        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autoptr(GBytes) object = get_bytes(answer, names[i]);

            tlv_put_raw_bytes(writer, object);
        }
    } else {
        g_autoptr(TlvWriter) message = tlv_writer_new();
        g_autoptr(GBytes) request = NULL, answer = NULL;
        Tlv outer, ok, id;

        tlv_open(message, 0xBF39);
        tlv_put_slice(message, 0x81, slice(challenge));
        tlv_put_raw_bytes(message, info);
        tlv_close(message);
        request = tlv_writer_finish(g_steal_pointer(&message));
        answer = ask_eim(fixture, request, 200);
        g_assert_true(tlv_parse(slice(answer), 0xBF39, &outer, NULL));
        g_assert_true(tlv_find(outer.value, 0xA0, &ok));
        g_assert_true(tlv_find(ok.value, 0x80, &id));
        fixture->transaction = bytes_to_hex(id.value.data, id.value.size);
        tlv_put_raw(writer, id.raw.data + id.raw.size, ok.value.size - id.raw.size);
    }
}

static GBytes *authenticate_server(Fixture *fixture, const char *matching_id)
{
    g_autoptr(GBytes) info = es10_hex(fixture, "BF2000");
    g_autoptr(GBytes) challenge_answer = es10_hex(fixture, "BF2E00");
    g_autoptr(GBytes) challenge = NULL, command = NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    static const guint8 tac[4] = { 0x53, 0x92, 0x60, 0x11 };
    Tlv outer, value;

    g_assert_true(tlv_parse(slice(challenge_answer), 0xBF2E, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x80, &value));
    challenge = tlv_slice_to_bytes(value.value);
    tlv_open(writer, 0xBF38);
    put_initiated(fixture, writer, challenge, info);
    tlv_open(writer, 0xA0);
    tlv_put_string(writer, 0x80, matching_id);
    tlv_open(writer, 0xA1);
    tlv_put(writer, 0x80, tac, sizeof(tac));
    tlv_put(writer, 0xA1, NULL, 0);
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
    command = tlv_writer_finish(g_steal_pointer(&writer));
    return es10(fixture, command);
}

/* An exchange through the eIM: TAG{80, OBJECT}; what A0 of the answer has. */
static GBytes *exchange(Fixture *fixture, guint32 tag, TlvSlice object)
{
    g_autoptr(TlvWriter) message = tlv_writer_new();
    g_autoptr(GBytes) request = NULL, answer = NULL;
    Tlv outer, ok;

    tlv_open(message, tag);
    put_transaction(fixture, message);
    tlv_put_raw_slice(message, object);
    tlv_close(message);
    request = tlv_writer_finish(g_steal_pointer(&message));
    answer = ask_eim(fixture, request, 200);
    g_assert_true(tlv_parse(slice(answer), tag, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0xA0, &ok));
    return tlv_slice_to_bytes(ok.value);
}

/* smdpSigned2, smdpSignature2, smdpCertificate, and hashCc where the eIM has one. */
static void authenticate_client(Fixture *fixture, GBytes *response, GBytes *ret[4])
{
    static const char *const names[] = { "smdpSigned2", "smdpSignature2", "smdpCertificate" };

    memset(ret, 0, 4 * sizeof(*ret));
    if (!fixture->indirect) {
        JsonObject *body = json_object_new();
        g_autoptr(JsonObject) answer = NULL;

        json_object_set_string_member(body, "transactionId", fixture->transaction);
        set_bytes(body, "authenticateServerResponse", response);
        answer = call_smdp(fixture, "authenticateClient", body);
        for (guint i = 0; i < 3; i++)
            ret[i] = get_bytes(answer, names[i]);
    } else {
        g_autoptr(GBytes) fields = exchange(fixture, 0xBF3B, slice(response));
        g_autoptr(GError) error = NULL;
        TlvReader reader;
        Tlv tlv;

        tlv_reader_init(&reader, slice(fields));
        while (tlv_next(&reader, &tlv, &error)) {
            if (tlv.tag == 0x30)
                ret[ret[0] ? 2 : 0] = tlv_slice_to_bytes(tlv.raw);
            else if (tlv.tag == 0x5F37)
                ret[1] = tlv_slice_to_bytes(tlv.raw);
            else if (tlv.tag == 0x04)
                ret[3] = tlv_slice_to_bytes(tlv.raw);
        }
        g_assert_no_error(error);
    }
}

static void put_hash(Fixture *fixture, TlvWriter *writer)
{
    g_autoptr(GBytes) id = bytes_from_hex(fixture->transaction, NULL);
    guint8 hash[SHA256_DIGEST_LENGTH + 16];

    SHA256((const guint8 *)fixture->code, strlen(fixture->code), hash);
    memcpy(hash + SHA256_DIGEST_LENGTH, g_bytes_get_data(id, NULL), 16);
    SHA256(hash, sizeof(hash), hash);
    tlv_put(writer, 0x04, hash, SHA256_DIGEST_LENGTH);
}

static GBytes *prepare_download(Fixture *fixture, GBytes *const fields[4])
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) command = NULL;

    tlv_open(writer, 0xBF21);
    tlv_put_raw_bytes(writer, fields[0]);
    tlv_put_raw_bytes(writer, fields[1]);
    if (fields[3])
        tlv_put_raw_bytes(writer, fields[3]);
    else if (fixture->code)
        put_hash(fixture, writer);
    tlv_put_raw_bytes(writer, fields[2]);
    tlv_close(writer);
    command = tlv_writer_finish(g_steal_pointer(&writer));
    return es10(fixture, command);
}

static GBytes *get_package(Fixture *fixture, GBytes *response)
{
    JsonObject *body;
    g_autoptr(JsonObject) answer = NULL;

    if (fixture->indirect) {
        g_autoptr(GBytes) fields = exchange(fixture, 0xBF3A, slice(response));
        Tlv package;

        g_assert_true(tlv_find(slice(fields), 0xBF36, &package));
        return tlv_slice_to_bytes(package.raw);
    }
    body = json_object_new();
    json_object_set_string_member(body, "transactionId", fixture->transaction);
    set_bytes(body, "prepareDownloadResponse", response);
    answer = call_smdp(fixture, "getBoundProfilePackage", body);
    return get_bytes(answer, "boundProfilePackage");
}

/* One command of the load; the card's result once there is one. */
static GBytes *load(Fixture *fixture, const guint8 *data, gsize size)
{
    g_autoptr(GBytes) command = g_bytes_new(data, size);
    g_autoptr(GBytes) answer = world_es10(fixture->world, command);

    g_assert_nonnull(answer);
    return g_bytes_get_size(answer) > 0 ? g_steal_pointer(&answer) : NULL;
}

/* SGP.22 2.5.5: BF36's header with BF23; A0 and A2 as a whole; of A1 and A3 the header, then each block. */
static GBytes *load_package(Fixture *fixture, GBytes *bound)
{
    g_autoptr(GError) error = NULL;
    GBytes *result = NULL;
    TlvReader parts, blocks;
    Tlv package, part, block;

    g_assert_true(tlv_parse(slice(bound), 0xBF36, &package, NULL));
    tlv_reader_init(&parts, package.value);
    while (!result && tlv_next(&parts, &part, &error)) {
        if (part.tag == 0xBF23) {
            result = load(fixture, package.raw.data,
                          (gsize)(part.raw.data + part.raw.size - package.raw.data));
        } else if (part.tag == 0xA0 || part.tag == 0xA2) {
            result = load(fixture, part.raw.data, part.raw.size);
        } else {
            result = load(fixture, part.raw.data, (gsize)(part.value.data - part.raw.data));
            tlv_reader_init(&blocks, part.value);
            while (!result && tlv_next(&blocks, &block, &error))
                result = load(fixture, block.raw.data, block.raw.size);
        }
    }
    g_assert_no_error(error);
    g_assert_nonnull(result);
    return result;
}

static void notify(Fixture *fixture, GBytes *result)
{
    if (fixture->indirect) {
        g_autoptr(TlvWriter) message = tlv_writer_new();
        g_autoptr(GBytes) request = NULL, answer = NULL;

        tlv_open(message, 0xBF3D);
        tlv_put_slice(message, 0xA0, slice(result));
        tlv_close(message);
        request = tlv_writer_finish(g_steal_pointer(&message));
        answer = ask_eim(fixture, request, 204);
    } else {
        JsonObject *body = json_object_new();

        set_bytes(body, "pendingNotification", result);
        g_assert_null(call_smdp(fixture, "handleNotification", body));
    }
}

static GBytes *download(Fixture *fixture, const char *matching_id)
{
    g_autoptr(GBytes) authenticated = authenticate_server(fixture, matching_id);
    g_autoptr(GBytes) prepared = NULL, bound = NULL;
    GBytes *fields[4], *result;

    authenticate_client(fixture, authenticated, fields);
    prepared = prepare_download(fixture, fields);
    bound = get_package(fixture, prepared);
    result = load_package(fixture, bound);
    notify(fixture, result);
    for (guint i = 0; i < 4; i++)
        g_clear_pointer(&fields[i], g_bytes_unref);
    return result;
}

/* ---- fixture ---- */

static gpointer run_loop(gpointer data)
{
    g_main_loop_run(data);
    return NULL;
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *pki = g_test_build_filename(G_TEST_DIST, "data", "pki", "nist", NULL);
    const SimSmdpSetup smdp = { pki, "127.0.0.1:0", HOST };
    g_autoptr(GError) error = NULL;
    g_autofree char *socket = NULL, *state = NULL, *server = NULL;
    char *servers[2] = { NULL, NULL };
    SimEimSetup eim = { .pki_dir = pki, .listen = "127.0.0.1:0", .eim_id = "eim.example.com" };

    fixture->indirect = GPOINTER_TO_INT(data);
    fixture->world = world_new_pki("nist", "");
    world_connect(fixture->world);
    fixture->folder = g_dir_make_tmp("euiccd-rsp-XXXXXX", NULL);
    socket = g_build_filename(fixture->folder, "smdp.sock", NULL);
    state = g_build_filename(fixture->folder, "eim.json", NULL);
    server = g_strdup_printf("%s=%s", HOST, socket);
    fixture->smdp = sim_smdp_new(&smdp, &error);
    g_assert_no_error(error);
    fixture->server = sim_smdp_get_server(fixture->smdp);
    fixture->control = sim_control_new(socket, sim_rsp_server_control, fixture->server, &error);
    g_assert_no_error(error);
    sim_rsp_server_set_control(fixture->server, fixture->control);
    servers[0] = server;
    eim.servers = servers;
    eim.state_path = state;
    fixture->eim = sim_eim_new(&eim, &error);
    g_assert_no_error(error);
    fixture->loop = g_main_loop_new(NULL, FALSE);
    fixture->thread = g_thread_new("loop", run_loop, fixture->loop);
}

static void tear_down(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *state = g_build_filename(fixture->folder, "eim.json", NULL);

    g_main_loop_quit(fixture->loop);
    g_thread_join(fixture->thread);
    g_main_loop_unref(fixture->loop);
    sim_eim_free(fixture->eim);
    sim_smdp_free(fixture->smdp);
    world_free(fixture->world);
    g_assert_cmpint(g_unlink(state), ==, 0);
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
    g_free(fixture->transaction);
}

/* The order at the SM-DP+; with an eIM between also its trigger, which was fetched. */
static JsonObject *order(Fixture *fixture, const char *members, const char *relay)
{
    g_autofree char *text =
        g_strdup_printf("{\"do\": \"order\"%s%s}", *members ? ", " : "", members);
    g_autoptr(JsonObject) made = control(fixture->server, text), answer = json_object_new();
    g_autofree char *queue = g_strdup_printf(
        "{\"do\": \"queue\", \"package\": {\"download\": {\"activationCode\": \"%s\"}}%s%s}",
        json_object_get_string_member(made, "activationCode"), *relay ? ", \"relay\": " : "",
        relay);
    g_autoptr(JsonNode) node = json_from_string(queue, NULL);
    g_autoptr(GBytes) poll = NULL, trigger = NULL;
    g_autofree char *hex = NULL;
    g_autoptr(GError) error = NULL;

    if (!fixture->indirect)
        return g_steal_pointer(&made);
    sim_eim_control(json_node_get_object(node), answer, fixture->eim, &error);
    g_assert_no_error(error);
    hex = g_strdup_printf("BF4F125A10%s", fixture->world->eid);
    poll = bytes_from_hex(hex, NULL);
    trigger = ask_eim(fixture, poll, 200);
    return g_steal_pointer(&made);
}

static void assert_state(Fixture *fixture, const char *expected)
{
    g_autoptr(JsonObject) shown = control(fixture->server, "{\"do\": \"show\"}");
    JsonArray *orders = json_object_get_array_member(shown, "orders");
    JsonObject *last = json_array_get_object_element(orders, json_array_get_length(orders) - 1);

    g_assert_cmpstr(json_object_get_string_member(last, "state"), ==, expected);
    if (fixture->indirect) {
        g_autoptr(JsonNode) node = json_from_string("{\"do\": \"show\", \"order\": 1}", NULL);
        g_autoptr(JsonObject) answer = json_object_new();
        JsonObject *done;

        sim_eim_control(json_node_get_object(node), answer, fixture->eim, NULL);
        done = json_object_get_object_member(answer, "order");
        g_assert_cmpstr(json_object_get_string_member(done, "state"), ==, "done");
        g_assert_true(json_object_get_boolean_member(done, "verified"));
        g_assert_cmpint(json_object_get_boolean_member(done, "succeeded"), ==,
                        g_str_equal(expected, "installed"));
    }
}

static gboolean has_profile(Fixture *fixture, const char *iccid)
{
    g_autofree char *state = world_state(fixture->world);

    return strstr(state, iccid) != NULL;
}

/* ---- cases ---- */

static void check_download(Fixture *fixture, const char *members, const char *relay)
{
    g_autoptr(JsonObject) made = order(fixture, members, relay);
    g_autoptr(GBytes) result = download(fixture, json_object_get_string_member(made, "matchingId"));

    assert_state(fixture, "installed");
    g_assert_true(has_profile(fixture, json_object_get_string_member(made, "iccid")));
}

static void test_usual(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    check_download(fixture, "", "");
}

static void test_large(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    check_download(fixture,
                   "\"ppk\": true, \"upp\": {\"size\": 120000}, \"dpProprietaryData\": true,"
                   " \"metadata\": {\"icon\": 1000, \"ppr\": 1}",
                   "{\"omitTransactionId\": false}");
}

static void test_code(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    if (!fixture->indirect)
        fixture->code = "1234";
    check_download(fixture, "\"confirmationCode\": \"1234\"", "{\"confirmationCode\": \"1234\"}");
}

static void test_vector_package(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "upp-120k.der", NULL);
    g_autofree char *members = g_strdup_printf("\"upp\": {\"file\": \"%s\"}", path);

    check_download(fixture, members, "");
}

/* The card refuses what is wrong in the package, and both servers get its signed word for it. */
static void test_refused(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(JsonObject) made = order(fixture, "", "");
    g_autoptr(JsonObject) set = control(
        fixture->server, "{\"do\": \"knobs\", \"faults\": [{\"on\": \"getBoundProfilePackage\","
                         " \"wrongMac\": 5}]}");
    g_autoptr(GBytes) result = download(fixture, json_object_get_string_member(made, "matchingId"));

    assert_state(fixture, "error");
    g_assert_false(has_profile(fixture, json_object_get_string_member(made, "iccid")));
}

#define ADD(name, function)                                                                        \
    g_test_add("/sim/rsp/direct/" name, Fixture, GINT_TO_POINTER(FALSE), set_up, function,         \
               tear_down);                                                                         \
    g_test_add("/sim/rsp/indirect/" name, Fixture, GINT_TO_POINTER(TRUE), set_up, function,        \
               tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    ADD("usual", test_usual);
    ADD("large", test_large);
    ADD("code", test_code);
    ADD("vector-package", test_vector_package);
    ADD("refused", test_refused);
    return g_test_run();
}
