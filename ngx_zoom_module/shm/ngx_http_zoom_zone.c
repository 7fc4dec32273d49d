#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_wake.h"
#include "ngx_http_zoom_zone.h"


/* of a bucket's slots so many are taken when the zone is full, on average */

#define NGX_HTTP_ZOOM_BUCKET_LOAD       6

/* access tokens take more than one block each: some are apart for them */

#define NGX_HTTP_ZOOM_SPARE_BLOCKS      32

/* what a sweep wipes at once, under the lock: half a millisecond's work */

#define NGX_HTTP_ZOOM_SWEEP             4096

/* a reload may bring accounts that were not there at the start */

#define NGX_HTTP_ZOOM_MIN_STATES        10

/* what an error names as large enough is a multiple of this */

#define NGX_HTTP_ZOOM_ZONE_STEP         (256 * 1024)

/* the part of the zone that remembers proofs: 3,600 of them in 8m */

#define NGX_HTTP_ZOOM_SEEN_PART         48

/* and that for counters of refusals: 80 callers of locations in 8m */

#define NGX_HTTP_ZOOM_REFUSALS_PART     512
#define NGX_HTTP_ZOOM_REFUSALS_MIN      32

/* keys of zoom_limit, and users who write: 1,000 of each in 8m */

#define NGX_HTTP_ZOOM_COUNTERS_PART     512

/*
 * Where there are webhooks of Zoom's: two marks of each, 5,400 of them in 8m,
 * and counters of their events, 150 names.  Elsewhere the least will do.
 */

#define NGX_HTTP_ZOOM_DELIVERIES_PART   16
#define NGX_HTTP_ZOOM_DELIVERIES_MIN    16
#define NGX_HTTP_ZOOM_EVENTS_PART       256
#define NGX_HTTP_ZOOM_EVENTS_MIN        16


static ngx_int_t ngx_http_zoom_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_zoom_zone_create(ngx_http_zoom_zone_t *zone,
    ngx_str_t *name);
static ngx_int_t ngx_http_zoom_zone_divide(ngx_http_zoom_zone_t *zone,
    size_t size);
static size_t ngx_http_zoom_zone_least(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_map(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_empty(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_webhooks(const ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_reset(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_forgive(ngx_http_zoom_zone_t *zone)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_zone_cleanup(void *data);


ngx_shm_zone_t *
ngx_http_zoom_zone_add(ngx_conf_t *cf, size_t size, ngx_uint_t naccounts,
    ngx_uint_t webhooks, void *tag)
{
    ngx_str_t              name = ngx_string("zoom");
    ngx_shm_zone_t        *shm_zone;
    ngx_pool_cleanup_t    *cln;
    ngx_http_zoom_zone_t  *zone;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_zone_t));
    if (zone == NULL) {
        return NULL;
    }

    zone->cycle = cf->cycle;
    zone->naccounts = naccounts;
    zone->webhooks = webhooks;

    cln = ngx_pool_cleanup_add(cf->cycle->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_zoom_zone_cleanup;
    cln->data = zone;

    shm_zone = ngx_shared_memory_add(cf, &name, size, tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    shm_zone->init = ngx_http_zoom_zone_init;
    shm_zone->data = zone;

    return shm_zone;
}


static ngx_int_t
ngx_http_zoom_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_zoom_zone_t  *ozone = data;

    ngx_http_zoom_zone_t  *zone;

    zone = shm_zone->data;

    if (ozone) {
        zone->sh = ozone->sh;
        zone->shpool = ozone->shpool;
        zone->wake = ngx_http_zoom_wake_share(ozone->wake, zone->cycle,
                                              ozone->sh->workers);
        zone->config = ozone->config + 1;
        ngx_http_zoom_zone_map(zone);
        ngx_http_zoom_zone_webhooks(zone);

        return NGX_OK;
    }

    zone->config = 1;
    zone->wake = ngx_http_zoom_wake_create(zone->cycle);
    if (zone->wake == NULL) {
        return NGX_ERROR;
    }

    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        zone->sh = zone->shpool->data;
        ngx_http_zoom_zone_map(zone);

        return NGX_OK;
    }

    return ngx_http_zoom_zone_create(zone, &shm_zone->shm.name);
}


static ngx_int_t
ngx_http_zoom_zone_create(ngx_http_zoom_zone_t *zone, ngx_str_t *name)
{
    size_t                   len, size;
    ngx_slab_pool_t         *shpool;
    ngx_http_zoom_shared_t  *sh;

    shpool = zone->shpool;

    len = sizeof(" in zoom zone \"\"") + name->len;

    shpool->log_ctx = ngx_slab_alloc(shpool, len);
    if (shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(shpool->log_ctx, " in zoom zone \"%V\"%Z", name);

    /* one piece: all that is left is ours, divided once and for all */

    size = shpool->pfree * ngx_pagesize;

    sh = ngx_slab_alloc(shpool, size);
    if (sh == NULL) {
        return NGX_ERROR;
    }

#if (NGX_DEBUG_MALLOC)

    /* else it is as it came from the system, zeros that nobody has touched */

    ngx_memzero(sh, size);

#endif

    shpool->data = sh;
    zone->sh = sh;

    if (ngx_http_zoom_zone_divide(zone, size) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, zone->cycle->log, 0,
                      "\"zoom_zone\" is too small for %ui accounts, it must "
                      "be %uzk at least",
                      zone->naccounts,
                      ngx_http_zoom_zone_least(zone) / 1024);
        return NGX_ERROR;
    }

    if (RAND_bytes(sh->seed, NGX_HTTP_ZOOM_SEED_LEN) != 1) {
        ngx_log_error(NGX_LOG_EMERG, zone->cycle->log, 0,
                      "RAND_bytes() failed");
        return NGX_ERROR;
    }

    ngx_http_zoom_zone_map(zone);
    ngx_http_zoom_zone_empty(zone);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_zone_divide(ngx_http_zoom_zone_t *zone, size_t size)
{
    size_t                   fixed, per_bucket;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    sh->nstates = ngx_max(2 * zone->naccounts, NGX_HTTP_ZOOM_MIN_STATES);

    sh->nseen = size / NGX_HTTP_ZOOM_SEEN_PART
                / (NGX_HTTP_ZOOM_WAYS * sizeof(ngx_http_zoom_seen_t)) + 1;

    sh->nrefusals = size / NGX_HTTP_ZOOM_REFUSALS_PART
                    / sizeof(ngx_http_zoom_refusals_t)
                    + NGX_HTTP_ZOOM_REFUSALS_MIN;

    sh->ndeliveries = NGX_HTTP_ZOOM_DELIVERIES_MIN;
    sh->nevents = NGX_HTTP_ZOOM_EVENTS_MIN;

    if (zone->webhooks) {
        sh->ndeliveries += size / NGX_HTTP_ZOOM_DELIVERIES_PART
                           / (NGX_HTTP_ZOOM_WAYS
                              * sizeof(ngx_http_zoom_seen_t));

        sh->nevents += size / NGX_HTTP_ZOOM_EVENTS_PART
                       / sizeof(ngx_http_zoom_events_t);
    }

    sh->nallowances = size / NGX_HTTP_ZOOM_COUNTERS_PART
                      / (NGX_HTTP_ZOOM_COUNTERS_WAYS
                         * sizeof(ngx_http_zoom_allowance_t)) + 1;
    sh->ndaily = size / NGX_HTTP_ZOOM_COUNTERS_PART
                 / (NGX_HTTP_ZOOM_COUNTERS_WAYS
                    * sizeof(ngx_http_zoom_daily_t)) + 1;

    fixed = sizeof(ngx_http_zoom_shared_t) + 64
            + sh->nallowances * NGX_HTTP_ZOOM_COUNTERS_WAYS
              * sizeof(ngx_http_zoom_allowance_t)
            + sh->ndaily * NGX_HTTP_ZOOM_COUNTERS_WAYS
              * sizeof(ngx_http_zoom_daily_t)
            + (sh->nrefusals + 1) * sizeof(ngx_http_zoom_refusals_t)
            + (sh->nevents + 1) * sizeof(ngx_http_zoom_events_t)
            + sh->ndeliveries * NGX_HTTP_ZOOM_WAYS
              * sizeof(ngx_http_zoom_seen_t)
            + sh->nseen * NGX_HTTP_ZOOM_WAYS * sizeof(ngx_http_zoom_seen_t)
            + sh->nstates * (sizeof(ngx_http_zoom_state_t)
                             + sizeof(ngx_http_zoom_quota_t))
            + NGX_HTTP_ZOOM_SPARE_BLOCKS * sizeof(ngx_http_zoom_entry_t)
            + sizeof(ngx_http_zoom_bucket_t);

    /* per bucket rather than per entry, where the remainder would be lost */

    per_bucket = NGX_HTTP_ZOOM_BUCKET_LOAD * sizeof(ngx_http_zoom_entry_t)
                 + sizeof(ngx_http_zoom_bucket_t);

    if (size < fixed + 2 * sh->nstates * sizeof(ngx_http_zoom_entry_t)
               + per_bucket)
    {
        return NGX_ERROR;
    }

    sh->nbuckets = (size - fixed) / per_bucket;
    sh->nentries = NGX_HTTP_ZOOM_SPARE_BLOCKS
                   + (size - fixed - sh->nbuckets
                                     * sizeof(ngx_http_zoom_bucket_t))
                     / sizeof(ngx_http_zoom_entry_t);

    return NGX_OK;
}


/* nginx's slab takes a little of it: for each page, and two at its ends */

static size_t
ngx_http_zoom_zone_least(ngx_http_zoom_zone_t *zone)
{
    size_t  size, pages;

    size = NGX_HTTP_ZOOM_ZONE_MIN;

    for ( ;; ) {
        pages = size / (ngx_pagesize + sizeof(ngx_slab_page_t)) - 2;

        if (ngx_http_zoom_zone_divide(zone, pages * ngx_pagesize) == NGX_OK) {
            return size;
        }

        size += NGX_HTTP_ZOOM_ZONE_STEP;
    }
}


static void
ngx_http_zoom_zone_map(ngx_http_zoom_zone_t *zone)
{
    u_char                  *p;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    p = (u_char *) sh + sizeof(ngx_http_zoom_shared_t);
    p = ngx_align_ptr(p, 16);

    zone->seen = (ngx_http_zoom_seen_t *) p;
    p += sh->nseen * NGX_HTTP_ZOOM_WAYS * sizeof(ngx_http_zoom_seen_t);

    zone->deliveries = (ngx_http_zoom_seen_t *) p;
    p += sh->ndeliveries * NGX_HTTP_ZOOM_WAYS * sizeof(ngx_http_zoom_seen_t);

    zone->allowances = (ngx_http_zoom_allowance_t *) p;
    p += sh->nallowances * NGX_HTTP_ZOOM_COUNTERS_WAYS
         * sizeof(ngx_http_zoom_allowance_t);

    zone->daily = (ngx_http_zoom_daily_t *) p;
    p += sh->ndaily * NGX_HTTP_ZOOM_COUNTERS_WAYS
         * sizeof(ngx_http_zoom_daily_t);

    zone->states = (ngx_http_zoom_state_t *) p;
    p += sh->nstates * sizeof(ngx_http_zoom_state_t);

    zone->quotas = (ngx_http_zoom_quota_t *) p;
    p += sh->nstates * sizeof(ngx_http_zoom_quota_t);

    zone->refusals = (ngx_http_zoom_refusals_t *) p;
    p += (sh->nrefusals + 1) * sizeof(ngx_http_zoom_refusals_t);

    zone->events = (ngx_http_zoom_events_t *) p;
    p += (sh->nevents + 1) * sizeof(ngx_http_zoom_events_t);

    p = ngx_align_ptr(p, NGX_HTTP_ZOOM_LINE);

    zone->buckets = (ngx_http_zoom_bucket_t *) p;
    p += sh->nbuckets * sizeof(ngx_http_zoom_bucket_t);

    zone->entries = (ngx_http_zoom_entry_t *) p;
}


static void
ngx_http_zoom_zone_empty(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 i;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    sh->carved = 0;
    sh->free_entry = NGX_HTTP_ZOOM_NONE;
    sh->nfree = 0;
    sh->hand = 0;
    sh->nused = 0;
    sh->nflying = 0;
    sh->nnegative = 0;
    sh->negative_head = NGX_HTTP_ZOOM_NONE;
    sh->negative_tail = NGX_HTTP_ZOOM_NONE;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        sh->workers[i].flights = NGX_HTTP_ZOOM_NONE;
    }
}


/* a zone is divided once and for all */

static void
ngx_http_zoom_zone_webhooks(const ngx_http_zoom_zone_t *zone)
{
    if (zone->webhooks
        && zone->sh->ndeliveries == NGX_HTTP_ZOOM_DELIVERIES_MIN)
    {
        ngx_log_error(NGX_LOG_WARN, zone->cycle->log, 0,
                      "\"zoom_webhook\" was not there when nginx started: "
                      "until a restart, or another size of \"zoom_zone\", "
                      "there is room to remember %d webhooks",
                      NGX_HTTP_ZOOM_DELIVERIES_MIN * NGX_HTTP_ZOOM_WAYS / 2);
    }
}


/*
 * Again an empty table; the slots of the workers, accounts and proofs stay.
 * What was in it is wiped later, by and by.
 */

static void
ngx_http_zoom_zone_reset(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 i;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    /* first, so that another death here leaves no block out */

    sh->dirty = ngx_max(sh->dirty, sh->carved);

    ngx_memory_barrier();

    sh->generation++;

    ngx_http_zoom_zone_empty(zone);

    for (i = 0; i < sh->nstates; i++) {
        zone->states[i].entries = 0;
    }
}


void
ngx_http_zoom_zone_sweep(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 n;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    if (sh->dirty <= sh->carved) {
        return;
    }

    ngx_http_zoom_zone_lock(zone);

    for (n = 0; n < NGX_HTTP_ZOOM_SWEEP && sh->dirty > sh->carved; n++) {
        ngx_explicit_memzero(&zone->entries[--sh->dirty],
                             sizeof(ngx_http_zoom_entry_t));
    }

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_zone_enter(ngx_http_zoom_zone_t *zone)
{
    ngx_http_zoom_zone_lock(zone);

    if (zone->config > zone->sh->config) {
        zone->sh->config = zone->config;

        /* whoever reloads has mended something */
        ngx_http_zoom_zone_forgive(zone);
    }

    ngx_http_zoom_zone_unlock(zone);
}


static void
ngx_http_zoom_zone_forgive(ngx_http_zoom_zone_t *zone)
{
    uint32_t  i;

    zone->sh->forgiven = zone->sh->flights;

    for (i = 0; i < zone->sh->nstates; i++) {
        ngx_http_zoom_state_forgive(&zone->states[i]);
    }

    ngx_memzero(&zone->sh->refused, sizeof(ngx_http_zoom_told_t));
    ngx_memzero(&zone->sh->failed, sizeof(ngx_http_zoom_told_t));
}


void
ngx_http_zoom_zone_lock(ngx_http_zoom_zone_t *zone)
{
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (sh->seq & 1) {
        ngx_http_zoom_zone_reset(zone);

        zone->torn = 1;
        return;
    }

    sh->seq++;

    ngx_memory_barrier();
}


void
ngx_http_zoom_zone_unlock(ngx_http_zoom_zone_t *zone)
{
    ngx_memory_barrier();

    zone->sh->seq++;

    ngx_shmtx_unlock(&zone->shpool->mutex);

    if (zone->torn) {
        zone->torn = 0;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "zoom: a worker process died while it wrote to the "
                      "shared memory zone, starting with an empty one");

        /* the flights are gone too: let everybody look again */
        ngx_http_zoom_wake_all(zone->wake);
    }
}


static void
ngx_http_zoom_zone_cleanup(void *data)
{
    ngx_http_zoom_zone_t  *zone = data;

    if (zone->wake) {
        ngx_http_zoom_wake_release(zone->wake);
        zone->wake = NULL;
    }
}
