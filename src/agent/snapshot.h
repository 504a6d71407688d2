/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What the world may know about an eUICC or a job at one moment. Made by a worker (or the main thread),
 * immutable from then on, reference-counted, passed between threads freely. D-Bus properties are read
 * from the last one. Strings are never NULL unless a comment says so.
 */

typedef enum {
    PROFILE_DISABLED,
    PROFILE_ENABLED,
} ProfileState;
const char *profile_state_to_string(ProfileState state); /* "disabled", "enabled" */

typedef struct {
    char *iccid; /* 18 to 20 digits */
    ProfileState state;
    char *class;         /* "test", "provisioning", "operational" */
    char *name;          /* profileName, "" when absent */
    char *provider;      /* serviceProviderName */
    char *nickname;      /* profileNickname */
    char *owner;         /* MCC and MNC, "00101"; "" when absent */
    char **policy_rules; /* "ppr1", "ppr2", … */
    gboolean fallback;   /* has the fallback attribute */
    gboolean emergency;  /* ecallIndication */
} ProfileSnapshot;

typedef struct {
    guint number; /* n of the object path …/eim/<n>; stable while the eUICC is there */
    char *eim_id;
    char *fqdn;
    char **protocols;     /* "retrieve-https", "retrieve-coaps", "inject-https", "inject-coaps",
                             "proprietary" */
    gboolean indirect;    /* indirectProfileDownload */
    gint64 last_poll;     /* microseconds since 1970, 0: never */
    char *last_result;    /* "", "none", "package", or the error's name, e.g. "Tls" */
    char *last_error;     /* full text of the last error, "" after success */
    char *trust;          /* how the server was trusted at the last connection, "" before */
    char *dialect;        /* "1.2" or "1.0", "" before the first poll */
    char *dialect_source; /* "assumed", "learned", "configured" */
    char *binding;        /* "asn1" or "json", "" before the first poll */
    gint64 next_poll;     /* microseconds since 1970, 0: not scheduled */
    guint failures;       /* polls failed in a row */
    guint64 bytes_sent;   /* to this eIM since the daemon started */
    guint64 bytes_received;
} EimSnapshot;

typedef enum {
    EUICC_STARTING, /* being read */
    EUICC_IDLE,
    EUICC_BUSY,        /* a job runs */
    EUICC_UNAVAILABLE, /* modem or card does not answer; tried again */
    EUICC_LEFT_ALONE,  /* IPAe active: shown, never touched */
} EuiccState;
const char *euicc_state_to_string(EuiccState state); /* "starting", "idle", … "left-alone" */

typedef struct {
    gatomicrefcount refs;
    char *eid;           /* 32 digits */
    char *kind;          /* "iot", "consumer" */
    char *spec_version;  /* highest iotVersion, "1.2.0"; SGP.22 svn for a consumer card */
    char *firmware;      /* "1.2.3" */
    guint32 free_memory; /* octets of non-volatile memory; 0: unknown */
    EuiccState state;
    char *state_reason;       /* why it is unavailable or left alone, "" otherwise */
    char *device;             /* sysfs path of the physical device, or the configured name */
    char *transport;          /* "qmi" */
    char *port;               /* "/dev/cdc-wdm0" */
    guint slot;               /* physical, 1-based; 0 unknown */
    char *modem_manager_path; /* "" without ModemManager */
    guint pending_notifications;
    gint64 oldest_notification; /* known since, microseconds since 1970, 0: there is none */
    char *
        notification_error; /* why one is still there: "ADDRESS: reason", "" where nothing failed */
    guint32 job;            /* running job, 0: none */
    GPtrArray *profiles;    /* of ProfileSnapshot, sorted by ICCID */
    GPtrArray *eims;        /* of EimSnapshot, sorted by number */
} EuiccSnapshot;

typedef enum {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_DONE,
    JOB_FAILED,
    JOB_CANCELLED,
} JobState;
const char *
job_state_to_string(JobState state); /* "queued", "running", "done", "failed", "cancelled" */

typedef struct {
    gatomicrefcount refs;
    guint32 number;
    char *eid;  /* "" while the card was not read yet */
    char *kind; /* "start", "poll", "add-initial-eim", "download", … */
    char *cause;
    char *stage;     /* what it is doing: "contacting eim.example.com" */
    char *result;    /* ICCID of the profile that a download installed (last); "" otherwise */
    double progress; /* 0 to 1 */
    JobState state;
    char *error_name;    /* D-Bus error name, "" unless failed or cancelled */
    char *error_message; /* "" likewise */
} JobSnapshot;

EuiccSnapshot *euicc_snapshot_new(void); /* all strings "" and lists empty */
EuiccSnapshot *
euicc_snapshot_copy(const EuiccSnapshot *snapshot); /* deep; to change before publishing */
EuiccSnapshot *euicc_snapshot_ref(const EuiccSnapshot *snapshot);
void euicc_snapshot_unref(EuiccSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EuiccSnapshot, euicc_snapshot_unref)

ProfileSnapshot *profile_snapshot_new(void);
EimSnapshot *eim_snapshot_new(void);
ProfileSnapshot *profile_snapshot_copy(const ProfileSnapshot *profile);
EimSnapshot *eim_snapshot_copy(const EimSnapshot *eim);
void profile_snapshot_free(ProfileSnapshot *profile);
void eim_snapshot_free(EimSnapshot *eim);

const ProfileSnapshot *euicc_snapshot_find_profile(const EuiccSnapshot *snapshot,
                                                   const char *iccid);
const EimSnapshot *euicc_snapshot_find_eim(const EuiccSnapshot *snapshot, guint number);

JobSnapshot *job_snapshot_new(void);
JobSnapshot *job_snapshot_copy(const JobSnapshot *snapshot);
JobSnapshot *job_snapshot_ref(const JobSnapshot *snapshot);
void job_snapshot_unref(JobSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobSnapshot, job_snapshot_unref)

G_END_DECLS
