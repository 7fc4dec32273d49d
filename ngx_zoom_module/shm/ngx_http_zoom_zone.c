#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_wake.h"
#include "ngx_http_zoom_zone.h"


/* a typical key and ZAK take three blocks; access tokens have some apart */

#define NGX_HTTP_ZOOM_BLOCKS_PER_ENTRY  3
#define NGX_HTTP_ZOOM_SPARE_BLOCKS      128

/* a reload may bring accounts that were not there at the start */

#define NGX_HTTP_ZOOM_MIN_STATES        16

/* what an error names as large enough is a multiple of this */

#define NGX_HTTP_ZOOM_ZONE_STEP         (256 * 1024)

/* the part of the zone that remembers proofs: 3,600 of them in 8m */

#define NGX_HTTP_ZOOM_SEEN_PART         48

/* and that for counters of refusals: 80 callers of locations in 8m */

#define NGX_HTTP_ZOOM_REFUSALS_PART     512
#define NGX_HTTP_ZOOM_REFUSALS_MIN      32


static ngx_int_t ngx_http_zoom_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_zoom_zone_create(ngx_http_zoom_zone_t *zone,
    ngx_str_t *name);
static ngx_int_t ngx_http_zoom_zone_divide(ngx_http_zoom_zone_t *zone,
    size_t size);
static size_t ngx_http_zoom_zone_least(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_map(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_reset(ngx_http_zoom_zone_t *zone);
static void ngx_http_zoom_zone_forgive(ngx_http_zoom_zone_t *zone)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_zone_cleanup(void *data);


ngx_shm_zone_t *
ngx_http_zoom_zone_add(ngx_conf_t *cf, size_t size, ngx_uint_t naccounts,
    void *tag)
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

    sh = ngx_slab_calloc(shpool, size);
    if (sh == NULL) {
        return NGX_ERROR;
    }

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
    ngx_http_zoom_zone_reset(zone);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_zone_divide(ngx_http_zoom_zone_t *zone, size_t size)
{
    size_t                   fixed, per_entry;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    sh->nstates = ngx_max(2 * zone->naccounts, NGX_HTTP_ZOOM_MIN_STATES);

    sh->nseen = size / NGX_HTTP_ZOOM_SEEN_PART
                / (NGX_HTTP_ZOOM_WAYS * sizeof(ngx_http_zoom_seen_t)) + 1;

    sh->nrefusals = size / NGX_HTTP_ZOOM_REFUSALS_PART
                    / sizeof(ngx_http_zoom_refusals_t)
                    + NGX_HTTP_ZOOM_REFUSALS_MIN;

    fixed = sizeof(ngx_http_zoom_shared_t) + 64
            + (sh->nrefusals + 1) * sizeof(ngx_http_zoom_refusals_t)
            + sh->nseen * NGX_HTTP_ZOOM_WAYS * sizeof(ngx_http_zoom_seen_t)
            + sh->nstates * (sizeof(ngx_http_zoom_state_t)
                             + sizeof(ngx_http_zoom_quota_t))
            + NGX_HTTP_ZOOM_SPARE_BLOCKS * sizeof(ngx_http_zoom_block_t);

    /* up to two buckets an entry, their number being a power of two */

    per_entry = sizeof(ngx_http_zoom_entry_t)
                + NGX_HTTP_ZOOM_BLOCKS_PER_ENTRY
                  * sizeof(ngx_http_zoom_block_t)
                + 2 * sizeof(uint32_t);

    if (size < fixed + 2 * sh->nstates * per_entry) {
        return NGX_ERROR;
    }

    sh->nentries = (size - fixed) / per_entry;
    sh->nblocks = sh->nentries * NGX_HTTP_ZOOM_BLOCKS_PER_ENTRY
                  + NGX_HTTP_ZOOM_SPARE_BLOCKS;

    sh->nbuckets = 1;

    while (sh->nbuckets < sh->nentries) {
        sh->nbuckets *= 2;
    }

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

    zone->states = (ngx_http_zoom_state_t *) p;
    p += sh->nstates * sizeof(ngx_http_zoom_state_t);

    zone->quotas = (ngx_http_zoom_quota_t *) p;
    p += sh->nstates * sizeof(ngx_http_zoom_quota_t);

    zone->refusals = (ngx_http_zoom_refusals_t *) p;
    p += (sh->nrefusals + 1) * sizeof(ngx_http_zoom_refusals_t);

    zone->entries = (ngx_http_zoom_entry_t *) p;
    p += sh->nentries * sizeof(ngx_http_zoom_entry_t);

    zone->blocks = (ngx_http_zoom_block_t *) p;
    p += sh->nblocks * sizeof(ngx_http_zoom_block_t);

    zone->buckets = (uint32_t *) p;
}


/* an empty table; the slots of the workers, accounts and proofs stay */

static void
ngx_http_zoom_zone_reset(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 i;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    ngx_explicit_memzero(zone->entries,
                         sh->nentries * sizeof(ngx_http_zoom_entry_t));
    ngx_explicit_memzero(zone->blocks,
                         sh->nblocks * sizeof(ngx_http_zoom_block_t));

    for (i = 0; i < sh->nbuckets; i++) {
        zone->buckets[i] = NGX_HTTP_ZOOM_NONE;
    }

    for (i = 0; i < sh->nentries; i++) {
        zone->entries[i].block = NGX_HTTP_ZOOM_NONE;
        zone->entries[i].next = (i + 1 < sh->nentries) ? i + 1
                                                       : NGX_HTTP_ZOOM_NONE;
    }

    for (i = 0; i < sh->nblocks; i++) {
        zone->blocks[i].next = (i + 1 < sh->nblocks) ? i + 1
                                                     : NGX_HTTP_ZOOM_NONE;
    }

    sh->free_entry = 0;
    sh->free_block = 0;
    sh->nfree = sh->nblocks;
    sh->hand = 0;
    sh->nused = 0;
    sh->nnegative = 0;
    sh->negative_head = NGX_HTTP_ZOOM_NONE;
    sh->negative_tail = NGX_HTTP_ZOOM_NONE;

    for (i = 0; i < sh->nstates; i++) {
        zone->states[i].entries = 0;
    }
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

    for (i = 0; i < zone->sh->nentries; i++) {
        zone->entries[i].until = ngx_current_msec;
    }

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
