/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What ModemManager calls the modem of a Qualcomm SoC, whose ports hang on nothing that they share. */
#define QRTR_DEVICE "qcom-soc"

#define QRTR_SERVICE_UIM 0x0B

/*
 * Nodes of the QRTR bus (Qualcomm SoCs, and modems on PCIe) that offer the UIM service of QMI. It appears late
 * after the node does, and goes and comes while the modem restarts. Main thread only.
 */
typedef struct QrtrWatch QrtrWatch;

/* PATH is "qrtr://NODE". */
typedef void (*QrtrFunc)(const char *path, gboolean present, gpointer data);

/* The bus below: what it finds goes to qrtr_watch_take() and qrtr_watch_take_node_gone(). */
typedef struct {
    gpointer (*start)(QrtrWatch *watch); /* may tell only later */
    void (*stop)(gpointer bus);          /* nothing is told after it */
} QrtrSource;

/* CLASS NULL: the kernel's bus. Where there is none, nothing is ever told. */
QrtrWatch *qrtr_watch_new(const QrtrSource *class, QrtrFunc func, gpointer data);
void qrtr_watch_free(QrtrWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QrtrWatch, qrtr_watch_free)

void qrtr_watch_take(QrtrWatch *watch, guint32 node, guint32 service, gboolean present);
void qrtr_watch_take_node_gone(QrtrWatch *watch, guint32 node);

#ifdef HAVE_QRTR
extern const QrtrSource qrtr_source; /* on libqrtr-glib */
#endif

G_END_DECLS
