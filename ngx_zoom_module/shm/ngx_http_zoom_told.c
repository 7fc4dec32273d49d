#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_told.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_hash.h"


static ngx_http_zoom_told_entry_t *ngx_http_zoom_told_place(
    ngx_http_zoom_told_t *told, const ngx_http_zoom_news_t *news, int64_t now);
static ngx_uint_t ngx_http_zoom_told_known(
    const ngx_http_zoom_told_entry_t *e, const ngx_http_zoom_news_t *news);
static ngx_uint_t ngx_http_zoom_told_lapsed(
    const ngx_http_zoom_told_entry_t *e, int64_t now);


/* Of hashes of the parts, so that no length tells where one ends. */

uint64_t
ngx_http_zoom_told_hash(const ngx_http_zoom_zone_t *zone,
    const ngx_str_t *parts, ngx_uint_t n)
{
    uint64_t    sums[NGX_HTTP_ZOOM_TOLD_PARTS], sum;
    ngx_uint_t  i;
    zoom_str_t  s;

    n = ngx_min(n, NGX_HTTP_ZOOM_TOLD_PARTS);

    for (i = 0; i < n; i++) {
        s.data = parts[i].data;
        s.len = parts[i].len;

        sums[i] = zoom_hash(zone->sh->seed, s);
    }

    s.data = (unsigned char *) sums;
    s.len = n * sizeof(uint64_t);

    sum = zoom_hash(zone->sh->seed, s);

    return sum ? sum : 1;
}


/*
 * A worker that dies in here leaves an entry half written at worst, which no
 * token has to be thrown away for: the lock is taken without zone_lock().
 */

uint64_t
ngx_http_zoom_tell(ngx_http_zoom_zone_t *zone, ngx_http_zoom_told_t *told,
    const ngx_http_zoom_news_t *news)
{
    int64_t                      now;
    uint64_t                     count;
    ngx_http_zoom_told_entry_t  *e;

    now = ngx_time();

    ngx_shmtx_lock(&zone->shpool->mutex);

    e = ngx_http_zoom_told_place(told, news, now);

    count = e ? zoom_log_once(&e->once, now) : 0;

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return count;
}


/* under lock: NULL if one has given way in this second already */

static ngx_http_zoom_told_entry_t *
ngx_http_zoom_told_place(ngx_http_zoom_told_t *told,
    const ngx_http_zoom_news_t *news, int64_t now)
{
    ngx_uint_t                   i;
    ngx_http_zoom_told_entry_t  *e, *place;

    place = NULL;

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {
        e = &told->entries[i];

        if (ngx_http_zoom_told_known(e, news)) {
            return e;
        }

        if (place == NULL || e->once.told < place->once.told) {
            place = e;
        }
    }

    if (!ngx_http_zoom_told_lapsed(place, now)) {

        if (told->crowded == now) {
            return NULL;
        }

        told->crowded = now;
    }

    ngx_memzero(place, sizeof(ngx_http_zoom_told_entry_t));
    place->news = *news;

    return place;
}


static ngx_uint_t
ngx_http_zoom_told_known(const ngx_http_zoom_told_entry_t *e,
    const ngx_http_zoom_news_t *news)
{
    return e->news.what == news->what
           && e->news.whom == news->whom
           && e->news.owner == news->owner;
}


/* free, or due for a reminder that nobody asks for */

static ngx_uint_t
ngx_http_zoom_told_lapsed(const ngx_http_zoom_told_entry_t *e, int64_t now)
{
    return e->once.told == 0 || now < e->once.told
           || now - e->once.told >= ZOOM_LOG_ONCE_REMINDER;
}


ngx_uint_t
ngx_http_zoom_told_over(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint64_t whom)
{
    ngx_uint_t  i, found;

    found = 0;

    /* without the lock: mostly there is nothing */

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {
        found |= (told->entries[i].news.whom == whom);
    }

    if (!found) {
        return 0;
    }

    ngx_shmtx_lock(&zone->shpool->mutex);

    found = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {

        if (told->entries[i].news.whom == whom) {
            ngx_memzero(&told->entries[i],
                        sizeof(ngx_http_zoom_told_entry_t));
            found = 1;
        }
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return found;
}


void
ngx_http_zoom_told_forget(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint32_t owner)
{
    ngx_uint_t  i;

    ngx_shmtx_lock(&zone->shpool->mutex);

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {

        if (told->entries[i].news.owner == owner) {
            ngx_memzero(&told->entries[i],
                        sizeof(ngx_http_zoom_told_entry_t));
        }
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);
}
