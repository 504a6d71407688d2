/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * MBIM control messages as a modem reads and writes them (MBIM 1.0 errata 1, section 9): header of u32 type,
 * u32 length, u32 transaction; where they can be fragmented u32 total and u32 current; a command then has
 * the service's UUID, u32 command, u32 query or set, u32 size, information. All is little endian.
 */

enum {
    SIM_MBIM_OPEN = 0x00000001,
    SIM_MBIM_CLOSE = 0x00000002,
    SIM_MBIM_COMMAND = 0x00000003,
    SIM_MBIM_HOST_ERROR = 0x00000004,
};

/* Of a FUNCTION_ERROR (9.4.4). */
enum {
    SIM_MBIM_FRAGMENT_OUT_OF_SEQUENCE = 2,
    SIM_MBIM_LENGTH_MISMATCH = 3,
    SIM_MBIM_NOT_OPENED = 5,
    SIM_MBIM_UNKNOWN_MESSAGE = 6,
    SIM_MBIM_MAX_TRANSFER = 8,
};

/* Status of a command (9.4.5), and those of low level access to the card. */
enum {
    SIM_MBIM_OK = 0,
    SIM_MBIM_BUSY = 1,
    SIM_MBIM_FAILURE = 2,
    SIM_MBIM_NO_SIM = 3,
    SIM_MBIM_NOT_SUPPORTED = 9,
    SIM_MBIM_INVALID_PARAMETERS = 21,
};
#define SIM_MBIM_NO_CHANNEL    0x87430001u
#define SIM_MBIM_SELECT_FAILED 0x87430002u
#define SIM_MBIM_BAD_CHANNEL   0x87430003u

#define SIM_MBIM_UUID_SIZE    16
#define SIM_MBIM_MIN_TRANSFER 64

typedef enum {
    SIM_MBIM_BASIC_CONNECT,
    SIM_MBIM_EXTENSIONS, /* MS Basic Connect Extensions */
    SIM_MBIM_UICC,       /* MS UICC Low Level Access */
    SIM_MBIM_PROXY_CONTROL,
    SIM_MBIM_OTHER_SERVICE,
} SimMbimService;

const guint8 *sim_mbim_service_get_uuid(SimMbimService service);
SimMbimService sim_mbim_service_find(const guint8 *uuid);

/* 0: header incomplete; -1: no MBIM frame. */
gssize sim_mbim_measure(const guint8 *data, gsize size);

/* Fragments of one host, being put together. */
typedef struct {
    GByteArray *message; /* NULL: none is under way */
    guint32 total, next;
} SimMbimAssembly;

typedef enum {
    SIM_MBIM_WHOLE,
    SIM_MBIM_MORE,  /* fragments are to come */
    SIM_MBIM_WRONG, /* RET_ERROR is a FUNCTION_ERROR; what was there is dropped */
} SimMbimStep;

/* One frame, of at most LIMIT octets (0: any). RET_MESSAGE: the whole, with a fragment header that says so. */
SimMbimStep sim_mbim_assemble(SimMbimAssembly *assembly, const guint8 *frame, gsize size,
                              gsize limit, GByteArray **ret_message, guint32 *ret_error);
void sim_mbim_assembly_clear(SimMbimAssembly *assembly);

typedef struct {
    guint32 type;
    guint32 transaction;
    guint32 max_transfer; /* of an OPEN */
    const guint8 *uuid;   /* of a COMMAND, as all below; into the message */
    SimMbimService service;
    guint32 command;
    gboolean is_set;
    const guint8 *info;
    gsize size;
} SimMbimRequest;

/* A whole message. FALSE: short, or lengths beyond the end. */
gboolean sim_mbim_request_parse(const guint8 *message, gsize size, SimMbimRequest *ret_request);
guint32 sim_mbim_get_transaction(const guint8 *message, gsize size);

/* What INFO of SIZE octets has at AT. FALSE: it lies beyond the end. */
gboolean sim_mbim_get_u32(const guint8 *info, gsize size, gsize at, guint32 *ret_value);
/* A pair of offset and size at AT (SIZE_FIRST: the other way round, as the card service has it). */
gboolean sim_mbim_get_ref(const guint8 *info, gsize size, gsize at, gboolean size_first,
                          const guint8 **ret_data, gsize *ret_size);
/* A text to which such a pair refers; g_free(). NULL: there is none, or it is no text. */
char *sim_mbim_get_text(const guint8 *info, gsize size, gsize at);

/* Information being written: a fixed part, and data to which it refers. */
typedef struct SimMbimInfo SimMbimInfo;
SimMbimInfo *sim_mbim_info_new(void);
void sim_mbim_put_u32(SimMbimInfo *info, guint32 value);
void sim_mbim_put_u64(SimMbimInfo *info, guint64 value);
void sim_mbim_put_ref(SimMbimInfo *info, const void *data, gsize size);
void sim_mbim_put_size_first(SimMbimInfo *info, const void *data, gsize size);
void sim_mbim_put_text(SimMbimInfo *info, const char *text);
/* Octets as they are, padded. */
void sim_mbim_put_plain(SimMbimInfo *info, const void *data, gsize size);
/* A text as a TLV of MBIM extensions 3.0. */
void sim_mbim_put_text_tlv(SimMbimInfo *info, const char *text);
/* A table of u16 as such a TLV. */
void sim_mbim_put_table_tlv(SimMbimInfo *info, const guint16 *values, gsize count);
GByteArray *sim_mbim_info_end(SimMbimInfo *info);

/* Messages from the modem. INFO may be NULL and is not taken. */
GByteArray *sim_mbim_simple_done(const SimMbimRequest *request, guint32 status); /* OPEN, CLOSE */
GByteArray *sim_mbim_command_done(const SimMbimRequest *request, guint32 status,
                                  const GByteArray *info);
GByteArray *sim_mbim_indication(SimMbimService service, guint32 command, const GByteArray *info);
GByteArray *sim_mbim_function_error(guint32 transaction, guint32 error);
/* MESSAGE (taken) in frames of at most LIMIT octets; 0: in one. */
GByteArray *sim_mbim_fragment(GByteArray *message, gsize limit);

G_END_DECLS
