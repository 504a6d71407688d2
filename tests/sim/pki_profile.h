/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The certificates of the test PKI as a table; pki.c makes them. */

#define SIM_PKI_EUM_O "euiccd Test EUM"

/* Stand-ins in the table for what is only known at run time. */
#define SIM_PKI_EIM_NAME        "%eim-name"        /* subject: host of the eIM */
#define SIM_PKI_EID             "%eid"             /* subject: EID */
#define SIM_PKI_EIM_SAN         "%eim-san"         /* subjectAltName: host of the eIM and its OID */
#define SIM_PKI_SERVER_NAME     "%server-name"     /* subject: host of the SM-DP+ or SM-DS */
#define SIM_PKI_SERVER_SAN      "%server-san"      /* subjectAltName: its host and its OID */
#define SIM_PKI_SERVER_RID      "%server-rid"      /* subjectAltName: its OID */
#define SIM_PKI_NAME_CONSTRAINT "%name-constraint" /* nameConstraints of the EUM */

/* Who needs a certificate; flags. */
typedef enum {
    SIM_PKI_ROOT = 1 << 0,
    SIM_PKI_CARD = 1 << 1,
    SIM_PKI_FOREIGN = 1 << 2, /* a CI that nobody trusts */
    SIM_PKI_DP = 1 << 3,
    SIM_PKI_DS = 1 << 4,
    SIM_PKI_EIM = 1 << 5,
} SimPkiGroup;

typedef struct {
    int nid;
    const char *value;
} SimPkiName;

typedef struct {
    int nid;
    const char *value; /* as in openssl.cnf */
} SimPkiExtension;

typedef struct {
    const char *name; /* of the files */
    SimPkiGroup group;
    const char *key; /* certificate whose key is used; NULL: a new one */
    const char *issuer;
    const char *not_before;
    const char *not_after;
    SimPkiName subject[5];
    SimPkiExtension extensions[9]; /* in the order of the certificate */
} SimPkiProfile;

#define SIM_PKI_PROFILES 41

/* An issuer stands before what it issues. */
extern const SimPkiProfile sim_pki_profiles[SIM_PKI_PROFILES];

G_END_DECLS
