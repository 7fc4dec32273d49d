/*
 * There may be a thousand, and a zone is large: one walk does for all of them,
 * a step at a time.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_blocks.h"
#include "ngx_http_zoom_publish.h"
#include "ngx_http_zoom_purges.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "zoom_prefixes.h"


#define NGX_HTTP_ZOOM_PURGES_MAX   1024
#define NGX_HTTP_ZOOM_PURGES_STEP  2048      /* entries */

/* seconds: what Zoom minted before a purge may have come after it */

#define NGX_HTTP_ZOOM_PURGES_LATE  1


typedef struct {
    ngx_http_zoom_zone_t        *zone;
    ngx_event_t                  timer;
    zoom_prefix_t                list[NGX_HTTP_ZOOM_PURGES_MAX];
    uint32_t                     n;
    uint32_t                     at;         /* of the zone's entries */
    ngx_uint_t                   dropped;
    unsigned                     sorted:1;
} ngx_http_zoom_purges_t;


static void ngx_http_zoom_purges_now(const ngx_str_t *prefix);
static void ngx_http_zoom_purges_walk(ngx_event_t *ev);
static void ngx_http_zoom_purges_entry(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;
static void ngx_http_zoom_purges_end(void);


static ngx_http_zoom_purges_t  ngx_http_zoom_purges;


void
ngx_http_zoom_purges_init_process(ngx_http_zoom_zone_t *zone, ngx_log_t *log)
{
    ngx_memzero(&ngx_http_zoom_purges, sizeof(ngx_http_zoom_purges_t));

    ngx_http_zoom_purges.zone = zone;

    ngx_http_zoom_timer_init(&ngx_http_zoom_purges.timer,
                             ngx_http_zoom_purges_walk, log);
}


/* One that comes while the walk is on its way is for all of the zone, too. */

void
ngx_http_zoom_purges_add(const ngx_str_t *prefix, int64_t age)
{
    u_char                  *text;
    zoom_prefix_t           *item;
    ngx_http_zoom_purges_t  *purges;

    purges = &ngx_http_zoom_purges;

    text = NULL;

    if (purges->n < NGX_HTTP_ZOOM_PURGES_MAX) {
        text = ngx_alloc(prefix->len, purges->timer.log);
    }

    if (text == NULL) {
        ngx_http_zoom_purges_now(prefix);
        return;
    }

    item = &purges->list[purges->n++];

    ngx_memcpy(text, prefix->data, prefix->len);

    item->text.data = text;
    item->text.len = prefix->len;
    item->time = ngx_time() - age / 1000;

    purges->at = 0;
    purges->sorted = 0;

    if (!purges->timer.timer_set) {
        ngx_add_timer(&purges->timer, 1);
    }
}


/* Without a list: of all ages. */

static void
ngx_http_zoom_purges_now(const ngx_str_t *prefix)
{
    ngx_http_zoom_key_t  key;

    ngx_memzero(&key, sizeof(ngx_http_zoom_key_t));

    key.data = prefix->data;
    key.len = prefix->len;

    (void) ngx_http_zoom_publish_purge(ngx_http_zoom_purges.zone, &key);
}


static void
ngx_http_zoom_purges_walk(ngx_event_t *ev)
{
    uint32_t                 end;
    ngx_http_zoom_zone_t    *zone;
    ngx_http_zoom_purges_t  *purges;

    purges = ngx_http_zoom_timer_object(ev, ngx_http_zoom_purges_t, timer);
    zone = purges->zone;

    if (!purges->sorted) {
        zoom_prefixes_sort(purges->list, purges->n);
        purges->sorted = 1;
    }

    ngx_http_zoom_zone_lock(zone);

    end = ngx_min(purges->at + NGX_HTTP_ZOOM_PURGES_STEP, zone->sh->carved);

    for ( /* void */ ; purges->at < end; purges->at++) {
        ngx_http_zoom_purges_entry(zone, &zone->entries[purges->at]);
    }

    end = zone->sh->carved;

    ngx_http_zoom_zone_unlock(zone);

    /* what gets in behind it meanwhile is new */

    if (purges->at < end) {
        ngx_add_timer(ev, 1);
        return;
    }

    ngx_http_zoom_purges_end();
}


static void
ngx_http_zoom_purges_entry(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    int64_t     time;
    ngx_str_t   key;
    u_char      buf[NGX_HTTP_ZOOM_KEY_MAX];

    if (!e->used || e->key_len > sizeof(buf)) {
        return;
    }

    key.data = buf;
    key.len = ngx_http_zoom_blocks_read(zone, e, 0, buf, e->key_len);

    time = zoom_prefixes_find(ngx_http_zoom_purges.list,
                              ngx_http_zoom_purges.n, ngx_http_zoom_str(&key));

    if (time == ZOOM_PREFIXES_NONE) {
        return;
    }

    /* flights go on: one that began before it has mostly ended by now */

    if (e->published && e->minted <= time + NGX_HTTP_ZOOM_PURGES_LATE) {
        ngx_http_zoom_store_drop(zone, e);

        /* what the store has is younger than the purge, be it the same */

        e->sum = 0;
        ngx_http_zoom_purges.dropped++;
    }
}


static void
ngx_http_zoom_purges_end(void)
{
    uint32_t                 i;
    ngx_http_zoom_purges_t  *purges;

    purges = &ngx_http_zoom_purges;

    if (purges->dropped) {
        ngx_log_error(NGX_LOG_NOTICE, purges->timer.log, 0,
                      "zoom: forgot %ui token%s that other hosts had purged "
                      "while this one could not hear of it",
                      purges->dropped, ngx_http_zoom_s(purges->dropped));
    }

    for (i = 0; i < purges->n; i++) {
        ngx_free((u_char *) purges->list[i].text.data);
    }

    purges->n = 0;
    purges->dropped = 0;
}
