/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/rsp_server.h"

G_BEGIN_DECLS

/* GetBoundProfilePackageResponseEsipa (SGP.32 6.3.2.3) read as it arrives: the package in it goes to a sink,
 * nothing of it is kept. */
typedef struct EsipaPackageReader EsipaPackageReader;

/* TRANSACTION_ID: what the answer has to name, if it names any. */
EsipaPackageReader *esipa_package_reader_new(GBytes *transaction_id, RspServerSink sink,
                                             gpointer data);
void esipa_package_reader_free(EsipaPackageReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EsipaPackageReader, esipa_package_reader_free)

/* The next octets. MALFORMED, and what the sink fails with. Nothing can be fed after a failure. */
gboolean esipa_package_reader_feed(EsipaPackageReader *reader, TlvSlice octets, GError **error);

/* TRUE: the sink has failed. */
gboolean esipa_package_reader_sink_failed(const EsipaPackageReader *reader);

/* No more octets come. MALFORMED where some are missing or no package was among them; SERVER_REFUSED with the
 * code of the eIM. */
gboolean esipa_package_reader_finish(EsipaPackageReader *reader, RspServerRefusal *ret_refusal,
                                     GError **error);

G_END_DECLS
