/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "modem/qrtr.h"

#include "util/log.h"

struct QrtrWatch {
    const QrtrSource *class;
    gpointer bus;
    QrtrFunc func;
    gpointer data;
    GHashTable *nodes; /* numbers of those that were told */
};

QrtrWatch *qrtr_watch_new(const QrtrSource *class, QrtrFunc func, gpointer data)
{
    QrtrWatch *watch = g_new0(QrtrWatch, 1);

#ifdef HAVE_QRTR
    if (!class)
        class = &qrtr_source;
#endif
    watch->class = class;
    watch->func = func;
    watch->data = data;
    watch->nodes = g_hash_table_new(NULL, NULL);
    if (class)
        watch->bus = class->start(watch);
    return watch;
}

void qrtr_watch_free(QrtrWatch *watch)
{
    if (watch->class)
        watch->class->stop(watch->bus);
    g_hash_table_unref(watch->nodes);
    g_free(watch);
}

static void tell(QrtrWatch *watch, guint32 node, gboolean present)
{
    g_autofree char *path = g_strdup_printf("qrtr://%" G_GUINT32_FORMAT, node);

    log_debug(NULL, "%s: UIM service %s", path, present ? "came" : "went");
    watch->func(path, present, watch->data);
}

void qrtr_watch_take(QrtrWatch *watch, guint32 node, guint32 service, gboolean present)
{
    if (service != QRTR_SERVICE_UIM)
        return;
    if (present ? g_hash_table_add(watch->nodes, GUINT_TO_POINTER(node))
                : g_hash_table_remove(watch->nodes, GUINT_TO_POINTER(node)))
        tell(watch, node, present);
}

void qrtr_watch_take_node_gone(QrtrWatch *watch, guint32 node)
{
    qrtr_watch_take(watch, node, QRTR_SERVICE_UIM, FALSE);
}
