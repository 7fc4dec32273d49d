#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_events.h"
#include "ngx_http_zoom_events_table.h"
#include "ngx_http_zoom_told.h"
#include "ngx_http_zoom_zone.h"


/* so many places a row may be at, from where its hash says */
#define NGX_HTTP_ZOOM_EVENTS_WAYS  8


static ngx_http_zoom_events_t *ngx_http_zoom_events_find(
    ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t hash);
static ngx_http_zoom_events_t *ngx_http_zoom_events_claim(
    ngx_http_zoom_zone_t *zone, const ngx_str_t *names,
    ngx_atomic_uint_t hash);
static size_t ngx_http_zoom_events_name(u_char *to, const ngx_str_t *name);
static ngx_http_zoom_events_t *ngx_http_zoom_events_way(
    ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t hash, ngx_uint_t i);


const ngx_str_t  ngx_http_zoom_event_words[NGX_HTTP_ZOOM_NEVENTS] = {
    ngx_string("-"),
    ngx_string("NEW"),
    ngx_string("DUPLICATE"),
    ngx_string("CRC"),
    ngx_string("IGNORED"),
    ngx_string("REJECTED"),
    ngx_string("NEW")
};


const char *const  ngx_http_zoom_event_labels[NGX_HTTP_ZOOM_NEVENTS] = {
    "none",
    "new",
    "duplicate",
    "crc",
    "ignored",
    "rejected",
    "failed"
};


void
ngx_http_zoom_events_count(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *account, const ngx_str_t *name,
    ngx_http_zoom_event_e event)
{
    ngx_str_t                names[2];
    ngx_atomic_uint_t        hash;
    ngx_http_zoom_events_t  *row;

    names[0] = *account;
    names[1] = *name;

    hash = (ngx_atomic_uint_t) ngx_http_zoom_told_hash(zone, names, 2);
    hash = hash ? hash : 1;

    row = ngx_http_zoom_events_find(zone, hash);

    if (row == NULL) {
        row = ngx_http_zoom_events_claim(zone, names, hash);
    }

    (void) ngx_atomic_fetch_add(&row->counts[event], 1);

    row->last = (ngx_atomic_uint_t) ngx_time();
}


static ngx_http_zoom_events_t *
ngx_http_zoom_events_find(ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t hash)
{
    ngx_uint_t               i;
    ngx_http_zoom_events_t  *row;

    for (i = 0; i < NGX_HTTP_ZOOM_EVENTS_WAYS; i++) {
        row = ngx_http_zoom_events_way(zone, hash, i);

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

static ngx_http_zoom_events_t *
ngx_http_zoom_events_claim(ngx_http_zoom_zone_t *zone, const ngx_str_t *names,
    ngx_atomic_uint_t hash)
{
    ngx_uint_t               i;
    ngx_http_zoom_events_t  *row, *unused;

    unused = NULL;

    if (!ngx_http_zoom_latch(zone)) {
        return &zone->events[zone->sh->nevents];
    }

    for (i = 0; i < NGX_HTTP_ZOOM_EVENTS_WAYS; i++) {
        row = ngx_http_zoom_events_way(zone, hash, i);

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
        row = &zone->events[zone->sh->nevents];
        goto done;
    }

    ngx_memzero(row, sizeof(ngx_http_zoom_events_t));

    row->account_len = ngx_http_zoom_events_name(row->account, &names[0]);
    row->name_len = ngx_http_zoom_events_name(row->name, &names[1]);
    row->config = zone->config;

    /* whoever reads it without the latch looks at the hash first */

    ngx_memory_barrier();

    row->hash = hash;

done:

    ngx_http_zoom_unlatch(zone);

    return row;
}


static size_t
ngx_http_zoom_events_name(u_char *to, const ngx_str_t *name)
{
    size_t  len;

    len = ngx_min(name->len, NGX_HTTP_ZOOM_EVENTS_NAME);

    if (len) {
        ngx_memcpy(to, name->data, len);
    }

    return len;
}


static ngx_http_zoom_events_t *
ngx_http_zoom_events_way(ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t hash,
    ngx_uint_t i)
{
    return &zone->events[(hash + i) % zone->sh->nevents];
}
