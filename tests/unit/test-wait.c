/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/wait.h"

#include "util/clock.h"
#include "util/error.h"

static gboolean set_done(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static void answer_late(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    (void)source;
    (void)data;
    (void)cancellable;
    g_task_return_pointer(task, g_strdup("late"), g_free);
}

static void test_wait(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) late = NULL;
    g_autoptr(GError) cancelled = NULL;
    g_autoptr(GError) check = NULL;
    gboolean done = FALSE;

    g_idle_add(set_done, &done);
    g_assert_true(wait_until(&done, clock_deadline(30), NULL, NULL));
    done = FALSE;
    g_assert_false(wait_until(&done, clock_boottime() - 1, NULL, &late));
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_cancellable_cancel(cancellable);
    g_assert_false(wait_until(&done, clock_deadline(30), cancellable, &cancelled));
    g_assert_error(cancelled, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_assert_false(wait_check(clock_boottime() - 1, NULL, &check));
    g_assert_error(check, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_cmpuint(wait_get_seconds(clock_deadline(100000)), ==, 299);
    g_assert_cmpuint(wait_get_seconds(0), ==, 1);
    /* What is done counts, whatever the clock says. */
    done = TRUE;
    g_assert_true(wait_until(&done, 0, cancellable, NULL));
}

static void test_wait_call(void)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GTask) task =
        g_task_new(NULL, wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    g_autoptr(GAsyncResult) result = NULL;
    g_autofree char *answer = NULL;

    g_task_run_in_thread(task, answer_late);
    result = wait_call_finish(call, clock_deadline(30), NULL, NULL);
    g_assert_nonnull(result);
    answer = g_task_propagate_pointer(G_TASK(result), NULL);
    g_assert_cmpstr(answer, ==, "late");
}

static void test_wait_call_given_up(void)
{
    WaitCall *call = wait_call_new();
    g_autoptr(GTask) task = NULL;
    g_autoptr(GError) error = NULL;

    task = g_task_new(NULL, NULL, wait_call_ready, wait_call_ref(call));
    g_assert_null(wait_call_finish(call, 0, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    g_assert_true(g_cancellable_is_cancelled(wait_call_get_cancellable(call)));
    wait_call_unref(call);
    /* The answer comes after all, when nobody holds the call any more. */
    g_task_return_pointer(task, g_strdup("late"), g_free);
    wait_settle();
    g_assert_true(g_task_get_completed(task));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wait/until", test_wait);
    g_test_add_func("/wait/call", test_wait_call);
    g_test_add_func("/wait/given-up", test_wait_call_given_up);
    return g_test_run();
}
