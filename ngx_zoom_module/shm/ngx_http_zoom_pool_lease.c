#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_lease.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_pool_zone.h"
#include "ngx_http_zoom_str.h"


/* so many leases end at once because of their time, or of their meeting's */

#define NGX_HTTP_ZOOM_POOL_EXPIRE   4
#define NGX_HTTP_ZOOM_POOL_END      128


/* lists of 1, 2, 4 and so on leases, while they are sorted */

#define NGX_HTTP_ZOOM_POOL_RUNS     32


static void ngx_http_zoom_lease_link(ngx_http_zoom_pool_t *pool, uint32_t n)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_lease_requeue(ngx_http_zoom_pool_t *pool,
    ngx_uint_t state) ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_lease_merge(ngx_http_zoom_lease_t *leases,
    uint32_t a, uint32_t b);
static void ngx_http_zoom_lease_queue(ngx_http_zoom_pool_t *pool, uint32_t n)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_lease_dequeue(ngx_http_zoom_pool_t *pool,
    uint32_t n) ngx_http_zoom_under_lock;
static uint32_t *ngx_http_zoom_lease_bucket(ngx_http_zoom_pool_t *pool,
    uint32_t *table, uint64_t hash);
static void ngx_http_zoom_lease_unchain(ngx_http_zoom_lease_t *leases,
    uint32_t *next, uint32_t n, size_t offset);


#define ngx_http_zoom_lease_user_hash(meeting, member)                        \
    ((meeting) + ((uint64_t) (member) + 1) * 0x9e3779b97f4a7c15)

#define ngx_http_zoom_lease_bot_hash(meeting, bot)                            \
    ((meeting) + (bot) * 0x9e3779b97f4a7c15)

/* neither of another member nor over */

#define ngx_http_zoom_lease_holds(pool, l)                                    \
    ((l)->member_serial == (pool)->members[(l)->member].serial                \
     && (ngx_msec_int_t) ((l)->until - ngx_current_msec) > 0)


uint64_t
ngx_http_zoom_pool_hash(ngx_http_zoom_pool_t *pool, const ngx_str_t *text)
{
    uint64_t  hash;

    hash = zoom_hash(pool->sh->seed, ngx_http_zoom_str(text));

    return hash ? hash : 1;
}


void
ngx_http_zoom_lease_renew(ngx_http_zoom_pool_t *pool, uint32_t n,
    ngx_http_zoom_lease_state_e state)
{
    ngx_http_zoom_lease_t  *l;

    l = &pool->leases[n - 1];

    ngx_http_zoom_lease_dequeue(pool, n);

    l->until = ngx_current_msec + ((state == NGX_HTTP_ZOOM_LEASE_HELD)
                                   ? pool->sh->lease
                                   : NGX_HTTP_ZOOM_POOL_RESERVE);
    l->state = state;

    ngx_http_zoom_lease_queue(pool, n);
}


ngx_uint_t
ngx_http_zoom_pool_release(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *distinct, const ngx_str_t *user)
{
    uint64_t                 meeting;
    uint32_t                 n, next;
    ngx_uint_t               ended, all;
    ngx_http_zoom_lease_t   *l;
    ngx_http_zoom_member_t  *m;

    if (distinct->len == 0) {
        return 0;
    }

    all = 0;
    meeting = ngx_http_zoom_pool_hash(pool, distinct);

    do {
        ended = 0;

        ngx_http_zoom_pool_zone_lock(pool);

        n = *ngx_http_zoom_lease_bucket(pool, pool->by_meeting, meeting);

        for ( /* void */ ; n && ended < NGX_HTTP_ZOOM_POOL_END; n = next) {
            l = &pool->leases[n - 1];
            m = &pool->members[l->member];
            next = l->next_meeting;

            if (l->meeting == meeting
                && (user->len == 0
                    || (m->len == user->len
                        && ngx_strncasecmp(m->name, user->data, m->len)
                           == 0)))
            {
                ngx_http_zoom_lease_free(pool, n);
                ended++;
            }
        }

        ngx_http_zoom_pool_zone_unlock(pool);

        all += ended;

    } while (ended == NGX_HTTP_ZOOM_POOL_END);

    return all;
}


uint32_t
ngx_http_zoom_lease_find(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_lessee_t *lessee)
{
    uint32_t                n;
    ngx_http_zoom_lease_t  *l;

    if (lessee->bot == 0) {
        return 0;
    }

    for (n = *ngx_http_zoom_lease_bucket(pool, pool->by_bot,
                         ngx_http_zoom_lease_bot_hash(lessee->meeting,
                                                      lessee->bot));
         n;
         n = l->next_bot)
    {
        l = &pool->leases[n - 1];

        if (l->meeting == lessee->meeting && l->bot == lessee->bot
            && ngx_http_zoom_lease_holds(pool, l))
        {
            break;
        }
    }

    return n;
}


/*
 * One caller gets half of what is free, so that there is always something left
 * for others, whatever it sends (Choudhury, Hahne, 1998).
 */

ngx_uint_t
ngx_http_zoom_lease_room(ngx_http_zoom_pool_t *pool, unsigned char caller)
{
    return pool->sh->callers[caller] < pool->sh->nleases - pool->sh->leased;
}


uint32_t
ngx_http_zoom_lease_add(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_lessee_t *lessee, uint32_t member)
{
    uint32_t                      n;
    ngx_http_zoom_lease_t        *l;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    if (sh->free_lease) {
        n = sh->free_lease;
        sh->free_lease = pool->leases[n - 1].next_meeting;

    } else {
        n = ++sh->leases;
    }

    l = &pool->leases[n - 1];

    l->meeting = lessee->meeting;
    l->bot = lessee->bot;
    l->until = ngx_current_msec + NGX_HTTP_ZOOM_POOL_RESERVE;
    l->member = member;
    l->member_serial = pool->members[member].serial;
    l->serial = ++sh->serial;
    l->caller = lessee->caller;
    l->waiting = 1;

    ngx_memory_barrier();

    l->state = NGX_HTTP_ZOOM_LEASE_RESERVED;

    ngx_http_zoom_lease_link(pool, n);
    ngx_http_zoom_lease_queue(pool, n);

    ngx_http_zoom_pool_member_leases(pool, member, 1);

    return n;
}


static void
ngx_http_zoom_lease_link(ngx_http_zoom_pool_t *pool, uint32_t n)
{
    uint32_t               *bucket;
    ngx_http_zoom_lease_t  *l;

    l = &pool->leases[n - 1];

    bucket = ngx_http_zoom_lease_bucket(pool, pool->by_user,
                         ngx_http_zoom_lease_user_hash(l->meeting, l->member));
    l->next_user = *bucket;
    *bucket = n;

    if (l->bot) {
        bucket = ngx_http_zoom_lease_bucket(pool, pool->by_bot,
                         ngx_http_zoom_lease_bot_hash(l->meeting, l->bot));
        l->next_bot = *bucket;
        *bucket = n;
    }

    bucket = ngx_http_zoom_lease_bucket(pool, pool->by_meeting, l->meeting);

    l->next_meeting = *bucket;
    l->prev_meeting = 0;

    if (l->next_meeting) {
        pool->leases[l->next_meeting - 1].prev_meeting = n;
    }

    *bucket = n;

    pool->sh->leased++;
    pool->sh->callers[l->caller]++;
}


void
ngx_http_zoom_lease_free(ngx_http_zoom_pool_t *pool, uint32_t n)
{
    uint32_t               *bucket;
    ngx_http_zoom_lease_t  *l;

    l = &pool->leases[n - 1];

    ngx_http_zoom_lease_dequeue(pool, n);

    bucket = ngx_http_zoom_lease_bucket(pool, pool->by_user,
                         ngx_http_zoom_lease_user_hash(l->meeting, l->member));

    ngx_http_zoom_lease_unchain(pool->leases, bucket, n,
                                offsetof(ngx_http_zoom_lease_t, next_user));

    if (l->bot) {
        bucket = ngx_http_zoom_lease_bucket(pool, pool->by_bot,
                         ngx_http_zoom_lease_bot_hash(l->meeting, l->bot));

        ngx_http_zoom_lease_unchain(pool->leases, bucket, n,
                                offsetof(ngx_http_zoom_lease_t, next_bot));
    }

    if (l->prev_meeting) {
        pool->leases[l->prev_meeting - 1].next_meeting = l->next_meeting;

    } else {
        *ngx_http_zoom_lease_bucket(pool, pool->by_meeting, l->meeting)
            = l->next_meeting;
    }

    if (l->next_meeting) {
        pool->leases[l->next_meeting - 1].prev_meeting = l->prev_meeting;
    }

    pool->sh->leased--;
    pool->sh->callers[l->caller]--;

    if (l->member_serial == pool->members[l->member].serial) {
        ngx_http_zoom_pool_member_leases(pool, l->member, -1);
    }

    l->state = NGX_HTTP_ZOOM_LEASE_FREE;
    l->serial = 0;
    l->next_meeting = pool->sh->free_lease;

    pool->sh->free_lease = n;
}


ngx_uint_t
ngx_http_zoom_lease_of(ngx_http_zoom_pool_t *pool, uint64_t meeting,
    uint32_t member)
{
    uint32_t                n;
    ngx_http_zoom_lease_t  *l;

    for (n = *ngx_http_zoom_lease_bucket(pool, pool->by_user,
                             ngx_http_zoom_lease_user_hash(meeting, member));
         n;
         n = l->next_user)
    {
        l = &pool->leases[n - 1];

        if (l->meeting == meeting && l->member == member
            && ngx_http_zoom_lease_holds(pool, l))
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_zoom_leases_expire(ngx_http_zoom_pool_t *pool)
{
    uint32_t                n;
    ngx_uint_t              i, state;
    ngx_http_zoom_lease_t  *l;

    for (state = NGX_HTTP_ZOOM_LEASE_RESERVED;
         state <= NGX_HTTP_ZOOM_LEASE_HELD;
         state++)
    {
        for (i = 0; i < NGX_HTTP_ZOOM_POOL_EXPIRE; i++) {
            n = pool->sh->queues[state].oldest;

            if (n == 0) {
                break;
            }

            l = &pool->leases[n - 1];

            if ((ngx_msec_int_t) (l->until - ngx_current_msec) > 0) {
                break;
            }

            ngx_http_zoom_lease_free(pool, n);
        }
    }
}


/* All of one state last equally long, so the newest ends last. */

static void
ngx_http_zoom_lease_queue(ngx_http_zoom_pool_t *pool, uint32_t n)
{
    ngx_http_zoom_lease_t        *l;
    ngx_http_zoom_lease_queue_t  *queue;

    l = &pool->leases[n - 1];
    queue = &pool->sh->queues[l->state];

    l->older = queue->newest;
    l->newer = 0;

    if (l->older) {
        pool->leases[l->older - 1].newer = n;

    } else {
        queue->oldest = n;
    }

    queue->newest = n;
}


static void
ngx_http_zoom_lease_dequeue(ngx_http_zoom_pool_t *pool, uint32_t n)
{
    ngx_http_zoom_lease_t        *l;
    ngx_http_zoom_lease_queue_t  *queue;

    l = &pool->leases[n - 1];
    queue = &pool->sh->queues[l->state];

    if (l->older) {
        pool->leases[l->older - 1].newer = l->newer;

    } else {
        queue->oldest = l->newer;
    }

    if (l->newer) {
        pool->leases[l->newer - 1].older = l->older;

    } else {
        queue->newest = l->older;
    }
}


static uint32_t *
ngx_http_zoom_lease_bucket(ngx_http_zoom_pool_t *pool, uint32_t *table,
    uint64_t hash)
{
    hash ^= hash >> 32;

    return &table[hash & (pool->sh->nbuckets - 1)];
}


/* From a chain whose links are "offset" bytes within each lease. */

static void
ngx_http_zoom_lease_unchain(ngx_http_zoom_lease_t *leases, uint32_t *next,
    uint32_t n, size_t offset)
{
    uint32_t  *link;

    link = (uint32_t *) ((u_char *) &leases[n - 1] + offset);

    while (*next) {

        if (*next == n) {
            *next = *link;
            return;
        }

        next = (uint32_t *) ((u_char *) &leases[*next - 1] + offset);
    }
}


void
ngx_http_zoom_pool_leases_cut(ngx_http_zoom_pool_t *pool, ngx_msec_t lease)
{
    uint32_t                n;
    ngx_msec_t              until;
    ngx_http_zoom_lease_t  *l;

    if (lease >= pool->sh->lease) {
        return;
    }

    until = ngx_current_msec + lease;

    for (n = pool->sh->queues[NGX_HTTP_ZOOM_LEASE_HELD].newest;
         n;
         n = l->older)
    {
        l = &pool->leases[n - 1];

        if ((ngx_msec_int_t) (l->until - until) <= 0) {
            break;
        }

        l->until = until;
    }
}


void
ngx_http_zoom_pool_leases_index(ngx_http_zoom_pool_t *pool)
{
    uint32_t                      i, n;
    ngx_http_zoom_lease_t        *l;
    ngx_http_zoom_pool_shared_t  *sh;

    sh = pool->sh;

    sh->leased = 0;
    sh->free_lease = 0;
    sh->leases = ngx_min(sh->leases, sh->nleases);

    ngx_memzero(sh->callers, sizeof(sh->callers));
    ngx_memzero(sh->queues, sizeof(sh->queues));
    ngx_memzero(pool->by_user, sh->nbuckets * sizeof(uint32_t));
    ngx_memzero(pool->by_bot, sh->nbuckets * sizeof(uint32_t));
    ngx_memzero(pool->by_meeting, sh->nbuckets * sizeof(uint32_t));

    for (i = 0; i < sh->members; i++) {
        pool->waiting.turns[i].leases = 0;
    }

    for (n = 1; n <= sh->leases; n++) {
        l = &pool->leases[n - 1];

        if (l->state == NGX_HTTP_ZOOM_LEASE_FREE) {
            l->next_meeting = sh->free_lease;
            sh->free_lease = n;
            continue;
        }

        ngx_http_zoom_lease_link(pool, n);

        if (l->member_serial == pool->members[l->member].serial) {
            pool->waiting.turns[l->member].leases++;
        }
    }

    ngx_http_zoom_lease_requeue(pool, NGX_HTTP_ZOOM_LEASE_RESERVED);
    ngx_http_zoom_lease_requeue(pool, NGX_HTTP_ZOOM_LEASE_HELD);
}


/* Those that end first have to come first: a list, sorted by merging. */

static void
ngx_http_zoom_lease_requeue(ngx_http_zoom_pool_t *pool, ngx_uint_t state)
{
    uint32_t                n, next, list, runs[NGX_HTTP_ZOOM_POOL_RUNS];
    ngx_uint_t              i;
    ngx_http_zoom_lease_t  *l;

    ngx_memzero(runs, sizeof(runs));

    for (n = 1; n <= pool->sh->leases; n++) {
        l = &pool->leases[n - 1];

        if (l->state != state) {
            continue;
        }

        l->newer = 0;
        list = n;

        for (i = 0; i < NGX_HTTP_ZOOM_POOL_RUNS - 1 && runs[i]; i++) {
            list = ngx_http_zoom_lease_merge(pool->leases, runs[i], list);
            runs[i] = 0;
        }

        runs[i] = list;
    }

    list = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_POOL_RUNS; i++) {
        list = ngx_http_zoom_lease_merge(pool->leases, runs[i], list);
    }

    for (n = list; n; n = next) {
        next = pool->leases[n - 1].newer;
        ngx_http_zoom_lease_queue(pool, n);
    }
}


static uint32_t
ngx_http_zoom_lease_merge(ngx_http_zoom_lease_t *leases, uint32_t a,
    uint32_t b)
{
    uint32_t  list, *last;

    last = &list;

    while (a && b) {

        if ((ngx_msec_int_t) (leases[b - 1].until - leases[a - 1].until) < 0) {
            *last = b;
            last = &leases[b - 1].newer;
            b = *last;

        } else {
            *last = a;
            last = &leases[a - 1].newer;
            a = *last;
        }
    }

    *last = a ? a : b;

    return list;
}
