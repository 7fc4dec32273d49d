/*
 * What all workers know of an account: its breakers, its part of the limits,
 * and its counters.  Lives in the zone; it holds neither secrets nor users.
 */

#ifndef _NGX_HTTP_ZOOM_STATE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STATE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_account.h"
#include "zoom_error.h"
#include "zoom_fair.h"
#include "zoom_grant.h"
#include "zoom_limit.h"
#include "zoom_log_once.h"
#include "zoom_response.h"
#include "zoom_run.h"
#include "zoom_token_type.h"


#define NGX_HTTP_ZOOM_NTIMES     10

/* for how long a service is known to work once it answered, milliseconds */

#define NGX_HTTP_ZOOM_ANSWERED   10000


/*
 * The services of Zoom's; each may fail by itself.  The first six bring
 * tokens.
 */

typedef enum {
    NGX_HTTP_ZOOM_OAUTH = 0,         /* access tokens */
    NGX_HTTP_ZOOM_ZAK,               /* the first of the types of tokens */
    NGX_HTTP_ZOOM_API = NGX_HTTP_ZOOM_ZAK + ZOOM_NTOKEN_TYPES,
    NGX_HTTP_ZOOM_MCP,               /* at other hosts than the API's */
    NGX_HTTP_ZOOM_DOWNLOAD,
    NGX_HTTP_ZOOM_NSERVICES
} ngx_http_zoom_service_e;

#define NGX_HTTP_ZOOM_NMINTS  NGX_HTTP_ZOOM_API


#define ngx_http_zoom_service(type)                                           \
    ((ngx_http_zoom_service_e) (NGX_HTTP_ZOOM_ZAK + (type)))


/* As in what is counted: "access", "zak". */

extern const char *const  ngx_http_zoom_service_names[NGX_HTTP_ZOOM_NSERVICES];


typedef enum {
    NGX_HTTP_ZOOM_STATUS_NONE = 0,   /* "-" */
    NGX_HTTP_ZOOM_STATUS_HIT,
    NGX_HTTP_ZOOM_STATUS_MISS,
    NGX_HTTP_ZOOM_STATUS_SHARED,
    NGX_HTTP_ZOOM_STATUS_STALE,
    NGX_HTTP_ZOOM_NSTATUSES
} ngx_http_zoom_status_e;


/* As in $zoom_token_status: "HIT". */

extern ngx_str_t  ngx_http_zoom_token_statuses[NGX_HTTP_ZOOM_NSTATUSES];


/* As nginx's own limiters report it. */

typedef enum {
    NGX_HTTP_ZOOM_LIMIT_NONE = 0,    /* "-": no request to Zoom was needed */
    NGX_HTTP_ZOOM_LIMIT_PASSED,
    NGX_HTTP_ZOOM_LIMIT_DELAYED,
    NGX_HTTP_ZOOM_LIMIT_REJECTED,
    NGX_HTTP_ZOOM_LIMIT_DELAYED_DRY_RUN,
    NGX_HTTP_ZOOM_LIMIT_REJECTED_DRY_RUN,
    NGX_HTTP_ZOOM_NLIMITS
} ngx_http_zoom_limit_e;


/* What comes of users who connect. */

typedef enum {
    NGX_HTTP_ZOOM_CONNECTS_CONNECTED = 0,
    NGX_HTTP_ZOOM_CONNECTS_DECLINED,
    NGX_HTTP_ZOOM_CONNECTS_DENIED,       /* the code is not good */
    NGX_HTTP_ZOOM_CONNECTS_EXPIRED,      /* nor is the device's any more */
    NGX_HTTP_ZOOM_CONNECTS_DROPPED,      /* its worker has quit */
    NGX_HTTP_ZOOM_CONNECTS_FAILED,
    NGX_HTTP_ZOOM_NCONNECTS
} ngx_http_zoom_connects_e;


/* What comes of requests that the gateway is to pass. */

typedef enum {
    NGX_HTTP_ZOOM_PASSED_ANSWERED = 0,   /* by Zoom, with 2xx or 3xx */
    NGX_HTTP_ZOOM_PASSED_CLIENT_ERROR,   /* with 4xx */
    NGX_HTTP_ZOOM_PASSED_SERVER_ERROR,   /* with 5xx */
    NGX_HTTP_ZOOM_PASSED_DENIED,
    NGX_HTTP_ZOOM_PASSED_FAILED,         /* any other error of ours */
    NGX_HTTP_ZOOM_PASSED_GONE,           /* the caller did not wait */
    NGX_HTTP_ZOOM_NPASSED
} ngx_http_zoom_passed_e;


/*
 * Upper bounds of the buckets in milliseconds; the last bucket has none.
 * Buckets are not cumulative here.
 */

extern const ngx_msec_t  ngx_http_zoom_times[NGX_HTTP_ZOOM_NTIMES];

typedef struct {
    ngx_atomic_t                 buckets[NGX_HTTP_ZOOM_NTIMES + 1];
    ngx_atomic_t                 sum;        /* milliseconds */
} ngx_http_zoom_histogram_t;


/*
 * What each callback counts.  Workers count in places of their own, as far as
 * there are any, so that no line of the cache goes from one processor to
 * another with each callback; ngx_http_zoom_state_sum() adds them up.
 */

#define NGX_HTTP_ZOOM_NTALLIES   4

typedef struct {
    ngx_atomic_t                 answers[NGX_HTTP_ZOOM_NSTATUSES];
    ngx_http_zoom_histogram_t    wait_time;  /* of a callback for a token */
    u_char                       apart[64];
} ngx_http_zoom_tally_t;


/*
 * An outage is Zoom's and probed once a second; what is broken (credentials,
 * the app, a scope) an operator has to mend, so probes get rarer.
 */

typedef struct {
    uint32_t                     error;      /* zoom_error_e; ZOOM_OK: fine */
    uint32_t                     failures;   /* exchanges since a good one */
    uint32_t                     probes;
    uint32_t                     untrusted;  /* the last one, for Zoom's
                                                certificate */
    ngx_msec_t                   until;      /* the next probe */
    ngx_msec_t                   opened;
    uint64_t                     count;      /* callbacks and probes failed */
} ngx_http_zoom_breaker_t;


/* Which call goes first when many want the same service at once. */

typedef struct {
    ngx_msec_t                   answered;   /* the service did, last */
    ngx_msec_t                   until;      /* others wait till then, or till
                                                it is answered */
} ngx_http_zoom_scout_t;


typedef struct {
    u_char                       name[NGX_HTTP_ZOOM_NAME_MAX];
    size_t                       len;        /* 0: free */
    uint64_t                     config;     /* the last one that had it */

    ngx_http_zoom_breaker_t      breakers[NGX_HTTP_ZOOM_NSERVICES];
    ngx_msec_t                   pace;       /* the next probe of an outage of
                                                Zoom's API, of any service */
    ngx_http_zoom_scout_t        scouts[NGX_HTTP_ZOOM_NSERVICES];
    zoom_log_once_t              said[NGX_HTTP_ZOOM_NSERVICES][ZOOM_E_LAST];
    zoom_log_once_t              renewal;    /* that failed */
    zoom_log_once_t              clock;      /* a Date that is not believed */

    ngx_msec_t                   refresh;    /* no other one before */
    ngx_msec_t                   refresh_hold;
    ngx_msec_t                   purged;     /* when, 0: never */

    uint32_t                     entries;    /* of the store */
    uint32_t                     latest;     /* entry of the last token that
                                                was stored */

    /* counters */

    ngx_http_zoom_tally_t        tallies[NGX_HTTP_ZOOM_NTALLIES];
    ngx_atomic_t                 errors[ZOOM_E_LAST];
    ngx_atomic_t                 turned_away;    /* callbacks, by us */
    ngx_atomic_t                 requests[NGX_HTTP_ZOOM_NSERVICES];
    ngx_atomic_t                 failures[NGX_HTTP_ZOOM_NSERVICES];
    ngx_atomic_t                 minted[NGX_HTTP_ZOOM_NMINTS];
    ngx_atomic_t                 retries;
    ngx_atomic_t                 refreshes;
    ngx_atomic_t                 refused;    /* 429 */
    ngx_atomic_t                 limits[NGX_HTTP_ZOOM_NLIMITS];
    ngx_http_zoom_histogram_t    mint_time;  /* of a token to join with */

    ngx_atomic_t                 connects[NGX_HTTP_ZOOM_NCONNECTS];
    ngx_atomic_t                 passed[NGX_HTTP_ZOOM_NPASSED];

    /* of users, as the store has counted them */
    ngx_atomic_t                 grants[ZOOM_NGRANT_STATES];

    /* the last failure, for people */

    int64_t                      last_time;  /* seconds, 0: none */
    uint32_t                     last_error;
    int32_t                      last_code;
    u_char                       last_message[ZOOM_MESSAGE_MAX + 1];
    u_char                       last_tracking_id[ZOOM_TRACKING_ID_MAX + 1];
} ngx_http_zoom_state_t;


/* What only one may do at a time, of all workers. */

typedef struct {
    uint64_t                     number;     /* of the last one who had it */
    ngx_msec_t                   until;
    ngx_pid_t                    pid;        /* who has it; 0: nobody */
} ngx_http_zoom_hold_t;


/* Who stands in line for a label: tokens come first. */

typedef enum {
    NGX_HTTP_ZOOM_MINTS = 0,
    NGX_HTTP_ZOOM_REQUESTS
} ngx_http_zoom_rank_e;


#define NGX_HTTP_ZOOM_MINTS_LABEL  ZOOM_LIGHT


/* The limits of a Zoom account, shared by all blocks that use it. */

typedef struct {
    u_char                       key[NGX_HTTP_ZOOM_ID_MAX];
    size_t                       len;        /* 0: free */
    uint64_t                     config;
    zoom_limit_t                 labels[ZOOM_NLABELS];
    zoom_fair_t                  mints;      /* all are of one label */
    zoom_fair_t                  requests[ZOOM_NLABELS];
    int64_t                      turns[ZOOM_NLABELS];    /* of requests, the
                                                next; microseconds */
    ngx_http_zoom_hold_t         making;     /* a user */
    zoom_run_t                   runs[ZOOM_NLABELS];     /* with other hosts */
    ngx_msec_t                   lost[ZOOM_NLABELS];     /* these, last */
} ngx_http_zoom_quota_t;


struct ngx_http_zoom_zone_s;

/*
 * The record of the account of that name, in a worker.  One that finds no room
 * in the zone is this worker's own: nothing breaks, but it is not shared.
 * NULL: no memory.
 */

ngx_http_zoom_state_t *ngx_http_zoom_state_attach(
    struct ngx_http_zoom_zone_s *zone, const ngx_str_t *name,
    ngx_log_t *log);

/* Its place in the zone, for the store; any large number if it has none. */
uint32_t ngx_http_zoom_state_index(struct ngx_http_zoom_zone_s *zone,
    const ngx_http_zoom_state_t *state);

/*
 * Under lock: forgets failures, and what was logged of them, since somebody
 * has mended something.
 */

void ngx_http_zoom_state_forgive(ngx_http_zoom_state_t *state);

/* Keeps the failure for people to read; "reason" where Zoom said nothing. */
void ngx_http_zoom_state_failed(struct ngx_http_zoom_zone_s *zone,
    ngx_http_zoom_state_t *state, const zoom_verdict_t *v,
    const char *reason);

/* Of the account, for this worker. */
#define ngx_http_zoom_state_tally(state)                                      \
    &(state)->tallies[ngx_worker % NGX_HTTP_ZOOM_NTALLIES]

/* In a copy of the record: the first becomes the sum of all. */
void ngx_http_zoom_state_sum(ngx_http_zoom_state_t *state);

void ngx_http_zoom_histogram_add(ngx_http_zoom_histogram_t *h,
    ngx_msec_t time);

#define ngx_http_zoom_count(counter)  (void) ngx_atomic_fetch_add(counter, 1)


#endif /* _NGX_HTTP_ZOOM_STATE_H_INCLUDED_ */
