#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_refusals.h"
#include "ngx_http_zoom_refusals_table.h"
#include "ngx_http_zoom_told.h"
#include "ngx_http_zoom_zone.h"


/* so many places a row may be at, from where its hash says */
#define NGX_HTTP_ZOOM_REFUSALS_WAYS  8


static ngx_http_zoom_refusals_t *ngx_http_zoom_refusals_find(
    ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t hash);
static ngx_http_zoom_refusals_t *ngx_http_zoom_refusals_claim(
    ngx_http_zoom_zone_t *zone, const ngx_str_t *names,
    ngx_atomic_uint_t hash);
static void ngx_http_zoom_refusals_name(ngx_http_zoom_refusals_t *row,
    const ngx_str_t *names);
static ngx_http_zoom_refusals_t *ngx_http_zoom_refusals_way(
    ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t hash, ngx_uint_t i);


void
ngx_http_zoom_refusals_count(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *names, zoom_error_e error)
{
    ngx_atomic_uint_t          hash;
    ngx_http_zoom_refusals_t  *row;

    if (!ngx_http_zoom_refusal(error)) {
        return;
    }

    hash = (ngx_atomic_uint_t)
           ngx_http_zoom_told_hash(zone, names, NGX_HTTP_ZOOM_REFUSAL_NNAMES);
    hash = hash ? hash : 1;

    /* in a flood of the same it is but a count */

    row = ngx_http_zoom_refusals_find(zone, hash);

    if (row == NULL) {
        row = ngx_http_zoom_refusals_claim(zone, names, hash);
    }

    (void) ngx_atomic_fetch_add(&row->errors[error], 1);

    row->last = (ngx_atomic_uint_t) ngx_time();
}


static ngx_http_zoom_refusals_t *
ngx_http_zoom_refusals_find(ngx_http_zoom_zone_t *zone,
    ngx_atomic_uint_t hash)
{
    ngx_uint_t                 i;
    ngx_http_zoom_refusals_t  *row;

    for (i = 0; i < NGX_HTTP_ZOOM_REFUSALS_WAYS; i++) {
        row = ngx_http_zoom_refusals_way(zone, hash, i);

        if (row->hash == hash && row->config >= zone->config) {
            return row;
        }
    }

    return NULL;
}


/*
 * Its own, else a free one, else one that neither this nor the last
 * configuration uses; the row after the last is for all others.
 */

static ngx_http_zoom_refusals_t *
ngx_http_zoom_refusals_claim(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *names, ngx_atomic_uint_t hash)
{
    ngx_uint_t                 i;
    ngx_http_zoom_refusals_t  *row, *unused;

    unused = NULL;

    if (!ngx_http_zoom_latch(zone)) {
        return &zone->refusals[zone->sh->nrefusals];
    }

    for (i = 0; i < NGX_HTTP_ZOOM_REFUSALS_WAYS; i++) {
        row = ngx_http_zoom_refusals_way(zone, hash, i);

        if (row->hash == hash) {
            row->config = ngx_max(row->config, zone->config);
            goto done;
        }

        if (unused == NULL
            && (row->hash == 0 || row->config + 1 < zone->config))
        {
            unused = row;
        }
    }

    row = unused;

    if (row == NULL) {
        row = &zone->refusals[zone->sh->nrefusals];
        goto done;
    }

    ngx_memzero(row, sizeof(ngx_http_zoom_refusals_t));

    ngx_http_zoom_refusals_name(row, names);
    row->config = zone->config;

    /* whoever reads it without the latch looks at the hash first */

    ngx_memory_barrier();

    row->hash = hash;

done:

    ngx_http_zoom_unlatch(zone);

    return row;
}


/* under the latch */

static void
ngx_http_zoom_refusals_name(ngx_http_zoom_refusals_t *row,
    const ngx_str_t *names)
{
    ngx_uint_t                     i;
    ngx_http_zoom_refusal_name_t  *name;

    for (i = 0; i < NGX_HTTP_ZOOM_REFUSAL_NNAMES; i++) {
        name = &row->names[i];

        name->len = ngx_min(names[i].len, NGX_HTTP_ZOOM_REFUSAL_NAME);

        if (name->len) {
            ngx_memcpy(name->data, names[i].data, name->len);
        }
    }
}


static ngx_http_zoom_refusals_t *
ngx_http_zoom_refusals_way(ngx_http_zoom_zone_t *zone,
    ngx_atomic_uint_t hash, ngx_uint_t i)
{
    return &zone->refusals[(hash + i) % zone->sh->nrefusals];
}


uint64_t
ngx_http_zoom_refusals_tell(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *names, zoom_error_e error, const char *why)
{
    u_char                code;
    ngx_str_t             what[2];
    ngx_http_zoom_news_t  news;

    code = (u_char) error;

    what[0].data = &code;
    what[0].len = 1;
    what[1].data = (u_char *) (why ? why : "");
    what[1].len = ngx_strlen(what[1].data);

    news.owner = 0;
    news.whom = ngx_http_zoom_told_hash(zone, names,
                                        NGX_HTTP_ZOOM_REFUSAL_NNAMES);
    news.what = ngx_http_zoom_told_hash(zone, what, 2);

    return ngx_http_zoom_tell(zone, &zone->sh->refused, &news);
}
