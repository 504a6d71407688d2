/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/card_state.h"

G_BEGIN_DECLS

/* The functions behind ES10a, ES10b and ES10c of the virtual eUICC (SGP.22 5.7, SGP.32 5.9). */

#define CARD_SW_OK               0x9000u
#define CARD_SW_MEMORY           0x6581u
#define CARD_SW_LENGTH           0x6700u
#define CARD_SW_CHANNEL          0x6881u
#define CARD_SW_SECURE_MESSAGING 0x6882u
#define CARD_SW_CONDITIONS       0x6985u
#define CARD_SW_DATA             0x6A80u
#define CARD_SW_FUNCTION         0x6A81u
#define CARD_SW_NOT_FOUND        0x6A82u
#define CARD_SW_P1_P2            0x6A86u
#define CARD_SW_REFERENCE        0x6A88u
#define CARD_SW_INS              0x6D00u
#define CARD_SW_CLA              0x6E00u
#define CARD_SW_FAILURE          0x6F00u

typedef struct CardSession CardSession; /* sim/card_download.h */

/* One ES10 command at work. STATE is a copy that is kept only when the command ends well (the
 * card's own one for functions that only read). */
typedef struct {
    CardState *state;
    CardSession *session; /* the card's own one: changed only by commands that end well */
    gboolean ipae;        /* the card's own IPA is in charge */
    gboolean switched;    /* the enabled profile changed */
    gboolean refresh;     /* ... and the card itself asks for the reset */
} CardRun;

/* TRUE: the function with this leading tag leaves the state as it is, no copy is needed. */
gboolean card_es10_only_reads(guint32 tag);

/* The response object, or NULL with the status word. */
GBytes *card_es10_execute(CardRun *run, TlvSlice command, guint *ret_sw);

/* ---- card_profile.c ---- */

CardProfile *card_profile_find(const CardState *state, TlvSlice iccid);
CardProfile *card_profile_find_digits(const CardState *state, const char *iccid);
CardProfile *card_profile_enabled(const CardState *state);

/* Behaviour fallsBack (modems.md, quirk 29): without a word, and without notifications. TRUE: a profile changed. */
gboolean card_profile_fall_back(CardState *state);
/* Switches from whatever is enabled to PROFILE (NULL: to none) and queues the notifications. */
void card_profile_switch(CardRun *run, CardProfile *profile);
void card_profile_delete(CardRun *run, CardProfile *profile);
/* GetProfilesInfo and listProfileInfo: REQUEST is the content of BF2D; writes a complete BF2D.
 * FALSE: it is an error answer. */
gboolean card_profile_list(const CardState *state, TlvSlice request, TlvWriter *writer);
GBytes *card_profile_execute_fallback(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_profile_return_from_fallback(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_profile_enable_emergency(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_profile_disable_emergency(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_profile_memory_reset(CardRun *run, guint32 tag, TlvSlice content, guint *ret_sw);

/* ---- card_describe.c ---- */

/* Members of sim_card_describe(): profiles, eIMs, stored results and notifications… */
void card_describe(const CardState *state, JsonBuilder *builder);

/* ---- card_eim.c ---- */

CardEim *card_eim_find(const CardState *state, TlvSlice id);
/* Result codes of addEim and AddInitialEim, also those of updateEim (SGP.32 2.11.2.1, 5.9.4). */
typedef enum {
    CARD_EIM_OK = 0,
    CARD_EIM_MEMORY = 1,
    CARD_EIM_EXISTS = 2, /* updateEim and deleteEim: another meaning, see there */
    CARD_EIM_CI_UNKNOWN = 3,
    CARD_EIM_TOKEN = 5,
    CARD_EIM_COUNTER = 6,
    CARD_EIM_COMMAND = 7,
} CardEimResult;
CardEimResult card_eim_add(CardState *state, TlvSlice content, CardEim **ret_eim);
/* 0 ok, 1 eimNotFound, 3, 6, 7. */
guint card_eim_update(CardState *state, TlvSlice content);
/* The fields of EimConfigurationData that a card gives away (no counterValue, SGP.32 5.9.18). */
void card_eim_write(const CardEim *eim, TlvWriter *writer);
GBytes *card_eim_add_initial(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_eim_get_configuration(CardRun *run, TlvSlice content, guint *ret_sw);

/* ---- card_package.c ---- */

GBytes *card_package_load(CardRun *run, TlvSlice command, guint *ret_sw);
GBytes *card_package_rollback(CardRun *run, TlvSlice content, guint *ret_sw);
void card_package_clear_rollback(CardState *state);

/* ---- card_store.c ---- */

/* Queues a notification for each address that PROFILE has for EVENT. */
void card_store_notify(CardState *state, const CardProfile *profile, guint event);
/* Keeps the ProfileInstallationResult with number SEQ. */
void card_store_installation(CardState *state, gint64 seq, GBytes *result);
/* Keeps a result; the oldest one goes when there are too many. */
void card_store_result(CardState *state, gint64 seq, GBytes *result);
gboolean card_store_remove(CardState *state, gint64 seq);
GBytes *card_store_retrieve(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_store_remove_notification(CardRun *run, TlvSlice content, guint *ret_sw);

/* ---- card_es10.c ---- */

/* Credentials under the CI with KEY_ID; NULL data: the preferred ones. NULL: unknown CI. */
const CardCredentials *card_find_credentials(const CardState *state, TlvSlice key_id);
/* 5F37 object with the signature over DATA and then SECOND (may be absent). */
void card_sign(const CardCredentials *credentials, TlvSlice data, TlvSlice second,
               TlvWriter *writer);
/* EUICCInfo2 (BF22). */
GBytes *card_make_info2(const CardRun *run);
/* TAG{80 code}. */
GBytes *card_answer_code(guint32 tag, gint64 code);
/* TRUE and the objects of CONTENT in the given slots: each tag of TAGS (ends with 0) at most once,
 * in this order; others are refused unless EXTENSIBLE. Absent ones have NULL data. */
gboolean card_take_fields(TlvSlice content, const guint32 *tags, gboolean extensible,
                          Tlv *ret_fields);
/* refreshFlag as the only member: TRUE and its value. */
gboolean card_take_refresh_flag(TlvSlice content, gboolean *ret_refresh);
/* FIELDS: immediateEnableFlag, defaultSmdpOid, defaultSmdpAddress as found in a request. */
void card_set_immediate_enable(CardState *state, const Tlv fields[3]);
/* A switch by an ES10 function (not by a package) was done. */
void card_mark_switch(CardRun *run, gboolean refresh);

G_END_DECLS
