/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-world.h"

#include <string.h>

#include "util/error.h"

/* The card: an eUICC with two eIMs that keeps the results of packages. */

const guint8 world_eid[EID_SIZE] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                     0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };

#define INFO2                                                                                      \
    "BF2278810302030182030205008303010203840F8101028204000300008304000020008505006A"               \
    "029281880203C8A916041482F2D4C9E9641E247FF3B7B6862D6DA3359F32DDAA16041482F2D4C9"               \
    "E9641E247FF3B7B6862D6DA3359F32DD04030100000C0A45582D55502D30303031900100B407A0"               \
    "050403010200"
#define PROFILES                                                                                   \
    "BF2D26A024E3105A0A980000000000000000A09F700101E3105A0A980000000000000000B09F700100"

static GBytes *from_hex(const char *hex)
{
    GBytes *bytes = bytes_from_hex(hex, NULL);

    g_assert(bytes);
    return bytes;
}

static void put_eim(TlvWriter *writer, const char *eim_id)
{
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, eim_id);
    tlv_put_string(writer, 0x81, eim_id);
    tlv_close(writer);
}

static GBytes *list_eims(void)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF55);
    tlv_open(writer, 0xA0);
    put_eim(writer, WORLD_EIM_A);
    put_eim(writer, WORLD_EIM_B);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static GBytes *list_results(World *world, TlvSlice command)
{
    TlvWriter *writer = tlv_writer_new();
    Tlv object, criteria;
    gboolean results = tlv_parse(command, 0xBF2B, &object, NULL) &&
                       tlv_find(object.value, 0xA0, &criteria) && criteria.value.size > 0;

    tlv_open(writer, 0xBF2B);
    tlv_open(writer, results ? 0xA2 : 0xA0);
    for (guint i = 0; results && i < world->stored->len; i++)
        tlv_put_raw_bytes(writer, ((WorldResult *)world->stored->pdata[i])->result);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static gboolean is_replaced(World *world, gint64 number)
{
    for (guint i = 0; i < world->disk->len; i++)
        if (((const IpaRecord *)world->disk->pdata[i])->replaced == number)
            return TRUE;
    return FALSE;
}

static GBytes *remove_result(World *world, TlvSlice command)
{
    Tlv object, number;
    gint64 value;

    g_assert(tlv_parse(command, 0xBF30, &object, NULL) && tlv_find(object.value, 0x80, &number) &&
             tlv_get_integer(number.value, &value, NULL));
    /* Invariant 3. Who lies about a rollback may lose what it took the place of. */
    g_assert(g_hash_table_contains(world->taken, &value) ||
             (world->lied_ever && is_replaced(world, value)));
    for (guint i = 0; i < world->stored->len; i++) {
        if (((WorldResult *)world->stored->pdata[i])->number != value)
            continue;
        g_ptr_array_remove_index(world->stored, i);
        return from_hex("BF3003800100");
    }
    return from_hex("BF3003800101"); /* nothingToDelete */
}

static WorldPackage *find_package(World *world, GBytes *bytes)
{
    for (guint i = 0; i < world->packages->len; i++) {
        WorldPackage *package = world->packages->pdata[i];

        if (g_bytes_equal(package->package, bytes))
            return package;
    }
    return NULL;
}

void world_note_fetched(World *world, GBytes *bytes)
{
    WorldPackage *package = find_package(world, bytes);

    if (!package) {
        package = g_new0(WorldPackage, 1);
        package->package = g_bytes_ref(bytes);
        g_ptr_array_add(world->packages, package);
    }
    package->fetched++;
}

/* What stands before the commands of a package, which only the card needs to understand. */
typedef struct {
    TlvSlice eim_id, transaction_id;
    gint64 counter;
} PackageHead;

static PackageHead read_head(GBytes *command)
{
    PackageHead head = { 0 };
    Tlv object, part, field;

    g_assert(tlv_parse(tlv_slice_from_bytes(command), 0xBF51, &object, NULL) &&
             tlv_find(object.value, 0x30, &part) && tlv_find(part.value, 0x80, &field));
    head.eim_id = field.value;
    g_assert(tlv_find(part.value, 0x81, &field) &&
             tlv_get_integer(field.value, &head.counter, NULL));
    if (tlv_find(part.value, 0x82, &field))
        head.transaction_id = field.value;
    return head;
}

static void check_on_disk(World *world, const PackageHead *request)
{
    g_autofree char *eim_id = tlv_slice_to_text(request->eim_id);
    gboolean found = FALSE;

    for (guint i = 0; i < world->disk->len; i++) {
        const IpaRecord *record = world->disk->pdata[i];

        found =
            found || (record->state == IPA_RECORD_EXECUTING &&
                      record->counter == request->counter && g_str_equal(record->eim_id, eim_id));
    }
    g_assert(found); /* invariant 3 */
}

/* A rollback is done once: it is on disk before the card is asked (I-36). */
static void check_tried(World *world)
{
    for (guint i = 0; i < world->disk->len; i++)
        if (((const IpaRecord *)world->disk->pdata[i])->rollback == IPA_ROLLBACK_TRIED)
            return;
    g_assert_not_reached();
}

/* euiccResult of a package: what it says it did. */
static const char *choose_entries(guint8 choice)
{
    static const char *const entries[] = {
        "830100",     /* enable ok */
        "830103",     /* enable refused */
        "BF2D02A000", /* list */
        "840100",     /* disable ok */
        "850100",     /* delete ok */
        "890100",     /* deleteEim ok */
        "890102",     /* lastEimDeleted */
        "",
    };

    return entries[choice % G_N_ELEMENTS(entries)];
}

static void put_signature(TlvWriter *writer)
{
    guint8 signature[64];

    memset(signature, 0x5A, sizeof(signature));
    tlv_put(writer, 0x5F37, signature, sizeof(signature));
}

static gboolean has_run(World *world, const PackageHead *request)
{
    for (guint i = 0; i < world->stored->len; i++) {
        const WorldResult *stored = world->stored->pdata[i];
        g_autoptr(RspEuiccPackageResult) result =
            tlv_decode(&rsp_euicc_package_result, stored->result, NULL);
        const RspEuiccPackageResultDataSigned *data;

        if (!result || !result->euicc_package_result_signed)
            continue;
        data = result->euicc_package_result_signed->euicc_package_result_data_signed;
        if (data->counter_value.value == request->counter &&
            tlv_slice_equal(data->eim_id, request->eim_id))
            return TRUE;
    }
    return FALSE;
}

/* Puts RESULT, which it takes, among those stored. */
static GBytes *store(World *world, GBytes *result, gint64 replaces)
{
    WorldResult *stored = g_new0(WorldResult, 1);

    stored->number = world->next_sequence++;
    stored->result = result;
    if (replaces >= 0)
        g_hash_table_insert(world->replaced, g_memdup2(&stored->number, sizeof(gint64)),
                            g_memdup2(&replaces, sizeof(gint64)));
    g_ptr_array_add(world->stored, stored);
    return g_bytes_ref(result);
}

/* Runs a package, and stores its result (SGP.32 3.3.1). One that ran is refused, as its counter is old. */
static GBytes *run_package(World *world, GBytes *command)
{
    PackageHead head = read_head(command), *request = &head;
    g_autoptr(GBytes) entries = NULL;
    TlvWriter *writer;
    gboolean old;

    check_on_disk(world, request);
    old = has_run(world, request);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF51);
    tlv_open(writer, old ? 0xA1 : 0xA0);
    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, request->eim_id);
    tlv_put_integer(writer, 0x81, request->counter);
    if (request->transaction_id.data)
        tlv_put_slice(writer, 0x82, request->transaction_id);
    if (old) {
        tlv_put_integer(writer, 0x02, 4); /* replayError */
    } else {
        guint8 choice = world_draw(world);

        entries = from_hex(choose_entries(choice));
        world->changed = choice % 8 == 0 ? world->next_sequence : -1;
        tlv_put_integer(writer, 0x83, world->next_sequence);
        tlv_put_slice(writer, 0x30, tlv_slice_from_bytes(entries));
    }
    tlv_close(writer);
    put_signature(writer);
    tlv_close(writer);
    tlv_close(writer);
    if (old)
        return tlv_writer_finish(writer);
    return store(world, tlv_writer_finish(writer), -1);
}

/* Enables the former profile again; the result takes the place of the one that is undone (SGP.32 3.3.2). */
static GBytes *roll_back(World *world)
{
    const RspEuiccPackageResultDataSigned *data;
    g_autoptr(RspEuiccPackageResult) former = NULL;
    g_autoptr(GBytes) result = NULL;
    TlvWriter *writer;
    gint64 number = world->changed;

    check_tried(world);
    for (guint i = 0; i < world->stored->len && !former; i++) {
        const WorldResult *stored = world->stored->pdata[i];

        if (stored->number == number)
            former = tlv_decode(&rsp_euicc_package_result, stored->result, NULL);
    }
    if (!former)
        return from_hex("BF5803020101"); /* rollbackNotAllowed */
    data = former->euicc_package_result_signed->euicc_package_result_data_signed;
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0xA0);
    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, data->eim_id);
    tlv_put_integer(writer, 0x81, data->counter_value.value);
    if (data->eim_transaction_id.data)
        tlv_put_slice(writer, 0x82, data->eim_transaction_id);
    tlv_put_integer(writer, 0x83, world->next_sequence);
    tlv_open(writer, 0x30);
    tlv_put_integer(writer, 0x8C, 0);
    tlv_close(writer);
    tlv_close(writer);
    put_signature(writer);
    tlv_close(writer);
    tlv_close(writer);
    for (guint i = 0; i < world->stored->len; i++)
        if (((WorldResult *)world->stored->pdata[i])->number == number) {
            g_ptr_array_remove_index(world->stored, i);
            break;
        }
    world->changed = -1;
    result = store(world, tlv_writer_finish(writer), number);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF58);
    tlv_put_integer(writer, 0x02, 0);
    if (world_draw(world) % 2 == 0)
        tlv_put_raw_bytes(writer, result);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

static GBytes *behave(World *world, GBytes *command, guint32 tag, guint16 *ret_sw)
{
    TlvSlice octets = tlv_slice_from_bytes(command);
    g_autofree char *hex = NULL, *eid = NULL;

    switch (tag) {
    case 0xBF3E:
        eid = bytes_to_hex(world_eid, sizeof(world_eid));
        hex = g_strconcat("BF3E125A10", eid, NULL);
        return from_hex(hex);
    case 0xBF22:
        return from_hex(INFO2);
    case 0xBF55:
        return list_eims();
    case 0xBF2D:
        return from_hex(PROFILES);
    case 0xBF2B:
        return list_results(world, octets);
    case 0xBF30:
        return remove_result(world, octets);
    case 0xBF51:
        return run_package(world, command);
    case 0xBF57:
        return from_hex("BF5703020100");
    case 0xBF58:
        return roll_back(world);
    }
    /* What else an eIM may ask for. */
    *ret_sw = 0x6A88;
    return g_bytes_new(NULL, 0);
}

/* One octet of OBJECT becomes another. Takes OBJECT. */
static GBytes *damage(World *world, GBytes *object)
{
    g_autoptr(GByteArray) copy = g_bytes_unref_to_array(object);
    guint16 at = fuzz_take_u16(&world->input);

    if (copy->len > 0)
        copy->data[at % copy->len] ^= fuzz_take_octet(&world->input);
    return g_byte_array_free_to_bytes(g_steal_pointer(&copy));
}

/* Status words by which a card says that it did nothing: conditions of use, or no channel any more. */
static gboolean did_nothing(guint16 sw)
{
    return sw == 0x6985 || sw == 0x6982 || sw == 0x6881 || sw == 0x6882 || sw == 0x6E00 ||
           sw == 0x6D00;
}

/* The object that the card answers, NULL: *RET_SW is an error of the modem. */
static GBytes *choose(World *world, GBytes *command, guint32 tag, guint16 *ret_sw)
{
    static const guint16 failures[] = { EUICCD_ERROR_MODEM, EUICCD_ERROR_TIMEOUT,
                                        EUICCD_ERROR_MODEM_GONE, EUICCD_ERROR_NO_CHANNEL };
    g_autoptr(GBytes) lost = NULL;
    guint8 turn = world_draw(world);

    switch (turn % 20) {
    case 10:
        world->has_lied = world->lied_ever = TRUE;
        return tlv_slice_to_bytes(fuzz_take_sized(&world->input));
    case 11:
        *ret_sw = fuzz_take_u16(&world->input);
        if (*ret_sw >> 8 == 0x61 || *ret_sw >> 8 == 0x6C || *ret_sw >> 8 == 0x90)
            *ret_sw = 0x6985;
        return g_bytes_new(NULL, 0);
    case 12:
        *ret_sw = failures[world_draw(world) % G_N_ELEMENTS(failures)];
        return NULL;
    case 13: /* it ran, and nobody heard the answer */
        lost = behave(world, command, tag, ret_sw);
        *ret_sw = failures[world_draw(world) % G_N_ELEMENTS(failures)];
        return NULL;
    case 14: /* it ran, and a status word stands in place of the answer (I-35) */
        lost = behave(world, command, tag, ret_sw);
        *ret_sw = 0x6985;
        return g_bytes_new(NULL, 0);
    case 15:
        world->has_lied = world->lied_ever = TRUE;
        return damage(world, behave(world, command, tag, ret_sw));
    case 16:
        fuzz_card_blink(&world->card);
        break;
    case 17:
        g_cancellable_cancel(world->cancellable);
        break;
    case 18:
        world_die(world);
        *ret_sw = EUICCD_ERROR_INTERNAL;
        return NULL;
    case 19:
        lost = behave(world, command, tag, ret_sw);
        world_die(world);
        *ret_sw = EUICCD_ERROR_INTERNAL;
        return NULL;
    default:
        break;
    }
    return behave(world, command, tag, ret_sw);
}

GBytes *world_card_answer(gpointer data, GBytes *command, guint16 *ret_sw)
{
    World *world = data;
    WorldPackage *package = NULL;
    gint64 sequence = world->next_sequence;
    gboolean harmless;
    GBytes *answer;
    Tlv object;

    g_assert(tlv_parse(tlv_slice_from_bytes(command), 0, &object, NULL));
    if (object.tag == 0xBF51) {
        package = find_package(world, command);
        g_assert(package); /* no octet of it was changed */
        /* It runs once, as far as the card's list tells whether it ran. */
        g_assert(package->consumed < package->fetched || world->has_lied);
        world->has_lied = FALSE;
    }
    answer = choose(world, command, object.tag, ret_sw);
    /* So does the list after the modem went, where it may be asked at once. */
    harmless = answer ? did_nothing(*ret_sw) : *ret_sw == EUICCD_ERROR_MODEM_GONE;
    if (package && (world->next_sequence != sequence || !harmless))
        package->consumed++;
    if (answer)
        g_ptr_array_add(world->said, g_bytes_ref(answer));
    return answer;
}
