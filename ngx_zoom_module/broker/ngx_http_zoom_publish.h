/*
 * How a flight ended, and what of that stays in the zone for others.
 */

#ifndef _NGX_HTTP_ZOOM_PUBLISH_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PUBLISH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_zone.h"


/* How a flight ended. */

typedef struct {
    zoom_error_e                 error;      /* ZOOM_OK: "value" is set */
    ngx_str_t                    value;
    time_t                       minted;
    time_t                       expires;
    unsigned                     lacks;      /* as of what was minted */
    uint32_t                     sum;        /* of "value", where hosts share
                                                tokens */
    uint64_t                     published;  /* the flight that brought it */
    ngx_msec_t                   hold;       /* for how long a failure stands
                                                for those who come later */
    time_t                       retry_after;
    ngx_uint_t                   limit;      /* ngx_http_zoom_limit_e */
    ngx_uint_t                   shared;     /* another worker brought it */
    ngx_uint_t                   foreign;    /* another host did, maybe long
                                                ago */
    ngx_uint_t                   dropped;    /* nobody waited any more: it
                                                tells nothing of the key */
    ngx_msec_t                   time;       /* what minting took */
    int                          code;       /* Zoom's, of the failure */
    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX + 1];
} ngx_http_zoom_result_t;


/*
 * Under lock: what flight "number" brought, into the entry of its key.  What a
 * younger flight has brought is left alone, and so is the entry where the
 * result tells nothing to others.  NGX_ERROR: no room for the value.
 */

ngx_int_t ngx_http_zoom_publish(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, uint64_t number,
    const ngx_http_zoom_result_t *result) ngx_http_zoom_under_lock;

/*
 * Takes the lock: likewise for a key that is marked "once", of which only a
 * failure that stands for a while is told to others.
 */

void ngx_http_zoom_publish_once(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_result_t *result);

/*
 * Drops an access token that was refused, if it is still that of flight
 * "published": others may have renewed it by now.  NGX_DECLINED: it was
 * renewed too recently to do it again; without "state", whose pace is an
 * account's, it never was.
 */

ngx_int_t ngx_http_zoom_publish_refuse(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, uint64_t published,
    ngx_http_zoom_state_t *state, ngx_uint_t foreign);

/*
 * Takes the lock: the access token of flight "published" has scopes for these
 * types, a bit each, whatever was said of it.
 */

void ngx_http_zoom_publish_scoped(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, uint64_t published, unsigned types);

/*
 * Takes the lock: a value that came without a flight, as the youngest of its
 * key; and no value any more, nor a failure.
 */

void ngx_http_zoom_publish_value(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_result_t *result);
void ngx_http_zoom_publish_forget(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key);

/*
 * Drops the values of all keys that begin as this one does, and outdates their
 * flights.  How many values there were.
 */

ngx_uint_t ngx_http_zoom_publish_purge(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *prefix);


#endif /* _NGX_HTTP_ZOOM_PUBLISH_H_INCLUDED_ */
