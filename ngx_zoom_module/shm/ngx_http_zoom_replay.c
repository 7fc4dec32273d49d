#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ngx_http_zoom_full.h"
#include "ngx_http_zoom_replay.h"


/* what the members have room for; zoom_replay has 1000 at most */
#define NGX_HTTP_ZOOM_SPENT_MAX       32767
#define NGX_HTTP_ZOOM_RESERVED_MAX    65535


static ngx_http_zoom_seen_t *ngx_http_zoom_replay_known(
    const ngx_http_zoom_reserved_t *reserved, time_t now);
static ngx_uint_t ngx_http_zoom_replay_repeats(
    const ngx_http_zoom_seen_t *seen, const ngx_http_zoom_digest_t *request,
    time_t now);
static ngx_uint_t ngx_http_zoom_replay_gone(uint32_t owner);
static uint32_t ngx_http_zoom_replay_turn(void);
static void ngx_http_zoom_replay_first(ngx_http_zoom_seen_t *seen,
    ngx_http_zoom_reserved_t *reserved, const ngx_http_zoom_digest_t *request,
    time_t now);
static void ngx_http_zoom_replay_join(ngx_http_zoom_seen_t *seen,
    ngx_http_zoom_reserved_t *reserved, time_t now);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_reserved(
    const ngx_http_zoom_reserved_t *reserved);
static ngx_uint_t ngx_http_zoom_replay_spend(
    const ngx_http_zoom_reserved_t *reserved, time_t now);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_set(
    const ngx_http_zoom_reserved_t *reserved, ngx_uint_t second);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_find(
    const ngx_http_zoom_reserved_t *reserved);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_place(
    const ngx_http_zoom_reserved_t *reserved, time_t now);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_free(
    ngx_http_zoom_seen_t *set, time_t now, ngx_uint_t *n);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_oldest(
    ngx_http_zoom_seen_t *set, ngx_http_zoom_seen_t *oldest);
static void ngx_http_zoom_replay_write(ngx_http_zoom_seen_t *seen,
    const ngx_http_zoom_seen_t *from);


static ngx_http_zoom_zone_t  *ngx_http_zoom_replay_zone;


void
ngx_http_zoom_replay_attach(ngx_http_zoom_zone_t *zone)
{
    ngx_http_zoom_replay_zone = zone;
}


ngx_int_t
ngx_http_zoom_replay_digest(ngx_http_zoom_digest_t *digest,
    const ngx_str_t *parts, ngx_uint_t n)
{
    u_char        sum[EVP_MAX_MD_SIZE];
    uint64_t      len;
    ngx_int_t     rc;
    ngx_uint_t    i;
    EVP_MD_CTX   *md;

    if (ngx_http_zoom_replay_zone == NULL) {
        return NGX_ERROR;
    }

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = EVP_DigestInit_ex(md, EVP_sha256(), NULL)
         && EVP_DigestUpdate(md, ngx_http_zoom_replay_zone->sh->seed,
                             NGX_HTTP_ZOOM_SEED_LEN);

    for (i = 0; rc && i < n; i++) {
        len = parts[i].len;

        rc = EVP_DigestUpdate(md, &len, sizeof(len))
             && EVP_DigestUpdate(md, parts[i].data, parts[i].len);
    }

    rc = rc && EVP_DigestFinal_ex(md, sum, NULL);

    EVP_MD_CTX_free(md);

    if (!rc) {
        return NGX_ERROR;
    }

    ngx_memcpy(digest->sum, sum, NGX_HTTP_ZOOM_SEEN_LEN);

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_replay_reserve_id(ngx_http_zoom_reserved_t *reserved,
    const ngx_http_zoom_digest_t *request, time_t until)
{
    time_t                 now;
    ngx_int_t              rc;
    ngx_http_zoom_seen_t  *seen;

    now = ngx_time();

    reserved->turn = 0;
    reserved->until = until;
    reserved->kind = NGX_HTTP_ZOOM_REPLAY_ID;

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_known(reserved, now);

    if (seen && (time_t) seen->until >= now) {

        if (!ngx_http_zoom_replay_repeats(seen, request, now)) {
            rc = seen->count ? NGX_DECLINED : NGX_AGAIN;
            goto done;
        }

        if (seen->count == 0) {
            ngx_http_zoom_replay_join(seen, reserved, now);
        }

        rc = NGX_OK;
        goto done;
    }

    if (seen == NULL) {
        seen = ngx_http_zoom_replay_place(reserved, now);
    }

    if (seen == NULL) {
        rc = NGX_BUSY;
        goto done;
    }

    ngx_http_zoom_replay_first(seen, reserved, request, now);

    rc = NGX_OK;

done:

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    if (rc == NGX_BUSY) {
        ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_WEBHOOKS + reserved->kind,
                           ngx_cycle->log);
    }

    return rc;
}


ngx_int_t
ngx_http_zoom_replay_look(const ngx_http_zoom_digest_t *digest)
{
    time_t                     now;
    ngx_int_t                  rc;
    ngx_http_zoom_seen_t      *seen;
    ngx_http_zoom_reserved_t   reserved;

    rc = NGX_OK;
    now = ngx_time();

    reserved.digest = *digest;
    reserved.kind = NGX_HTTP_ZOOM_REPLAY_ID;

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_known(&reserved, now);

    if (seen && (time_t) seen->until >= now) {
        rc = seen->count ? NGX_DECLINED : NGX_AGAIN;
    }

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    return rc;
}


ngx_int_t
ngx_http_zoom_replay_reserve_body(ngx_http_zoom_reserved_t *reserved,
    time_t window, ngx_uint_t count)
{
    time_t                 now;
    ngx_int_t              rc;
    ngx_uint_t             lost;
    ngx_http_zoom_seen_t  *seen;

    static const ngx_http_zoom_digest_t  nothing;

    rc = NGX_OK;
    lost = 0;
    now = ngx_time();

    reserved->turn = 0;
    reserved->until = now + window;
    reserved->kind = NGX_HTTP_ZOOM_REPLAY_BODY;

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_known(reserved, now);

    if (seen && now - (time_t) seen->first < window) {

        if ((ngx_uint_t) seen->count + seen->reserved >= count) {
            rc = (seen->count >= count) ? NGX_DECLINED : NGX_AGAIN;
            goto done;
        }

        reserved->until = seen->first + window;

        ngx_http_zoom_replay_join(seen, reserved, now);

        goto done;
    }

    if (seen == NULL) {
        seen = ngx_http_zoom_replay_place(reserved, now);

        if (seen == NULL) {
            lost = 1;
            goto done;
        }

        lost = ((time_t) seen->until >= now);
    }

    ngx_http_zoom_replay_first(seen, reserved, &nothing, now);

done:

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    if (lost) {
        ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_WEBHOOKS + reserved->kind,
                           ngx_cycle->log);
    }

    return rc;
}


ngx_int_t
ngx_http_zoom_replay_reserve_delivery(ngx_http_zoom_reserved_t *reserved,
    time_t until)
{
    time_t                 now;
    ngx_int_t              rc;
    ngx_uint_t             lost;
    ngx_http_zoom_seen_t  *seen;

    static const ngx_http_zoom_digest_t  nothing;

    rc = NGX_OK;
    lost = 0;
    now = ngx_time();

    reserved->turn = 0;
    reserved->until = until;
    reserved->kind = NGX_HTTP_ZOOM_REPLAY_DELIVERY;

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_known(reserved, now);

    if (seen && (time_t) seen->until >= now) {
        rc = seen->count ? NGX_DECLINED : NGX_AGAIN;
        goto done;
    }

    if (seen == NULL) {
        seen = ngx_http_zoom_replay_place(reserved, now);
    }

    /* whoever is here may give way, so there is a place */

    if (seen == NULL) {
        rc = NGX_BUSY;
        goto done;
    }

    lost = ((time_t) seen->until >= now);

    ngx_http_zoom_replay_first(seen, reserved, &nothing, now);

done:

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    if (lost) {
        ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_WEBHOOKS + reserved->kind,
                           ngx_cycle->log);
    }

    return rc;
}


void
ngx_http_zoom_replay_commit(ngx_http_zoom_reserved_t *reserved)
{
    ngx_uint_t             lost;
    ngx_http_zoom_seen_t  *seen;

    if (reserved->turn == 0) {
        return;
    }

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    lost = ngx_http_zoom_replay_spend(reserved, ngx_time());

    seen = ngx_http_zoom_replay_reserved(reserved);

    if (seen) {
        seen->reserved--;
    }

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    reserved->turn = 0;

    if (lost) {
        ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_WEBHOOKS + reserved->kind,
                           ngx_cycle->log);
    }
}


void
ngx_http_zoom_replay_release(ngx_http_zoom_reserved_t *reserved)
{
    ngx_http_zoom_seen_t  *seen;

    if (reserved->turn == 0) {
        return;
    }

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_reserved(reserved);

    if (seen && --seen->reserved == 0 && seen->count == 0) {
        seen->until = 0;
    }

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    reserved->turn = 0;
}


/*
 * Under lock, as all functions below.  What is remembered of a proof, without
 * reservations that have lapsed; NULL: nothing.
 */

static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_known(const ngx_http_zoom_reserved_t *reserved,
    time_t now)
{
    ngx_http_zoom_seen_t  *seen;

    seen = ngx_http_zoom_replay_find(reserved);

    if (seen == NULL || seen->reserved == 0) {
        return seen;
    }

    if ((time_t) seen->lapses >= now
        && !ngx_http_zoom_replay_gone(seen->owner))
    {
        return seen;
    }

    /* a reservation that has given way finds another's turn when it ends */

    seen->reserved = 0;
    seen->turn = ngx_http_zoom_replay_turn();

    if (seen->count == 0) {
        seen->until = 0;
        return NULL;
    }

    return seen;
}


static ngx_uint_t
ngx_http_zoom_replay_repeats(const ngx_http_zoom_seen_t *seen,
    const ngx_http_zoom_digest_t *request, time_t now)
{
    return CRYPTO_memcmp(seen->request, request->sum,
                         NGX_HTTP_ZOOM_SEEN_REQUEST)
           == 0
           && now - (time_t) seen->first <= NGX_HTTP_ZOOM_REPEAT;
}


static ngx_uint_t
ngx_http_zoom_replay_gone(uint32_t owner)
{
    return owner != (uint32_t) ngx_pid
           && kill((ngx_pid_t) owner, 0) == -1
           && ngx_errno == NGX_ESRCH;
}


static uint32_t
ngx_http_zoom_replay_turn(void)
{
    ngx_http_zoom_shared_t  *sh;

    sh = ngx_http_zoom_replay_zone->sh;

    if (++sh->turns == 0) {
        sh->turns = 1;
    }

    return sh->turns;
}


static void
ngx_http_zoom_replay_first(ngx_http_zoom_seen_t *seen,
    ngx_http_zoom_reserved_t *reserved, const ngx_http_zoom_digest_t *request,
    time_t now)
{
    ngx_http_zoom_seen_t  new;

    ngx_memcpy(new.digest, reserved->digest.sum, NGX_HTTP_ZOOM_SEEN_LEN);
    ngx_memcpy(new.request, request->sum, NGX_HTTP_ZOOM_SEEN_REQUEST);

    new.first = now;
    new.until = now + reserved->lasts;
    new.lapses = new.until;
    new.turn = ngx_http_zoom_replay_turn();
    new.owner = ngx_pid;
    new.reserved = 1;
    new.count = 0;
    new.yields = (reserved->kind != NGX_HTTP_ZOOM_REPLAY_ID);

    ngx_http_zoom_replay_write(seen, &new);

    reserved->seen = seen;
    reserved->turn = new.turn;
}


/*
 * Several requests share a turn, and the latest of them owns it.  If too many
 * identical ones run at once, one of them leaves no trace.
 */

static void
ngx_http_zoom_replay_join(ngx_http_zoom_seen_t *seen,
    ngx_http_zoom_reserved_t *reserved, time_t now)
{
    if (seen->reserved == NGX_HTTP_ZOOM_RESERVED_MAX) {
        return;
    }

    seen->owner = ngx_pid;
    seen->lapses = ngx_max(seen->lapses, (uint32_t) (now + reserved->lasts));
    seen->until = ngx_max(seen->until, seen->lapses);
    seen->reserved++;

    reserved->seen = seen;
    reserved->turn = seen->turn;
}


/* NULL: it has lapsed, or has given way. */

static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_reserved(const ngx_http_zoom_reserved_t *reserved)
{
    ngx_http_zoom_seen_t  *seen;

    seen = reserved->seen;

    return (seen->turn == reserved->turn && seen->until && seen->reserved)
           ? seen : NULL;
}


/* 1 if there was no room to remember it. */

static ngx_uint_t
ngx_http_zoom_replay_spend(const ngx_http_zoom_reserved_t *reserved,
    time_t now)
{
    ngx_http_zoom_seen_t  *seen, new;

    seen = ngx_http_zoom_replay_reserved(reserved);

    if (seen == NULL) {
        seen = ngx_http_zoom_replay_find(reserved);
    }

    if (seen) {
        seen->until = ngx_max(seen->until, reserved->until);
        seen->count += (seen->count < NGX_HTTP_ZOOM_SPENT_MAX);
        return 0;
    }

    seen = ngx_http_zoom_replay_place(reserved, now);

    if (seen == NULL) {
        return 1;
    }

    ngx_memzero(&new, sizeof(ngx_http_zoom_seen_t));
    ngx_memcpy(new.digest, reserved->digest.sum, NGX_HTTP_ZOOM_SEEN_LEN);

    new.first = now;
    new.until = reserved->until;
    new.turn = ngx_http_zoom_replay_turn();
    new.count = 1;
    new.yields = (reserved->kind != NGX_HTTP_ZOOM_REPLAY_ID);

    ngx_http_zoom_replay_write(seen, &new);

    return 0;
}


/* Every digest has two sets where it may be. */

static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_set(const ngx_http_zoom_reserved_t *reserved,
    ngx_uint_t second)
{
    uint32_t               n, nsets;
    ngx_http_zoom_zone_t  *zone;
    ngx_http_zoom_seen_t  *table;

    zone = ngx_http_zoom_replay_zone;

    if (reserved->kind == NGX_HTTP_ZOOM_REPLAY_DELIVERY) {
        table = zone->deliveries;
        nsets = zone->sh->ndeliveries;

    } else {
        table = zone->seen;
        nsets = zone->sh->nseen;
    }

    ngx_memcpy(&n, reserved->digest.sum + (second ? sizeof(n) : 0),
               sizeof(n));

    return table + (size_t) (n % nsets) * NGX_HTTP_ZOOM_WAYS;
}


static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_find(const ngx_http_zoom_reserved_t *reserved)
{
    ngx_uint_t             i, k;
    ngx_http_zoom_seen_t  *set;

    for (k = 0; k < 2; k++) {
        set = ngx_http_zoom_replay_set(reserved, k);

        for (i = 0; i < NGX_HTTP_ZOOM_WAYS; i++) {
            if (set[i].until
                && CRYPTO_memcmp(set[i].digest, reserved->digest.sum,
                                 NGX_HTTP_ZOOM_SEEN_LEN)
                   == 0)
            {
                return &set[i];
            }
        }
    }

    return NULL;
}


/* The emptier set of the two, so that one is rarely full before all are. */

static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_place(const ngx_http_zoom_reserved_t *reserved,
    time_t now)
{
    ngx_uint_t             n[2];
    ngx_http_zoom_seen_t  *set[2], *place[2];

    set[0] = ngx_http_zoom_replay_set(reserved, 0);
    set[1] = ngx_http_zoom_replay_set(reserved, 1);

    place[0] = ngx_http_zoom_replay_free(set[0], now, &n[0]);
    place[1] = ngx_http_zoom_replay_free(set[1], now, &n[1]);

    if (n[0] || n[1]) {
        return (n[0] >= n[1]) ? place[0] : place[1];
    }

    return ngx_http_zoom_replay_oldest(set[1],
                                       ngx_http_zoom_replay_oldest(set[0],
                                                                   NULL));
}


static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_free(ngx_http_zoom_seen_t *set, time_t now, ngx_uint_t *n)
{
    ngx_uint_t             i;
    ngx_http_zoom_seen_t  *place;

    *n = 0;
    place = NULL;

    for (i = 0; i < NGX_HTTP_ZOOM_WAYS; i++) {
        if ((time_t) set[i].until < now) {
            place = &set[i];
            (*n)++;
        }
    }

    return place;
}


static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_oldest(ngx_http_zoom_seen_t *set,
    ngx_http_zoom_seen_t *oldest)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_ZOOM_WAYS; i++) {
        if (set[i].yields
            && (oldest == NULL || set[i].first < oldest->first))
        {
            oldest = &set[i];
        }
    }

    return oldest;
}


/* Whoever dies in between leaves a free place. */

static void
ngx_http_zoom_replay_write(ngx_http_zoom_seen_t *seen,
    const ngx_http_zoom_seen_t *from)
{
    seen->until = 0;

    ngx_memory_barrier();

    ngx_memcpy(seen->digest, from->digest, NGX_HTTP_ZOOM_SEEN_LEN);
    ngx_memcpy(seen->request, from->request, NGX_HTTP_ZOOM_SEEN_REQUEST);

    seen->first = from->first;
    seen->lapses = from->lapses;
    seen->turn = from->turn;
    seen->owner = from->owner;
    seen->reserved = from->reserved;
    seen->count = from->count;
    seen->yields = from->yields;

    ngx_memory_barrier();

    seen->until = from->until;
}
