#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_sampled.h"
#include "ngx_http_zoom_told.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_hash.h"


/* how often it is tried, and for how many seconds it is respected */

/* new lines that may come at once */

#define NGX_HTTP_ZOOM_TOLD_BURST   4

#define NGX_HTTP_ZOOM_LATCH_TRIES  1000
#define NGX_HTTP_ZOOM_LATCH_MAX    2


static uint64_t ngx_http_zoom_told_new(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, const ngx_http_zoom_news_t *news,
    ngx_uint_t paced);
static ngx_uint_t ngx_http_zoom_told_pace(ngx_http_zoom_told_t *told,
    int64_t now);
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


/* A worker that died with it leaves an entry half written at worst. */

ngx_uint_t
ngx_http_zoom_latch(ngx_http_zoom_zone_t *zone)
{
    ngx_uint_t          i;
    ngx_atomic_t       *latch;
    ngx_atomic_uint_t   now, since;

    latch = &zone->sh->latch;
    now = (ngx_atomic_uint_t) ngx_time();

    for (i = 0; i < NGX_HTTP_ZOOM_LATCH_TRIES; i++) {
        since = *latch;

        if ((since == 0 || since + NGX_HTTP_ZOOM_LATCH_MAX < now
             || since > now + NGX_HTTP_ZOOM_LATCH_MAX)
            && ngx_atomic_cmp_set(latch, since, now))
        {
            return 1;
        }

        ngx_cpu_pause();
    }

    return 0;
}


void
ngx_http_zoom_unlatch(ngx_http_zoom_zone_t *zone)
{
    ngx_memory_barrier();

    zone->sh->latch = 0;
}


uint64_t
ngx_http_zoom_tell(ngx_http_zoom_zone_t *zone, ngx_http_zoom_told_t *told,
    const ngx_http_zoom_news_t *news)
{
    return ngx_http_zoom_told_new(zone, told, news, 0);
}


uint64_t
ngx_http_zoom_tell_paced(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, const ngx_http_zoom_news_t *news)
{
    return ngx_http_zoom_told_new(zone, told, news, 1);
}


static uint64_t
ngx_http_zoom_told_new(ngx_http_zoom_zone_t *zone, ngx_http_zoom_told_t *told,
    const ngx_http_zoom_news_t *news, ngx_uint_t paced)
{
    int64_t                      now;
    uint64_t                     count;
    ngx_uint_t                   i;
    ngx_http_zoom_told_entry_t  *e;

    now = ngx_time();

    /* in a flood of the same it is but a count */

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {
        e = &told->entries[i];

        if (ngx_http_zoom_told_known(e, news)
            && !ngx_http_zoom_told_lapsed(e, now))
        {
            (void) ngx_atomic_fetch_add(&e->more, 1);
            return 0;
        }
    }

    if (!ngx_http_zoom_latch(zone)) {
        return 0;
    }

    count = 0;

    e = (!paced || ngx_http_zoom_told_pace(told, now))
        ? ngx_http_zoom_told_place(told, news, now) : NULL;

    if (e) {
        e->once.count += e->more;
        e->more = 0;

        count = zoom_log_once(&e->once, now);
    }

    ngx_http_zoom_unlatch(zone);

    if (count) {
        ngx_http_zoom_sampled_loud(zone);
    }

    return count;
}


/* each new line takes a second, of which some may be saved up */

static ngx_uint_t
ngx_http_zoom_told_pace(ngx_http_zoom_told_t *told, int64_t now)
{
    if (told->paced > now + NGX_HTTP_ZOOM_TOLD_BURST) {

        /* a clock that went back does not make it silent */

        told->paced = now;
    }

    if (told->paced - now >= NGX_HTTP_ZOOM_TOLD_BURST) {
        return 0;
    }

    told->paced = ngx_max(told->paced, now) + 1;

    return 1;
}


/* NULL if one has given way in this second already */

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

    /* last, as a reload may empty the table meanwhile */

    ngx_memory_barrier();

    told->any = 1;

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
    ngx_uint_t  i, any, found;

    any = 0;
    found = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {
        any |= (told->entries[i].news.whom != 0);
        found |= (told->entries[i].news.whom == whom);
    }

    if (any && !found) {
        return 0;
    }

    if (!ngx_http_zoom_latch(zone)) {
        return 0;
    }

    any = 0;
    found = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {

        if (told->entries[i].news.whom == whom) {
            ngx_memzero(&told->entries[i],
                        sizeof(ngx_http_zoom_told_entry_t));
            found = 1;
        }

        any |= (told->entries[i].news.whom != 0);
    }

    told->any = any;

    ngx_http_zoom_unlatch(zone);

    return found;
}


void
ngx_http_zoom_told_forget(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint32_t owner)
{
    ngx_uint_t  i;

    if (!ngx_http_zoom_latch(zone)) {
        return;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_TOLD_MAX; i++) {

        if (told->entries[i].news.owner == owner) {
            ngx_memzero(&told->entries[i],
                        sizeof(ngx_http_zoom_told_entry_t));
        }
    }

    ngx_http_zoom_unlatch(zone);
}
