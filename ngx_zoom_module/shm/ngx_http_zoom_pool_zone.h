/*
 * The shared memory of a pool: who is in it, and who has a lease.
 *
 * Each pool has a zone of its own, with a lock of its own, so that a pool that
 * a reload brings has all its room, and one with many leases holds up no other.
 * It outlives reloads while its size stays.
 *
 * Members and leases are what counts; queues, heaps, rings and tables are found
 * from them again.  So a worker that dies while it writes costs no lease: "seq"
 * is odd then, and whoever locks next puts the rest in order.  In tables and
 * lists 0 is nothing, and others are one more than the index, so that memory as
 * it comes from the system is an empty pool.
 */

#ifndef _NGX_HTTP_ZOOM_POOL_ZONE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_pool_conf.h"
#include "zoom_hash.h"
#include "zoom_log_once.h"
#include "zoom_ring.h"
#include "zoom_turns.h"
#include "zoom_user.h"


/* Where members come from: the configuration, a "members" line, "create". */

#define NGX_HTTP_ZOOM_POOL_STATIC   0
#define NGX_HTTP_ZOOM_POOL_FOUND    1
#define NGX_HTTP_ZOOM_POOL_CREATED  (1 + NGX_HTTP_ZOOM_POOL_FOUND_MAX)
#define NGX_HTTP_ZOOM_POOL_SOURCES  (2 + NGX_HTTP_ZOOM_POOL_FOUND_MAX)

#define NGX_HTTP_ZOOM_POOL_CALLERS  64

/* no member */
#define NGX_HTTP_ZOOM_POOL_NONE     0xffffffff

/* how long a reservation lasts: an answer may take a minute; milliseconds */
#define NGX_HTTP_ZOOM_POOL_RESERVE  75000

/* for a member that fails again and again, milliseconds */
#define NGX_HTTP_ZOOM_POOL_OUT_MAX  3600000

/* requests that share a reservation */
#define NGX_HTTP_ZOOM_LEASE_WAITING 0xffff


typedef enum {
    NGX_HTTP_ZOOM_POOL_NOWHERE = 0,  /* "down" in the configuration */
    NGX_HTTP_ZOOM_POOL_PRIMARY,
    NGX_HTTP_ZOOM_POOL_BACKUP,
    NGX_HTTP_ZOOM_POOL_WAITING       /* out, until its time is over */
} ngx_http_zoom_pool_where_e;

#define NGX_HTTP_ZOOM_POOL_TIERS    2


typedef struct {
    u_char                       name[ZOOM_USER_MAX];    /* folded */
    u_char                       id[ZOOM_USER_ID_MAX];   /* Zoom's, if known */
    unsigned char                len;
    unsigned char                id_len;
    unsigned char                sources;    /* a bit each; 0: free */
    unsigned char                where;      /* ngx_http_zoom_pool_where_e */
    unsigned char                off;        /* "down" */
    unsigned char                backup;
    unsigned char                gone;       /* Zoom said so */
    uint32_t                     weight;
    uint32_t                     serial;     /* tells it from others that were
                                                in its place */
    uint32_t                     fails;      /* in a row */
    int32_t                      code;       /* Zoom's, of the last */
    ngx_msec_t                   until;      /* it is out; 0: it is not */
    uint64_t                     picked;
    uint64_t                     seen[NGX_HTTP_ZOOM_POOL_SOURCES];
    uint64_t                     gone_round; /* the last that had begun when
                                                Zoom said so */
    uint32_t                     next_name;
    uint32_t                     next_id;    /* or in the list of free ones */
} ngx_http_zoom_member_t;


typedef enum {
    NGX_HTTP_ZOOM_LEASE_FREE = 0,
    NGX_HTTP_ZOOM_LEASE_RESERVED,    /* while a bot waits for its token */
    NGX_HTTP_ZOOM_LEASE_HELD
} ngx_http_zoom_lease_state_e;


typedef struct {
    uint64_t                     meeting;    /* hashes, 0: none */
    uint64_t                     bot;
    ngx_msec_t                   until;
    uint32_t                     member;     /* an index */
    uint32_t                     member_serial;
    uint32_t                     serial;     /* tells it from others */
    unsigned char                state;
    unsigned char                caller;
    uint16_t                     waiting;    /* requests that reserved it */
    uint32_t                     next_user;  /* in by_user */
    uint32_t                     next_bot;
    uint32_t                     next_meeting;   /* or among free ones */
    uint32_t                     prev_meeting;
    uint32_t                     older;      /* in the queue of its state */
    uint32_t                     newer;
} ngx_http_zoom_lease_t;


typedef struct {
    uint32_t                     oldest;
    uint32_t                     newest;
} ngx_http_zoom_lease_queue_t;


/*
 * How the search for the members of a "members" line fares, or the making of
 * those of "create".  One worker writes it.
 */

typedef struct {
    uint64_t                     what;       /* a hash of what is looked for */
    int64_t                      complete;   /* when it was last, seconds since
                                                the epoch; 0: never */
    ngx_msec_t                   due;        /* not before */
    uint32_t                     users;      /* that were found, or are made */
    uint32_t                     failures;   /* in a row */
    uint32_t                     hurried;    /* it was told of others, and has
                                                not begun since */
    uint64_t                     failed;     /* all failures */
    uint64_t                     stopped;    /* by Zoom, for the workers of
                                                that configuration */
    zoom_log_once_t              said;
} ngx_http_zoom_pool_search_t;


typedef struct {
    ngx_atomic_t                 seq;        /* odd while a writer is at work */
    uint64_t                     config;     /* the newest that has workers */
    ngx_uint_t                   balance;
    ngx_msec_t                   lease;
    ngx_msec_t                   fail_timeout;

    uint32_t                     nmembers;   /* places */
    uint32_t                     nleases;
    uint32_t                     nnames;     /* buckets: powers of two */
    uint32_t                     nbuckets;

    uint32_t                     members;    /* places that were used */
    uint32_t                     free_member;
    uint32_t                     leases;
    uint32_t                     free_lease;
    uint32_t                     serial;     /* the last given out */
    uint64_t                     round;      /* likewise */

    zoom_turns_head_t            tiers[NGX_HTTP_ZOOM_POOL_TIERS];
    zoom_turns_head_t            waiting;
    uint32_t                     points[NGX_HTTP_ZOOM_POOL_TIERS];
    ngx_http_zoom_lease_queue_t  queues[NGX_HTTP_ZOOM_LEASE_HELD + 1];

    uint32_t                     total;      /* members */
    uint32_t                     up[NGX_HTTP_ZOOM_POOL_TIERS];
    uint32_t                     leased;     /* leases in either state */
    uint32_t                     callers[NGX_HTTP_ZOOM_POOL_CALLERS];

    uint64_t                     picked;
    uint64_t                     retried;
    uint64_t                     exhausted;
    uint64_t                     crowded;    /* of these, for want of room */
    zoom_log_once_t              said_exhausted;
    zoom_log_once_t              said_crowded;
    zoom_log_once_t              said_full;  /* of members */

    ngx_http_zoom_pool_search_t  searches[NGX_HTTP_ZOOM_POOL_SOURCES];

    u_char                       seed[ZOOM_HASH_KEY_LEN];
} ngx_http_zoom_pool_shared_t;


/* A process's view of a pool. */

typedef struct {
    const ngx_http_zoom_pool_conf_t  *conf;
    ngx_cycle_t                 *cycle;
    ngx_slab_pool_t             *shpool;
    uint64_t                     config;
    ngx_uint_t                   torn;

    ngx_http_zoom_pool_shared_t *sh;
    ngx_http_zoom_member_t      *members;
    ngx_http_zoom_lease_t       *leases;
    uint32_t                    *names;      /* of members, by hash */
    uint32_t                    *ids;
    uint32_t                    *by_user;    /* leases, by meeting and user */
    uint32_t                    *by_bot;     /* and bot */
    uint32_t                    *by_meeting;

    zoom_turns_t                 tiers[NGX_HTTP_ZOOM_POOL_TIERS];
    zoom_turns_t                 waiting;
    zoom_ring_t                  rings[NGX_HTTP_ZOOM_POOL_TIERS];
} ngx_http_zoom_pool_t;


/*
 * Finishes the pools of a configuration, and adds their zones.  NGX_ERROR: the
 * cause is logged.
 */

ngx_int_t ngx_http_zoom_pool_zones_add(ngx_conf_t *cf, ngx_array_t *pools,
    void *tag);

/* In a new worker: the first of a configuration makes it that of the pool. */
void ngx_http_zoom_pool_zone_enter(ngx_http_zoom_pool_t *pool);

/* As of the other zone's, and never held beside that one's. */
void ngx_http_zoom_pool_zone_lock(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_locks;
void ngx_http_zoom_pool_zone_unlock(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_unlocks;


#endif /* _NGX_HTTP_ZOOM_POOL_ZONE_H_INCLUDED_ */
