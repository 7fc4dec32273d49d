#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ngx_http_zoom_replay.h"


/* seconds between two complaints of a worker about a lack of room */
#define NGX_HTTP_ZOOM_REPLAY_SILENCE  60


static ngx_http_zoom_seen_t *ngx_http_zoom_replay_set(
    const ngx_http_zoom_digest_t *digest, ngx_uint_t second);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_find(
    const ngx_http_zoom_digest_t *digest);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_place(
    const ngx_http_zoom_digest_t *digest, time_t now);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_free(
    ngx_http_zoom_seen_t *set, time_t now, ngx_uint_t *n);
static ngx_http_zoom_seen_t *ngx_http_zoom_replay_oldest(
    ngx_http_zoom_seen_t *set, ngx_http_zoom_seen_t *oldest);
static void ngx_http_zoom_replay_write(ngx_http_zoom_seen_t *seen,
    const ngx_http_zoom_seen_t *from);
static void ngx_http_zoom_replay_complain(time_t *last, const char *what);


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
ngx_http_zoom_replay_id(const ngx_http_zoom_digest_t *id,
    const ngx_http_zoom_digest_t *request, time_t until)
{
    time_t                 now;
    ngx_int_t              rc;
    ngx_http_zoom_seen_t  *seen, new;

    static time_t  told;

    now = ngx_time();

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_find(id);

    if (seen && (time_t) seen->until >= now) {

        rc = (CRYPTO_memcmp(seen->request, request->sum,
                            NGX_HTTP_ZOOM_SEEN_LEN)
              == 0
              && now - (time_t) seen->first <= NGX_HTTP_ZOOM_REPEAT)
             ? NGX_OK : NGX_DECLINED;

        goto done;
    }

    if (seen == NULL) {
        seen = ngx_http_zoom_replay_place(id, now);
    }

    if (seen == NULL) {
        rc = NGX_BUSY;
        goto done;
    }

    ngx_memcpy(new.digest, id->sum, NGX_HTTP_ZOOM_SEEN_LEN);
    ngx_memcpy(new.request, request->sum, NGX_HTTP_ZOOM_SEEN_LEN);

    new.first = now;
    new.until = until;
    new.count = 1;
    new.yields = 0;

    ngx_http_zoom_replay_write(seen, &new);

    rc = NGX_OK;

done:

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    if (rc == NGX_BUSY) {
        ngx_http_zoom_replay_complain(&told, "webhooks");
    }

    return rc;
}


ngx_int_t
ngx_http_zoom_replay_body(const ngx_http_zoom_digest_t *body, time_t window,
    ngx_uint_t count)
{
    time_t                 now;
    ngx_int_t              rc;
    ngx_uint_t             lost;
    ngx_http_zoom_seen_t  *seen, new;

    static time_t  told;

    rc = NGX_OK;
    lost = 0;
    now = ngx_time();

    ngx_shmtx_lock(&ngx_http_zoom_replay_zone->shpool->mutex);

    seen = ngx_http_zoom_replay_find(body);

    if (seen && now - (time_t) seen->first < window) {

        if (seen->count >= count) {
            rc = NGX_DECLINED;
            goto done;
        }

        seen->until = ngx_max(seen->until, (uint32_t) (seen->first + window));
        seen->count++;

        goto done;
    }

    if (seen == NULL) {
        seen = ngx_http_zoom_replay_place(body, now);

        if (seen == NULL) {
            lost = 1;
            goto done;
        }

        lost = ((time_t) seen->until >= now);
    }

    ngx_memcpy(new.digest, body->sum, NGX_HTTP_ZOOM_SEEN_LEN);
    ngx_memzero(new.request, NGX_HTTP_ZOOM_SEEN_LEN);

    new.first = now;
    new.until = now + window;
    new.count = 1;
    new.yields = 1;

    ngx_http_zoom_replay_write(seen, &new);

done:

    ngx_shmtx_unlock(&ngx_http_zoom_replay_zone->shpool->mutex);

    if (lost) {
        ngx_http_zoom_replay_complain(&told, "bodies for so long");
    }

    return rc;
}


/* Every digest has two sets where it may be. */

static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_set(const ngx_http_zoom_digest_t *digest,
    ngx_uint_t second)
{
    uint32_t               n;
    ngx_http_zoom_zone_t  *zone;

    zone = ngx_http_zoom_replay_zone;

    ngx_memcpy(&n, digest->sum + (second ? sizeof(n) : 0), sizeof(n));

    return zone->seen + (size_t) (n % zone->sh->nseen) * NGX_HTTP_ZOOM_WAYS;
}


/* Under lock, as all that follow. */

static ngx_http_zoom_seen_t *
ngx_http_zoom_replay_find(const ngx_http_zoom_digest_t *digest)
{
    ngx_uint_t             i, k;
    ngx_http_zoom_seen_t  *set;

    for (k = 0; k < 2; k++) {
        set = ngx_http_zoom_replay_set(digest, k);

        for (i = 0; i < NGX_HTTP_ZOOM_WAYS; i++) {
            if (set[i].until
                && CRYPTO_memcmp(set[i].digest, digest->sum,
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
ngx_http_zoom_replay_place(const ngx_http_zoom_digest_t *digest, time_t now)
{
    ngx_uint_t             n[2];
    ngx_http_zoom_seen_t  *set[2], *place[2];

    set[0] = ngx_http_zoom_replay_set(digest, 0);
    set[1] = ngx_http_zoom_replay_set(digest, 1);

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
    ngx_memcpy(seen->request, from->request, NGX_HTTP_ZOOM_SEEN_LEN);

    seen->first = from->first;
    seen->count = from->count;
    seen->yields = from->yields;

    ngx_memory_barrier();

    seen->until = from->until;
}


static void
ngx_http_zoom_replay_complain(time_t *last, const char *what)
{
    time_t  now;

    now = ngx_time();

    if (*last && now - *last < NGX_HTTP_ZOOM_REPLAY_SILENCE) {
        return;
    }

    *last = now;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "zoom: there is no room to remember so many %s, increase "
                  "\"zoom_zone\"", what);
}
