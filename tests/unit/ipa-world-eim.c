/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa-world-private.h"

/* The eIMs of the world. */

/* ---- ESipa ---- */

void esipa_package_free(EsipaPackage *package)
{
    g_clear_pointer(&package->package, g_bytes_unref);
    g_clear_pointer(&package->eim_transaction_id, g_bytes_unref);
    g_clear_pointer(&package->eim_id, g_bytes_unref);
    g_free(package->why);
    g_free(package);
}

void esipa_result_answer_free(EsipaResultAnswer *answer)
{
    g_array_unref(answer->acknowledged);
    g_free(answer);
}

EsipaDialect esipa_client_get_dialect(EsipaClient *client)
{
    return client->eim->dialect;
}

static gboolean is_out_of_reach(const FakeEim *eim, const World *world)
{
    return eim->needs_old_profile && !g_str_equal(world->enabled, "A");
}

EsipaPackage *esipa_get_eim_package(EsipaClient *client, const EsipaGetPackageOptions *options,
                                    GCancellable *cancellable, GError **error)
{
    World *world = client->world;
    FakeEim *eim = client->eim;
    EsipaPackage *answer;
    Package *package = NULL;

    (void)cancellable;
    if (options->notify_state_change) {
        if (!world_begin(world, error, "get %s cause %d", eim->eim_id, options->state_change_cause))
            return NULL;
    } else if (!world_begin(world, error, "get %s", eim->eim_id)) {
        return NULL;
    }
    if (is_out_of_reach(eim, world)) {
        world_fail(error, EUICCD_ERROR_NETWORK, "no route");
        return NULL;
    }
    g_assert_true(options->rplmn ? world->rplmn && memcmp(options->rplmn, world->rplmn, 3) == 0
                                 : !world->rplmn);
    if (eim->get_fails) {
        world_fail(error, EUICCD_ERROR_EIM_REFUSED, "eidNotFound");
        return NULL;
    }
    if (options->notify_state_change)
        g_array_append_val(eim->causes, options->state_change_cause);
    for (guint i = 0; i < eim->packages->len && !package; i++) {
        package = eim->packages->pdata[i];
        if (package->answer)
            package = NULL;
    }
    if (!world_end(world, error))
        return NULL;
    answer = g_new0(EsipaPackage, 1);
    answer->kind = ESIPA_PACKAGE_NONE;
    answer->counter = -1;
    if (!package)
        return answer;
    answer->kind = package->kind;
    answer->eim_transaction_id = package->transaction ? world_hex(package->transaction) : NULL;
    if (package->kind == ESIPA_PACKAGE_EUICC) {
        answer->package = g_bytes_new(&package, sizeof(package));
        answer->eim_id = g_bytes_new(package->eim_id, strlen(package->eim_id));
        answer->counter = package->counter;
        answer->has_psmos = g_str_has_prefix(package->op, "enable");
        answer->rollback_flag = package->rollback_flag;
        answer->changes_profiles = g_str_has_prefix(package->op, "enable");
    } else if (package->op[0] != '\0') {
        answer->package = world_hex(package->op);
    } else if (package->kind == ESIPA_PACKAGE_UNUSABLE) {
        answer->why = g_strdup("cut off");
    }
    return answer;
}

static Package *find_open_package(FakeEim *eim, const char *transaction)
{
    for (guint i = 0; i < eim->packages->len; i++) {
        Package *package = eim->packages->pdata[i];

        if (g_strcmp0(package->transaction, transaction) == 0)
            return package;
    }
    return NULL;
}

static void take_answer(World *world, FakeEim *eim, Package *package, const char *answer)
{
    package->answers++;
    if (package->answer)
        return; /* once more: harmless */
    package->answer = g_strdup(answer);
    if (eim->makes_anew && package->kind == ESIPA_PACKAGE_EUICC && g_str_equal(answer, "error 127"))
        world_add_package(world, eim->eim_id, package->kind, package->op)->root = package->root;
}

static Product *find_product(World *world, GBytes *result)
{
    for (guint i = 0; i < world->produced->len; i++) {
        Product *product = world->produced->pdata[i];

        if (g_bytes_equal(product->result, result))
            return product;
    }
    return NULL;
}

static gboolean has_record_with(World *world, GBytes *result)
{
    for (guint i = 0; i < world->disk->len; i++) {
        const IpaRecord *record = world->disk->pdata[i];

        if (record->result && g_bytes_equal(record->result, result))
            return TRUE;
    }
    return FALSE;
}

static EimMood take_mood(FakeEim *eim)
{
    EimMood mood = eim->mood;

    if (mood != EIM_ACKNOWLEDGES && eim->mood_count != G_MAXUINT && --eim->mood_count == 0)
        eim->mood = EIM_ACKNOWLEDGES;
    return mood;
}

static void acknowledge(EsipaResultAnswer *answer, gint64 number)
{
    answer->has_acknowledgements = TRUE;
    g_array_append_val(answer->acknowledged, number);
}

/* The eIM has what is stored under NUMBER. */
static void let_go(World *world, gint64 number)
{
    for (guint i = 0; i < world->stored->len; i++) {
        Product *product = world->stored->pdata[i];

        if (product->number == number)
            product->may_go = TRUE;
    }
}

EsipaResultAnswer *esipa_provide_result(EsipaClient *client, GBytes *result,
                                        GPtrArray *notifications, GCancellable *cancellable,
                                        GError **error)
{
    World *world = client->world;
    FakeEim *eim = client->eim;
    Product *product = find_product(world, result);
    EsipaResultAnswer *answer;
    EimMood mood;

    g_assert_false(world->switching);
    g_assert_true(!notifications || world->send_notifications); /* I-23 */
    eim->notifications = notifications ? notifications->len : 0;
    if (g_cancellable_is_cancelled(cancellable)) {
        world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (product) {
        if (!world_begin(world, error, "provide %s %" G_GINT64_FORMAT, eim->eim_id,
                         product->number))
            return NULL;
    } else if (!world_begin(world, error, "provide %s other", eim->eim_id)) {
        return NULL;
    }
    g_assert_true(has_record_with(world, result)); /* invariant 3 */
    mood = is_out_of_reach(eim, world) ? EIM_DOWN : take_mood(eim);
    if (mood == EIM_DOWN) {
        world_fail(error, EUICCD_ERROR_NETWORK, "no route");
        return NULL;
    }
    g_ptr_array_add(eim->taken, g_bytes_ref(result));
    if (mood == EIM_REFUSES) {
        world_fail(error, EUICCD_ERROR_EIM_REFUSED, "undefinedError");
        return NULL;
    }
    if (product && product->package)
        take_answer(world, eim, product->package, "result");
    for (guint i = 0; i < eim->packages->len && !product; i++) {
        Package *package = eim->packages->pdata[i];

        if (package->kind == ESIPA_PACKAGE_DATA_REQUEST ||
            package->kind == ESIPA_PACKAGE_DOWNLOAD_TRIGGER)
            take_answer(world, eim, package, "result");
    }
    answer = g_new0(EsipaResultAnswer, 1);
    answer->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    switch (mood) {
    case EIM_ACKNOWLEDGES:
    case EIM_ACKNOWLEDGES_BOTH:
    case EIM_ANSWER_LOST:
        answer->has_acknowledgements = TRUE;
        if (product && product->number >= 0) {
            product->may_go = TRUE;
            if (product->replaces)
                product->replaces->may_go = TRUE;
            acknowledge(answer, product->number);
        }
        if (mood == EIM_ACKNOWLEDGES_BOTH)
            acknowledge(answer, 7);
        break;
    case EIM_ACKNOWLEDGES_ALL:
        answer->has_acknowledgements = TRUE;
        for (guint i = 0; i < eim->acknowledged->len; i++) {
            gint64 number = g_array_index(eim->acknowledged, gint64, i);

            acknowledge(answer, number);
            let_go(world, number);
        }
        break;
    case EIM_ACCEPTS:
        if (product)
            product->may_go = !world->keep_unacknowledged;
        break;
    case EIM_ACKNOWLEDGES_NOTHING:
        answer->has_acknowledgements = TRUE;
        break;
    case EIM_ACKNOWLEDGES_FOREIGN:
        acknowledge(answer, 7);
        acknowledge(answer, 8);
        break;
    case EIM_REFUSES:
    case EIM_DOWN:
        g_assert_not_reached();
    }
    if (mood == EIM_ANSWER_LOST)
        world_fail(error, EUICCD_ERROR_TIMEOUT, "no answer");
    if (mood == EIM_ANSWER_LOST || !world_end(world, error)) {
        esipa_result_answer_free(answer);
        return NULL;
    }
    return answer;
}

EsipaResultAnswer *esipa_provide_error(EsipaClient *client, EsipaResultError code,
                                       GBytes *transaction_id, GCancellable *cancellable,
                                       GError **error)
{
    World *world = client->world;
    FakeEim *eim = client->eim;
    g_autofree char *transaction = transaction_id ? bytes_gbytes_to_hex(transaction_id) : NULL;
    g_autofree char *text = g_strdup_printf("error %d", (gint)code);
    EsipaResultAnswer *answer;
    Package *package;
    EimMood mood;

    if (g_cancellable_is_cancelled(cancellable)) {
        world_fail(error, EUICCD_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (!world_begin(world, error, "%s %s %s", text, eim->eim_id, transaction ? transaction : "-"))
        return NULL;
    mood = is_out_of_reach(eim, world) ? EIM_DOWN : take_mood(eim);
    if (mood == EIM_DOWN) {
        world_fail(error, EUICCD_ERROR_NETWORK, "no route");
        return NULL;
    }
    if (mood == EIM_REFUSES) {
        world_fail(error, EUICCD_ERROR_EIM_REFUSED, "undefinedError");
        return NULL;
    }
    package = find_open_package(eim, transaction);
    if (package)
        take_answer(world, eim, package, text);
    if (!world_end(world, error))
        return NULL;
    answer = g_new0(EsipaResultAnswer, 1);
    answer->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    return answer;
}
