/*
 * The shared memory zone: tokens, flights, the slots of the workers and proofs
 * that were used.
 *
 * Everything in it is an index or a number, so that a reader without the lock
 * can check what it reads before it follows it.  The tokens are a cache: a
 * worker that dies while it writes leaves "seq" odd, and whoever locks next
 * starts with an empty table.  The proofs stay: they would be good again.
 *
 * A zone may be large, and a lock is held for a look-up: nothing walks through
 * all of it, and what was never used is never touched.  So zeros, as they come
 * from the system, mean empty, and a table becomes empty by a new number of its
 * generation.
 */

#ifndef _NGX_HTTP_ZOOM_ZONE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_counters_table.h"
#include "ngx_http_zoom_events_table.h"
#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_refusals_table.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_told_table.h"
#include "zoom_response.h"


#define NGX_HTTP_ZOOM_ZONE_MIN      (256 * 1024)
#define NGX_HTTP_ZOOM_ZONE_MAX      (1024 * 1024 * 1024)
#define NGX_HTTP_ZOOM_ZONE_DEFAULT  (8 * 1024 * 1024)

#define NGX_HTTP_ZOOM_MAX_WORKERS     256
#define NGX_HTTP_ZOOM_NO_WORKER       NGX_HTTP_ZOOM_MAX_WORKERS
#define NGX_HTTP_ZOOM_NONE          0xffffffff

#define NGX_HTTP_ZOOM_LINE          64

/* of an entry, whose size is 15 lines of the cache with it */

#define NGX_HTTP_ZOOM_DATA_SIZE     744

#define NGX_HTTP_ZOOM_BUCKET_SLOTS  9

#define NGX_HTTP_ZOOM_SEED_LEN      32
#define NGX_HTTP_ZOOM_SEEN_LEN      16
#define NGX_HTTP_ZOOM_SEEN_REQUEST  8
#define NGX_HTTP_ZOOM_WAYS          8

/* an owner that is so late counts as dead */

#define NGX_HTTP_ZOOM_GRACE         1000


/* A set of workers, by their slots. */

typedef struct {
    uint64_t                     bits[NGX_HTTP_ZOOM_MAX_WORKERS / 64];
} ngx_http_zoom_workers_t;


/*
 * A worker.  The epoch changes whenever the slot gets or loses a process, so
 * (slot, epoch) names one process for good, whatever becomes of its pid.
 */

typedef struct {
    ngx_atomic_t                 pid;        /* 0: free */
    ngx_atomic_t                 epoch;
    uint64_t                     start;      /* in ticks since boot */
    uint32_t                     flights;    /* that it owns, a list */
    ngx_atomic_t                 claims;     /* of the store that it holds */
} ngx_http_zoom_worker_t;


/*
 * Where entries are found: those of one bucket by their tags, those beyond its
 * slots in a list.  One line of the cache.
 */

typedef struct {
    uint32_t                     generation; /* of another than the zone's it
                                                is empty */
    uint32_t                     list;
    uint32_t                     entries[NGX_HTTP_ZOOM_BUCKET_SLOTS];
    uint16_t                     tags[NGX_HTTP_ZOOM_BUCKET_SLOTS];
    unsigned char                used;       /* slots */
    unsigned char                listed;     /* whether there is a list */
} ngx_http_zoom_bucket_t;


/*
 * What is known of a key.  Flights are numbered through the whole zone, so a
 * waiter can tell whether a value or a failure is as new as the flight that
 * it joined.
 *
 * Key and value are behind each other in "data"; what has no room there goes on
 * in other blocks, which are entries that are not used.  The first line of the
 * cache is what a look-up needs.
 */

typedef struct {
    uint32_t                     hash;
    uint32_t                     next;       /* in its bucket, or free list */
    uint32_t                     more;       /* the block with the rest */
    uint16_t                     key_len;
    uint16_t                     value_len;

    unsigned char                used;
    unsigned char                referenced; /* second chance */
    unsigned char                pinned:1;   /* an access token: not evicted */
    unsigned char                negative:1; /* on the list of failures */
    unsigned char                polled:1;   /* workers without a slot wait, or
                                                it is wanted by nobody else */
    unsigned char                error;      /* zoom_error_e of "failed" */
    unsigned char                trouble;    /* zoom_error_e it tries again
                                                after, or ZOOM_OK */
    unsigned char                lacks;      /* of an access token: types of
                                                tokens that its scopes don't
                                                allow, a bit each */
    uint16_t                     owner;      /* of the flight: its slot */
    uint32_t                     owner_epoch;
    uint32_t                     state;      /* of the account it belongs to */

    uint64_t                     published;  /* flight of the value, or 0 */
    uint64_t                     flight;     /* in progress, or 0 */

    union {
        struct {                             /* of a value */
            int64_t              minted;     /* seconds since the epoch */
            int64_t              expires;
        };
        struct {                             /* in the list of failures */
            uint32_t             prev;
            uint32_t             follow;
            uint32_t             who;        /* asked for it first */
        };
    };

    uint64_t                     failed;     /* flight of the failure, or 0 */
    ngx_msec_t                   until;      /* the failure stands till then */
    uint64_t                     outdated;   /* flights up to this one bring
                                                nothing any more */
    ngx_msec_t                   deadline;
    ngx_http_zoom_workers_t      waiters;

    uint32_t                     fly_prev;   /* in the list of the owner's */
    uint32_t                     fly_next;
    uint32_t                     grace;      /* its owner may be at work for so
                                                long after the deadline */
    uint32_t                     retry_after;    /* of "failed", seconds */
    int32_t                      code;       /* Zoom's, of "failed" */
    uint32_t                     sum;        /* of the last value, which others
                                                may bring back */

    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX];
    u_char                       data[NGX_HTTP_ZOOM_DATA_SIZE];
} ngx_http_zoom_entry_t;


/*
 * A proof that is spent or reserved.  Its digest says in which two sets it may
 * be, so that there is no list that a dying worker could leave broken; nobody
 * reads here without the lock.
 */

typedef struct {
    u_char                       digest[NGX_HTTP_ZOOM_SEEN_LEN];
    u_char                       request[NGX_HTTP_ZOOM_SEEN_REQUEST];
    uint32_t                     first;      /* seconds since the epoch */
    uint32_t                     until;      /* and the last one; 0: free */
    uint32_t                     lapses;     /* what is reserved, after this */
    uint32_t                     turn;       /* of those who reserved it */
    uint32_t                     owner;      /* pid of the latest of them */
    uint16_t                     reserved;   /* by so many requests */
    unsigned                     count:15;   /* how often it was spent */
    unsigned                     yields:1;   /* to others, the oldest first */
} ngx_http_zoom_seen_t;


typedef struct {
    ngx_atomic_t                 seq;        /* odd while a writer is at work */
    uint64_t                     flights;    /* the last number given out */

    uint32_t                     nbuckets;
    uint32_t                     nentries;   /* blocks */
    uint32_t                     carved;     /* taken once or more often: none
                                                beyond has been touched, */
    uint32_t                     dirty;      /* but for these, by workers
                                                before one that died */
    uint32_t                     free_entry; /* of those carved, a list */
    uint32_t                     nfree;
    uint32_t                     generation; /* of the table */
    uint32_t                     hand;       /* of the eviction clock */
    uint32_t                     nused;      /* entries */
    uint32_t                     nflying;    /* of these, in flight */
    uint32_t                     nnegative;  /* of these, failures only */
    uint32_t                     negative_head;   /* the oldest */
    uint32_t                     negative_tail;

    uint64_t                     forgiven;   /* failures of flights up to this
                                                one stand no more */
    uint64_t                     config;     /* the newest that has workers */
    uint32_t                     nstates;    /* accounts, and groups */

    uint32_t                     nseen;      /* sets of proofs */
    uint32_t                     ndeliveries;    /* sets of those */
    uint32_t                     nallowances;    /* sets of keys of limits */
    uint32_t                     ndaily;     /* sets of users */
    uint32_t                     turns;      /* of reservations, the last */
    u_char                       seed[NGX_HTTP_ZOOM_SEED_LEN];
    ngx_http_zoom_fleet_t        fleet;
    ngx_http_zoom_fleet_roster_t roster;

    ngx_atomic_t                 errors[ZOOM_E_LAST];   /* of no account */
    uint32_t                     nrefusals;  /* and one for what has no room */
    uint32_t                     nevents;    /* likewise */

    ngx_atomic_t                 unwritten;  /* 1: what was to be stored last
                                                could not be */

    ngx_atomic_t                 sampled;    /* seconds since the epoch: the
                                                last line of many; */
    ngx_atomic_t                 unsampled;  /* so many were left out since; */
    ngx_atomic_t                 loud;       /* the last at another level */

    ngx_atomic_t                 latch;      /* of these, and the refusals */
    ngx_http_zoom_told_t         refused;    /* who was, and why */
    ngx_http_zoom_told_t         failed;     /* of one user or meeting */

    ngx_http_zoom_worker_t       workers[NGX_HTTP_ZOOM_MAX_WORKERS];
} ngx_http_zoom_shared_t;


typedef struct ngx_http_zoom_wake_s  ngx_http_zoom_wake_t;


/* A process's view of the zone. */

typedef struct ngx_http_zoom_zone_s {
    ngx_http_zoom_shared_t      *sh;
    ngx_http_zoom_seen_t        *seen;
    ngx_http_zoom_seen_t        *deliveries; /* of events of Zoom's */
    ngx_http_zoom_allowance_t   *allowances;
    ngx_http_zoom_daily_t       *daily;
    ngx_http_zoom_state_t       *states;
    ngx_http_zoom_quota_t       *quotas;
    ngx_http_zoom_refusals_t    *refusals;
    ngx_http_zoom_events_t      *events;
    ngx_http_zoom_bucket_t      *buckets;
    ngx_http_zoom_entry_t       *entries;

    ngx_slab_pool_t             *shpool;
    ngx_http_zoom_wake_t        *wake;
    ngx_cycle_t                 *cycle;
    ngx_uint_t                   naccounts;
    ngx_uint_t                   webhooks;   /* of Zoom's are remembered */
    uint64_t                     config;     /* the number of ours */
    ngx_uint_t                   torn;       /* a writer's death, to be told */
} ngx_http_zoom_zone_t;


/*
 * Adds the zone at configuration time, for so many accounts, and with room for
 * "webhooks" of Zoom's; its data is a ngx_http_zoom_zone_t.  NULL, with the
 * cause logged, on failure.
 */

ngx_shm_zone_t *ngx_http_zoom_zone_add(ngx_conf_t *cf, size_t size,
    ngx_uint_t naccounts, ngx_uint_t webhooks, void *tag);

/* In a new worker: the first one of a configuration forgives old failures. */
void ngx_http_zoom_zone_enter(ngx_http_zoom_zone_t *zone);

/*
 * Wipes some of the blocks that a worker's death left as they were.  To be
 * called from time to time.
 */

void ngx_http_zoom_zone_sweep(ngx_http_zoom_zone_t *zone);

/* Whether workers of a newer configuration have taken over. */
#define ngx_http_zoom_zone_outdated(zone)                                     \
    ((zone)->config < (zone)->sh->config)

/*
 * Never held across I/O, and never taken by the master: while it reloads it
 * hears of no death, and whoever dies with the lock waits for it to unlock.
 */

void ngx_http_zoom_zone_lock(ngx_http_zoom_zone_t *zone) ngx_http_zoom_locks;
void ngx_http_zoom_zone_unlock(ngx_http_zoom_zone_t *zone)
    ngx_http_zoom_unlocks;


#endif /* _NGX_HTTP_ZOOM_ZONE_H_INCLUDED_ */
