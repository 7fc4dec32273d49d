#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_pool_zone.h"
#include "ngx_http_zoom_str.h"


/* for how long whoever Zoom says is gone is out, milliseconds */

#define NGX_HTTP_ZOOM_POOL_GONE   3600000

/* so many of those who wait come back at once, so many places are swept */

#define NGX_HTTP_ZOOM_POOL_WAKE   8
#define NGX_HTTP_ZOOM_POOL_SWEEP  128

static ngx_int_t ngx_http_zoom_pool_fold(const ngx_str_t *name, u_char *buf,
    ngx_str_t *folded);
static ngx_uint_t ngx_http_zoom_pool_mark(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name, ngx_msec_t out);
static void ngx_http_zoom_member_row(ngx_http_zoom_pool_t *pool, uint32_t i,
    ngx_http_zoom_member_row_t *row) ngx_http_zoom_under_lock;
static void ngx_http_zoom_member_usable(ngx_http_zoom_member_t *m,
    uint64_t round, ngx_uint_t usable);
static uint32_t ngx_http_zoom_member_find(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name) ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_member_add(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name) ngx_http_zoom_under_lock;
static void ngx_http_zoom_member_identify(ngx_http_zoom_pool_t *pool,
    uint32_t i, const ngx_str_t *id) ngx_http_zoom_under_lock;
static void ngx_http_zoom_member_unlink(ngx_http_zoom_pool_t *pool,
    uint32_t i) ngx_http_zoom_under_lock;
static ngx_uint_t ngx_http_zoom_member_lose(ngx_http_zoom_pool_t *pool,
    uint32_t i, ngx_uint_t source) ngx_http_zoom_under_lock;
static void ngx_http_zoom_member_out(ngx_http_zoom_pool_t *pool, uint32_t i)
    ngx_http_zoom_under_lock;
static uint32_t *ngx_http_zoom_member_bucket(ngx_http_zoom_pool_t *pool,
    uint32_t *table, const u_char *data, size_t len);
static zoom_str_t ngx_http_zoom_member_name(const ngx_http_zoom_member_t *m);


ngx_int_t
ngx_http_zoom_pool_found(ngx_http_zoom_pool_t *pool, ngx_uint_t source,
    uint64_t round, const ngx_str_t *name, const ngx_str_t *id,
    ngx_uint_t usable)
{
    uint64_t                 told;
    uint32_t                 i;
    ngx_str_t                folded;
    ngx_http_zoom_member_t  *m;
    u_char                   buf[ZOOM_USER_MAX];

    if (source >= NGX_HTTP_ZOOM_POOL_SOURCES
        || ngx_http_zoom_pool_fold(name, buf, &folded) != NGX_OK)
    {
        return NGX_OK;
    }

    told = 0;

    ngx_http_zoom_pool_zone_lock(pool);

    i = ngx_http_zoom_pool_member_named(pool, &folded);

    if (i == NGX_HTTP_ZOOM_POOL_NONE && id->len) {
        i = ngx_http_zoom_pool_member_named(pool, id);
    }

    if (i == NGX_HTTP_ZOOM_POOL_NONE) {
        i = ngx_http_zoom_member_add(pool, &folded);
    }

    if (i == NGX_HTTP_ZOOM_POOL_NONE) {
        told = zoom_log_once(&pool->sh->said_full, ngx_time());

    } else {
        m = &pool->members[i];

        m->sources |= 1u << source;
        m->seen[source] = round;

        ngx_http_zoom_member_identify(pool, i, id);
        ngx_http_zoom_member_usable(m, round, usable);
        ngx_http_zoom_pool_member_place(pool, i);
    }

    ngx_http_zoom_pool_zone_unlock(pool);

    if (told) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "zoom: pool \"%V\" has no room for more than %uD users, "
                      "and Zoom has more of them: increase its \"zone\" in "
                      "%s:%ui",
                      &pool->conf->name, pool->sh->nmembers,
                      pool->conf->file, pool->conf->line);
    }

    return (i == NGX_HTTP_ZOOM_POOL_NONE) ? NGX_DECLINED : NGX_OK;
}


/*
 * One that has failed since, by itself, is not back for that; nor is one that
 * Zoom said is gone, for a list that may be older.
 */

static void
ngx_http_zoom_member_usable(ngx_http_zoom_member_t *m, uint64_t round,
    ngx_uint_t usable)
{
    if (usable == NGX_HTTP_ZOOM_POOL_UNUSABLE) {
        m->gone = 1;
        m->until = ngx_current_msec + NGX_HTTP_ZOOM_POOL_GONE;

    } else if (usable == NGX_HTTP_ZOOM_POOL_USABLE && m->gone
               && round > m->gone_round)
    {
        m->gone = 0;
        m->fails = 0;
        m->until = 0;
    }
}


ngx_uint_t
ngx_http_zoom_pool_found_end(ngx_http_zoom_pool_t *pool, ngx_uint_t source,
    uint64_t round)
{
    uint32_t                 i, end;
    ngx_uint_t               n;
    ngx_http_zoom_member_t  *m;

    if (source >= NGX_HTTP_ZOOM_POOL_SOURCES) {
        return 0;
    }

    n = 0;

    for (i = 0; i < pool->sh->members; i = end) {
        end = ngx_min(i + NGX_HTTP_ZOOM_POOL_SWEEP, pool->sh->members);

        ngx_http_zoom_pool_zone_lock(pool);

        for ( /* void */ ; i < end; i++) {
            m = &pool->members[i];

            if ((m->sources & (1u << source)) && m->seen[source] < round) {
                n += ngx_http_zoom_member_lose(pool, i, source);
            }
        }

        ngx_http_zoom_pool_zone_unlock(pool);
    }

    return n;
}


ngx_uint_t
ngx_http_zoom_pool_gone(ngx_http_zoom_pool_t *pool, const ngx_str_t *name,
    ngx_msec_t age)
{
    return ngx_http_zoom_pool_mark(pool, name, NGX_HTTP_ZOOM_POOL_GONE
                                   - ngx_min(age, NGX_HTTP_ZOOM_POOL_GONE));
}


ngx_uint_t
ngx_http_zoom_pool_back(ngx_http_zoom_pool_t *pool, const ngx_str_t *name)
{
    return ngx_http_zoom_pool_mark(pool, name, 0);
}


/* Out for so long, or back. */

static ngx_uint_t
ngx_http_zoom_pool_mark(ngx_http_zoom_pool_t *pool, const ngx_str_t *name,
    ngx_msec_t out)
{
    uint32_t                 i;
    ngx_str_t                folded;
    ngx_http_zoom_member_t  *m;
    u_char                   buf[ZOOM_USER_MAX];

    if (ngx_http_zoom_pool_fold(name, buf, &folded) != NGX_OK) {
        return 0;
    }

    ngx_http_zoom_pool_zone_lock(pool);

    i = ngx_http_zoom_pool_member_named(pool, &folded);

    if (i != NGX_HTTP_ZOOM_POOL_NONE) {
        m = &pool->members[i];

        m->gone = (out != 0);
        m->gone_round = pool->sh->round;
        m->until = out ? ngx_current_msec + out : 0;

        if (out == 0) {
            m->fails = 0;
        }

        ngx_http_zoom_pool_member_place(pool, i);
    }

    ngx_http_zoom_pool_zone_unlock(pool);

    return i != NGX_HTTP_ZOOM_POOL_NONE;
}


ngx_int_t
ngx_http_zoom_pool_list(ngx_http_zoom_pool_t *pool, ngx_uint_t *at,
    ngx_http_zoom_member_row_t *row)
{
    uint32_t                 i;
    ngx_http_zoom_member_t  *m;

    ngx_http_zoom_pool_zone_lock(pool);

    for (i = *at; i < pool->sh->members; i++) {
        m = &pool->members[i];

        if (m->sources == 0) {
            continue;
        }

        ngx_http_zoom_member_row(pool, i, row);
        break;
    }

    *at = i + 1;
    i = (i < pool->sh->members);

    ngx_http_zoom_pool_zone_unlock(pool);

    return i ? NGX_OK : NGX_DONE;
}


ngx_uint_t
ngx_http_zoom_pool_out(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_member_row_t *rows, ngx_uint_t n)
{
    ngx_uint_t  i;

    ngx_http_zoom_pool_zone_lock(pool);

    n = ngx_min(n, pool->sh->waiting.n);

    for (i = 0; i < n; i++) {
        ngx_http_zoom_member_row(pool, pool->waiting.heap[i], &rows[i]);
    }

    ngx_http_zoom_pool_zone_unlock(pool);

    return n;
}


static void
ngx_http_zoom_member_row(ngx_http_zoom_pool_t *pool, uint32_t i,
    ngx_http_zoom_member_row_t *row)
{
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];

    ngx_memzero(row, sizeof(ngx_http_zoom_member_row_t));

    row->up = ngx_http_zoom_member_up(m);
    row->off = m->off;
    row->backup = m->backup;
    row->gone = m->gone;
    row->found = !(m->sources & (1u << NGX_HTTP_ZOOM_POOL_STATIC));
    row->created = !!(m->sources & (1u << NGX_HTTP_ZOOM_POOL_CREATED));
    row->weight = m->weight;
    row->leases = pool->waiting.turns[i].leases;
    row->fails = m->fails;
    row->code = m->code;
    row->picked = m->picked;

    if (m->where == NGX_HTTP_ZOOM_POOL_WAITING) {
        row->wait = ngx_max((ngx_msec_int_t) (m->until
                                              - ngx_current_msec), 0);
    }

    row->name.data = row->text;
    row->name.len = m->len;
    ngx_memcpy(row->name.data, m->name, m->len);

    row->id.data = row->text + m->len;
    row->id.len = m->id_len;
    ngx_memcpy(row->id.data, m->id, m->id_len);
}


static ngx_int_t
ngx_http_zoom_pool_fold(const ngx_str_t *name, u_char *buf, ngx_str_t *folded)
{
    zoom_buf_t   b;
    zoom_user_e  type;

    type = zoom_user_check(ngx_http_zoom_str(name));

    if (type != ZOOM_USER_ID && type != ZOOM_USER_EMAIL) {
        return NGX_DECLINED;
    }

    zoom_buf_init(&b, buf, ZOOM_USER_MAX);
    zoom_user_fold(&b, ngx_http_zoom_str(name));

    folded->data = b.data;
    folded->len = b.len;

    return NGX_OK;
}


/* By the name that it has here, or by Zoom's id. */

uint32_t
ngx_http_zoom_pool_member_named(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name)
{
    uint32_t                 i;
    ngx_http_zoom_member_t  *m;

    i = ngx_http_zoom_member_find(pool, name);

    if (i != NGX_HTTP_ZOOM_POOL_NONE) {
        return i;
    }

    for (i = *ngx_http_zoom_member_bucket(pool, pool->ids, name->data,
                                          name->len);
         i;
         i = m->next_id)
    {
        m = &pool->members[i - 1];

        if (m->id_len == name->len
            && ngx_memcmp(m->id, name->data, name->len) == 0)
        {
            return i - 1;
        }
    }

    return NGX_HTTP_ZOOM_POOL_NONE;
}


static uint32_t
ngx_http_zoom_member_find(ngx_http_zoom_pool_t *pool, const ngx_str_t *name)
{
    uint32_t                 i;
    ngx_http_zoom_member_t  *m;

    for (i = *ngx_http_zoom_member_bucket(pool, pool->names, name->data,
                                          name->len);
         i;
         i = m->next_name)
    {
        m = &pool->members[i - 1];

        if (m->len == name->len
            && ngx_memcmp(m->name, name->data, name->len) == 0)
        {
            return i - 1;
        }
    }

    return NGX_HTTP_ZOOM_POOL_NONE;
}


/* The caller gives it a source: before that it is free. */

static uint32_t
ngx_http_zoom_member_add(ngx_http_zoom_pool_t *pool, const ngx_str_t *name)
{
    uint32_t                      i, *bucket;
    ngx_http_zoom_member_t       *m;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    if (sh->free_member) {
        i = sh->free_member - 1;
        sh->free_member = pool->members[i].next_id;

    } else if (sh->members < sh->nmembers) {
        i = sh->members++;

    } else {
        return NGX_HTTP_ZOOM_POOL_NONE;
    }

    m = &pool->members[i];

    ngx_memzero(m, sizeof(ngx_http_zoom_member_t));

    ngx_memcpy(m->name, name->data, name->len);
    m->len = name->len;
    m->serial = ++sh->serial;
    m->weight = 1;

    ngx_memzero(&pool->waiting.turns[i], sizeof(zoom_turn_t));

    bucket = ngx_http_zoom_member_bucket(pool, pool->names, m->name, m->len);

    m->next_name = *bucket;
    *bucket = i + 1;

    sh->total++;

    return i;
}


static void
ngx_http_zoom_member_identify(ngx_http_zoom_pool_t *pool, uint32_t i,
    const ngx_str_t *id)
{
    uint32_t                *bucket;
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];

    if (id->len == 0 || m->id_len
        || zoom_user_check(ngx_http_zoom_str(id)) != ZOOM_USER_ID)
    {
        return;
    }

    m->id_len = id->len;
    ngx_memcpy(m->id, id->data, id->len);

    bucket = ngx_http_zoom_member_bucket(pool, pool->ids, m->id, m->id_len);

    m->next_id = *bucket;
    *bucket = i + 1;
}


static void
ngx_http_zoom_member_unlink(ngx_http_zoom_pool_t *pool, uint32_t i)
{
    uint32_t                *next;
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];

    for (next = ngx_http_zoom_member_bucket(pool, pool->names, m->name,
                                            m->len);
         *next;
         next = &pool->members[*next - 1].next_name)
    {
        if (*next == i + 1) {
            *next = m->next_name;
            break;
        }
    }

    if (m->id_len == 0) {
        return;
    }

    for (next = ngx_http_zoom_member_bucket(pool, pool->ids, m->id, m->id_len);
         *next;
         next = &pool->members[*next - 1].next_id)
    {
        if (*next == i + 1) {
            *next = m->next_id;
            break;
        }
    }
}


/* 1 if no other source knows it, and it leaves the pool. */

static ngx_uint_t
ngx_http_zoom_member_lose(ngx_http_zoom_pool_t *pool, uint32_t i,
    ngx_uint_t source)
{
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];

    if (m->sources & ~(1u << source)) {
        m->sources &= ~(1u << source);
        return 0;
    }

    ngx_http_zoom_member_out(pool, i);
    ngx_http_zoom_member_unlink(pool, i);

    m->sources = 0;
    m->serial = 0;
    m->id_len = 0;
    m->next_id = pool->sh->free_member;

    pool->sh->free_member = i + 1;
    pool->sh->total--;

    return 1;
}


/*
 * Members of the configuration have that one's number; sources that it does not
 * have any more know nobody.
 */

void
ngx_http_zoom_pool_members_configure(ngx_http_zoom_pool_t *pool)
{
    uint32_t                          i;
    ngx_uint_t                        k, known;
    ngx_http_zoom_member_t           *m;
    ngx_http_zoom_pool_user_t        *user;
    const ngx_http_zoom_pool_conf_t  *conf;

    conf = pool->conf;
    user = conf->users.elts;

    for (k = 0; k < conf->users.nelts; k++) {
        i = ngx_http_zoom_member_find(pool, &user[k].name);

        if (i == NGX_HTTP_ZOOM_POOL_NONE) {
            i = ngx_http_zoom_member_add(pool, &user[k].name);
        }

        /* others may have taken the room, until they are swept */

        if (i == NGX_HTTP_ZOOM_POOL_NONE) {
            continue;
        }

        m = &pool->members[i];

        ngx_http_zoom_member_out(pool, i);

        m->sources |= 1u << NGX_HTTP_ZOOM_POOL_STATIC;
        m->seen[NGX_HTTP_ZOOM_POOL_STATIC] = pool->config;
        m->weight = user[k].weight;
        m->backup = user[k].backup;
        m->off = user[k].down;
    }

    for (i = 0; i < pool->sh->members; i++) {
        m = &pool->members[i];

        for (k = 0; k < NGX_HTTP_ZOOM_POOL_SOURCES && m->sources; k++) {

            if (k == NGX_HTTP_ZOOM_POOL_STATIC) {
                known = (m->seen[k] == pool->config);

            } else if (k == NGX_HTTP_ZOOM_POOL_CREATED) {
                known = (conf->create != NULL);

            } else {
                known = (k - NGX_HTTP_ZOOM_POOL_FOUND < conf->found.nelts);
            }

            if (!known && (m->sources & (1u << k))) {
                ngx_http_zoom_member_lose(pool, i, k);
            }
        }

        if (m->sources && !(m->sources & (1u << NGX_HTTP_ZOOM_POOL_STATIC))) {
            ngx_http_zoom_member_out(pool, i);

            m->weight = 1;
            m->backup = 0;
            m->off = 0;
        }
    }
}


void
ngx_http_zoom_pool_members_index(ngx_http_zoom_pool_t *pool)
{
    uint32_t                      i, k, *bucket;
    ngx_http_zoom_member_t       *m;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    for (k = 0; k < NGX_HTTP_ZOOM_POOL_TIERS; k++) {
        sh->tiers[k].n = 0;
        sh->points[k] = 0;
        sh->up[k] = 0;
    }

    sh->waiting.n = 0;
    sh->total = 0;
    sh->free_member = 0;

    ngx_memzero(pool->names, sh->nnames * sizeof(uint32_t));
    ngx_memzero(pool->ids, sh->nnames * sizeof(uint32_t));

    for (i = sh->members; i > 0; i--) {
        m = &pool->members[i - 1];

        m->where = NGX_HTTP_ZOOM_POOL_NOWHERE;

        if (m->sources == 0) {
            m->next_id = sh->free_member;
            sh->free_member = i;
            continue;
        }

        bucket = ngx_http_zoom_member_bucket(pool, pool->names, m->name,
                                             m->len);
        m->next_name = *bucket;
        *bucket = i;

        if (m->id_len) {
            bucket = ngx_http_zoom_member_bucket(pool, pool->ids, m->id,
                                                 m->id_len);
            m->next_id = *bucket;
            *bucket = i;
        }

        sh->total++;

        ngx_http_zoom_pool_member_place(pool, i - 1);
    }
}


void
ngx_http_zoom_pool_member_place(ngx_http_zoom_pool_t *pool, uint32_t i)
{
    ngx_uint_t               tier, where;
    zoom_turn_t             *turn;
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];
    turn = &pool->waiting.turns[i];

    tier = m->backup ? 1 : 0;

    if (m->off || m->sources == 0) {
        where = NGX_HTTP_ZOOM_POOL_NOWHERE;

    } else if (m->until
               && (ngx_msec_int_t) (m->until - ngx_current_msec) > 0)
    {
        where = NGX_HTTP_ZOOM_POOL_WAITING;

    } else {
        where = NGX_HTTP_ZOOM_POOL_PRIMARY + tier;
        m->until = 0;
    }

    if (where == m->where && where != NGX_HTTP_ZOOM_POOL_WAITING) {
        return;
    }

    ngx_http_zoom_member_out(pool, i);

    turn->weight = m->weight;

    if (where == NGX_HTTP_ZOOM_POOL_WAITING) {
        turn->turn = m->until;
        zoom_turns_add(&pool->waiting, i);

    } else if (where == NGX_HTTP_ZOOM_POOL_NOWHERE) {
        return;

    } else if (pool->sh->balance == NGX_HTTP_ZOOM_HASH) {
        zoom_ring_add(&pool->rings[tier], i, ngx_http_zoom_member_name(m),
                      m->weight);

    } else {
        zoom_turns_join(&pool->tiers[tier], i);
    }

    m->where = where;

    if (ngx_http_zoom_member_up(m)) {
        pool->sh->up[tier]++;
    }
}


/* Out of its heap, or off its ring. */

static void
ngx_http_zoom_member_out(ngx_http_zoom_pool_t *pool, uint32_t i)
{
    ngx_uint_t               tier;
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];

    if (m->where == NGX_HTTP_ZOOM_POOL_WAITING) {
        zoom_turns_leave(&pool->waiting, i);

    } else if (ngx_http_zoom_member_up(m)) {
        tier = m->where - NGX_HTTP_ZOOM_POOL_PRIMARY;

        pool->sh->up[tier]--;

        if (pool->sh->balance == NGX_HTTP_ZOOM_HASH) {
            zoom_ring_remove(&pool->rings[tier], i,
                             ngx_http_zoom_member_name(m), m->weight);
        } else {
            zoom_turns_leave(&pool->tiers[tier], i);
        }
    }

    m->where = NGX_HTTP_ZOOM_POOL_NOWHERE;
}


void
ngx_http_zoom_pool_members_wake(ngx_http_zoom_pool_t *pool)
{
    uint32_t    i;
    ngx_uint_t  n;

    for (n = 0; n < NGX_HTTP_ZOOM_POOL_WAKE; n++) {
        i = zoom_turns_first(&pool->waiting);

        if (i == ZOOM_TURNS_NONE
            || (ngx_msec_int_t) (pool->members[i].until
                                 - ngx_current_msec) > 0)
        {
            return;
        }

        ngx_http_zoom_pool_member_place(pool, i);
    }
}


void
ngx_http_zoom_pool_member_leases(ngx_http_zoom_pool_t *pool, uint32_t i,
    int32_t more)
{
    ngx_uint_t               tier;
    ngx_http_zoom_member_t  *m;

    m = &pool->members[i];

    pool->waiting.turns[i].leases += more;

    if (pool->sh->balance == NGX_HTTP_ZOOM_LEAST_LEASED
        && ngx_http_zoom_member_up(m))
    {
        tier = m->where - NGX_HTTP_ZOOM_POOL_PRIMARY;
        zoom_turns_changed(&pool->tiers[tier], i);
    }
}


static uint32_t *
ngx_http_zoom_member_bucket(ngx_http_zoom_pool_t *pool, uint32_t *table,
    const u_char *data, size_t len)
{
    zoom_str_t  s;

    s.data = data;
    s.len = len;

    return &table[zoom_hash(pool->sh->seed, s) & (pool->sh->nnames - 1)];
}


static zoom_str_t
ngx_http_zoom_member_name(const ngx_http_zoom_member_t *m)
{
    zoom_str_t  s;

    s.data = m->name;
    s.len = m->len;

    return s;
}
