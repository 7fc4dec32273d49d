#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_sampled.h"
#include "ngx_http_zoom_zone.h"


/* louder lines do not keep them away for longer, seconds */

#define NGX_HTTP_ZOOM_SAMPLED_LEAST  10


static ngx_uint_t ngx_http_zoom_sampled_now(ngx_http_zoom_zone_t *zone,
    ngx_atomic_uint_t *more);


void
ngx_http_zoom_sampled(ngx_http_zoom_zone_t *zone, ngx_log_t *log,
    const char *fmt, ...)
{
    u_char             *p;
    va_list             args;
    ngx_atomic_uint_t   more;
    u_char              text[NGX_MAX_ERROR_STR];

    if (log->log_level < NGX_LOG_INFO) {
        return;
    }

    more = 0;

    if (zone && !ngx_http_zoom_sampled_now(zone, &more)) {
        return;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    if (more == 0) {
        ngx_log_error(NGX_LOG_INFO, log, 0, "%*s", (size_t) (p - text), text);
        return;
    }

    ngx_log_error(NGX_LOG_INFO, log, 0, "%*s (and %uA more lines)",
                  (size_t) (p - text), text, more);
}


/* 1: no line was written in this second, or a louder one in the last */

static ngx_uint_t
ngx_http_zoom_sampled_now(ngx_http_zoom_zone_t *zone, ngx_atomic_uint_t *more)
{
    ngx_atomic_uint_t        now, last, loud;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    now = (ngx_atomic_uint_t) ngx_time();
    last = sh->sampled;
    loud = sh->loud;

    /* a clock that went back does not make it silent, nor do others */

    if (last == now
        || ((loud == now || loud + 1 == now)
            && now - last < NGX_HTTP_ZOOM_SAMPLED_LEAST)
        || !ngx_atomic_cmp_set(&sh->sampled, last, now))
    {
        (void) ngx_atomic_fetch_add(&sh->unsampled, 1);
        return 0;
    }

    *more = sh->unsampled;
    (void) ngx_atomic_fetch_add(&sh->unsampled,
                                - (ngx_atomic_int_t) *more);

    return 1;
}


void
ngx_http_zoom_sampled_loud(ngx_http_zoom_zone_t *zone)
{
    zone->sh->loud = (ngx_atomic_uint_t) ngx_time();
}
