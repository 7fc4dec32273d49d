#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_lease.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_pool_pick.h"
#include "ngx_http_zoom_str.h"


/* members looked at in no order, where those next in turn are all leased */

#define NGX_HTTP_ZOOM_POOL_PROBES   512

/* that it is known what other hosts have, milliseconds */

#define NGX_HTTP_ZOOM_POOL_ELSEWHERE  10000

/* by which hosts may differ in when the same failure is over, likewise */

#define NGX_HTTP_ZOOM_POOL_TICK     1000

/* seconds: a meeting may end any time */

#define NGX_HTTP_ZOOM_POOL_AFTER    60


static void ngx_http_zoom_pool_lessee(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, ngx_http_zoom_lessee_t *lessee);
static uint32_t ngx_http_zoom_pool_again(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_lessee_t *lessee, uint32_t avoid)
    ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_pool_choose(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting)
    ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_pool_turn(ngx_http_zoom_pool_t *pool,
    ngx_uint_t tier, const ngx_http_zoom_pick_t *pick, uint64_t meeting)
    ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_pool_near(ngx_http_zoom_pool_t *pool,
    ngx_uint_t tier, const ngx_http_zoom_pick_t *pick, uint64_t meeting)
    ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_pool_any(ngx_http_zoom_pool_t *pool,
    ngx_uint_t tier, const ngx_http_zoom_pick_t *pick, uint64_t meeting)
    ngx_http_zoom_under_lock;
static ngx_uint_t ngx_http_zoom_pool_taken(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting, uint32_t i)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_pool_count_searches(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_pool_count_t *count);
static ngx_http_zoom_lease_t *ngx_http_zoom_pool_leased(
    ngx_http_zoom_pool_t *pool, const ngx_http_zoom_picked_t *picked)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_pool_exhausted(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_exhausted_t *exhausted) ngx_http_zoom_under_lock;


ngx_int_t
ngx_http_zoom_pool_pick(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, ngx_http_zoom_picked_t *picked,
    ngx_http_zoom_exhausted_t *exhausted)
{
    uint32_t                 i, n;
    ngx_http_zoom_lessee_t     lessee;
    ngx_http_zoom_member_t  *m;

    ngx_http_zoom_pool_lessee(pool, pick, &lessee);

    ngx_memzero(exhausted, sizeof(ngx_http_zoom_exhausted_t));

    ngx_http_zoom_pool_zone_lock(pool);

    ngx_http_zoom_pool_members_wake(pool);
    ngx_http_zoom_leases_expire(pool);

    i = NGX_HTTP_ZOOM_POOL_NONE;
    n = ngx_http_zoom_pool_again(pool, &lessee, pick->avoid);

    picked->again = (n != 0);

    if (n) {
        i = pool->leases[n - 1].member;

    } else if (lessee.meeting
               && !ngx_http_zoom_lease_room(pool, lessee.caller))
    {
        exhausted->why = NGX_HTTP_ZOOM_POOL_CROWDED;

    } else {
        i = ngx_http_zoom_pool_choose(pool, pick, lessee.meeting);

        if (i == NGX_HTTP_ZOOM_POOL_NONE) {
            exhausted->why = (pool->sh->up[0] + pool->sh->up[1])
                             ? NGX_HTTP_ZOOM_POOL_ALL_LEASED
                             : NGX_HTTP_ZOOM_POOL_EMPTY;

        } else if (lessee.meeting) {
            n = ngx_http_zoom_lease_add(pool, &lessee, i);
        }
    }

    if (i == NGX_HTTP_ZOOM_POOL_NONE) {
        ngx_http_zoom_pool_exhausted(pool, exhausted);
        ngx_http_zoom_pool_zone_unlock(pool);

        return NGX_DECLINED;
    }

    m = &pool->members[i];

    m->picked++;
    pool->sh->picked++;

    picked->member = i;
    picked->member_serial = m->serial;
    picked->lease = n;
    picked->lease_serial = n ? pool->leases[n - 1].serial : 0;
    picked->len = m->len;
    ngx_memcpy(picked->name, m->name, m->len);

    ngx_http_zoom_pool_zone_unlock(pool);

    return NGX_OK;
}


static void
ngx_http_zoom_pool_lessee(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, ngx_http_zoom_lessee_t *lessee)
{
    uint64_t   caller, ids[2];
    ngx_str_t  text;

    ngx_memzero(lessee, sizeof(ngx_http_zoom_lessee_t));

    if (pick->distinct.len == 0) {
        return;
    }

    lessee->meeting = ngx_http_zoom_pool_hash(pool, &pick->distinct);

    caller = ngx_http_zoom_pool_hash(pool, &pick->caller);
    lessee->caller = caller % NGX_HTTP_ZOOM_POOL_CALLERS;

    if (pick->known) {
        lessee->bot = pick->known;

    } else if (pick->bot.len) {

        /* what others call their bots is their affair */

        ids[0] = caller;
        ids[1] = ngx_http_zoom_pool_hash(pool, &pick->bot);

        text.data = (u_char *) ids;
        text.len = sizeof(ids);

        lessee->bot = ngx_http_zoom_pool_hash(pool, &text);
    }
}


void
ngx_http_zoom_pool_taken_elsewhere(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, const ngx_str_t *user, uint64_t bot,
    ngx_msec_t left)
{
    uint32_t                 i, n;
    ngx_http_zoom_lease_t   *l;
    ngx_http_zoom_lessee_t   lessee;

    ngx_http_zoom_pool_lessee(pool, pick, &lessee);

    lessee.bot = bot;
    left = ngx_min(left, NGX_HTTP_ZOOM_POOL_ELSEWHERE);

    ngx_http_zoom_pool_zone_lock(pool);

    i = ngx_http_zoom_pool_member_named(pool, user);

    if (i != NGX_HTTP_ZOOM_POOL_NONE
        && !ngx_http_zoom_lease_of(pool, lessee.meeting, i)
        && ngx_http_zoom_lease_room(pool, lessee.caller))
    {
        n = ngx_http_zoom_lease_add(pool, &lessee, i);
        l = &pool->leases[n - 1];

        /* nobody here waits for it */

        l->waiting = 0;
        l->until = ngx_current_msec + left;
    }

    ngx_http_zoom_pool_zone_unlock(pool);
}


/* The lease that this bot has already, as long as it is of use; or 0. */

static uint32_t
ngx_http_zoom_pool_again(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_lessee_t *lessee, uint32_t avoid)
{
    uint32_t                n;
    ngx_http_zoom_lease_t  *l;

    n = ngx_http_zoom_lease_find(pool, lessee);

    if (n == 0) {
        return 0;
    }

    l = &pool->leases[n - 1];

    /* with a user who is out it would get no token */

    if (!ngx_http_zoom_member_up(&pool->members[l->member])
        || l->member + 1 == avoid
        || l->waiting == NGX_HTTP_ZOOM_LEASE_WAITING)
    {
        ngx_http_zoom_lease_free(pool, n);
        return 0;
    }

    l->waiting++;

    /* it must not end while this request is under way */

    ngx_http_zoom_lease_renew(pool, n, l->state);

    return n;
}


static uint32_t
ngx_http_zoom_pool_choose(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting)
{
    uint32_t    i;
    ngx_uint_t  tier;

    i = NGX_HTTP_ZOOM_POOL_NONE;

    for (tier = 0; tier < NGX_HTTP_ZOOM_POOL_TIERS; tier++) {

        if (pool->sh->up[tier] == 0) {
            continue;
        }

        i = (pool->sh->balance == NGX_HTTP_ZOOM_HASH)
            ? ngx_http_zoom_pool_near(pool, tier, pick, meeting)
            : ngx_http_zoom_pool_turn(pool, tier, pick, meeting);

        if (i != NGX_HTTP_ZOOM_POOL_NONE) {
            break;
        }
    }

    return i;
}


static uint32_t
ngx_http_zoom_pool_turn(ngx_http_zoom_pool_t *pool, ngx_uint_t tier,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting)
{
    uint32_t              i;
    zoom_turns_t         *turns;
    zoom_turns_search_t   search;

    turns = &pool->tiers[tier];

    search.n = 0;
    search.visits = 0;

    do {
        i = zoom_turns_next(turns, &search);

        if (i == ZOOM_TURNS_NONE) {
            i = (search.visits < turns->head->n)
                ? ngx_http_zoom_pool_any(pool, tier, pick, meeting)
                : NGX_HTTP_ZOOM_POOL_NONE;
            break;
        }

    } while (ngx_http_zoom_pool_taken(pool, pick, meeting, i));

    if (i != NGX_HTTP_ZOOM_POOL_NONE) {
        zoom_turns_took(turns, i);
    }

    return i;
}


static uint32_t
ngx_http_zoom_pool_near(ngx_http_zoom_pool_t *pool, ngx_uint_t tier,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting)
{
    uint32_t             i;
    zoom_ring_t         *ring;
    zoom_ring_search_t   search;

    ring = &pool->rings[tier];

    zoom_ring_search(ring, &search, ngx_http_zoom_str(&pick->key));

    do {
        i = zoom_ring_next(ring, &search);

        if (i == ZOOM_RING_NONE) {
            return ngx_http_zoom_pool_any(pool, tier, pick, meeting);
        }

    } while (ngx_http_zoom_pool_taken(pool, pick, meeting, i));

    return i;
}


/* A meeting with hundreds of bots: whoever is left, from some place on. */

static uint32_t
ngx_http_zoom_pool_any(ngx_http_zoom_pool_t *pool, ngx_uint_t tier,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting)
{
    uint32_t    i, at, n, probes;
    ngx_uint_t  ring;

    ring = (pool->sh->balance == NGX_HTTP_ZOOM_HASH);
    n = ring ? pool->sh->points[tier] : pool->sh->tiers[tier].n;

    if (n == 0) {
        return NGX_HTTP_ZOOM_POOL_NONE;
    }

    at = (uint32_t) ngx_random() % n;
    probes = ngx_min(n, NGX_HTTP_ZOOM_POOL_PROBES);

    while (probes--) {
        i = ring ? pool->rings[tier].points[at].member
                 : pool->tiers[tier].heap[at];

        if (!ngx_http_zoom_pool_taken(pool, pick, meeting, i)) {
            return i;
        }

        at = (at + 1 == n) ? 0 : at + 1;
    }

    return NGX_HTTP_ZOOM_POOL_NONE;
}


static ngx_uint_t
ngx_http_zoom_pool_taken(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, uint64_t meeting, uint32_t i)
{
    return pick->avoid == i + 1
           || (meeting && ngx_http_zoom_lease_of(pool, meeting, i));
}


static void
ngx_http_zoom_pool_exhausted(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_exhausted_t *exhausted)
{
    uint32_t                      i;
    ngx_msec_int_t                left;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    sh->exhausted++;
    exhausted->after = NGX_HTTP_ZOOM_POOL_AFTER;

    if (exhausted->why == NGX_HTTP_ZOOM_POOL_CROWDED) {
        sh->crowded++;
        exhausted->told = zoom_log_once(&sh->said_crowded, ngx_time());
        return;
    }

    i = zoom_turns_first(&pool->waiting);

    if (i != ZOOM_TURNS_NONE) {
        left = (ngx_msec_int_t) (pool->members[i].until - ngx_current_msec);
        left = ngx_max((left + 999) / 1000, 1);

        exhausted->after = ngx_min(exhausted->after, (time_t) left);
    }

    exhausted->told = zoom_log_once(&sh->said_exhausted, ngx_time());
}


ngx_uint_t
ngx_http_zoom_pool_used(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked)
{
    ngx_uint_t               failed;
    ngx_http_zoom_lease_t   *l;
    ngx_http_zoom_member_t  *m;

    failed = 0;
    m = &pool->members[picked->member];

    if (picked->lease == 0
        && (m->fails == 0 || m->serial != picked->member_serial))
    {
        return 0;
    }

    ngx_http_zoom_pool_zone_lock(pool);

    if (m->serial == picked->member_serial && ngx_http_zoom_member_up(m)) {
        failed = (m->fails != 0);
        m->fails = 0;
    }

    l = ngx_http_zoom_pool_leased(pool, picked);

    if (l) {
        l->waiting -= (l->waiting > 0);
        ngx_http_zoom_lease_renew(pool, picked->lease,
                                  NGX_HTTP_ZOOM_LEASE_HELD);
    }

    ngx_http_zoom_pool_zone_unlock(pool);

    return failed;
}


void
ngx_http_zoom_pool_works(ngx_http_zoom_pool_t *pool, const ngx_str_t *name)
{
    uint32_t                 i;
    ngx_http_zoom_member_t  *m;

    ngx_http_zoom_pool_zone_lock(pool);

    i = ngx_http_zoom_pool_member_named(pool, name);

    if (i != NGX_HTTP_ZOOM_POOL_NONE) {
        m = &pool->members[i];

        if (m->until == 0
            || (ngx_msec_int_t) (m->until - ngx_current_msec) <= 0)
        {
            m->fails = 0;
        }
    }

    ngx_http_zoom_pool_zone_unlock(pool);
}


void
ngx_http_zoom_pool_return(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked)
{
    ngx_http_zoom_lease_t  *l;

    if (picked->lease == 0) {
        return;
    }

    ngx_http_zoom_pool_zone_lock(pool);

    l = ngx_http_zoom_pool_leased(pool, picked);

    if (l) {
        l->waiting -= (l->waiting > 0);

        if (l->waiting == 0 && l->state == NGX_HTTP_ZOOM_LEASE_RESERVED) {
            ngx_http_zoom_lease_free(pool, picked->lease);
        }
    }

    ngx_http_zoom_pool_zone_unlock(pool);
}


void
ngx_http_zoom_pool_drop(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked)
{
    if (picked->lease == 0 || picked->again) {
        return;
    }

    ngx_http_zoom_pool_zone_lock(pool);

    if (ngx_http_zoom_pool_leased(pool, picked)) {
        ngx_http_zoom_lease_free(pool, picked->lease);
    }

    ngx_http_zoom_pool_zone_unlock(pool);
}


ngx_msec_t
ngx_http_zoom_pool_failed(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked, int code, ngx_uint_t *fails)
{
    ngx_msec_t               out;
    ngx_http_zoom_member_t  *m;

    out = 0;
    m = &pool->members[picked->member];

    ngx_http_zoom_pool_zone_lock(pool);

    pool->sh->retried++;

    if (ngx_http_zoom_pool_leased(pool, picked)) {
        ngx_http_zoom_lease_free(pool, picked->lease);
    }

    if (m->serial == picked->member_serial && ngx_http_zoom_member_up(m)) {

        out = pool->sh->fail_timeout;
        out <<= ngx_min(m->fails, 12);
        out = ngx_min(out, NGX_HTTP_ZOOM_POOL_OUT_MAX);

        m->fails++;
        m->code = code;
        m->until = ngx_current_msec + out;

        ngx_http_zoom_pool_member_place(pool, picked->member);
    }

    *fails = m->fails;

    ngx_http_zoom_pool_zone_unlock(pool);

    return out;
}


ngx_uint_t
ngx_http_zoom_pool_failed_elsewhere(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name, int code, ngx_uint_t fails, ngx_msec_t left)
{
    uint32_t                 i;
    ngx_uint_t               told;
    ngx_msec_t               until;
    ngx_http_zoom_member_t  *m;

    told = 0;

    ngx_http_zoom_pool_zone_lock(pool);

    i = ngx_http_zoom_pool_member_named(pool, name);

    if (i != NGX_HTTP_ZOOM_POOL_NONE) {
        m = &pool->members[i];
        until = ngx_current_msec + ngx_min(left, NGX_HTTP_ZOOM_POOL_OUT_MAX);

        /* what this host has told comes back, a moment later */

        told = left
               && (m->until == 0
                   || (ngx_msec_int_t) (until - m->until)
                      > NGX_HTTP_ZOOM_POOL_TICK);
    }

    if (told) {
        m->until = until;
        m->code = code;
        m->fails = ngx_max(m->fails, (uint32_t) fails);

        ngx_http_zoom_pool_member_place(pool, i);
    }

    ngx_http_zoom_pool_zone_unlock(pool);

    return told;
}


/* NULL: there was none, or it is over. */

static ngx_http_zoom_lease_t *
ngx_http_zoom_pool_leased(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked)
{
    ngx_http_zoom_lease_t  *l;

    if (picked->lease == 0) {
        return NULL;
    }

    l = &pool->leases[picked->lease - 1];

    return (l->state != NGX_HTTP_ZOOM_LEASE_FREE
            && l->serial == picked->lease_serial) ? l : NULL;
}


void
ngx_http_zoom_pool_count(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_pool_count_t *count)
{
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    ngx_http_zoom_pool_zone_lock(pool);

    ngx_http_zoom_pool_members_wake(pool);
    ngx_http_zoom_leases_expire(pool);

    count->total = sh->total;
    count->up = sh->up[0] + sh->up[1];
    count->backup = sh->up[1];
    count->down = sh->total - count->up;
    count->leased = sh->leased;
    count->nmembers = sh->nmembers;
    count->nleases = sh->nleases;
    count->picked = sh->picked;
    count->retried = sh->retried;
    count->exhausted = sh->exhausted;
    count->crowded = sh->crowded;

    ngx_http_zoom_pool_count_searches(pool, count);

    ngx_http_zoom_pool_zone_unlock(pool);
}


static void
ngx_http_zoom_pool_count_searches(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_pool_count_t *count)
{
    ngx_uint_t                          i, n;
    const ngx_http_zoom_pool_search_t  *search;

    n = 0;

    count->searched = 0;
    count->unsearched = 0;

    for (i = NGX_HTTP_ZOOM_POOL_FOUND; i < NGX_HTTP_ZOOM_POOL_SOURCES; i++) {

        if (i == NGX_HTTP_ZOOM_POOL_CREATED
            ? pool->conf->create == NULL
            : i - NGX_HTTP_ZOOM_POOL_FOUND >= pool->conf->found.nelts)
        {
            continue;
        }

        search = &pool->sh->searches[i];

        if (n++ == 0 || (uint64_t) search->complete < count->searched) {
            count->searched = search->complete;
        }

        count->unsearched += search->failed;
    }
}
