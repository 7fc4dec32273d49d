/*
 * zoom_limit: how much of a location each caller may have.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_allowance.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_limit.h"
#include "ngx_http_zoom_limit_conf.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_hash.h"


static ngx_int_t ngx_http_zoom_limit_keys(ngx_http_request_t *r,
    const ngx_http_zoom_zone_t *zone, const ngx_array_t *limits,
    ngx_http_zoom_allowed_t *allowed);
static uint64_t ngx_http_zoom_limit_hash(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_limit_conf_t *limit, const ngx_str_t *key);


ngx_int_t
ngx_http_zoom_limit(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    int64_t                          wait;
    ngx_int_t                        n;
    ngx_http_zoom_zone_t            *zone;
    ngx_http_zoom_allowed_t          allowed[NGX_HTTP_ZOOM_LIMITS_MAX];
    ngx_http_zoom_main_conf_t       *zmcf;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);
    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    if (zlcf->limits == NULL || zmcf->zone == NULL) {
        return NGX_DECLINED;
    }

    zone = zmcf->zone->data;

    n = ngx_http_zoom_limit_keys(r, zone, zlcf->limits, allowed);

    if (n == NGX_ERROR) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                         "\"zoom_limit\" could not be "
                                         "evaluated");
    }

    wait = ngx_http_zoom_allowance_take(zone, allowed, n);

    if (wait == 0) {
        return NGX_DECLINED;
    }

    ctx->reply.after = (time_t) ((wait + 999999) / 1000000);

    return ngx_http_zoom_reply_limited(r, ctx);
}


/* How many there are of whose keys none is empty. */

static ngx_int_t
ngx_http_zoom_limit_keys(ngx_http_request_t *r,
    const ngx_http_zoom_zone_t *zone, const ngx_array_t *limits,
    ngx_http_zoom_allowed_t *allowed)
{
    ngx_int_t                    n;
    ngx_str_t                    key;
    ngx_uint_t                   i;
    ngx_http_zoom_limit_conf_t  *limit;

    n = 0;
    limit = limits->elts;

    for (i = 0; i < limits->nelts; i++) {

        if (ngx_http_complex_value(r, &limit[i].key, &key) != NGX_OK) {
            return NGX_ERROR;
        }

        if (key.len == 0) {
            continue;
        }

        allowed[n].key = ngx_http_zoom_limit_hash(zone, &limit[i], &key);
        allowed[n].gap = (int64_t) 1000000000 / (int64_t) limit[i].rate;
        allowed[n].burst = limit[i].burst;
        n++;
    }

    return n;
}


static uint64_t
ngx_http_zoom_limit_hash(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_limit_conf_t *limit, const ngx_str_t *key)
{
    uint64_t    parts[2];
    zoom_str_t  s;

    parts[0] = limit->where;
    parts[1] = zoom_hash(zone->sh->seed, ngx_http_zoom_str(key));

    s.data = (unsigned char *) parts;
    s.len = sizeof(parts);

    return zoom_hash(zone->sh->seed, s);
}
