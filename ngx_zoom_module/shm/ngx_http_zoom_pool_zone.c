#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_pool_lease.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_pool_zone.h"


/* the part of a zone that is for members */

#define NGX_HTTP_ZOOM_POOL_MEMBERS_PART  4

/* what an error names as large enough is a multiple of this */

#define NGX_HTTP_ZOOM_POOL_ZONE_STEP     (64 * 1024)

#define NGX_HTTP_ZOOM_POOL_ALIGN         64


static ngx_int_t ngx_http_zoom_pool_zone_add(ngx_conf_t *cf,
    ngx_http_zoom_pool_conf_t *conf, void *tag);
static ngx_int_t ngx_http_zoom_pool_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_zoom_pool_zone_create(ngx_http_zoom_pool_t *pool,
    ngx_str_t *name);
static void ngx_http_zoom_pool_zone_divide(ngx_http_zoom_pool_shared_t *sh,
    size_t size);
static size_t ngx_http_zoom_pool_zone_size(
    const ngx_http_zoom_pool_shared_t *sh);
static ngx_int_t ngx_http_zoom_pool_zone_check(ngx_http_zoom_pool_t *pool,
    size_t size);
static ngx_uint_t ngx_http_zoom_pool_zone_need(
    const ngx_http_zoom_pool_conf_t *conf);
static void ngx_http_zoom_pool_zone_map(ngx_http_zoom_pool_t *pool);
static u_char *ngx_http_zoom_pool_zone_piece(u_char *p, size_t size);


ngx_int_t
ngx_http_zoom_pool_zones_add(ngx_conf_t *cf, ngx_array_t *pools, void *tag)
{
    ngx_uint_t                   i;
    ngx_http_zoom_pool_conf_t  **pool;

    pool = pools->elts;

    for (i = 0; i < pools->nelts; i++) {
        if (ngx_http_zoom_pool_finish(cf, pool[i]) != NGX_CONF_OK
            || ngx_http_zoom_pool_zone_add(cf, pool[i], tag) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_pool_zone_add(ngx_conf_t *cf, ngx_http_zoom_pool_conf_t *conf,
    void *tag)
{
    ngx_str_t              name;
    ngx_shm_zone_t        *shm_zone;
    ngx_http_zoom_pool_t  *pool;

    pool = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_pool_t));
    if (pool == NULL) {
        return NGX_ERROR;
    }

    pool->conf = conf;
    pool->cycle = cf->cycle;

    name.len = sizeof("zoom_pool:") - 1 + conf->name.len;
    name.data = ngx_pnalloc(cf->pool, name.len);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(name.data, "zoom_pool:%V", &conf->name);

    shm_zone = ngx_shared_memory_add(cf, &name, conf->zone_size, tag);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_zoom_pool_zone_init;
    shm_zone->data = pool;

    conf->zone = shm_zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_pool_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_zoom_pool_t  *opool = data;

    ngx_http_zoom_pool_t  *pool;

    pool = shm_zone->data;

    if (opool) {
        pool->sh = opool->sh;
        pool->shpool = opool->shpool;
        pool->config = opool->config + 1;

    } else {
        pool->config = 1;
        pool->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

        if (shm_zone->shm.exists) {
            pool->sh = pool->shpool->data;

        } else if (ngx_http_zoom_pool_zone_create(pool, &shm_zone->shm.name)
                   != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_zoom_pool_zone_map(pool);

    return ngx_http_zoom_pool_zone_check(pool, shm_zone->shm.size);
}


static ngx_int_t
ngx_http_zoom_pool_zone_create(ngx_http_zoom_pool_t *pool, ngx_str_t *name)
{
    size_t                        len, size;
    ngx_slab_pool_t              *shpool;
    ngx_http_zoom_pool_shared_t  *sh;

    shpool = pool->shpool;

    len = sizeof(" in zoom pool zone \"\"") + name->len;

    shpool->log_ctx = ngx_slab_alloc(shpool, len);
    if (shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(shpool->log_ctx, " in zoom pool zone \"%V\"%Z", name);

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
    pool->sh = sh;

    ngx_http_zoom_pool_zone_divide(sh, size);

    if (RAND_bytes(sh->seed, ZOOM_HASH_KEY_LEN) != 1) {
        ngx_log_error(NGX_LOG_EMERG, pool->cycle->log, 0,
                      "RAND_bytes() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_zoom_pool_zone_divide(ngx_http_zoom_pool_shared_t *sh, size_t size)
{
    size_t  members;

    members = size / NGX_HTTP_ZOOM_POOL_MEMBERS_PART;

    sh->nmembers = members
                   / (sizeof(ngx_http_zoom_member_t) + sizeof(zoom_turn_t)
                      + 3 * sizeof(uint32_t)         /* heaps */
                      + 4 * sizeof(uint32_t)         /* names and ids */
                      + 2 * NGX_HTTP_ZOOM_POOL_TIERS
                        * sizeof(zoom_ring_point_t));

    sh->nleases = (size - members - sizeof(ngx_http_zoom_pool_shared_t)
                   - 16 * NGX_HTTP_ZOOM_POOL_ALIGN)
                  / (sizeof(ngx_http_zoom_lease_t) + 3 * sizeof(uint32_t));

    for (sh->nnames = 16; sh->nnames * 2 <= sh->nmembers; sh->nnames *= 2) {
        /* void */
    }

    for (sh->nbuckets = 16; sh->nbuckets * 2 <= sh->nleases;
         sh->nbuckets *= 2)
    {
        /* void */
    }

    while (ngx_http_zoom_pool_zone_size(sh) > size) {
        sh->nleases--;
    }
}


static size_t
ngx_http_zoom_pool_zone_size(const ngx_http_zoom_pool_shared_t *sh)
{
    ngx_http_zoom_pool_t         pool;

    ngx_memzero(&pool, sizeof(ngx_http_zoom_pool_t));

    pool.sh = (ngx_http_zoom_pool_shared_t *) sh;

    ngx_http_zoom_pool_zone_map(&pool);

    return (u_char *) (pool.leases + sh->nleases) - (u_char *) sh;
}


/* All members of the configuration have to have room. */

static ngx_int_t
ngx_http_zoom_pool_zone_check(ngx_http_zoom_pool_t *pool, size_t size)
{
    ngx_uint_t                   need;
    ngx_http_zoom_pool_shared_t  sh;

    need = ngx_http_zoom_pool_zone_need(pool->conf);

    if (need <= pool->sh->nmembers) {
        return NGX_OK;
    }

    do {
        size += NGX_HTTP_ZOOM_POOL_ZONE_STEP;

        /* nginx's slab takes a little of it */

        ngx_http_zoom_pool_zone_divide(&sh, (size
                                      / (ngx_pagesize + sizeof(ngx_slab_page_t))
                                      - 2) * ngx_pagesize);
    } while (sh.nmembers < need);

    ngx_log_error(NGX_LOG_EMERG, pool->cycle->log, 0,
                  "\"zone\" of \"zoom_pool\" \"%V\" is too small for its "
                  "users and their weights, it must be %uzk at least in "
                  "%s:%ui", &pool->conf->name, size / 1024, pool->conf->file,
                  pool->conf->line);

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_zoom_pool_zone_need(const ngx_http_zoom_pool_conf_t *conf)
{
    ngx_uint_t                  i, n;
    ngx_http_zoom_pool_user_t  *user;

    n = conf->users.nelts;

    if (conf->balance != NGX_HTTP_ZOOM_HASH) {
        return n;
    }

    user = conf->users.elts;

    for (n = 0, i = 0; i < conf->users.nelts; i++) {
        n += user[i].weight;
    }

    return n;
}


static void
ngx_http_zoom_pool_zone_map(ngx_http_zoom_pool_t *pool)
{
    u_char                       *p;
    ngx_uint_t                    i;
    zoom_turn_t                  *turns;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    p = (u_char *) sh;
    p = ngx_http_zoom_pool_zone_piece(p, sizeof(ngx_http_zoom_pool_shared_t));

    pool->members = (ngx_http_zoom_member_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nmembers
                                         * sizeof(ngx_http_zoom_member_t));

    turns = (zoom_turn_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nmembers * sizeof(zoom_turn_t));

    for (i = 0; i < NGX_HTTP_ZOOM_POOL_TIERS; i++) {
        pool->tiers[i].head = &sh->tiers[i];
        pool->tiers[i].turns = turns;
        pool->tiers[i].heap = (uint32_t *) p;
        p = ngx_http_zoom_pool_zone_piece(p, sh->nmembers * sizeof(uint32_t));

        /* weights of the configuration, and 1 of others */

        pool->rings[i].n = &sh->points[i];
        pool->rings[i].points = (zoom_ring_point_t *) p;
        p = ngx_http_zoom_pool_zone_piece(p, 2 * sh->nmembers
                                             * sizeof(zoom_ring_point_t));
    }

    pool->waiting.head = &sh->waiting;
    pool->waiting.turns = turns;
    pool->waiting.heap = (uint32_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nmembers * sizeof(uint32_t));

    pool->names = (uint32_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nnames * sizeof(uint32_t));

    pool->ids = (uint32_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nnames * sizeof(uint32_t));

    pool->by_user = (uint32_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nbuckets * sizeof(uint32_t));

    pool->by_bot = (uint32_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nbuckets * sizeof(uint32_t));

    pool->by_meeting = (uint32_t *) p;
    p = ngx_http_zoom_pool_zone_piece(p, sh->nbuckets * sizeof(uint32_t));

    pool->leases = (ngx_http_zoom_lease_t *) p;
}


static u_char *
ngx_http_zoom_pool_zone_piece(u_char *p, size_t size)
{
    return p + ngx_align(size, NGX_HTTP_ZOOM_POOL_ALIGN);
}


void
ngx_http_zoom_pool_zone_enter(ngx_http_zoom_pool_t *pool)
{
    ngx_uint_t  i;

    ngx_http_zoom_pool_zone_lock(pool);

    if (pool->config > pool->sh->config) {
        ngx_http_zoom_pool_members_configure(pool);
        ngx_http_zoom_pool_leases_cut(pool, pool->conf->lease);

        for (i = 0; i < NGX_HTTP_ZOOM_POOL_TIERS; i++) {
            pool->tiers[i].least = (pool->conf->balance
                                    == NGX_HTTP_ZOOM_LEAST_LEASED);
        }

        pool->sh->balance = pool->conf->balance;
        pool->sh->lease = pool->conf->lease;
        pool->sh->fail_timeout = pool->conf->fail_timeout;

        ngx_http_zoom_pool_members_index(pool);

        pool->sh->config = pool->config;
    }

    ngx_http_zoom_pool_zone_unlock(pool);
}


void
ngx_http_zoom_pool_zone_lock(ngx_http_zoom_pool_t *pool)
{
    ngx_uint_t                    i;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    ngx_shmtx_lock(&pool->shpool->mutex);

    for (i = 0; i < NGX_HTTP_ZOOM_POOL_TIERS; i++) {
        pool->tiers[i].least = (sh->balance == NGX_HTTP_ZOOM_LEAST_LEASED);
    }

    if (sh->seq & 1) {
        ngx_http_zoom_pool_leases_index(pool);
        ngx_http_zoom_pool_members_index(pool);

        pool->torn = 1;
        return;
    }

    sh->seq++;

    ngx_memory_barrier();
}


void
ngx_http_zoom_pool_zone_unlock(ngx_http_zoom_pool_t *pool)
{
    ngx_memory_barrier();

    pool->sh->seq++;

    ngx_shmtx_unlock(&pool->shpool->mutex);

    if (pool->torn) {
        pool->torn = 0;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "zoom: pool \"%V\": a worker process died while it "
                      "wrote to the pool's shared memory, which was put in "
                      "order again", &pool->conf->name);
    }
}
